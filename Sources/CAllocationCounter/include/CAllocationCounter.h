// Counts what each thread allocates: for the benchmark program alone, which replaces the C library's entry points.
#pragma once
#include <stdint.h>

/// Allocations (malloc, calloc, realloc, aligned ones) of the calling thread since it began.
uint64_t allocation_count(void);

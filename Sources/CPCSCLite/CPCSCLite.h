// PC/SC lite; its headers are found by pkg-config alone.
#pragma once
#include <winscard.h>

// libgpiod 1.6 (Debian 12) or 2.x; only version 1 defines GPIOD_LINE_BULK_MAX_LINES.
#pragma once
#include <gpiod.h>

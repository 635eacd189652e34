// libgpiod 1.6 (Debian 12) or 2.x: one held line behind names of our own, so that no Swift source sees the difference.
// Only version 1 defines GPIOD_LINE_BULK_MAX_LINES.
#pragma once
#include <errno.h>
#include <gpiod.h>
#include <stdlib.h>

/// A line that this process holds.
struct cgpiod_line {
  struct gpiod_chip *chip;
#ifdef GPIOD_LINE_BULK_MAX_LINES
  struct gpiod_line *line;
#else
  struct gpiod_line_request *request;
  unsigned int offset;
#endif
};

/// Where cgpiod_open failed; errno says why.
enum cgpiod_step { cgpiod_step_none = 0, cgpiod_step_chip = 1, cgpiod_step_line = 2, cgpiod_step_request = 3 };

static inline void cgpiod_close(struct cgpiod_line *held);

#ifdef GPIOD_LINE_BULK_MAX_LINES

static inline const char *cgpiod_version(void) { return gpiod_version_string(); }

static inline int cgpiod_find(struct cgpiod_line *held, const char *name, unsigned int offset) {
  held->line = name ? gpiod_chip_find_line(held->chip, name) : gpiod_chip_get_line(held->chip, offset);
  return held->line ? 0 : -1;
}

static inline int cgpiod_request(
    struct cgpiod_line *held, const char *consumer, int is_output, int active_low, int active) {
  struct gpiod_line_request_config config = {
      .consumer = consumer,
      .request_type = is_output ? GPIOD_LINE_REQUEST_DIRECTION_OUTPUT : GPIOD_LINE_REQUEST_DIRECTION_INPUT,
      .flags = active_low ? GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW : 0,
  };
  return gpiod_line_request(held->line, &config, active);
}

/// 1 active, 0 inactive, -1 with errno.
static inline int cgpiod_get(struct cgpiod_line *held) { return gpiod_line_get_value(held->line); }
static inline int cgpiod_set(struct cgpiod_line *held, int active) { return gpiod_line_set_value(held->line, active); }

static inline void cgpiod_close(struct cgpiod_line *held) {
  if (!held) return;
  if (held->chip) gpiod_chip_close(held->chip);
  free(held);
}

#else

static inline const char *cgpiod_version(void) { return gpiod_api_version(); }

static inline int cgpiod_find(struct cgpiod_line *held, const char *name, unsigned int offset) {
  int found = name ? gpiod_chip_get_line_offset_from_name(held->chip, name) : (int)offset;
  if (found < 0) return -1;
  held->offset = (unsigned int)found;
  return 0;
}

static inline int cgpiod_request(
    struct cgpiod_line *held, const char *consumer, int is_output, int active_low, int active) {
  struct gpiod_line_settings *settings = gpiod_line_settings_new();
  struct gpiod_line_config *lines = gpiod_line_config_new();
  struct gpiod_request_config *config = gpiod_request_config_new();
  if (settings && lines && config) {
    gpiod_line_settings_set_direction(settings, is_output ? GPIOD_LINE_DIRECTION_OUTPUT : GPIOD_LINE_DIRECTION_INPUT);
    gpiod_line_settings_set_active_low(settings, active_low != 0);
    if (is_output)
      gpiod_line_settings_set_output_value(settings, active ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE);
    gpiod_request_config_set_consumer(config, consumer);
    if (gpiod_line_config_add_line_settings(lines, &held->offset, 1, settings) == 0)
      held->request = gpiod_chip_request_lines(held->chip, config, lines);
  }
  int reason = errno;
  if (config) gpiod_request_config_free(config);
  if (lines) gpiod_line_config_free(lines);
  if (settings) gpiod_line_settings_free(settings);
  errno = reason;
  return held->request ? 0 : -1;
}

/// 1 active, 0 inactive, -1 with errno.
static inline int cgpiod_get(struct cgpiod_line *held) {
  return (int)gpiod_line_request_get_value(held->request, held->offset);
}
static inline int cgpiod_set(struct cgpiod_line *held, int active) {
  return gpiod_line_request_set_value(
      held->request, held->offset, active ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE);
}

static inline void cgpiod_close(struct cgpiod_line *held) {
  if (!held) return;
  if (held->request) gpiod_line_request_release(held->request);
  if (held->chip) gpiod_chip_close(held->chip);
  free(held);
}

#endif

/// Takes a line for this process alone, by its name on the chip or, without one, by its offset. NULL with errno and the
/// step that failed.
static inline struct cgpiod_line *cgpiod_open(
    const char *chip, const char *name, unsigned int offset, const char *consumer, int is_output, int active_low,
    int active, int *step) {
  *step = cgpiod_step_chip;
  struct cgpiod_line *held = (struct cgpiod_line *)calloc(1, sizeof *held);
  if (!held) return NULL;
  held->chip = gpiod_chip_open(chip);
  if (held->chip) {
    *step = cgpiod_step_line;
    if (cgpiod_find(held, name, offset) == 0) {
      *step = cgpiod_step_request;
      if (cgpiod_request(held, consumer, is_output, active_low, active) == 0) {
        *step = cgpiod_step_none;
        return held;
      }
    }
  }
  int reason = errno;
  cgpiod_close(held);
  errno = reason;
  return NULL;
}

// libgpiod 1.6 (Debian 12) or 2.x: chips, lines, edges behind names of our own, so that no Swift source sees the
// difference. Only version 1 defines GPIOD_LINE_BULK_MAX_LINES. Nothing here allocates or waits but where it says so.
#pragma once
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <gpiod.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/// Lines of one chip that are taken, set and read together at most.
#define CGPIOD_MAXIMUM_LINES 8
/// Edges that are read from the kernel at once.
#define CGPIOD_EDGES 16

/// Where a call failed; errno says why.
enum cgpiod_step {
  cgpiod_step_none = 0,
  /// The chip cannot be opened, or there is none of that name.
  cgpiod_step_chip = 1,
  /// The chip has no such line.
  cgpiod_step_line = 2,
  /// The line cannot be taken.
  cgpiod_step_request = 3,
  /// Several chips, or lines, have that name.
  cgpiod_step_ambiguous = 4,
};

enum cgpiod_bias {
  cgpiod_bias_as_is = 0,
  cgpiod_bias_none = 1,
  cgpiod_bias_pull_up = 2,
  cgpiod_bias_pull_down = 3,
};

enum cgpiod_drive { cgpiod_drive_push_pull = 0, cgpiod_drive_open_drain = 1, cgpiod_drive_open_source = 2 };

/// Where a line is found.
struct cgpiod_place {
  /// The chip's device.
  char path[64];
  unsigned int offset;
};

/// What is asked of lines that are taken together.
struct cgpiod_settings {
  unsigned int offsets[CGPIOD_MAXIMUM_LINES];
  unsigned int count;
  /// Bit n: the n-th line is active when its level is low.
  unsigned int active_low;
  int is_output;
  /// Bit n: the n-th output is active from the first moment.
  unsigned int active;
  enum cgpiod_bias bias;
  enum cgpiod_drive drive;
  /// Edges of an input are told; for a single line only.
  int edges;
  /// How long an input must be steady to be told; version 2 only, see cgpiod_debounces.
  unsigned int debounce_us;
};

struct cgpiod_edge {
  int is_active;
  /// Nanoseconds of the clock of the kernel's stamps: CLOCK_MONOTONIC, before Linux 5.7 CLOCK_REALTIME.
  int64_t stamp_ns;
};

/// Lines that this process holds.
struct cgpiod_lines {
  struct gpiod_chip *chip;
  unsigned int count;
#ifdef GPIOD_LINE_BULK_MAX_LINES
  struct gpiod_line_bulk bulk;
  /// Bits to turn round, where polarities differ: a request of version 1 has one for all its lines.
  unsigned int inverted;
  struct gpiod_line_event events[CGPIOD_EDGES];
#else
  struct gpiod_line_request *request;
  struct gpiod_edge_event_buffer *events;
#endif
  int descriptor;
  /// Edges that were read and not handed out yet.
  int waiting;
  int handed_out;
};

/// CLOCK_BOOTTIME less CLOCK_MONOTONIC, in nanoseconds: the time that the system was suspended.
static inline int64_t cgpiod_boot_offset_ns(void) {
  struct timespec before, boot, after;
  clock_gettime(CLOCK_MONOTONIC, &before);
  clock_gettime(CLOCK_BOOTTIME, &boot);
  clock_gettime(CLOCK_MONOTONIC, &after);
  int64_t from = (int64_t)before.tv_sec * 1000000000 + before.tv_nsec;
  int64_t to = (int64_t)after.tv_sec * 1000000000 + after.tv_nsec;
  return (int64_t)boot.tv_sec * 1000000000 + boot.tv_nsec - (from + (to - from) / 2);
}

static inline int cgpiod_set_nonblocking(int descriptor) {
  int flags = fcntl(descriptor, F_GETFL);
  return flags < 0 ? -1 : fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
}

// What differs between the versions.

#ifdef GPIOD_LINE_BULK_MAX_LINES

static inline const char *cgpiod_version(void) { return gpiod_version_string(); }

/// Whether the kernel is asked to debounce.
static inline int cgpiod_debounces(void) { return 0; }

/// 1 when the chip goes by that name or label.
static inline int cgpiod_chip_is(struct gpiod_chip *chip, const char *name) {
  const char *own = gpiod_chip_name(chip), *label = gpiod_chip_label(chip);
  return (own && strcmp(own, name) == 0) || (label && strcmp(label, name) == 0);
}

static inline int cgpiod_offset_of(struct gpiod_chip *chip, const char *name) {
  struct gpiod_line *line = gpiod_chip_find_line(chip, name);
  return line ? (int)gpiod_line_offset(line) : -1;
}

static inline int cgpiod_has_offset(struct gpiod_chip *chip, unsigned int offset) {
  return offset < gpiod_chip_num_lines(chip);
}

/// Copies the name of who holds a line; 1 when somebody does.
static inline int cgpiod_copy_holder(struct gpiod_chip *chip, unsigned int offset, char *name, size_t size) {
  struct gpiod_line *line = gpiod_chip_get_line(chip, offset);
  if (!line || !gpiod_line_is_used(line)) return 0;
  const char *holder = gpiod_line_consumer(line);
  snprintf(name, size, "%s", holder ? holder : "");
  return 1;
}

static inline int cgpiod_take(struct cgpiod_lines *held, const struct cgpiod_settings *wanted, const char *consumer) {
  int flags = 0, values[CGPIOD_MAXIMUM_LINES] = {0};
  unsigned int all = (1u << held->count) - 1;
  gpiod_line_bulk_init(&held->bulk);
  for (unsigned int i = 0; i < held->count; i++) {
    struct gpiod_line *line = gpiod_chip_get_line(held->chip, wanted->offsets[i]);
    if (!line) return -1;
    gpiod_line_bulk_add(&held->bulk, line);
  }
  if ((wanted->active_low & all) == all) flags |= GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW;
  else held->inverted = wanted->active_low & all;
  for (unsigned int i = 0; i < held->count; i++) values[i] = (int)(((wanted->active ^ held->inverted) >> i) & 1);
  if (wanted->bias == cgpiod_bias_none) flags |= GPIOD_LINE_REQUEST_FLAG_BIAS_DISABLE;
  if (wanted->bias == cgpiod_bias_pull_up) flags |= GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP;
  if (wanted->bias == cgpiod_bias_pull_down) flags |= GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_DOWN;
  if (wanted->is_output && wanted->drive == cgpiod_drive_open_drain) flags |= GPIOD_LINE_REQUEST_FLAG_OPEN_DRAIN;
  if (wanted->is_output && wanted->drive == cgpiod_drive_open_source) flags |= GPIOD_LINE_REQUEST_FLAG_OPEN_SOURCE;
  struct gpiod_line_request_config config = {
      .consumer = consumer,
      .request_type = wanted->is_output ? GPIOD_LINE_REQUEST_DIRECTION_OUTPUT
                      : wanted->edges   ? GPIOD_LINE_REQUEST_EVENT_BOTH_EDGES
                                        : GPIOD_LINE_REQUEST_DIRECTION_INPUT,
      .flags = flags,
  };
  if (gpiod_line_request_bulk(&held->bulk, &config, values) != 0) return -1;
  if (wanted->edges) held->descriptor = gpiod_line_event_get_fd(held->bulk.lines[0]);
  return 0;
}

static inline void cgpiod_let_go(struct cgpiod_lines *held) { (void)held; }  // With the chip.

/// Reads what waits at the descriptor; how many, or -1 with errno.
static inline int cgpiod_fetch_edges(struct cgpiod_lines *held) {
  return gpiod_line_event_read_fd_multiple(held->descriptor, held->events, CGPIOD_EDGES);
}

static inline struct cgpiod_edge cgpiod_edge_at(struct cgpiod_lines *held, int index) {
  const struct gpiod_line_event *event = &held->events[index];
  struct cgpiod_edge edge = {
      .is_active = event->event_type == GPIOD_LINE_EVENT_RISING_EDGE,
      .stamp_ns = (int64_t)event->ts.tv_sec * 1000000000 + event->ts.tv_nsec,
  };
  return edge;
}

/// Sets all lines, active where their bit is set; 0, or -1 with errno.
static inline int cgpiod_set(struct cgpiod_lines *held, unsigned int active) {
  int values[CGPIOD_MAXIMUM_LINES] = {0};
  for (unsigned int i = 0; i < held->count; i++) values[i] = (int)(((active ^ held->inverted) >> i) & 1);
  return gpiod_line_set_value_bulk(&held->bulk, values);
}

/// Bits of the lines that are active, or -1 with errno.
static inline int cgpiod_get(struct cgpiod_lines *held) {
  int values[CGPIOD_MAXIMUM_LINES] = {0}, active = 0;
  if (gpiod_line_get_value_bulk(&held->bulk, values) != 0) return -1;
  for (unsigned int i = 0; i < held->count; i++) active |= (values[i] ? 1 : 0) << i;
  return active ^ (int)held->inverted;
}

#else

static inline const char *cgpiod_version(void) { return gpiod_api_version(); }

static inline int cgpiod_debounces(void) { return 1; }

static inline int cgpiod_chip_is(struct gpiod_chip *chip, const char *name) {
  struct gpiod_chip_info *info = gpiod_chip_get_info(chip);
  if (!info) return 0;
  const char *own = gpiod_chip_info_get_name(info), *label = gpiod_chip_info_get_label(info);
  int is = (own && strcmp(own, name) == 0) || (label && strcmp(label, name) == 0);
  gpiod_chip_info_free(info);
  return is;
}

static inline int cgpiod_offset_of(struct gpiod_chip *chip, const char *name) {
  return gpiod_chip_get_line_offset_from_name(chip, name);
}

static inline int cgpiod_has_offset(struct gpiod_chip *chip, unsigned int offset) {
  struct gpiod_chip_info *info = gpiod_chip_get_info(chip);
  if (!info) return 0;
  int has = offset < gpiod_chip_info_get_num_lines(info);
  gpiod_chip_info_free(info);
  return has;
}

static inline int cgpiod_copy_holder(struct gpiod_chip *chip, unsigned int offset, char *name, size_t size) {
  struct gpiod_line_info *info = gpiod_chip_get_line_info(chip, offset);
  if (!info) return 0;
  int is_used = gpiod_line_info_is_used(info);
  const char *holder = gpiod_line_info_get_consumer(info);
  if (is_used) snprintf(name, size, "%s", holder ? holder : "");
  gpiod_line_info_free(info);
  return is_used;
}

static inline void cgpiod_apply(struct gpiod_line_settings *settings, const struct cgpiod_settings *wanted, unsigned int i) {
  static const enum gpiod_line_bias biases[] = {
      GPIOD_LINE_BIAS_AS_IS, GPIOD_LINE_BIAS_DISABLED, GPIOD_LINE_BIAS_PULL_UP, GPIOD_LINE_BIAS_PULL_DOWN};
  static const enum gpiod_line_drive drives[] = {
      GPIOD_LINE_DRIVE_PUSH_PULL, GPIOD_LINE_DRIVE_OPEN_DRAIN, GPIOD_LINE_DRIVE_OPEN_SOURCE};
  gpiod_line_settings_reset(settings);
  gpiod_line_settings_set_bias(settings, biases[wanted->bias]);
  gpiod_line_settings_set_active_low(settings, ((wanted->active_low >> i) & 1) != 0);
  if (wanted->is_output) {
    gpiod_line_settings_set_direction(settings, GPIOD_LINE_DIRECTION_OUTPUT);
    gpiod_line_settings_set_drive(settings, drives[wanted->drive]);
    gpiod_line_settings_set_output_value(
        settings, ((wanted->active >> i) & 1) ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE);
  } else {
    gpiod_line_settings_set_direction(settings, GPIOD_LINE_DIRECTION_INPUT);
    gpiod_line_settings_set_edge_detection(settings, wanted->edges ? GPIOD_LINE_EDGE_BOTH : GPIOD_LINE_EDGE_NONE);
    gpiod_line_settings_set_event_clock(settings, GPIOD_LINE_CLOCK_MONOTONIC);
    gpiod_line_settings_set_debounce_period_us(settings, wanted->debounce_us);
  }
}

static inline int cgpiod_take(struct cgpiod_lines *held, const struct cgpiod_settings *wanted, const char *consumer) {
  struct gpiod_line_settings *settings = gpiod_line_settings_new();
  struct gpiod_line_config *lines = gpiod_line_config_new();
  struct gpiod_request_config *config = gpiod_request_config_new();
  int is_complete = settings && lines && config;
  for (unsigned int i = 0; is_complete && i < held->count; i++) {
    cgpiod_apply(settings, wanted, i);
    is_complete = gpiod_line_config_add_line_settings(lines, &wanted->offsets[i], 1, settings) == 0;
  }
  if (is_complete) {
    gpiod_request_config_set_consumer(config, consumer);
    held->request = gpiod_chip_request_lines(held->chip, config, lines);
  }
  if (held->request && wanted->edges) {
    held->events = gpiod_edge_event_buffer_new(CGPIOD_EDGES);
    held->descriptor = held->events ? gpiod_line_request_get_fd(held->request) : -1;
  }
  int reason = errno;
  if (config) gpiod_request_config_free(config);
  if (lines) gpiod_line_config_free(lines);
  if (settings) gpiod_line_settings_free(settings);
  errno = reason;
  return held->request && (!wanted->edges || held->descriptor >= 0) ? 0 : -1;
}

static inline void cgpiod_let_go(struct cgpiod_lines *held) {
  if (held->events) gpiod_edge_event_buffer_free(held->events);
  if (held->request) gpiod_line_request_release(held->request);
}

static inline int cgpiod_fetch_edges(struct cgpiod_lines *held) {
  return gpiod_line_request_read_edge_events(held->request, held->events, CGPIOD_EDGES);
}

static inline struct cgpiod_edge cgpiod_edge_at(struct cgpiod_lines *held, int index) {
  struct gpiod_edge_event *event = gpiod_edge_event_buffer_get_event(held->events, (unsigned long)index);
  struct cgpiod_edge edge = {
      .is_active = event && gpiod_edge_event_get_event_type(event) == GPIOD_EDGE_EVENT_RISING_EDGE,
      .stamp_ns = event ? (int64_t)gpiod_edge_event_get_timestamp_ns(event) : 0,
  };
  return edge;
}

static inline int cgpiod_set(struct cgpiod_lines *held, unsigned int active) {
  enum gpiod_line_value values[CGPIOD_MAXIMUM_LINES];
  for (unsigned int i = 0; i < held->count; i++)
    values[i] = ((active >> i) & 1) ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE;
  return gpiod_line_request_set_values(held->request, values);
}

static inline int cgpiod_get(struct cgpiod_lines *held) {
  enum gpiod_line_value values[CGPIOD_MAXIMUM_LINES];
  int active = 0;
  if (gpiod_line_request_get_values(held->request, values) != 0) return -1;
  for (unsigned int i = 0; i < held->count; i++) active |= (values[i] == GPIOD_LINE_VALUE_ACTIVE ? 1 : 0) << i;
  return active;
}

#endif

// The same for both.

/// Opens a chip by its device; NULL with errno. Only what looks like a GPIO chip is opened.
static inline struct gpiod_chip *cgpiod_open_chip(const char *path) { return gpiod_chip_open(path); }

/// Looks at one chip for a place. 1: found, 0: not there, -1 with errno: the chip cannot be opened.
static inline int cgpiod_look(
    const char *path, const char *chip_name, const char *line_name, unsigned int offset, struct cgpiod_place *place,
    int *chip_matches) {
  struct gpiod_chip *chip = cgpiod_open_chip(path);
  int found = 0;
  if (!chip) return -1;
  if (!chip_name || cgpiod_chip_is(chip, chip_name)) {
    *chip_matches += 1;
    int at = line_name ? cgpiod_offset_of(chip, line_name) : cgpiod_has_offset(chip, offset) ? (int)offset : -1;
    if (at >= 0) {
      snprintf(place->path, sizeof place->path, "%s", path);
      place->offset = (unsigned int)at;
      found = 1;
    }
  }
  gpiod_chip_close(chip);
  return found;
}

/// Finds a line; opens chips and allocates, so only at the start.
///
/// `chip` is a device's path (with a slash), or the chip's name or label; NULL looks at all chips, for a line's name.
/// `line_name` NULL: the line is known by its offset. 0, or -1 with errno and the step that failed.
static inline int cgpiod_find(
    const char *chip, const char *line_name, unsigned int offset, struct cgpiod_place *place, int *step) {
  int matching = 0, found = 0, reason = ENOENT;
  *step = cgpiod_step_chip;
  if (chip && strchr(chip, '/')) {
    found = cgpiod_look(chip, NULL, line_name, offset, place, &matching);
    if (found < 0) return -1;
  } else {
    DIR *devices = opendir("/dev");
    struct dirent *entry;
    while (devices && (entry = readdir(devices))) {
      char path[64];
      struct cgpiod_place here;
      if (strncmp(entry->d_name, "gpiochip", 8) != 0) continue;
      if (snprintf(path, sizeof path, "/dev/%.40s", entry->d_name) >= (int)sizeof path) continue;
      int here_found = cgpiod_look(path, chip, line_name, offset, &here, &matching);
      if (here_found < 0) reason = errno;
      if (here_found > 0) {
        *place = here;
        found += 1;
      }
    }
    if (devices) closedir(devices);
  }
  if (found == 1) {
    *step = cgpiod_step_none;
    return 0;
  }
  if (matching > 0) *step = cgpiod_step_line;
  if (found > 1) *step = cgpiod_step_ambiguous;
  errno = found > 1 ? ENOTUNIQ : reason;
  return -1;
}

/// Gives the lines back.
static inline void cgpiod_close(struct cgpiod_lines *held) {
  if (!held) return;
  cgpiod_let_go(held);
  if (held->chip) gpiod_chip_close(held->chip);
  free(held);
}

/// Takes lines of one chip for this process alone. NULL with errno and the step that failed.
static inline struct cgpiod_lines *cgpiod_request(
    const char *path, const struct cgpiod_settings *wanted, const char *consumer, int *step) {
  *step = cgpiod_step_request;
  if (wanted->count < 1 || wanted->count > CGPIOD_MAXIMUM_LINES || (wanted->edges && wanted->count > 1)) {
    errno = EINVAL;
    return NULL;
  }
  struct cgpiod_lines *held = (struct cgpiod_lines *)calloc(1, sizeof *held);
  if (!held) return NULL;
  held->descriptor = -1;
  held->count = wanted->count;
  *step = cgpiod_step_chip;
  held->chip = cgpiod_open_chip(path);
  if (held->chip) {
    *step = cgpiod_step_request;
    if (cgpiod_take(held, wanted, consumer) == 0 &&
        (held->descriptor < 0 || cgpiod_set_nonblocking(held->descriptor) == 0)) {
      *step = cgpiod_step_none;
      return held;
    }
  }
  int reason = errno;
  cgpiod_close(held);
  errno = reason;
  return NULL;
}

/// Who holds a line, as the kernel knows; 1 when somebody does. Allocates.
static inline int cgpiod_holder(const char *path, unsigned int offset, char *name, size_t size) {
  struct gpiod_chip *chip = cgpiod_open_chip(path);
  if (!chip) return 0;
  int is_held = cgpiod_copy_holder(chip, offset, name, size);
  gpiod_chip_close(chip);
  return is_held;
}

/// The oldest edge that has not been handed out. 1, 0 when none waits, -1 with errno. Never waits.
static inline int cgpiod_next_edge(struct cgpiod_lines *held, struct cgpiod_edge *edge) {
  if (held->descriptor < 0) return 0;
  if (held->handed_out >= held->waiting) {
    held->waiting = 0;
    held->handed_out = 0;
    int count = cgpiod_fetch_edges(held);
    if (count < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
    held->waiting = count;
    if (count == 0) return 0;
  }
  *edge = cgpiod_edge_at(held, held->handed_out);
#ifdef GPIOD_LINE_BULK_MAX_LINES
  if (held->inverted & 1) edge->is_active = !edge->is_active;
#endif
  held->handed_out += 1;
  return 1;
}

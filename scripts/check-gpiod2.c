// Every function of the GPIO shim, linked: for scripts/check-gpiod2, with another version of the library than the one
// that is installed. It needs no GPIO chip.
#include "CGPIOD.h"

static int failures = 0;

static void expect(int is, const char *what) {
  if (is) return;
  failures += 1;
  printf("not so: %s\n", what);
}

int main(void) {
  struct cgpiod_place place;
  struct cgpiod_settings wanted;
  int step = 0;
  memset(&wanted, 0, sizeof wanted);
  expect(cgpiod_find("/dev/no-such-gpiochip", NULL, 0, &place, &step) == -1 && step == cgpiod_step_chip, "a missing chip");
  expect(cgpiod_find("no-such-label", "x", 0, &place, &step) == -1 && step == cgpiod_step_chip, "a missing label");
  expect(cgpiod_find(NULL, "no-such-line", 0, &place, &step) == -1, "a missing line");
  expect(cgpiod_request("/dev/null", &wanted, "test", &step) == NULL && step == cgpiod_step_request, "no lines");
  for (int is_output = 0; is_output < 2; is_output++) {
    wanted.count = 1;
    wanted.is_output = is_output;
    wanted.edges = !is_output;
    wanted.bias = is_output ? cgpiod_bias_as_is : cgpiod_bias_pull_up;
    wanted.debounce_us = 5000;
    expect(cgpiod_request("/dev/null", &wanted, "test", &step) == NULL && step == cgpiod_step_chip, "no chip at all");
  }
  char holder[32];
  expect(cgpiod_holder("/dev/null", 0, holder, sizeof holder) == 0, "nobody holds a line of no chip");
  struct cgpiod_lines nothing;
  struct cgpiod_edge edge;
  memset(&nothing, 0, sizeof nothing);
  nothing.descriptor = -1;
  expect(cgpiod_next_edge(&nothing, &edge) == 0, "no edge without a line");
  expect(cgpiod_boot_offset_ns() > -1000000000, "the boot clock is not behind the monotonic one");
  // Linked, and called only where a chip is.
  if (failures > 100) return cgpiod_set(&nothing, 0) + cgpiod_get(&nothing);
  printf("libgpiod %s: the shim links%s\n", cgpiod_version(), cgpiod_debounces() ? ", the kernel debounces" : "");
  return failures ? 1 : 0;
}

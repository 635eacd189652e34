// Linux calls and constants that the Glibc module does not offer, each under a name of its own.
#pragma once
// No _GNU_SOURCE: with it the system's types would differ from those of the Glibc module, and no file could import both.
#include <errno.h>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <malloc.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/// Nanoseconds since boot, running on during suspend; never set back.
static inline int64_t linux_boottime_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_BOOTTIME, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/// Milliseconds since the Unix epoch by the system's civil clock.
static inline int64_t linux_realtime_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/// Makes a directory of this user's alone in `parent`; its name begins with `name`. Its path is the caller's to free; NULL
/// when none can be made there.
static inline char *linux_make_directory(const char *parent, const char *name) {
  // mkdtemp puts letters in the place of these.
  static const char places[] = "XXXXXX";
  size_t size = strlen(parent) + strlen(name) + sizeof places + 2;
  char *path = (char *)malloc(size);
  if (path == NULL) return NULL;
  snprintf(path, size, "%s/%s-%s", parent, name, places);
  if (mkdtemp(path) != NULL) return path;
  free(path);
  return NULL;
}

static inline int linux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

/// Watches a descriptor for input; `tag` comes back from linux_epoll_wait.
static inline int linux_epoll_add(int epoll, int descriptor, uint64_t tag) {
  struct epoll_event event;
  memset(&event, 0, sizeof event);
  event.events = EPOLLIN;
  event.data.u64 = tag;
  return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}

static inline int linux_epoll_remove(int epoll, int descriptor) {
  return epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, NULL);
}

/// Waits at most `timeout_ms` (-1: for ever) and writes at most 16 tags. Answers how many, or -1.
static inline int linux_epoll_wait(int epoll, uint64_t *tags, int capacity, int timeout_ms) {
  struct epoll_event events[16];
  int wanted = capacity < 16 ? capacity : 16;
  int count = epoll_wait(epoll, events, wanted, timeout_ms);
  for (int i = 0; i < count; i++) tags[i] = events[i].data.u64;
  return count;
}

static inline int linux_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }
static inline void linux_eventfd_signal(int descriptor) {
  uint64_t one = 1;
  ssize_t written = write(descriptor, &one, sizeof one);
  (void)written;
}
/// What was signalled since the last call; 0 when nothing was.
static inline uint64_t linux_eventfd_take(int descriptor) {
  uint64_t value = 0;
  ssize_t got = read(descriptor, &value, sizeof value);
  return got == (ssize_t)sizeof value ? value : 0;
}
static inline void linux_eventfd_drain(int descriptor) {
  uint64_t value;
  ssize_t got = read(descriptor, &value, sizeof value);
  (void)got;
}

static inline int linux_timerfd(void) { return timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC); }
/// Arms the timer for an absolute boot time; zero disarms it.
static inline int linux_timerfd_arm(int descriptor, int64_t boottime_ns) {
  struct itimerspec when;
  memset(&when, 0, sizeof when);
  when.it_value.tv_sec = boottime_ns / 1000000000;
  when.it_value.tv_nsec = boottime_ns % 1000000000;
  return timerfd_settime(descriptor, TFD_TIMER_ABSTIME, &when, NULL);
}

static inline void linux_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

#ifndef SCHED_RESET_ON_FORK
#define SCHED_RESET_ON_FORK 0x40000000
#endif
/// SCHED_FIFO for the calling thread; 0 when the system allows it.
static inline int linux_realtime_thread(int priority) {
  struct sched_param parameter;
  memset(&parameter, 0, sizeof parameter);
  parameter.sched_priority = priority;
  return sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &parameter);
}

#ifndef MCL_ONFAULT
#define MCL_ONFAULT 4
#endif
/// Locks pages as they are touched, so that idle mappings cost nothing; 0 when the system allows it.
static inline int linux_lock_memory(void) { return mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT); }

/// Large blocks go back to the system when they are freed. By itself the C library raises this bound to the largest block
/// that it has seen, and keeps twice as much of each arena from then on.
static inline void linux_keep_little_memory(void) {
  mallopt(M_MMAP_THRESHOLD, 128 * 1024);
  mallopt(M_TRIM_THRESHOLD, 128 * 1024);
}
/// What is freed between these two goes back to the system as far as whole pages are free. Locked pages would stay: the
/// lock is lifted meanwhile, less than a millisecond.
static inline int linux_begin_return_of_memory(void) {
  char status[4096];
  int descriptor = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  ssize_t count = descriptor < 0 ? -1 : read(descriptor, status, sizeof status - 1);
  if (descriptor >= 0) close(descriptor);
  status[count < 0 ? 0 : count] = 0;
  const char *locked = strstr(status, "VmLck:");
  int is_locked = locked && strtoull(locked + 6, NULL, 10) > 0;
  if (is_locked) munlockall();
  return is_locked;
}
static inline void linux_end_return_of_memory(int is_locked) {
  malloc_trim(0);
  if (is_locked) linux_lock_memory();
}

/// Whether an open file lies in a file system that is memory, and is never written back.
static inline int linux_is_in_memory(int descriptor) {
  struct statfs status;
  if (fstatfs(descriptor, &status) != 0) return 0;
  return status.f_type == 0x01021994 /* tmpfs */ || status.f_type == 0x858458f6 /* ramfs */;
}

/// Touches `bytes` of the calling thread's stack, so that later calls meet no page fault. At most 256 KiB.
__attribute__((noinline)) static void linux_touch_stack(size_t bytes) {
  volatile unsigned char area[262144];
  size_t limit = bytes < sizeof area ? bytes : sizeof area;
  for (size_t i = 0; i < limit; i += 4096) area[sizeof area - 1 - i] = 0;
}

static inline void linux_write_stderr(const char *bytes, size_t count) {
  while (count > 0) {
    ssize_t written = write(2, bytes, count);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    bytes += written;
    count -= (size_t)written;
  }
}

extern char **environ;
static inline char **linux_environment(void) { return environ; }
static inline int linux_errno(void) { return errno; }
static inline pid_t linux_thread_id(void) { return (pid_t)syscall(SYS_gettid); }

/// Fills a socket address for a Unix path; -1 when the path is too long.
static inline int linux_unix_address(struct sockaddr_un *address, const char *path) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  if (strlen(path) >= sizeof address->sun_path) return -1;
  strcpy(address->sun_path, path);
  return 0;
}

/// No program that this process starts can gain privileges, no core file holds its memory, nobody may trace it.
static inline int linux_forbid_new_privileges(void) {
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/// Gives up all capabilities for good; root keeps its user number and nothing else. 0 also when there were none.
static inline int linux_drop_capabilities(void) {
  // The header and the two halves of capset's version 3 (linux/capability.h).
  struct {
    uint32_t version;
    int pid;
  } header = {0x20080522, 0};
  struct {
    uint32_t effective, permitted, inheritable;
  } none[2] = {{0, 0, 0}, {0, 0, 0}};
  return (int)syscall(SYS_capset, &header, none);
}

/// The largest file that this process may write; beyond it a write fails with EFBIG.
static inline int linux_limit_file_size(uint64_t bytes) {
  struct rlimit limit = {bytes, bytes};
  signal(SIGXFSZ, SIG_IGN);
  return setrlimit(RLIMIT_FSIZE, &limit);
}

/// Reads a file that people write whole, as a profile, into `bytes`; its length, or -1 with errno. A FIFO would be waited
/// for, for ever, and a device may do something when it is opened: both are left alone (EMEDIUMTYPE). A file longer than
/// `capacity` is EFBIG.
static inline ssize_t linux_read_document(const char *path, void *bytes, size_t capacity) {
  struct stat status;
  int kind = stat(path, &status) < 0 ? errno : S_ISDIR(status.st_mode) ? EISDIR : S_ISREG(status.st_mode) ? 0 : EMEDIUMTYPE;
  if (kind != 0) return errno = kind, -1;
  int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) return -1;
  size_t length = 0;
  int problem = 0;
  // Another may have come in its place meanwhile.
  if (fstat(descriptor, &status) < 0) problem = errno;
  else if (!S_ISREG(status.st_mode)) problem = EMEDIUMTYPE;
  while (problem == 0) {
    char beyond;
    int is_full = length == capacity;
    ssize_t count = read(descriptor, is_full ? &beyond : (char *)bytes + length, is_full ? 1 : capacity - length);
    if (count == 0) break;
    if (count < 0) {
      if (errno != EINTR) problem = errno;
    } else if (is_full) {
      problem = EFBIG;
    } else {
      length += (size_t)count;
    }
  }
  close(descriptor);
  return problem == 0 ? (ssize_t)length : (errno = problem, -1);
}

/// Why `linux_read_document` has read nothing, in words.
static inline const char *linux_document_problem(int number) {
  return number == EMEDIUMTYPE ? "it is no regular file" : number == EFBIG ? "it is too long" : strerror(number);
}

/// open(2) with its variadic mode.
static inline int linux_open(const char *path, int flags, mode_t mode) { return open(path, flags, mode); }

/// A signal that shall do nothing, as SIGPIPE in a program that looks at the results of its writes.
static inline void linux_ignore_signal(int number) { signal(number, SIG_IGN); }

/// The size of the terminal behind a descriptor; 0 when there is none.
static inline int linux_terminal_size(int descriptor, unsigned short *columns, unsigned short *rows) {
  struct winsize size;
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return 0;
  *columns = size.ws_col;
  *rows = size.ws_row;
  return 1;
}

/// Whether what is typed is shown. Safe in a signal handler.
static inline int linux_terminal_echo(int descriptor, int on) {
  struct termios settings;
  if (tcgetattr(descriptor, &settings) != 0) return -1;
  if (on) settings.c_lflag |= ECHO; else settings.c_lflag &= ~(tcflag_t)ECHO;
  return tcsetattr(descriptor, TCSAFLUSH, &settings);
}

/// Makes a pseudo terminal: answers its controlling side, non-blocking, and the path of the other side; -1 with errno.
static inline int linux_pseudo_terminal(char *path, size_t size) {
  int terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  int locked = 0;
  unsigned int number = 0;
  if (terminal < 0) return -1;
  if (ioctl(terminal, TIOCSPTLCK, &locked) != 0 || ioctl(terminal, TIOCGPTN, &number) != 0) {
    int reason = errno;
    close(terminal);
    errno = reason;
    return -1;
  }
  snprintf(path, size, "/dev/pts/%u", number);
  return terminal;
}

/// The calls of a hardware watchdog; each 0, or -1 with errno.
static inline int linux_watchdog_support(int watchdog, uint32_t *options) {
  struct watchdog_info info;
  memset(&info, 0, sizeof info);
  if (ioctl(watchdog, WDIOC_GETSUPPORT, &info) != 0) return -1;
  *options = info.options;
  return 0;
}
/// Sets the time-out and gives back the one that was taken, in whole seconds.
static inline int linux_watchdog_set_timeout(int watchdog, int32_t *seconds) {
  return ioctl(watchdog, WDIOC_SETTIMEOUT, seconds);
}
static inline int linux_watchdog_timeout(int watchdog, int32_t *seconds) {
  return ioctl(watchdog, WDIOC_GETTIMEOUT, seconds);
}
/// Why the system was started: WDIOF_… bits.
static inline int linux_watchdog_boot_status(int watchdog, int32_t *status) {
  return ioctl(watchdog, WDIOC_GETBOOTSTATUS, status);
}
static inline int linux_watchdog_feed(int watchdog) {
  int unused = 0;
  return ioctl(watchdog, WDIOC_KEEPALIVE, &unused);
}

/// Opens a serial port for reads and writes that do not wait: raw, 8N1, no flow control, no modem control, exclusive,
/// at `rate` bits per second. -1 with errno and the step that failed: 0 open, 1 no terminal, 2 settings, 3 rate,
/// 4 taken by another program; errno is 0 when the port took a setting and did not keep it.
static inline int linux_serial_open(const char *path, long rate, int *step) {
  static const struct {
    long rate;
    speed_t speed;
  } speeds[] = {{9600, B9600},     {19200, B19200},   {38400, B38400},   {57600, B57600},
                {115200, B115200}, {230400, B230400}, {460800, B460800}, {921600, B921600}};
  struct termios wanted, kept;
  speed_t speed = B0;
  int reason = 0;
  for (size_t i = 0; i < sizeof speeds / sizeof speeds[0]; i++)
    if (speeds[i].rate == rate) speed = speeds[i].speed;
  *step = 3;
  if (speed == B0) {
    errno = EINVAL;
    return -1;
  }
  *step = 0;
  int port = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (port < 0) {
    if (errno == EBUSY) *step = 4;
    return -1;
  }
  *step = 1;
  if (tcgetattr(port, &wanted) != 0) goto failed;
  *step = 4;
  if (flock(port, LOCK_EX | LOCK_NB) != 0) goto failed;
  wanted.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON | IXOFF | IXANY | INPCK);
  wanted.c_oflag &= ~(tcflag_t)OPOST;
  wanted.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
  wanted.c_cflag &= ~(tcflag_t)(CSIZE | PARENB | CSTOPB | 020000000000 /* CRTSCTS */);
  wanted.c_cflag |= CS8 | CLOCAL | CREAD;
  wanted.c_cc[VMIN] = 1;
  wanted.c_cc[VTIME] = 0;
  *step = 3;
  if (cfsetispeed(&wanted, speed) != 0 || cfsetospeed(&wanted, speed) != 0) goto failed;
  *step = 2;
  if (tcsetattr(port, TCSANOW, &wanted) != 0 || tcgetattr(port, &kept) != 0) goto failed;
  // tcsetattr succeeds when any of the settings was taken: what was not kept is found here.
  errno = 0;
  *step = 3;
  if (cfgetospeed(&kept) != speed || cfgetispeed(&kept) != speed) goto failed;
  *step = 2;
  if ((kept.c_cflag & (CSIZE | PARENB | CSTOPB | CREAD)) != (CS8 | CREAD) || (kept.c_lflag & (ICANON | ECHO)) ||
      (kept.c_iflag & (IXON | ICRNL)) || (kept.c_oflag & OPOST))
    goto failed;
  tcflush(port, TCIOFLUSH);
  return port;
failed:
  reason = errno;
  close(port);
  errno = reason;
  return -1;
}

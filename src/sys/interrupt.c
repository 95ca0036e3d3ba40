// SPDX-License-Identifier: ISC
#include "sys/interrupt.h"

#include "sys/path.h"
#include "sys/signals.h"
#include "sys/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define INTERVAL_MS 100

#ifndef sigev_notify_thread_id // older headers of the GNU C library do not name it
#define sigev_notify_thread_id _sigev_un._tid
#endif

static struct {
	bool (*is_ending)(void *data);
	void *data;
	bool has_ended_wait;
} interrupt;

static void on_tick(int number)
{
	(void)number;
}

// For good, for other threads may be waiting, too.
static void handle_ticks(void)
{
	const struct sigaction action = {.sa_handler = on_tick}; // without SA_RESTART

	sys_sigaction_swap(SIGALRM, &action, NULL);
}

static int create(struct sigevent *event, timer_t *timer)
{
	TRACE_START();
	int ret = SYS_RESULT(timer_create(CLOCK_MONOTONIC, event, timer));

	TRACE_HOUSEKEEPING(true, "timer_create", ret, T_TEXT("CLOCK_MONOTONIC"),
		T_TEXT("{SIGEV_THREAD_ID, SIGALRM}"), T_TEXT("{...}"));
	return ret;
}

static void set(timer_t timer, unsigned ms)
{
	const struct timespec every = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
	const struct itimerspec often = {every, every};

	TRACE_START();
	int ret = SYS_RESULT(timer_settime(timer, 0, &often, NULL));

	TRACE_HOUSEKEEPING(true, "timer_settime", ret, T_TEXT("{...}"), T_INT(0), T_TEXT("{...}"),
		T_TEXT("NULL"));
}

static void delete (timer_t timer)
{
	TRACE_START();
	int ret = SYS_RESULT(timer_delete(timer));

	TRACE_HOUSEKEEPING(true, "timer_delete", ret, T_TEXT("{...}"));
}

void interrupt_start(struct interrupt *i, unsigned ms)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM};
	sigset_t alarm;

	pthread_once(&once, handle_ticks);
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sys_thread_sigmask(SIG_UNBLOCK, &alarm, &i->mask);
	event.sigev_notify_thread_id = gettid();
	i->is_running = create(&event, &i->timer) == 0;
	if (i->is_running)
		set(i->timer, ms);
}

void interrupt_stop(struct interrupt *i)
{
	if (i->is_running)
		delete (i->timer);
	sys_thread_sigmask(SIG_SETMASK, &i->mask, NULL);
}

void interrupt_init(bool (*is_ending)(void *data), void *data)
{
	interrupt.is_ending = is_ending;
	interrupt.data = data;
}

bool interrupt_has_ended_wait(void)
{
	return interrupt.has_ended_wait;
}

// Whether a call that returned RESULT is to be made again.
static bool goes_on(ssize_t result)
{
	if (result != -EINTR)
		return false;
	if (interrupt.is_ending && interrupt.is_ending(interrupt.data))
		interrupt.has_ended_wait = true;
	return !interrupt.has_ended_wait;
}

int interrupt_open(const char *path, int flags, mode_t mode)
{
	struct interrupt ticks;
	struct stat st;
	bool waits = sys_stat(path, &st) == 0 && S_ISFIFO(st.st_mode);
	int fd;

	if (waits)
		interrupt_start(&ticks, INTERVAL_MS);
	do {
		fd = open(path, flags, mode);
		fd = fd < 0 ? -errno : fd;
	} while (goes_on(fd));
	if (waits)
		interrupt_stop(&ticks);
	return fd;
}

static ssize_t read_secret(int fd, void *buf, size_t len)
{
	TRACE_START();
	ssize_t ret = SYS_RESULT(read(fd, buf, len));

	TRACE_HOUSEKEEPING(true, "read", ret, T_FD(fd), T_TEXT("<secret>"), T_UINT(len));
	return ret;
}

ssize_t interrupt_read(int fd, void *buf, size_t len)
{
	struct interrupt ticks;
	struct stat st;
	bool waits = sys_fstat(fd, &st) == 0 && !S_ISREG(st.st_mode);
	ssize_t n;

	if (waits)
		interrupt_start(&ticks, INTERVAL_MS);
	do {
		n = read_secret(fd, buf, len);
	} while (goes_on(n));
	if (waits)
		interrupt_stop(&ticks);
	return n;
}

// SPDX-License-Identifier: ISC
#include "sys/interrupt.h"

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

	sigaction(SIGALRM, &action, NULL);
}

void interrupt_start(struct interrupt *i, unsigned ms)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM};
	const struct timespec every = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
	const struct itimerspec often = {every, every};
	sigset_t alarm;

	pthread_once(&once, handle_ticks);
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	pthread_sigmask(SIG_UNBLOCK, &alarm, &i->mask);
	event.sigev_notify_thread_id = gettid();
	i->is_running = timer_create(CLOCK_MONOTONIC, &event, &i->timer) == 0;
	if (i->is_running)
		timer_settime(i->timer, 0, &often, NULL);
}

void interrupt_stop(struct interrupt *i)
{
	if (i->is_running)
		timer_delete(i->timer);
	pthread_sigmask(SIG_SETMASK, &i->mask, NULL);
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
	bool waits = stat(path, &st) == 0 && S_ISFIFO(st.st_mode);
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

ssize_t interrupt_read(int fd, void *buf, size_t len)
{
	struct interrupt ticks;
	struct stat st;
	bool waits = fstat(fd, &st) == 0 && !S_ISREG(st.st_mode);
	ssize_t n;

	if (waits)
		interrupt_start(&ticks, INTERVAL_MS);
	do {
		n = read(fd, buf, len);
		n = n < 0 ? -errno : n;
	} while (goes_on(n));
	if (waits)
		interrupt_stop(&ticks);
	return n;
}

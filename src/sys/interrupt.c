// SPDX-License-Identifier: ISC
#include "sys/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define INTERVAL_US 100000

static struct {
	bool (*is_ending)(void *data);
	void *data;
	bool has_ended_wait;
} interrupt;

// A clock that interrupts the calls of the main thread again and again. A single interruption by
// the signal that ends the program would be lost if it came just before the call.
struct ticks {
	struct sigaction action;
	sigset_t mask;
};

static void on_tick(int number)
{
	(void)number;
}

static void start(struct ticks *before)
{
	const struct sigaction action = {.sa_handler = on_tick}; // without SA_RESTART
	const struct itimerval often = {{0, INTERVAL_US}, {0, INTERVAL_US}};
	sigset_t alarm;

	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigaction(SIGALRM, &action, &before->action);
	pthread_sigmask(SIG_UNBLOCK, &alarm, &before->mask);
	setitimer(ITIMER_REAL, &often, NULL);
}

static void stop(const struct ticks *before)
{
	const struct itimerval never = {0};

	setitimer(ITIMER_REAL, &never, NULL);
	pthread_sigmask(SIG_SETMASK, &before->mask, NULL);
	sigaction(SIGALRM, &before->action, NULL);
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
	struct ticks before;
	struct stat st;
	bool waits = stat(path, &st) == 0 && S_ISFIFO(st.st_mode);
	int fd;

	if (waits)
		start(&before);
	do {
		fd = open(path, flags, mode);
		fd = fd < 0 ? -errno : fd;
	} while (goes_on(fd));
	if (waits)
		stop(&before);
	return fd;
}

ssize_t interrupt_read(int fd, void *buf, size_t len)
{
	struct ticks before;
	struct stat st;
	bool waits = fstat(fd, &st) == 0 && !S_ISREG(st.st_mode);
	ssize_t n;

	if (waits)
		start(&before);
	do {
		n = read(fd, buf, len);
		n = n < 0 ? -errno : n;
	} while (goes_on(n));
	if (waits)
		stop(&before);
	return n;
}

// SPDX-License-Identifier: ISC
#include "out/write.h"

#include "base/util.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#define SLICE_MS 100 // between two questions whether to give up
#define PAUSE_MS 10 // where poll(2) promises what write(2) does not keep, as terminals do

int write_whole(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n >= 0) {
			p += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN) {
			struct pollfd pfd = {.fd = fd, .events = POLLOUT};

			poll(&pfd, 1, -1);
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

// Writes a piece if it goes within MS. Returns its length, -EAGAIN or another negative errno.
static ssize_t write_piece(int fd, const char *data, size_t len, int ms)
{
	struct pollfd pfd = {.fd = fd, .events = POLLOUT};
	ssize_t n;

	if (poll(&pfd, 1, ms) <= 0)
		return -EAGAIN;
	n = write(fd, data, MIN(len, (size_t)PIPE_BUF));
	if (n >= 0)
		return n;
	if (errno != EAGAIN && errno != EINTR)
		return -errno;
	poll(NULL, 0, MIN(ms, PAUSE_MS));
	return -EAGAIN;
}

int write_patiently(int fd, const void *data, size_t len, size_t *written, give_up_fn *gives_up,
	void *give_up_data)
{
	const char *p = data;
	uint64_t start = now_ms();
	int slice = 0;

	while (len) {
		ssize_t n = write_piece(fd, p, len, slice);

		if (n >= 0) {
			p += n;
			len -= (size_t)n;
			*written += (size_t)n;
			slice = 0;
		} else if (n != -EAGAIN) {
			return (int)n;
		} else if (gives_up(give_up_data, (unsigned)(now_ms() - start))) {
			return -EAGAIN;
		} else {
			slice = SLICE_MS;
		}
	}
	return 0;
}

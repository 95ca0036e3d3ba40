// SPDX-License-Identifier: ISC
// Calls that may wait for somebody else: a FIFO is opened or read (fifo(7)), or a connection
// accepted from a socket whose mode is not ours.
#ifndef SOCKCTL_SYS_INTERRUPT_H
#define SOCKCTL_SYS_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

// A clock that interrupts the calls of one thread again and again. One signal alone would be lost
// if it came just before the call.
struct interrupt {
	timer_t timer;
	bool is_running;
	sigset_t mask; // as it was
};

// Until interrupt_stop(), a call of this thread that waits fails with EINTR after MS milliseconds.
void interrupt_start(struct interrupt *i, unsigned ms);
void interrupt_stop(struct interrupt *i);

// IS_ENDING says whether nothing must wait any more; it is asked several times a second during a
// wait.
void interrupt_init(bool (*is_ending)(void *data), void *data);

// Whether a wait has been ended by that.
bool interrupt_has_ended_wait(void);

// open(2) and read(2), in the main thread. Return a negative errno for failures: -EINTR when the
// wait was ended.
int interrupt_open(const char *path, int flags, mode_t mode);

// What is read is a secret, which no trace shows.
ssize_t interrupt_read(int fd, void *buf, size_t len);

#endif

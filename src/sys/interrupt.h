// SPDX-License-Identifier: ISC
// Files that let whoever opens or reads them wait for somebody else, as a FIFO does (fifo(7)): the
// wait ends when the program has to.
#ifndef SOCKCTL_SYS_INTERRUPT_H
#define SOCKCTL_SYS_INTERRUPT_H

#include <stdbool.h>
#include <sys/types.h>

// IS_ENDING says whether nothing must wait any more; it is asked several times a second during a
// wait.
void interrupt_init(bool (*is_ending)(void *data), void *data);

// Whether a wait has been ended by that.
bool interrupt_has_ended_wait(void);

// open(2) and read(2) in the main thread. Return a negative errno for failures: -EINTR when the
// wait was ended.
int interrupt_open(const char *path, int flags, mode_t mode);
ssize_t interrupt_read(int fd, void *buf, size_t len);

#endif

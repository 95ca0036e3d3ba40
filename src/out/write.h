// SPDX-License-Identifier: ISC
// Writing to descriptors that are shared with others: their mode is not ours to change, and whoever
// reads them may have stopped.
#ifndef SOCKCTL_OUT_WRITE_H
#define SOCKCTL_OUT_WRITE_H

#include <stdbool.h>
#include <stddef.h>

// Writes all of it to FD as one piece where the system allows it; waits while FD is full, gives up
// on errors and returns them.
int write_whole(int fd, const void *data, size_t len);

// Whether a writer that has waited for so many milliseconds gives up. It is asked at once when the
// descriptor is full, and then several times a second.
typedef bool give_up_fn(void *data, unsigned waited_ms);

// The same in pieces that do not block once poll(2) has let them through (PIPE_BUF, pipe(7)), and
// only as long as GIVES_UP is false. *WRITTEN grows by the bytes that went. Returns 0, -EAGAIN when
// it has given up, or another negative errno.
int write_patiently(int fd, const void *data, size_t len, size_t *written, give_up_fn *gives_up,
	void *give_up_data);

#endif

// SPDX-License-Identifier: ISC
// Writing to stdout in the background: the pieces stay where they are until all is written.
#ifndef SOCKCTL_IO_OUTPUT_H
#define SOCKCTL_IO_OUTPUT_H

#include "base/iovecs.h"
#include "io/stdio.h"

#include <stdbool.h>

struct output;

// Called when everything is written, with 0, or with a negative errno: -EPIPE also when the reader
// has gone while nothing was to be written.
typedef void output_fn(struct output *o, int error);

struct output {
	struct stdio io;
	struct iovec *pieces; // what is left
	size_t count;
	output_fn *cb;
	void *data; // the owner's
};

int output_init(struct output *o, uv_loop_t *loop, int given, output_fn *cb, void *data);
void output_fini(struct output *o);

// Writes as much as goes now. Returns 0 when that is all; -EAGAIN if the rest follows, then the
// pieces are borrowed until the callback; or another negative errno.
int output_write(struct output *o, const struct iovecs *pieces);

bool output_is_busy(const struct output *o);

#endif

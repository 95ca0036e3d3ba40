// SPDX-License-Identifier: ISC
// Lines that a flow takes one at a time, with a pause between each and the next.
#ifndef SOCKCTL_RELAY_INTERVAL_H
#define SOCKCTL_RELAY_INTERVAL_H

#include "base/fifo.h"
#include "io/channel.h"
#include "io/timer.h"

#include <stdbool.h>
#include <stdint.h>

struct interval {
	uint64_t ms;
	struct fifo held; // was read from the source, and waits
	struct timer timer; // runs while the next line has to wait
	bool has_ended; // the source has
};

// CB is called when the next line may be taken after a pause of MS.
struct interval *interval_create(uv_loop_t *loop, uint64_t ms, timer_fn *cb, void *data);
void interval_destroy(struct interval *i); // NULL does nothing

// The same as recv of SRC, but no more than a line, and -EAGAIN while that has to wait. A line
// whose end has not come yet, or that is longer than MOST, is handed out as far as it has come.
// What is held does not wait if IS_LAST: nothing more is read after it.
ssize_t interval_recv(
	struct interval *i, struct channel *src, char *buffer, size_t most, bool is_last);

// How many bytes are held; NULL holds none.
size_t interval_held(const struct interval *i);

void interval_stop(struct interval *i); // NULL does nothing

#endif

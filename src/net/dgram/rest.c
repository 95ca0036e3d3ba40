// SPDX-License-Identifier: ISC
#include "net/dgram/rest.h"

#include "base/util.h"
#include "net/dgram/receiver.h"

#include <errno.h>

#define LONGEST_MS UINT64_C(3000) // of those that grow

static void on_timer(void *data)
{
	struct rest *r = data;

	watch_want(r->watch, WATCH_READ);
}

void rest_init(struct rest *r, uv_loop_t *loop, struct watch *watch, bool is_inherited,
	short_fn *on_short, void *data)
{
	*r = (struct rest){
		.watch = watch, .is_inherited = is_inherited, .on_short = on_short, .data = data};
	timer_init(&r->timer, loop, on_timer, r);
}

// What was shut down stays so: it is looked at ever more seldom.
static void begin(struct rest *r, int error)
{
	bool grows = error == -EINVAL && r->ms;

	if (!r->ms)
		r->on_short(r->data, error);
	r->ms = grows ? MIN(r->ms * 2, LONGEST_MS) : RECEIVER_SHORTAGE_MS;
	watch_want(r->watch, 0);
	timer_start(&r->timer, r->ms);
}

void rest_note(struct rest *r, int n)
{
	if (n > 0)
		r->ms = 0;
	else if (n == -ENOMEM || n == -ENOBUFS)
		begin(r, n);
	else if (n == -EAGAIN && r->is_inherited && receiver_is_shut(r->watch->fd))
		begin(r, -EINVAL);
}

void rest_fini(struct rest *r)
{
	timer_fini(&r->timer);
}

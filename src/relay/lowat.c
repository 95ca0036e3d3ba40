// SPDX-License-Identifier: ISC
#include "relay/lowat.h"

#include "base/mem.h"
#include "sys/socket.h"

#include <assert.h>
#include <stdlib.h>

#define FIRST_STREAK 4
#define LONGEST_STREAK 65536
#define PAUSE_MS 1 // without a byte for so long, the sender has paused

static void lower(struct lowat *l)
{
	int kept_back = 0;

	l->raised = false;
	l->streak = 0;
	// What waits for a receiver that is blocked was not kept back by the mark.
	if (!*l->blocked)
		sys_inq(l->fd, &kept_back);
	if (kept_back)
		l->needed = MIN(l->needed * 4, LONGEST_STREAK);
	timer_stop(&l->timer);
	// The kernel looks at once whether what has come so far is to be reported now.
	sys_setsockopt_int(l->fd, SOL_SOCKET, SO_RCVLOWAT, 1);
}

static void on_timer(void *data)
{
	struct lowat *l = data;

	if (l->received == l->seen) {
		lower(l);
		return;
	}
	l->seen = l->received;
	timer_start(&l->timer, PAUSE_MS);
}

static void raise_mark(struct lowat *l)
{
	if (sys_setsockopt_int(l->fd, SOL_SOCKET, SO_RCVLOWAT, LOWAT_BYTES) < 0)
		return;
	l->raised = true;
	l->seen = l->received;
	timer_start(&l->timer, PAUSE_MS);
}

struct lowat *lowat_create(uv_loop_t *loop, int fd, const bool *blocked)
{
	struct lowat *l = xcalloc(1, sizeof(*l));
	int mark = 0;
	socklen_t len = sizeof(mark);
	int r = sys_getsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &mark, &len);

	assert(fd >= 0 && blocked);
	// A mark that the user has set stays as it is.
	*l = (struct lowat){
		.fd = r == 0 && mark == 1 ? fd : -1, .blocked = blocked, .needed = FIRST_STREAK};
	timer_init(&l->timer, loop, on_timer, l);
	return l;
}

void lowat_note(struct lowat *l, size_t bytes)
{
	l->received += bytes;
	if (l->fd < 0 || l->raised)
		return;
	l->streak = bytes >= LOWAT_LARGE_READ ? l->streak + 1 : 0;
	if (l->streak >= l->needed)
		raise_mark(l);
}

void lowat_destroy(struct lowat *l)
{
	if (!l)
		return;
	timer_fini(&l->timer);
	free(l);
}

// SPDX-License-Identifier: ISC
#include "relay/lowat.h"

#include "base/util.h"
#include "sys/socket.h"

#define LARGE_READ (16 * 1024)
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

void lowat_init(struct lowat *l, uv_loop_t *loop, int fd, const bool *blocked)
{
	*l = (struct lowat){.fd = fd, .blocked = blocked, .needed = FIRST_STREAK};
	int mark = 0;
	socklen_t len = sizeof(mark);

	// A mark that the user has set stays as it is.
	if (sys_getsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &mark, &len) == 0 && mark == 1)
		l->loop = loop;
	timer_init(&l->timer, loop, on_timer, l);
}

void lowat_note(struct lowat *l, size_t bytes)
{
	l->received += bytes;
	if (!l->loop || l->raised)
		return;
	l->streak = bytes >= LARGE_READ ? l->streak + 1 : 0;
	if (l->streak >= l->needed)
		raise_mark(l);
}

void lowat_fini(struct lowat *l)
{
	timer_fini(&l->timer);
	l->loop = NULL;
}

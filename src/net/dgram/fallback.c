// SPDX-License-Identifier: ISC
#include "net/dgram/fallback.h"

#include "base/packets.h"
#include "net/dgram/error_queue.h"
#include "sys/trace.h"

#include <errno.h>
#include <string.h>

#define KEPT_MOST ((size_t)128 << 10) // bytes, more than the longest datagram
#define REFUSAL_NS 5000000000ull // a host that nobody has is given up after three seconds

void fallback_init(struct fallback *f, const struct sockaddr_any *at, struct address_list rest)
{
	*f = (struct fallback){.at = *at, .rest = rest};
}

void fallback_settle(struct fallback *f)
{
	address_list_fini(&f->rest);
	f->next = 0;
	fifo_fini(&f->kept);
}

void fallback_fini(struct fallback *f)
{
	fallback_settle(f);
	fifo_fini(&f->again);
}

static bool is_late(const struct fallback *f)
{
	return f->since && trace_now() - f->since > REFUSAL_NS;
}

void fallback_sent(struct fallback *f, const struct iovec *datagrams, size_t count)
{
	if (!f->rest.count)
		return;
	if (!f->since)
		f->since = trace_now();
	for (size_t i = 0; i < count && fifo_len(&f->kept) <= KEPT_MOST; i++)
		packets_add(&f->kept, datagrams[i].iov_base, datagrams[i].iov_len);
	if (f->next == f->rest.count || fifo_len(&f->kept) > KEPT_MOST || is_late(f))
		fallback_settle(f);
}

// All that was sent and all that was still to be sent, in this order, is for the address TO.
static void begin(struct fallback *f, const struct sockaddr_any *to)
{
	fifo_add(&f->kept, fifo_data(&f->again), fifo_len(&f->again));
	fifo_fini(&f->again);
	f->again = f->kept;
	f->kept = (struct fifo){0};
	f->at = *to;
	f->since = 0;
}

static void tell_refused(
	const struct fallback *f, const struct sockaddr_any *remote, const char *reason)
{
	f->listener.on_refused(f->listener.data, remote, reason);
}

bool fallback_move(struct fallback *f, int error, const char *reason)
{
	if (f->next == f->rest.count || !is_told_error(error) || is_late(f))
		return false;
	tell_refused(f, &f->at, reason);
	while (f->next < f->rest.count) {
		const struct sockaddr_any *to = &f->rest.items[f->next++];
		int fd = f->means.move(f->means.data, to);

		if (fd >= 0) {
			begin(f, to);
			f->listener.on_moved(f->listener.data, to, fd);
			return true;
		}
		tell_refused(f, to, strerror(-fd));
	}
	return false;
}

int fallback_resend(struct fallback *f)
{
	struct iovec datagram;

	while (packets_peek(&f->again, &datagram, 1)) {
		int r = f->means.send(f->means.data, &datagram);

		if (r == -EINTR)
			continue;
		if (r < 0)
			return r;
		fallback_sent(f, &datagram, 1);
		packets_drop(&f->again, 1);
	}
	return 0;
}

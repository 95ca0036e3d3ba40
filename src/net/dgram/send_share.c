// SPDX-License-Identifier: ISC
#include "net/dgram/send_share.h"

#include "base/util.h"
#include "sys/socket.h"

#include <sys/socket.h>

#define BUFFER_SIZE (16 << 20)
#define OVERHEAD ((size_t)1024) // what the kernel counts for a datagram besides its bytes, at most
#define OVERHEAD_LEAST ((size_t)256) // and at least
#define PART 8 // of the buffer: what one peer may be ahead in the half that is not open

void send_share_prepare(int fd)
{
	int family = AF_UNSPEC;
	socklen_t len = sizeof(family);

	if (sys_getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len) < 0 || family != AF_UNIX)
		return;
	// The limit of the system (net.core.wmem_max) is for those without CAP_NET_ADMIN.
	if (sys_setsockopt_int(fd, SOL_SOCKET, SO_SNDBUFFORCE, BUFFER_SIZE) < 0)
		sys_setsockopt_int(fd, SOL_SOCKET, SO_SNDBUF, BUFFER_SIZE);
}

void send_share_init(struct send_share *s, int fd, int family)
{
	int size = 0;
	socklen_t len = sizeof(size);

	*s = (struct send_share){0};
	if (family == AF_UNIX && sys_getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, &len) == 0)
		s->buffer = (size_t)MAX(size, 0);
}

// Bytes of the buffer that may be in use once the peer was sent to.
static size_t limit_of(const struct send_share *s)
{
	if (!s->has_answered || s->ahead >= s->buffer / PART)
		return s->buffer / 2;
	return s->has_read ? s->buffer : s->buffer / 4 * 3;
}

size_t send_share_fit(struct send_share *s, int fd, const struct iovec *datagrams, size_t count)
{
	int used = 0;
	size_t fit = 0;
	size_t sum;

	if (!s->buffer || sys_outq(fd, &used) < 0)
		return count;
	sum = (size_t)MAX(used, 0);
	s->has_read = s->has_read || s->least > sum; // all of it would be counted still
	while (fit < count && (!sum || sum + datagrams[fit].iov_len + OVERHEAD <= limit_of(s)))
		sum += datagrams[fit++].iov_len + OVERHEAD;
	return fit;
}

void send_share_took(struct send_share *s, const struct iovec *datagrams, int sent)
{
	for (int i = 0; i < sent; i++) {
		s->ahead += datagrams[i].iov_len + OVERHEAD;
		s->least += datagrams[i].iov_len + OVERHEAD_LEAST;
	}
}

void send_share_heard(struct send_share *s)
{
	s->has_answered = s->has_answered || s->ahead;
	s->ahead = 0;
}

// SPDX-License-Identifier: ISC
#include "net/dgram/receiver.h"

#include "base/mem.h"
#include "base/util.h"
#include "io/fd.h"
#include "sys/message.h"
#include "sys/socket.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BUFFER_SIZE (16 << 20) // as much as a burst may bring while we write or others run
#define TOTAL_ROOM ((size_t)16 << 20) // of all pieces; memory that is not reached is not used
#define AT_ONCE ((size_t)1 << 20) // bytes of one call: no more than stays in the cache
// Also for what other options of the socket may add: without that of UDP_GRO, which comes last,
// nobody knows where datagrams end.
#define CONTROL_ROOM CMSG_SPACE(512)

static int family_of(int fd)
{
	int family = AF_UNSPEC;
	socklen_t len = sizeof(family);

	sys_getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len);
	return family;
}

static int set(int fd, struct loan *loan, int level, int option)
{
	return loan ? loan_set(loan, level, option, 1) : sys_setsockopt_int(fd, level, option, 1);
}

static void ask_for_details(int fd, struct loan *loan, unsigned details)
{
	int family = family_of(fd);

	if (details & RECEIVER_TIME)
		set(fd, loan, SOL_SOCKET, SO_TIMESTAMPNS);
	if (family == AF_UNIX)
		return;
	if (details & RECEIVER_DESTINATION)
		set(fd, loan, IPPROTO_IP, IP_PKTINFO); // IPv4 on an IPv6 socket, too
	if (details & RECEIVER_DESTINATION && family == AF_INET6)
		set(fd, loan, IPPROTO_IPV6, IPV6_RECVPKTINFO);
	if (details & RECEIVER_HOPS)
		set(fd, loan, IPPROTO_IP, IP_RECVTTL);
	if (details & RECEIVER_HOPS && family == AF_INET6)
		set(fd, loan, IPPROTO_IPV6, IPV6_RECVHOPLIMIT);
}

bool receiver_prepare(int fd, unsigned details, bool gro)
{
	// The limit of the system (net.core.rmem_max) is for those without CAP_NET_ADMIN.
	if (sys_setsockopt_int(fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_SIZE) < 0)
		sys_setsockopt_int(fd, SOL_SOCKET, SO_RCVBUF, BUFFER_SIZE);
	ask_for_details(fd, NULL, details);
	// In the Unix domain full means that the sender waits.
	return gro && family_of(fd) != AF_UNIX && sys_setsockopt_int(fd, SOL_UDP, UDP_GRO, 1) == 0;
}

void receiver_prepare_inherited(struct loan *loan, unsigned details)
{
	ask_for_details(loan->fd, loan, details);
}

bool receiver_drops(int fd, uint32_t *drops)
{
	uint32_t info[SK_MEMINFO_VARS] = {0};
	socklen_t len = sizeof(info);

	if (sys_getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len) < 0 ||
		len <= SK_MEMINFO_DROPS * sizeof(info[0]))
		return false;
	*drops = info[SK_MEMINFO_DROPS];
	return true;
}

bool receiver_is_shut(int fd)
{
	return fd_is_ready(fd, POLLRDHUP);
}

size_t receiver_buffer(int fd)
{
	int size = 0;
	socklen_t len = sizeof(size);

	sys_getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, &len);
	return (size_t)MAX(size, 0);
}

void receiver_init(struct receiver *r, size_t room, size_t most)
{
	unsigned n = (unsigned)MIN(most, MAX(TOTAL_ROOM / room, (size_t)1));

	*r = (struct receiver){.capacity = n, .wanted = n, .room = room};
	r->data = xmalloc(n * room);
	r->messages = xcalloc(n, sizeof(*r->messages));
	r->pieces = xcalloc(n, sizeof(*r->pieces));
	r->sources = xcalloc(n, sizeof(*r->sources));
	r->control = xcalloc(n, CONTROL_ROOM);
	for (unsigned i = 0; i < n; i++) {
		struct msghdr *h = &r->messages[i].msg_hdr;

		r->pieces[i] = (struct iovec){r->data + i * room, room};
		h->msg_iov = &r->pieces[i];
		h->msg_iovlen = 1;
		h->msg_name = &r->sources[i].storage;
		h->msg_control = r->control + i * CONTROL_ROOM;
		h->msg_namelen = sizeof(r->sources[i].storage);
		h->msg_controllen = CONTROL_ROOM;
	}
}

void receiver_fini(struct receiver *r)
{
	free(r->data);
	free(r->messages);
	free(r->pieces);
	free(r->sources);
	free(r->control);
	*r = (struct receiver){0};
}

int receiver_read_one(
	struct receiver *r, int fd, int flags, const struct sockaddr_any *connected_to)
{
	void *data = r->pieces[0].iov_base;
	ssize_t n;

	flags |= MSG_DONTWAIT;
	r->count = 0;
	r->is_full = true;
	if (connected_to)
		n = sys_recv(fd, data, r->room, flags);
	else
		n = sys_recvfrom(fd, data, r->room, flags, &r->sources[0]);
	if (n < 0)
		return (int)n;
	if (connected_to)
		r->sources[0] = *connected_to;
	sockaddr_unmap(&r->sources[0]);
	r->messages[0].msg_len = (unsigned)n;
	r->messages[0].msg_hdr.msg_controllen = 0;
	r->count = 1;
	return 1;
}

int receiver_read(struct receiver *r, int fd, int flags, uint64_t most)
{
	unsigned wanted = (unsigned)MIN(r->wanted, most);
	size_t bytes = 0;

	for (unsigned i = 0; i < r->count; i++) {
		struct msghdr *h = &r->messages[i].msg_hdr;

		h->msg_namelen = sizeof(r->sources[i].storage);
		h->msg_controllen = CONTROL_ROOM;
	}
	r->count = 0;

	int n = sys_recvmmsg(fd, r->messages, wanted, flags | MSG_DONTWAIT);

	if (n < 0)
		return n;
	r->count = (unsigned)n;
	r->is_full = r->count == wanted;
	for (unsigned i = 0; i < r->count; i++) {
		r->sources[i].len = r->messages[i].msg_hdr.msg_namelen;
		sockaddr_unmap(&r->sources[i]);
		bytes += r->messages[i].msg_len;
	}
	r->wanted = (unsigned)MIN(AT_ONCE * r->count / MAX(bytes, (size_t)1), (size_t)r->capacity);
	r->wanted = MAX(r->wanted, 1u);
	return n;
}

// Only what its length covers: this is done twice for each datagram.
static void set_in(struct sockaddr_any *a, struct in_addr address)
{
	a->in = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = address};
	a->len = sizeof(a->in);
}

static void read_pktinfo(struct received *m, const struct cmsghdr *c)
{
	struct in_pktinfo info;

	memcpy(&info, CMSG_DATA(c), sizeof(info));
	set_in(&m->destination, info.ipi_addr);
	set_in(&m->reply_from, info.ipi_spec_dst); // differs for broadcast and multicast
}

static void read_pktinfo6(struct received *m, const struct cmsghdr *c)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct in6_pktinfo info;

	memcpy(&info, CMSG_DATA(c), sizeof(info));
	if (IN6_IS_ADDR_V4MAPPED(&info.ipi6_addr))
		return; // IP_PKTINFO says more
	in6.sin6_addr = info.ipi6_addr;
	if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr) || IN6_IS_ADDR_MC_LINKLOCAL(&info.ipi6_addr))
		in6.sin6_scope_id = (uint32_t)info.ipi6_ifindex;
	sockaddr_set(&m->destination, (const struct sockaddr *)&in6, sizeof(in6));
	if (!IN6_IS_ADDR_MULTICAST(&info.ipi6_addr))
		m->reply_from = m->destination;
}

static void read_time(struct received *m, const struct cmsghdr *c)
{
	struct timespec ts;

	memcpy(&ts, CMSG_DATA(c), sizeof(ts));
	m->time = (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void read_control(struct received *m, const struct cmsghdr *c)
{
	int value = 0;

	if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS)
		read_time(m, c);
	else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO)
		read_pktinfo(m, c);
	else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO)
		read_pktinfo6(m, c);
	if (c->cmsg_len < CMSG_LEN(sizeof(value)))
		return;
	memcpy(&value, CMSG_DATA(c), sizeof(value));
	if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO && value > 0)
		m->segment = (size_t)value;
	else if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL) ||
		 (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT))
		m->hops = value;
}

void receiver_get(const struct receiver *r, unsigned i, struct received *m)
{
	struct msghdr *h = &r->messages[i].msg_hdr;
	size_t real_len = r->messages[i].msg_len;

	m->data = r->pieces[i].iov_base;
	m->len = MIN(real_len, r->room);
	m->real_len = real_len;
	m->segment = real_len;
	m->source = &r->sources[i];
	m->destination.len = m->reply_from.len = 0;
	m->time = 0;
	m->hops = -1;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c))
		read_control(m, c);
}

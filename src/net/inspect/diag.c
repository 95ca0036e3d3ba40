// SPDX-License-Identifier: ISC
#include "net/inspect/diag.h"

#include "base/mem.h"
#include "base/util.h"
#include "sys/file.h"
#include "sys/resolver.h"
#include "sys/socket.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

// The macros of <linux/netlink.h> step through aligned messages, which clang cannot know.
#pragma GCC diagnostic ignored "-Wcast-align"

#define BUFFER_SIZE (64 * 1024) // the kernel fills up to 32 KiB at a time

// Unix sockets, which are held back until the peers of all are known.
struct unix_list {
	struct diag_socket *items;
	size_t count, size;
};

// One walk through the sockets of a kind.
struct dump {
	diag_fn *fn;
	void *arg;
	unsigned kind;
	int fd;
	unsigned char *buf;
	struct unix_list held;
};

// The attributes of a message by their type; NULL where there is none.
struct attributes {
	const struct rtattr *by_type[MAX(INET_DIAG_MAX, UNIX_DIAG_MAX) + 1];
};

static struct diag_socket *hold_socket(struct unix_list *l)
{
	if (l->count == l->size) {
		l->size = l->size ? 2 * l->size : 64;
		l->items = xrealloc(l->items, l->size * sizeof(*l->items));
	}
	struct diag_socket *s = &l->items[l->count++];

	*s = (struct diag_socket){0};
	return s;
}

static void find_attributes(struct attributes *a, const void *data, size_t len)
{
	const struct rtattr *attr = data;
	int left = (int)len;

	*a = (struct attributes){0};
	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left))
		if ((attr->rta_type & NLA_TYPE_MASK) < ARRAY_SIZE(a->by_type))
			a->by_type[attr->rta_type & NLA_TYPE_MASK] = attr;
}

// The bytes of an attribute of at least SIZE bytes, or NULL.
static const void *attribute(const struct attributes *a, unsigned type, size_t size)
{
	const struct rtattr *attr = a->by_type[type];

	return attr && RTA_PAYLOAD(attr) >= size ? RTA_DATA(attr) : NULL;
}

static void set_address(struct sockaddr_any *a, int family, const uint32_t words[4], uint16_t port,
	unsigned ifindex)
{
	if (family == AF_INET) {
		a->in.sin_family = AF_INET;
		a->in.sin_port = port;
		a->in.sin_addr.s_addr = words[0];
		a->len = sizeof(a->in);
	} else {
		a->in6.sin6_family = AF_INET6;
		a->in6.sin6_port = port;
		memcpy(&a->in6.sin6_addr, words, sizeof(a->in6.sin6_addr));
		if (IN6_IS_ADDR_LINKLOCAL(&a->in6.sin6_addr))
			a->in6.sin6_scope_id = ifindex;
		a->len = sizeof(a->in6);
	}
}

static void add_details(struct diag_socket *s, const struct attributes *a)
{
	const struct rtattr *info = a->by_type[INET_DIAG_INFO];
	const struct rtattr *congestion = a->by_type[INET_DIAG_CONG];

	if (info && s->kind == DIAG_TCP) {
		s->info = RTA_DATA(info);
		s->info_len = RTA_PAYLOAD(info);
	}
	if (congestion) {
		size_t len = MIN(RTA_PAYLOAD(congestion), sizeof(s->congestion) - 1);

		memcpy(s->congestion, RTA_DATA(congestion), len);
	}
}

static void on_inet(struct dump *d, const struct nlmsghdr *header)
{
	const struct inet_diag_msg *m = NLMSG_DATA(header);
	struct diag_socket s = {.kind = d->kind};
	struct attributes a;
	const unsigned char *v6only;

	if (header->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return;
	find_attributes(&a, m + 1, header->nlmsg_len - NLMSG_LENGTH(sizeof(*m)));
	s.family = m->idiag_family;
	s.state = m->idiag_state;
	s.recv_queue = m->idiag_rqueue;
	s.send_queue = m->idiag_wqueue;
	s.inode = m->idiag_inode;
	s.uid = m->idiag_uid;
	s.has_uid = m->idiag_inode != 0; // what nobody has open belongs to nobody
	s.ifindex = m->id.idiag_if;
	set_address(&s.local, s.family, m->id.idiag_src, m->id.idiag_sport, m->id.idiag_if);
	set_address(&s.remote, s.family, m->id.idiag_dst, m->id.idiag_dport, m->id.idiag_if);
	v6only = attribute(&a, INET_DIAG_SKV6ONLY, sizeof(*v6only));
	s.takes_ipv4 = v6only && !*v6only && sockaddr_is_wildcard(&s.local);
	add_details(&s, &a);
	d->fn(d->arg, &s);
}

static void set_unix_name(struct sockaddr_any *a, const struct rtattr *name)
{
	size_t len = name ? MIN(RTA_PAYLOAD(name), sizeof(a->un.sun_path)) : 0;

	a->un.sun_family = AF_UNIX;
	if (len)
		memcpy(a->un.sun_path, RTA_DATA(name), len);
	a->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

static void on_unix(struct dump *d, const struct nlmsghdr *header)
{
	const struct unix_diag_msg *m = NLMSG_DATA(header);
	const struct unix_diag_rqlen *queues;
	const uint32_t *number;
	struct diag_socket *s;
	struct attributes a;

	if (header->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return;
	find_attributes(&a, m + 1, header->nlmsg_len - NLMSG_LENGTH(sizeof(*m)));
	s = hold_socket(&d->held);
	s->kind = DIAG_UNIX;
	s->family = AF_UNIX;
	s->type = m->udiag_type;
	s->state = m->udiag_state;
	s->inode = m->udiag_ino;
	set_unix_name(&s->local, a.by_type[UNIX_DIAG_NAME]);
	queues = attribute(&a, UNIX_DIAG_RQLEN, sizeof(*queues));
	if (queues) {
		s->recv_queue = queues->udiag_rqueue;
		s->send_queue = queues->udiag_wqueue;
	}
	number = attribute(&a, UNIX_DIAG_PEER, sizeof(*number));
	if (number)
		s->peer_inode = *number;
	number = attribute(&a, UNIX_DIAG_UID, sizeof(*number));
	s->has_uid = number != NULL;
	if (number)
		s->uid = *number;
}

// How the walk has ended: an error comes with the last message, or in one of its own.
static int end_of(const struct nlmsghdr *h)
{
	int error = 0; // struct nlmsgerr begins with it, too

	if (h->nlmsg_len >= NLMSG_LENGTH(sizeof(error)))
		memcpy(&error, NLMSG_DATA(h), sizeof(error));
	return error < 0 ? error : h->nlmsg_type == NLMSG_DONE ? 1 : -EPROTO;
}

// As NLMSG_NEXT(), but for a last message that is not padded.
static const struct nlmsghdr *next_message(const struct nlmsghdr *h, unsigned *left)
{
	unsigned step = MIN(NLMSG_ALIGN(h->nlmsg_len), *left);

	*left -= step;
	return (const void *)((const char *)h + step);
}

// Handles the messages of one datagram. Returns 1 after the last one, 0 before it, or the error
// that the kernel reports.
static int on_messages(struct dump *d, const void *datagram, size_t len)
{
	const struct nlmsghdr *h = datagram;
	unsigned left = (unsigned)len;

	for (; NLMSG_OK(h, left); h = next_message(h, &left)) {
		if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR)
			return end_of(h);
		if (h->nlmsg_type != SOCK_DIAG_BY_FAMILY)
			continue;
		if (d->kind == DIAG_UNIX)
			on_unix(d, h);
		else
			on_inet(d, h);
	}
	return 0;
}

static int receive_dump(struct dump *d)
{
	int r = 0;

	while (r == 0) {
		ssize_t n = sys_recv(d->fd, d->buf, BUFFER_SIZE, 0);

		if (n > 0)
			r = on_messages(d, d->buf, (size_t)n);
		else if (n != -EINTR)
			r = n == 0 ? -EPROTO : (int)n;
	}
	return r < 0 ? r : 0;
}

static int request(const struct dump *d, const struct diag_query *q, int family)
{
	struct {
		struct nlmsghdr header;
		union {
			struct inet_diag_req_v2 inet;
			struct unix_diag_req un;
		};
	} m = {.header = {.nlmsg_type = SOCK_DIAG_BY_FAMILY,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};
	static const int protocols[] = {
		[DIAG_TCP] = IPPROTO_TCP, [DIAG_UDP] = IPPROTO_UDP, [DIAG_RAW] = IPPROTO_RAW};

	if (d->kind == DIAG_UNIX) {
		m.un.sdiag_family = AF_UNIX;
		m.un.udiag_states = q->states;
		m.un.udiag_show =
			UDIAG_SHOW_NAME | UDIAG_SHOW_PEER | UDIAG_SHOW_RQLEN | UDIAG_SHOW_UID;
		m.header.nlmsg_len = NLMSG_LENGTH(sizeof(m.un));
	} else {
		m.inet.sdiag_family = (unsigned char)family;
		m.inet.sdiag_protocol = (unsigned char)protocols[d->kind];
		m.inet.idiag_states = q->states;
		if (q->details)
			m.inet.idiag_ext = 1 << (INET_DIAG_INFO - 1) | 1 << (INET_DIAG_CONG - 1);
		m.header.nlmsg_len = NLMSG_LENGTH(sizeof(m.inet));
	}
	ssize_t n = sys_send(d->fd, &m, m.header.nlmsg_len, 0);
	return n < 0 ? (int)n : 0;
}

static int run_dump(struct dump *d, const struct diag_query *q, int family)
{
	int r = request(d, q, family);

	return r < 0 ? r : receive_dump(d);
}

static int compare_inodes(const void *a, const void *b)
{
	uint32_t x = (*(struct diag_socket *const *)a)->inode;
	uint32_t y = (*(struct diag_socket *const *)b)->inode;

	return x < y ? -1 : x > y;
}

// The kernel names the peer of a Unix socket by its inode; its name is that of the peer's entry.
static void join_peers(struct unix_list *l)
{
	struct diag_socket **sorted = xmalloc((l->count + 1) * sizeof(struct diag_socket *));

	for (size_t i = 0; i < l->count; i++)
		sorted[i] = &l->items[i];
	qsort(sorted, l->count, sizeof(*sorted), compare_inodes);
	for (size_t i = 0; i < l->count; i++) {
		struct diag_socket key = {.inode = l->items[i].peer_inode};
		struct diag_socket *wanted = &key;
		struct diag_socket **peer = key.inode ? bsearch(&wanted, sorted, l->count,
								sizeof(*sorted), compare_inodes)
						      : NULL;

		if (peer)
			l->items[i].remote = (*peer)->local;
	}
	free(sorted);
}

static void give_held(struct dump *d)
{
	join_peers(&d->held);
	for (size_t i = 0; i < d->held.count; i++)
		d->fn(d->arg, &d->held.items[i]);
	free(d->held.items);
}

static int run_kind(struct dump *d, const struct diag_query *q)
{
	int r = 0;

	if (d->kind == DIAG_UNIX) {
		r = run_dump(d, q, AF_UNIX);
		give_held(d);
		return r;
	}
	if (q->family != AF_INET6)
		r = run_dump(d, q, AF_INET);
	if (r == 0 && q->family != AF_INET)
		r = run_dump(d, q, AF_INET6);
	return r;
}

int diag_each(const struct diag_query *q, diag_fn *fn, void *arg, unsigned *missing)
{
	struct dump d = {.fn = fn, .arg = arg};
	int r = 0;

	*missing = 0;
	d.fd = sys_socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (d.fd < 0)
		return d.fd;
	d.buf = xmalloc(BUFFER_SIZE);
	for (d.kind = DIAG_TCP; r == 0 && d.kind <= DIAG_UNIX; d.kind <<= 1) {
		if (q->kinds & d.kind)
			r = run_kind(&d, q);
		if (r == -ENOENT) {
			*missing |= d.kind;
			r = 0;
		}
	}
	free(d.buf);
	sys_close(d.fd);
	return r;
}

int diag_read(unsigned kind, const void *datagram, size_t len, diag_fn *fn, void *arg)
{
	struct dump d = {.kind = kind, .fn = fn, .arg = arg};
	int r = on_messages(&d, datagram, len);

	give_held(&d);
	return r;
}

const char *diag_kind_name(unsigned kind)
{
	return kind == DIAG_TCP   ? "tcp"
	       : kind == DIAG_UDP ? "udp"
	       : kind == DIAG_RAW ? "raw"
				  : "unix";
}

bool diag_interface(const struct diag_socket *d, char *name)
{
	return d->ifindex && sys_if_indextoname(d->ifindex, name);
}

// SPDX-License-Identifier: ISC
#include "sys/trace_c/c_known.h"

#include "base/mem.h"
#include "base/util.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ADDRESSES 64 // that are remembered, of each kind
#define PIECES 64 // of what one call has received

struct learnt {
	struct sockaddr_any address;
	int fd;
	int peer;
};

struct piece {
	const char *data;
	size_t len;
	size_t at;
};

struct received {
	struct piece pieces[PIECES];
	size_t count;
	struct str copy; // what buf holds, to see whether the memory still does
};

struct known {
	struct c_fd *fds; // by number
	int fds_size;
	struct learnt learnt[ADDRESSES];
	size_t learnt_count;
	struct sockaddr_any given[ADDRESSES];
	size_t given_count;
	struct received received;
};

static struct known **threads; // by number, each with variables of its own
static unsigned thread_count;
static struct known *known;

// What the first thread has opened so far is every thread's; what it has declared besides is not.
static struct known *new_thread(void)
{
	struct known *k = xcalloc(1, sizeof(*k));
	const struct known *first = thread_count ? threads[0] : NULL;

	if (!first || !first->fds_size)
		return k;
	k->fds = xcalloc((size_t)first->fds_size, sizeof(*k->fds));
	k->fds_size = first->fds_size;
	for (int fd = 0; fd < first->fds_size; fd++) {
		k->fds[fd] = first->fds[fd];
		k->fds[fd].is_shared = k->fds[fd].has_variable;
		k->fds[fd].has_name = false;
		k->fds[fd].peers = 0;
	}
	return k;
}

void c_known_thread(unsigned number)
{
	while (thread_count <= number) {
		threads = xrealloc(threads, (thread_count + 1) * sizeof(struct known *));
		threads[thread_count] = new_thread();
		thread_count++;
	}
	known = threads[number];
}

struct c_fd *c_fd(int fd)
{
	if (fd >= known->fds_size) {
		int size = fd + 64;

		known->fds = xrealloc(known->fds, (size_t)size * sizeof(*known->fds));
		memset(known->fds + known->fds_size, 0,
			(size_t)(size - known->fds_size) * sizeof(*known->fds));
		known->fds_size = size;
	}
	return &known->fds[fd];
}

static enum c_kind kind_of_socket(int fd)
{
	socklen_t len = sizeof(int);
	int family = AF_UNSPEC;
	int type = SOCK_STREAM;

	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len);
	getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len);
	if (family == AF_NETLINK)
		return C_KIND_NETLINK;
	return type == SOCK_STREAM ? C_KIND_STREAM : C_KIND_DATAGRAM;
}

enum c_kind c_fd_kind(int fd)
{
	enum c_kind *kind = &c_fd(fd)->kind;
	struct stat st;

	if (*kind != C_KIND_UNKNOWN)
		return *kind;
	if (fstat(fd, &st) < 0)
		return C_KIND_OTHER;
	if (!S_ISSOCK(st.st_mode))
		*kind = S_ISFIFO(st.st_mode) ? C_KIND_PIPE : C_KIND_OTHER;
	else
		*kind = kind_of_socket(fd);
	return *kind;
}

void c_fd_closed(int fd)
{
	struct c_fd *f = c_fd(fd);

	*f = (struct c_fd){
		.has_variable = f->has_variable, .has_name = f->has_name, .peers = f->peers};
}

// The newest replace the oldest.
static size_t next_place(size_t *count)
{
	return (*count)++ % ADDRESSES;
}

void c_address_returned(int fd, int peer, const struct sockaddr_any *a)
{
	for (size_t i = 0; i < MIN(known->learnt_count, (size_t)ADDRESSES); i++)
		if (known->learnt[i].fd == fd && known->learnt[i].peer == peer)
			known->learnt[i].address.len = 0; // the variable has another one now
	known->learnt[next_place(&known->learnt_count)] = (struct learnt){*a, fd, peer};
}

void c_add_address_name(struct str *s, int fd, int peer)
{
	str_addf(s, "%s%d", peer < 0 ? "name" : "peer", fd);
	if (peer > 0)
		str_addf(s, "_%d", peer + 1);
}

bool c_add_address_variable(struct str *s, const struct sockaddr_any *a, bool *self)
{
	for (size_t i = 0; i < MIN(known->learnt_count, (size_t)ADDRESSES); i++) {
		if (!known->learnt[i].address.len || !sockaddr_equal(&known->learnt[i].address, a))
			continue;
		c_add_address_name(s, known->learnt[i].fd, known->learnt[i].peer);
		*self = known->learnt[i].peer < 0;
		return true;
	}
	return false;
}

bool c_add_port_variable(struct str *s, const struct sockaddr_any *a)
{
	uint16_t port = sockaddr_port(a);

	for (size_t i = 0; port && i < MIN(known->learnt_count, (size_t)ADDRESSES); i++) {
		if (known->learnt[i].peer >= 0 || sockaddr_port(&known->learnt[i].address) != port)
			continue;
		str_add(s, "((struct sockaddr_in *)&");
		c_add_address_name(s, known->learnt[i].fd, known->learnt[i].peer);
		str_add(s, ".address)->sin_port");
		return true;
	}
	return false;
}

bool c_address_is_given(const struct sockaddr_any *a)
{
	for (size_t i = 0; i < MIN(known->given_count, (size_t)ADDRESSES); i++)
		if (sockaddr_equal(&known->given[i], a))
			return true;
	return false;
}

void c_address_given(const struct sockaddr_any *a)
{
	if (!c_address_is_given(a))
		known->given[next_place(&known->given_count)] = *a;
}

void c_forget_received(void)
{
	known->received.count = 0;
	str_clear(&known->received.copy);
}

void c_received(const void *data, size_t len, size_t at, bool add)
{
	if (!add)
		c_forget_received();
	if (!len || known->received.count == PIECES || at + len > C_BUF_SIZE ||
		at != known->received.copy.len)
		return;
	known->received.pieces[known->received.count++] = (struct piece){data, len, at};
	str_addn(&known->received.copy, data, len);
}

ssize_t c_find_received(const void *data, size_t len)
{
	const char *p = data;

	for (size_t i = 0; i < known->received.count && len; i++) {
		const struct piece *piece = &known->received.pieces[i];
		size_t at = piece->at + (size_t)(p - piece->data);

		if (p < piece->data || p + len > piece->data + piece->len)
			continue;
		if (memcmp(known->received.copy.data + at, data, len) == 0)
			return (ssize_t)at;
	}
	return -1;
}

void c_forget(void)
{
	for (unsigned i = 0; i < thread_count; i++) {
		free(threads[i]->fds);
		str_fini(&threads[i]->received.copy);
		free(threads[i]);
	}
	free(threads);
	threads = NULL;
	thread_count = 0;
	c_known_thread(0);
}

// SPDX-License-Identifier: ISC
#include "sys/trace_c/c_known.h"

#include "base/mem.h"
#include "base/util.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ADDRESSES 64 // that are remembered, of each kind
#define PIECES 64 // of what one call has received

static struct c_fd *fds; // by number
static int fds_size;

struct learnt {
	struct sockaddr_any address;
	int fd;
	int peer;
};

static struct learnt learnt[ADDRESSES];
static size_t learnt_count;
static struct sockaddr_any given[ADDRESSES];
static size_t given_count;

struct piece {
	const char *data;
	size_t len;
	size_t at;
};

static struct {
	struct piece pieces[PIECES];
	size_t count;
	struct str copy; // what buf holds, to see whether the memory still does
} received;

struct c_fd *c_fd(int fd)
{
	if (fd >= fds_size) {
		int size = fd + 64;

		fds = xrealloc(fds, (size_t)size * sizeof(*fds));
		memset(fds + fds_size, 0, (size_t)(size - fds_size) * sizeof(*fds));
		fds_size = size;
	}
	return &fds[fd];
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
	for (size_t i = 0; i < MIN(learnt_count, (size_t)ADDRESSES); i++)
		if (learnt[i].fd == fd && learnt[i].peer == peer)
			learnt[i].address.len = 0; // the variable has another one now
	learnt[next_place(&learnt_count)] = (struct learnt){*a, fd, peer};
}

void c_add_address_name(struct str *s, int fd, int peer)
{
	str_addf(s, "%s%d", peer < 0 ? "name" : "peer", fd);
	if (peer > 0)
		str_addf(s, "_%d", peer + 1);
}

bool c_add_address_variable(struct str *s, const struct sockaddr_any *a, bool *self)
{
	for (size_t i = 0; i < MIN(learnt_count, (size_t)ADDRESSES); i++) {
		if (!learnt[i].address.len || !sockaddr_equal(&learnt[i].address, a))
			continue;
		c_add_address_name(s, learnt[i].fd, learnt[i].peer);
		*self = learnt[i].peer < 0;
		return true;
	}
	return false;
}

bool c_add_port_variable(struct str *s, const struct sockaddr_any *a)
{
	uint16_t port = sockaddr_port(a);

	for (size_t i = 0; port && i < MIN(learnt_count, (size_t)ADDRESSES); i++) {
		if (learnt[i].peer >= 0 || sockaddr_port(&learnt[i].address) != port)
			continue;
		str_add(s, "((struct sockaddr_in *)&");
		c_add_address_name(s, learnt[i].fd, learnt[i].peer);
		str_add(s, ".address)->sin_port");
		return true;
	}
	return false;
}

bool c_address_is_given(const struct sockaddr_any *a)
{
	for (size_t i = 0; i < MIN(given_count, (size_t)ADDRESSES); i++)
		if (sockaddr_equal(&given[i], a))
			return true;
	return false;
}

void c_address_given(const struct sockaddr_any *a)
{
	if (!c_address_is_given(a))
		given[next_place(&given_count)] = *a;
}

void c_forget_received(void)
{
	received.count = 0;
	str_clear(&received.copy);
}

void c_received(const void *data, size_t len, size_t at, bool add)
{
	if (!add)
		c_forget_received();
	if (!len || received.count == PIECES || at + len > C_BUF_SIZE || at != received.copy.len)
		return;
	received.pieces[received.count++] = (struct piece){data, len, at};
	str_addn(&received.copy, data, len);
}

ssize_t c_find_received(const void *data, size_t len)
{
	const char *p = data;

	for (size_t i = 0; i < received.count && len; i++) {
		const struct piece *piece = &received.pieces[i];
		size_t at = piece->at + (size_t)(p - piece->data);

		if (p < piece->data || p + len > piece->data + piece->len)
			continue;
		if (memcmp(received.copy.data + at, data, len) == 0)
			return (ssize_t)at;
	}
	return -1;
}

void c_forget(void)
{
	free(fds);
	fds = NULL;
	fds_size = 0;
	learnt_count = given_count = 0;
	c_forget_received();
}

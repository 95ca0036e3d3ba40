// SPDX-License-Identifier: ISC
// Sockets of any type that are bound to every address of an endpoint.
#ifndef SOCKCTL_NET_BIND_H
#define SOCKCTL_NET_BIND_H

#include "base/sockaddr.h"
#include "net/names/lookup.h"
#include "net/step.h"
#include "net/unix_path.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct bind_options {
	int type; // SOCK_STREAM (which also listens), SOCK_DGRAM or SOCK_RAW
	int protocol;
	int backlog; // SOCK_STREAM
	bool reuse; // SO_REUSEADDR
	mode_t mode; // of a Unix socket
	const char *interface; // NULL: any
	int (*prepare)(void *data, int fd); // before bind; 0 or a negative errno. May be NULL.
	void *prepare_data;
};

struct bound_socket {
	int fd;
	bool is_inherited; // not ours to close
	struct sockaddr_any local;
};

// Zeroed means none.
struct bound {
	struct bound_socket *sockets;
	size_t count;
	char *unix_path; // to be removed, or NULL
	struct unix_file unix_file;
};

// Binds a non-blocking socket to each address, of which there is one at least. Port 0 becomes the
// same free port on all of them. Where one IPv6 wildcard socket serves IPv4 as well, the IPv4
// wildcard address is left out (raw sockets never do). The dead socket file at the path of a Unix
// socket is replaced; anything else there is left alone (-EADDRINUSE). Returns 0 or a negative
// errno, with the address that failed in *failed and what failed in *step; then nothing is left
// open, and no file of ours is left behind.
int bind_open(struct bound *b, const struct address_list *addresses,
	const struct bind_options *options, struct sockaddr_any *failed, enum step *step);

// Takes over a socket that was inherited, beside those there are. -EINVAL if it is not of TYPE, or
// one of SOCK_STREAM that does not listen.
int bind_adopt(struct bound *b, int fd, int type);

// Closes the sockets. Does nothing when there are none. Returns 0, or a negative errno if a socket
// file was left behind.
int bind_close(struct bound *b);

#endif

// SPDX-License-Identifier: ISC
// Sockets of any type that are bound to every address of an endpoint.
#ifndef SOCKCTL_NET_BIND_H
#define SOCKCTL_NET_BIND_H

#include "base/sockaddr.h"
#include "base/str.h"
#include "base/strlist.h"
#include "net/names/lookup.h"
#include "net/step.h"
#include "net/unix_path.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct bind_options {
	int type; // SOCK_STREAM or SOCK_SEQPACKET (which also listen), SOCK_DGRAM or SOCK_RAW
	int protocol; // of sockets that are none of the Unix domain; as stream_socket_make() takes
		      // it
	int backlog; // of those that listen
	bool reuse; // SO_REUSEADDR
	mode_t mode; // of a Unix socket
	const gid_t *group; // the same; NULL: as the system has it
	const char *interface; // NULL: any
	int (*prepare)(void *data, int fd); // before bind; 0 or a negative errno. May be NULL.
	void *prepare_data;
};

struct bound_socket {
	int fd;
	bool is_inherited; // not ours to close
	struct sockaddr_any local;
};

struct bound_file {
	char *path;
	struct unix_file file;
};

// Zeroed means none.
struct bound {
	struct bound_socket *sockets;
	size_t count;
	struct bound_file *files; // of Unix sockets, to be removed
	size_t file_count;
};

// Binds a non-blocking socket to each address, of which there is one at least, beside the sockets
// there are. Port 0 becomes the same free port on all of them. Where one IPv6 wildcard socket
// serves IPv4 as well, the IPv4 wildcard address is left out (raw sockets never do). The dead
// socket file at the path of a Unix socket is replaced; anything else there is left alone
// (-EADDRINUSE). Returns 0 or a negative errno, with the address that failed in *failed and what
// failed in *step; then everything is as before, and no file of ours is left behind.
int bind_open(struct bound *b, const struct address_list *addresses,
	const struct bind_options *options, struct sockaddr_any *failed, enum step *step);

// Takes over a socket that was inherited, beside those there are. -EINVAL if it is not of TYPE, or
// one of SOCK_STREAM that does not listen.
int bind_adopt(struct bound *b, int fd, int type);

// Adds the paths of socket files, which the list borrows.
void bind_add_paths(const struct bound *b, struct strlist *paths);

// Closes the sockets. Does nothing when there are none. Returns 0, or a negative errno if a socket
// file was left behind, whose name is put into LEFT, if that is not NULL.
int bind_close(struct bound *b, struct str *left);

#endif

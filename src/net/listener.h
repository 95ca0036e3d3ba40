// SPDX-License-Identifier: ISC
// Sockets that wait for connections: one for each address of an endpoint, accepting in batches.
#ifndef SOCKCTL_NET_LISTENER_H
#define SOCKCTL_NET_LISTENER_H

#include "io/timer.h"
#include "io/watch.h"
#include "net/bind.h"
#include "net/names/lookup.h"
#include "net/addr/endpoint.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct listener;

// FD is a connected, non-blocking socket of ours now. The callback may call listener_close().
typedef void accept_fn(struct listener *l, int fd, const struct sockaddr_any *peer);

// Accepting has stopped for a moment because of ERROR, such as a lack of descriptors or memory.
// Called once until it works again.
typedef void accept_trouble_fn(struct listener *l, int error);

struct listener_options {
	int protocol; // as in struct bind_options
	int type; // SOCK_DGRAM: listener_start() is not for them; 0: SOCK_STREAM
	int backlog;
	mode_t mode; // of a Unix socket
	const gid_t *group; // the same; NULL: as the system has it
	const char *interface; // NULL: any
	int (*prepare)(void *data, int fd); // before bind; 0 or a negative errno. May be NULL.
	void *prepare_data;
};

struct listener_socket {
	struct listener *listener;
	int fd;
	bool is_inherited; // not ours to close
	struct sockaddr_any local;
	struct watch watch;
};

struct listener {
	struct listener_socket *sockets;
	size_t count;
	accept_fn *on_accept;
	accept_trouble_fn *on_trouble;
	void *data; // the owner's
	uv_loop_t *loop;
	bool started;
	bool paused; // by the owner
	bool troubled; // until an accept works again
	unsigned failures; // accepts in a row that were the fault of a connection
	uint64_t pause_ms; // the last one; 0: accepting works
	bool closed;
	struct timer retry;
	struct bound bound;
};

void listener_init(struct listener *l, uv_loop_t *loop, accept_fn *on_accept,
	accept_trouble_fn *on_trouble, void *data);

// Binds to every address and listens, beside the sockets there are, as bind_open() does. Not after
// listener_start().
int listener_open(struct listener *l, const struct address_list *addresses,
	const struct listener_options *options, struct sockaddr_any *failed, enum step *step);

// Takes over a listening socket that was inherited, beside those there are. -EINVAL if it is not of
// TYPE, or does not listen.
int listener_adopt(struct listener *l, int fd, int type);

// Starts accepting. Before that, clients wait in the backlog. Returns 0 or a negative errno.
int listener_start(struct listener *l);

// What the error of on_trouble means.
const char *listener_strerror(int error);

// Accepts those who wait in the backlog already, which closing resets: all of them, unless more
// come as fast or the owner pauses. Those of an inherited socket are left to others.
void listener_accept_waiting(struct listener *l);

// Leaves clients in the backlog until listener_resume(). Also resumes after trouble.
void listener_pause(struct listener *l);
void listener_resume(struct listener *l);

// Closes the sockets; who still waits is refused. May be called twice. Returns as bind_close()
// does.
int listener_close(struct listener *l, struct str *left);

#endif

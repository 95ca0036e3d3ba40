// SPDX-License-Identifier: ISC
// A server that sends everything back (RFC 862): streams and datagrams, on one loop or on several,
// each with sockets of its own among which the kernel distributes the clients (SO_REUSEPORT).
#ifndef SOCKCTL_NET_ECHO_ECHO_SERVER_H
#define SOCKCTL_NET_ECHO_ECHO_SERVER_H

#include "net/access.h"
#include "net/echo/echo_worker.h"

#include <stdatomic.h>

// Called by any thread of the server.
struct echo_server_events {
	void (*on_accepted)(void *data, uint64_t number, const struct sockaddr_any *remote);
	void (*on_refused)(void *data, const struct sockaddr_any *remote, const char *why);
	void (*on_trouble)(void *data, int error, uint64_t open); // as accept_trouble_fn
	echo_closed_fn *on_closed;

	// After echo_server_drain(), on the caller's loop: nobody else is accepted, and OPEN
	// connections are left; later, none is, which may be said more than once.
	void (*on_draining)(void *data, uint64_t open);
	void (*on_drained)(void *data);
};

struct echo_server_options {
	bool streams, datagrams; // what to serve
	unsigned threads; // at least 1
	uint64_t max_connections; // 0: as many as come
	uint64_t idle_ms; // 0: a client may be silent for ever
	bool keeps_records; // call on_accepted and on_closed
	const struct access *access;
	struct listener_options listen;
	const struct echo_server_events *events;
	void *data; // for the events
};

struct echo_counts {
	uint64_t connections, stream_bytes;
	struct echo_datagram_counts datagrams;
};

struct echo_server {
	struct echo_server_options options;
	struct echo_worker *workers; // the first is run by the caller's loop
	unsigned count;
	atomic_bool is_stopping;
	atomic_bool is_draining;
	atomic_uint drained; // workers that take on nothing more
	atomic_uint_fast64_t accepted; // so far
	atomic_uint_fast64_t open; // connections
	atomic_uint waiting; // workers that wait for one of them to end
};

// OPTIONS are copied, but what they point to must live as long. Returns 0 or a negative errno; call
// echo_server_stop() and echo_server_fini() in either case.
int echo_server_init(
	struct echo_server *s, uv_loop_t *loop, const struct echo_server_options *options);

// Opens the sockets of all workers; port 0 becomes the same free port for streams and datagrams. As
// listener_open().
int echo_server_open(struct echo_server *s, const struct address_list *addresses,
	struct sockaddr_any *failed, enum step *step);

// Serves an inherited socket: a stream socket that listens, or a bound datagram socket. -EINVAL if
// it is neither, or not what the options ask for.
int echo_server_adopt(struct echo_server *s, int fd);

// Starts serving. Returns 0 or a negative errno.
int echo_server_start(struct echo_server *s);

// Takes on nothing more: each worker closes its sockets in a moment. The events tell how far it has
// come. Only after echo_server_start() has succeeded.
void echo_server_drain(struct echo_server *s);

// Ends it and waits for the threads.
void echo_server_stop(struct echo_server *s);

// Adds the Unix sockets that are removed at the end, which the list borrows.
void echo_server_add_paths(const struct echo_server *s, struct strlist *paths);

// What was done in all, once it has stopped.
struct echo_counts echo_server_counts(const struct echo_server *s);

void echo_server_fini(struct echo_server *s);

#endif

// SPDX-License-Identifier: ISC
// One event loop of an echo server, and what it serves: its own sockets, or sockets that all loops
// share where the system cannot have several at one address. Included by echo_server only.
#ifndef SOCKCTL_NET_ECHO_ECHO_WORKER_H
#define SOCKCTL_NET_ECHO_ECHO_WORKER_H

#include "net/bind.h"
#include "net/echo/echo_datagram.h"
#include "net/echo/echo_stream.h"
#include "net/listener.h"
#include "sys/process.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct echo_server;

struct echo_worker {
	struct echo_server *server;
	uv_loop_t *loop;
	struct listener listener;
	struct bound bound; // datagram sockets
	struct echo_datagrams *datagrams; // one for each of them
	struct echo_streams streams;

	// Once it has stopped.
	uint64_t stream_bytes; // sent back
	struct echo_datagram_counts counts;

	// A connection that was accepted when there was room for none waits here.
	bool is_full;
	int waiting_fd;
	struct sockaddr_any waiting_peer;

	bool is_drained; // it takes on nothing more

	// Wakes the loop: there may be room again, or the server drains or stops. Freed once it is
	// closed.
	uv_async_t *wake;

	// All but the first have these.
	uv_loop_t own_loop;
	bool has_loop;
	struct worker thread;
	bool has_thread;
};

// LOOP is the worker's, or NULL for one of its own. Returns 0 or a negative errno; call
// echo_worker_stop() and echo_worker_fini() in either case.
int echo_worker_init(struct echo_worker *w, struct echo_server *server, uv_loop_t *loop);

// Open the sockets; as listener_open(). PORT stands in for the one of the
// addresses unless it is 0. After a failure echo_worker_close() lets it be tried again.
int echo_worker_open(struct echo_worker *w, const struct address_list *addresses, uint16_t port,
	struct sockaddr_any *failed, enum step *step);
int echo_worker_adopt(struct echo_worker *w, int fd, int type);
void echo_worker_close(struct echo_worker *w);

// The port that was opened.
uint16_t echo_worker_port(const struct echo_worker *w);

// Starts serving, in a thread if the loop is the worker's own. Returns 0 or a negative errno.
int echo_worker_start(struct echo_worker *w);

// Closes the sockets, by the thread if there is one, which is not waited for.
void echo_worker_drain(struct echo_worker *w);

// Ends the serving, by the thread if there is one, which is waited for. Then the counts are there.
void echo_worker_stop(struct echo_worker *w);

// Frees what the last of all workers may have used until it stopped.
void echo_worker_fini(struct echo_worker *w);

#endif

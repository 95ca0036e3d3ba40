// SPDX-License-Identifier: ISC
// Measures an echo server: sends requests on one or more connections, checks every byte that comes
// back, and takes the times.
//
// A echo_client is set up with its connections and started once; it calls on_done when all requests
// that were asked for are settled. A request is settled when it is answered, or lost: a datagram
// that was not answered in time, or what was under way when its connection failed.
#ifndef SOCKCTL_NET_ECHO_CLIENT_H
#define SOCKCTL_NET_ECHO_CLIENT_H

#include "base/histogram.h"
#include "base/sockaddr.h"
#include "io/pollset.h"
#include "io/timer.h"
#include "net/echo/echo_payload.h"
#include "net/attempt.h"
#include "net/inspect/tcp_stats.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct echo_client_options {
	int type; // SOCK_STREAM or SOCK_DGRAM
	const char *text; // what every request says; NULL: numbers, SIZE bytes long
	size_t size; // bytes of a request; at least 1 for streams
	unsigned connections; // at least 1
	unsigned pipeline; // most requests under way on each; at least 1, at most
			   // ECHO_CLIENT_PIPELINE
	uint64_t count; // requests in all; 0: no end
	uint64_t interval_ms; // from one request of a connection to its next; 0: when answers come
	uint64_t duration_ms; // no request is sent later than that; 0: no end
	uint64_t wait_ms; // for an answer
	uint64_t connect_ms; // for connections to stand before the first request; 0: no end
	bool reconnect; // a new connection for every request
	struct attempt_options socket;
};

#define ECHO_CLIENT_PIPELINE 4096
#define ECHO_CLIENT_ROOM (64u << 10) // bytes of a stream that are sent or received at once

enum echo_client_verdict {
	ECHO_CLIENT_ANSWERED,
	ECHO_CLIENT_DUPLICATED, // it was answered before
	ECHO_CLIENT_DIFFERS, // what came back is not what was sent
	ECHO_CLIENT_LOST,
};

// What became of a request.
struct echo_client_result {
	unsigned connection; // from 0
	uint64_t number; // of the request on its connection, from 0
	enum echo_client_verdict verdict;
	uint64_t rtt; // ns
};

enum echo_client_failure {
	ECHO_CLIENT_CONNECT, // the server could not be reached
	ECHO_CLIENT_BROKEN, // the connection failed, or ended (error 0)
	ECHO_CLIENT_SILENT, // no answer in time on a stream
	ECHO_CLIENT_WRONG, // the stream no longer is what was sent
	ECHO_CLIENT_LOCAL, // a socket could not be made or prepared
};

struct echo_client_events {
	// A connection stands. Returns 0, or a negative errno to do without it.
	int (*on_open)(void *data, unsigned connection, int fd);
	void (*on_bytes)(void *data, const char *bytes, size_t len); // as they come; may be NULL
	void (*on_result)(void *data, const struct echo_client_result *result); // may be NULL
	void (*on_failure)(
		void *data, unsigned connection, enum echo_client_failure failure, int error);
	void (*on_done)(void *data); // must not free the echo_client
};

struct echo_client_counts {
	uint64_t sent, received, lost; // requests
	uint64_t differing; // answers that were wrong
	uint64_t duplicated, out_of_order; // datagrams
	uint64_t failures; // of connections
};

struct echo_client {
	struct echo_client_counts counts;
	struct histogram latencies; // ns, of all that were answered
	uint64_t started,
		ended; // trace_now() of the first request and of the last that was settled

	struct echo_client_options options;
	const struct echo_client_events *events;
	void *data; // the owner's

	// Private.
	uv_loop_t *loop;
	struct echo_payload payload;
	char *in, *out; // buffers that all streams share
	struct echo_client_datagrams *datagrams; // or datagrams
	struct sockaddr_any address; // of the server
	uint64_t began; // connecting to it, for the first request with reconnect
	struct pollset pollset; // with reconnect
	const struct echo_peer_kind *kind; // of all connections
	const struct echo_peer_events *peer_events; // and what they call
	struct echo_peer *peers;
	unsigned count; // of peers
	unsigned open; // of them
	unsigned connecting;
	unsigned turn; // of the peer that sends at the next tick
	uint64_t under_way; // requests
	uint64_t next_tick; // ns
	bool is_wanted; // to start, once no connection is to be waited for
	bool is_started;
	bool is_over; // no more requests
	bool is_done;
	struct timer tick, sweep, end, connect;
};

// OPTIONS are copied; what they point to must live as long. Returns 0 or a negative errno; call
// echo_client_fini() in either case.
int echo_client_init(struct echo_client *p, uv_loop_t *loop,
	const struct echo_client_options *options, const struct echo_client_events *events,
	void *data);
void echo_client_fini(struct echo_client *p);

// Adds the connected socket FD, which becomes ours unless it was inherited. BEGAN (trace_now()) is
// when connecting to it began: with reconnect that is part of what its one request takes. Returns 0
// or a negative errno; then it stays the caller's.
int echo_client_add(struct echo_client *p, int fd, bool is_inherited, uint64_t began);

// Connects to ADDRESS, as often as connections are missing; with reconnect, whenever one is needed.
// Returns 0, or a negative errno if it failed at once, with what failed in *step.
int echo_client_connect(struct echo_client *p, const struct sockaddr_any *address, enum step *step);

// Sends requests as soon as all connections stand, or have failed.
void echo_client_start(struct echo_client *p);

// What the kernel knows of the connections that are open.
struct tcp_stats echo_client_tcp_stats(const struct echo_client *p);

#endif

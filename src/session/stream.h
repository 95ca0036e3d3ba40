// SPDX-License-Identifier: ISC
// What connect and listen share: the options for a stream, and one connection joined to stdin and
// stdout or to another party.
#ifndef SOCKCTL_SESSION_STREAM_H
#define SOCKCTL_SESSION_STREAM_H

#include "app.h"
#include "session/connection.h"
#include "session/stream_calls.h"
#include "opts/record.h"
#include "opts/stream_files.h"
#include "io/channel.h"
#include "relay/relay.h"

#define SHUTDOWN_DELAY_USUAL UINT64_MAX

#define STREAM_DEFAULTS \
	{ \
		.shutdown_delay_ms = SHUTDOWN_DELAY_USUAL \
	}

struct stream_config {
	int until; // enum relay_until
	int shutdown; // enum relay_shutdown
	uint64_t shutdown_delay_ms; // SHUTDOWN_DELAY_USUAL: the user does not say
	uint64_t quit_delay_ms; // 0: none
	uint64_t timeout_ms;
	uint64_t idle_ms;
	uint64_t limit_rate; // bytes a second; 0: no limit
	uint64_t interval_ms; // between lines of the input; 0: none
	bool crlf;
	bool telnet;
	bool hex;
	bool progress;
	bool stats;
	const char *input; // file instead of stdin, or NULL
	const char *output;
	struct stream_calls_config calls;
	struct record_config record;
};

extern const struct opt stream_opts[];

// Returns 0, or -EINVAL with the reason in ERR. Datagrams have no ends to wait for but silence.
int stream_check(const struct stream_config *config, bool is_udp, struct str *err);

struct stream;
struct stream_extras;

// STATUS is that of the connection; its failure has been reported. The callback may free the stream
// after stream_fini().
typedef void stream_fn(struct stream *s, int status);

// One connection and its relay.
struct stream {
	const struct connection *connection; // the owner's
	const struct stream_config *config;
	const struct stream_files *files;
	struct channel *peer;
	struct relay relay;
	struct stream_extras *extras; // NULL: nothing of them is wanted
	bool asks, may_leave, owner_reports; // as the options say
	stream_fn *done;
	void *data; // the owner's
};

// What is joined to what. All but the channel of the peer stays the owner's.
struct stream_options {
	const struct connection *connection;
	const struct stream_config *config;
	const struct stream_files *files;
	struct channel *peer; // of the connection; on the heap
	struct channel *local;
	uint64_t shutdown_delay_ms; // as in struct relay_policy, unless the user says it
	uint32_t splice_after; // copy until this many bytes have passed in a direction
	bool asks; // the input is for a server: it may be a request
	bool answers; // the peer asks the local party, which is a server
	bool ends_with_local; // the end of the local party is the end, unless the user says when
	bool owner_reports; // what became of the connection, by stream_report_closed()
	bool may_leave; // who has ended its side and takes no more has left: that is no failure
	bool sets_linger; // the user says how sockets are closed (SO_LINGER)
	stream_fn *done;
	void *data;
};

// Returns 0, and then the stream has taken over the channel of the peer; or a negative errno.
int stream_init(struct stream *s, const struct stream_options *options);
void stream_start(struct stream *s);

// Ends it at once. The peer is told that the stream was cut off, unless it is complete.
void stream_fini(struct stream *s);

// The run is about to end, by a signal or at a deadline (SIGNAL 0), whatever the stream does: a
// person at the terminal who has sent all that was typed has not cut anything off.
void stream_stop(struct stream *s, int signal);

// The same for a stream without an end of its own: what was taken is delivered as far as the peer
// takes it at once, and if that is all the stream is whole.
void stream_deliver(struct stream *s);

// True if the peer, one of many who send datagrams, was silent for a while or had to make room:
// that is its end.
bool stream_was_forgotten(const struct stream *s);

// True if the peer was one of many clients and has only looked in.
static inline bool stream_has_looked(const struct stream *s)
{
	const struct relay *r = &s->relay;

	return r->outcome == RELAY_PEER_FAILED &&
	       connection_is_look(s->connection, r->in.received, relay_sent(r), r->error);
}

// What the connection is joined to; NULL before stream_init().
static inline struct channel *stream_local(const struct stream *s)
{
	return s->relay.out.src;
}

// True if the local party has failed.
static inline bool stream_local_failed(const struct stream *s)
{
	return s->relay.outcome == RELAY_OUTPUT_FAILED || s->relay.outcome == RELAY_INPUT_FAILED;
}

// True if the connection broke.
static inline bool stream_peer_failed(const struct stream *s)
{
	return s->relay.outcome == RELAY_PEER_FAILED;
}

// Takes the channel of the peer out of a stream that is over, so that it can still be told.
struct channel *stream_take_peer(struct stream *s);

// True if somebody must see the bytes on their way.
bool stream_config_wants_bytes(const struct stream_config *config);

// What a stream still needs once it is joined (enum sandbox_need).
unsigned stream_sandbox_needs(const struct stream_config *config);

// Ends a connection that nobody waits for any more, after MESSAGE. Calls done.
void stream_cut_off(struct stream *s, const char *message);

// Reports what became of the connection; HOW is NULL where the relay knows best.
void stream_report_closed(const struct stream *s, const char *how, int status);

// Shows for the last time how far it has come, and reports the totals if they are wanted. Before
// the socket is closed, and before a message that it was cut off.
void stream_report_totals(struct stream *s);

// Adds "after 12 bytes sent and 0 received" for messages about a transfer that was cut off.
static inline void stream_add_doing(const struct stream *s, struct str *doing)
{
	connection_add_doing(s->connection, s->relay.out.sent, s->relay.in.received, doing);
}

#endif

// SPDX-License-Identifier: ISC
// What connect and listen share: the options for a stream, and one connection joined to stdin and
// stdout or to another party.
#ifndef SOCKCTL_SESSION_STREAM_H
#define SOCKCTL_SESSION_STREAM_H

#include "app.h"
#include "session/connection.h"
#include "session/stream_calls.h"
#include "io/channel.h"
#include "relay/relay.h"

struct stream_config {
	int until; // enum relay_until
	int shutdown; // enum relay_shutdown
	uint64_t timeout_ms;
	uint64_t idle_ms;
	bool crlf;
	bool telnet;
	bool hex;
	bool progress;
	bool stats;
	const char *input; // file instead of stdin, or NULL
	const char *output;
	struct stream_calls_config calls;
};

extern const struct opt stream_opts[];

// The descriptors for stdin and stdout, or what stands in for them.
struct stream_files {
	int in, out;
	const char *in_name, *out_name; // for messages
	bool is_remote; // another endpoint: when it fails the connection is broken
};

// Opens the files that were named. Returns 0 or the exit status after a message.
int stream_open_files(
	struct app *app, const struct stream_config *config, struct stream_files *files);

struct stream;
struct stream_extras;

// STATUS is that of the connection; its failure has been reported. The callback may free the stream
// after stream_fini().
typedef void stream_fn(struct stream *s, int status);

// One connection and its relay.
struct stream {
	struct app *app;
	const struct connection *connection; // the owner's
	const struct stream_config *config;
	const struct stream_files *files;
	struct channel *local; // the owner's
	struct channel peer;
	struct relay relay;
	struct stream_extras *extras; // NULL: nothing of them is wanted
	bool may_leave; // who has ended its side and takes no more has left: that is no failure
	bool owner_reports; // what became of the connection, by stream_report_closed()
	stream_fn *done;
	void *data; // the owner's
};

// Joins the socket FD of CONNECTION to LOCAL. IS_PRIVATE as for channel_init_socket(). Returns 0,
// or a negative errno; then FD stays the caller's.
int stream_init(struct stream *s, const struct connection *connection,
	const struct stream_config *config, const struct stream_files *files, int fd,
	bool is_private, struct channel *local, stream_fn *done, void *data);
void stream_start(struct stream *s);
void stream_fini(struct stream *s);

// The callback for the watches of LOCAL, whose data is the stream.
void stream_on_local_event(struct watch *w, unsigned events);

// True if somebody must see the bytes on their way.
bool stream_config_wants_bytes(const struct stream_config *config);

// Ends a connection that nobody waits for any more, after MESSAGE. Calls done.
void stream_cut_off(struct stream *s, const char *message);

// Reports what became of the connection; HOW is NULL where the relay knows best.
void stream_report_closed(const struct stream *s, const char *how, int status);

// Shows for the last time how far it has come, and reports the totals if they are wanted. Before
// the socket is closed, and before a message that it was cut off.
void stream_report_totals(struct stream *s);

// Adds "after 12 bytes sent and 0 received" for messages about a transfer that was cut off.
void stream_add_doing(const struct stream *s, struct str *doing);

#endif

// SPDX-License-Identifier: ISC
// What connect and listen share: the options for a stream, and one connection joined to stdin and
// stdout.
#ifndef SOCKCTL_CMD_STREAM_H
#define SOCKCTL_CMD_STREAM_H

#include "app.h"
#include "io/endpoint.h"
#include "out/hexdump.h"
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
	const char *input; // file instead of stdin, or NULL
	const char *output;
};

extern const struct opt stream_opts[];

// The descriptors for stdin and stdout, or what stands in for them.
struct stream_files {
	int in, out;
	const char *in_name, *out_name; // for messages
};

// Opens the files that were named. Returns 0 or the exit status after a message.
int stream_open_files(
	struct app *app, const struct stream_config *config, struct stream_files *files);

struct stream;

// STATUS is that of the connection; its failure has been reported. The callback may free the stream
// after stream_fini().
typedef void stream_fn(struct stream *s, int status);

// One connection and its relay.
struct stream {
	struct app *app;
	const struct stream_config *config;
	const struct stream_files *files;
	struct endpoint *local; // the owner's
	struct endpoint peer;
	struct sockaddr_any local_address, remote_address;
	struct relay relay;
	uint64_t number; // 1 for the first connection
	uint64_t started; // trace_now()
	uint64_t total; // bytes of the input file, or 0
	struct timer progress;
	struct hexdump hex_out, hex_in;
	struct crlf_filter crlf;
	struct telnet_filter telnet;
	struct telnet_escape_filter telnet_escape;
	stream_fn *done;
	void *data; // the owner's
};

// Joins the connected socket FD to LOCAL. IS_PRIVATE as for endpoint_init_socket(). Returns 0, or
// a negative errno; then FD is closed if it is private.
int stream_init(struct stream *s, struct app *app, const struct stream_config *config,
	const struct stream_files *files, int fd, bool is_private, struct endpoint *local,
	stream_fn *done, void *data);
void stream_start(struct stream *s);
void stream_fini(struct stream *s);

// The callback for the watches of LOCAL, whose data is the stream.
void stream_on_local_event(struct watch *w, unsigned events);

// Ends a connection that nobody waits for any more, after MESSAGE. Calls done.
void stream_cut_off(struct stream *s, const char *message);

// Shows how far it has come for the last time, before a message that it was cut off.
void stream_end_progress(struct stream *s);

// Adds "after 12 bytes sent and 0 received" for messages about a transfer that was cut off.
void stream_add_doing(const struct stream *s, struct str *doing);

#endif

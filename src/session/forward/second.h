// SPDX-License-Identifier: ISC
// connect --forward: a connection joined to a second one, which is dialled once the first is there.
#ifndef SOCKCTL_SESSION_FORWARD_SECOND_H
#define SOCKCTL_SESSION_FORWARD_SECOND_H

#include "net/dial.h"
#include "opts/confine.h"
#include "session/stream.h"

struct second_config {
	const char *forward; // NULL: the connection is joined to something else

	// Filled in by second_check().
	struct endpoint endpoint;
	int family; // AF_UNSPEC, AF_INET or AF_INET6
};

extern const struct opt second_opts[];
#define SECOND_GROUP(config, member) \
	{ \
		"Forwarding", second_opts, offsetof(struct config, member) \
	}
// Returns 0, or -EINVAL with the reason in ERR.
int second_check(struct second_config *c, bool ipv4, bool ipv6, struct str *err);
void second_fini_config(struct second_config *c);

// STATUS is that of the run; its failure has been reported. The callback may call second_fini().
typedef void second_fn(void *data, int status);

// All but the channel stays the owner's.
struct second_options {
	struct connection *connection;
	const struct second_config *config;
	const struct stream_config *stream;
	const struct confine_config *confine;
	const struct dial_options *dial; // of the first: retries and limits hold for both
	struct channel *channel; // of the connection; taken over
	uint64_t shutdown_delay_ms; // as in struct stream_options
	bool sets_linger; // the same
	second_fn *done;
	void *data;
};

// Zeroed means none.
struct second {
	struct second_options options; // the channel until the stream has it
	struct stream_files files; // how the second endpoint is called
	struct dial *dial; // NULL: it is connected
	struct channel *target;
	struct stream stream;
	struct closing *closing; // of what is left when the other side has broken
	bool is_streaming;
	int status;
};

// Checks what can be known before anything is connected. Returns 0, or the status after a message.
int second_prepare(struct app *app, const struct second_config *c);

// Nothing is called back from here. Returns 0, or the status after a message.
int second_start(struct second *s, const struct second_options *options);

static inline bool second_has_begun(const struct second *s)
{
	return s->options.done;
}

// Ends it at once.
void second_fini(struct second *s);

// Shows for the last time how far it has come, and adds what is under way, for messages.
void second_report_totals(struct second *s);
void second_add_doing(const struct second *s, struct str *doing);

#endif

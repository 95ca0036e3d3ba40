// SPDX-License-Identifier: ISC
// The options that change how a stream is sent, received and closed: flags of send and recv, urgent
// data, peeking, an exact number of bytes, nothing but the end, a reset.
#ifndef SOCKCTL_SESSION_STREAM_CALLS_H
#define SOCKCTL_SESSION_STREAM_CALLS_H

#include "cli/opt.h"
#include "io/channel.h"
#include "opts/count.h"
#include "opts/proxy.h"
#include "relay/relay.h"

struct stream_calls_config {
	struct strlist send_words, recv_words; // MSG_*
	const char *oob; // NULL: urgent data stay in the stream; else what to send urgently, or ""
	bool peek;
	bool reset;
	bool discard_input;
	uint64_t recv_exactly; // bytes; 0: whatever comes
	struct count_config count; // after which nothing more is received

	int send_flags, recv_flags; // what the words say
};

extern const struct opt stream_calls_opts[];

// Reads the words, and whether they go with those of --set, with a program that is joined to the
// connection, and with TLS. Returns 0, or -EINVAL with the reason in ERR.
int stream_calls_check(struct stream_calls_config *c, const struct strlist *settings,
	bool has_program, bool has_tls, struct str *err);

// Whether they go with the proxies of the connection: what is done with the bytes of the socket
// itself cannot be done through TLS. Returns 0, or the status after a message.
int stream_calls_check_proxying(const struct stream_calls_config *c, const struct proxying *p);

// What the options say about the end of the stream.
void stream_calls_adjust(const struct stream_calls_config *c, struct relay_policy *policy);

// Prepares the channel of a connection, and sends what is urgent. Returns 0 or a negative errno.
// URGENT is kept there if urgent data are to be told apart, with the callback.
int stream_calls_apply(const struct stream_calls_config *c, struct channel *peer,
	struct urgent *urgent, urgent_fn *fn, void *data);

#endif

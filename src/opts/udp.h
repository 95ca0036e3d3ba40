// SPDX-License-Identifier: ISC
// --udp of connect and listen: datagrams, of UDP or of Unix sockets, joined as streams are.
#ifndef SOCKCTL_OPTS_UDP_H
#define SOCKCTL_OPTS_UDP_H

#include "app.h"
#include "net/dial.h"
#include "net/dgram/fallback.h"
#include "net/dgram/peers.h"

struct udp_config {
	bool is_wanted;
	uint64_t wait_ms; // connect: after the end of the input
};

#define UDP_DEFAULTS \
	{ \
		.wait_ms = 1000 \
	}

extern const struct opt udp_connect_opts[], udp_listen_opts[];

// What a program is joined to by --forward WORD, beside "tcp:" or "udp:" in front of it, which
// choose: datagrams, too, unless that is said. *IS_UDP becomes that. Returns the rest of the word.
const char *udp_take_prefix(const struct udp_config *c, const char *word, bool *is_udp);

// Nobody speaks TLS in datagrams.
static inline enum endpoint_use udp_target(const struct udp_config *c)
{
	return c->is_wanted ? ENDPOINT_PLAIN : ENDPOINT_CONNECT;
}

// Makes OPTIONS dial datagrams, if they are wanted.
void udp_plan(bool is_wanted, struct dial_options *options);

// CHANNEL was made by the dial D: while nothing has come from its address, another one of the name
// may take its place, and LISTENER is told.
void udp_fall_back(
	struct channel *channel, struct dial *d, const struct fallback_listener *listener);

// CHANNEL is connected: it ends when the input has, after a while.
void udp_begin(const struct udp_config *c, struct channel *channel);

// What CHANNEL may need to move (enum sandbox_need).
unsigned udp_sandbox_needs(const struct channel *channel);

// The channel of the connected socket FD, which was inherited and is as INFO says.
struct channel *udp_adopt(bool is_wanted, uv_loop_t *loop, int fd, const struct fd_info *info);

// Says at the end what has become of datagrams that nobody got. Those that were lost are a failure.
void udp_report(struct app *app, const char *object, struct peers *peers);

#endif

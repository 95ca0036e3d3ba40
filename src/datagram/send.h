// SPDX-License-Identifier: ISC
// What udp-send and raw-send share.
#ifndef SOCKCTL_DATAGRAM_SEND_H
#define SOCKCTL_DATAGRAM_SEND_H

#include "opts/confine.h"
#include "datagram/datagram_opts.h"
#include "opts/socket_options.h"
#include "net/dgram/dgram_socket.h"
#include "net/addr/endpoint.h"

struct send_config {
	struct common_config common;
	struct datagram_config datagram;
	struct sockopt_config sockopt;
	struct confine_config confine;

	// The input.
	uint64_t block;
	bool whole, hex;

	// Sending.
	const char *rate_word; // or NULL
	uint64_t interval_ms; // 0: none
	uint64_t repeat;
	uint64_t wait_ms;
	uint64_t replies;
	const char *bind;
	uint64_t source_port;
	bool broadcast;
	uint64_t hops;
	bool no_loop;
	struct strlist join; // GROUP[%INTERFACE][,SOURCE]
	bool header; // raw-send: the data begins with the IP header

	// Filled in by the check.
	struct endpoint endpoint;
	struct sockaddr_any bind_address; // len 0: none
	uint64_t rate, period_ns; // datagrams in a period; rate 0: as fast as they go
	int message_count;
	char **messages; // borrowed from argv; those of stdin if there are none
};

#define SEND_DEFAULTS \
	{ \
		.repeat = 1, .hops = DGRAM_HOPS_UNSET \
	}

extern const struct opt send_input_opts[];
extern const struct opt send_opts[];
extern const struct opt send_port_opts[]; // for protocols with ports

// Checks what the table cannot, and takes the messages. Returns 0, or -EINVAL with the reason in
// ERR.
int send_check(struct send_config *c, int message_count, char **messages, struct str *err);

// How the datagrams stand in stdin, and the replies in stdout.
enum framing send_framing(const struct send_config *c);

void send_fini(void *config);

// Sends to config->endpoint by sockets of TYPE and PROTOCOL. Returns the exit status.
int send_run(struct app *app, struct send_config *config, int type, int protocol);

#endif

// SPDX-License-Identifier: ISC
// What udp-recv and raw-recv share.
#ifndef SOCKCTL_DATAGRAM_RECV_H
#define SOCKCTL_DATAGRAM_RECV_H

#include "opts/confine.h"
#include "datagram/datagram_opts.h"
#include "opts/also.h"
#include "opts/listening.h"
#include "opts/socket_options.h"
#include "net/addr/endpoint.h"

struct recv_config {
	struct common_config common;
	struct datagram_config datagram;
	struct sockopt_config sockopt;
	struct confine_config confine;

	// The output.
	bool block, raw, whole, hex;
	uint64_t buffer;

	// Receiving.
	uint64_t count;
	struct strlist join; // GROUP[%INTERFACE][,SOURCE]
	struct also_config also;
	struct access_words access_words;
	struct access access; // filled in by the check
	uint64_t mode;

	// Answering.
	const char *reply, *reply_hex;
	bool echo;
	struct iovec answer; // filled in by the check; no base: none was asked for

	bool header; // raw-recv: print the IP header with the data

	struct endpoint endpoint; // filled in by the check
};

#define RECV_MODE_NOT_GIVEN UINT64_MAX
#define RECV_DEFAULTS \
	{ \
		.mode = RECV_MODE_NOT_GIVEN \
	}

extern const struct opt recv_output_opts[];
extern const struct opt recv_opts[];
extern const struct opt recv_socket_opts[]; // more endpoints, Unix sockets
extern const struct opt recv_reply_opts[];

// Reads what is to be answered. Returns 0, or -EINVAL with the reason in ERR.
int recv_check_reply(struct recv_config *config, struct str *err);

// Refuses a mode where no path of a Unix socket is bound, and fills in the usual one. Returns 0, or
// -EINVAL with the reason in ERR.
int recv_check_mode(struct recv_config *config, struct str *err);

void recv_fini(void *config);

// Receives by sockets of TYPE and PROTOCOL that are bound to config->endpoint. Returns the exit
// status.
int recv_run(struct app *app, struct recv_config *config, int type, int protocol);

#endif

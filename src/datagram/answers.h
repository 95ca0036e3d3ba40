// SPDX-License-Identifier: ISC
// Answers to the datagrams of one batch, all by one socket.
#ifndef SOCKCTL_DATAGRAM_ANSWERS_H
#define SOCKCTL_DATAGRAM_ANSWERS_H

#include "app.h"
#include "datagram/datagram_opts.h"
#include "net/bind.h"
#include "net/dgram/sender.h"

struct answer_failure;

struct answers {
	struct app *app;
	const struct bound *bound; // our own sockets, which are never answered
	struct datagram_stats *stats;

	// Private.
	struct send_item *items;
	size_t count, size, done;
	struct answer_failure *failures; // one of each kind
	size_t failure_count;
};

void answers_fini(struct answers *a);

// Notes that LEN bytes answer what came with M. They and M stay where they are until all is sent.
void answers_add(struct answers *a, const struct received *m, const void *data, size_t len);

// Sends the noted answers, as far as they go, by a socket that is connected to PEER or, with len 0,
// to nobody. The first failure of each kind is reported; the others are still sent.
void answers_send(struct answers *a, struct sender *sender, const struct sockaddr_any *peer);

// Says at the end how often each kind of failure has come again: strangers can provoke any number.
void answers_report_failures(const struct answers *a);

// True while some wait until the socket can be written to.
bool answers_are_waiting(const struct answers *a);

#endif

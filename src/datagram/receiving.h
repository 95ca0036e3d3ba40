// SPDX-License-Identifier: ISC
// One run of udp-recv or raw-recv: the sockets, how they are made, and the answers.
#ifndef SOCKCTL_DATAGRAM_RECEIVING_H
#define SOCKCTL_DATAGRAM_RECEIVING_H

#include "datagram/answers.h"
#include "opts/progress_line.h"
#include "datagram/groups.h"
#include "datagram/printer.h"
#include "datagram/recv.h"
#include "io/timer.h"
#include "net/bind.h"

struct receiving;

// One of the sockets.
struct source {
	struct receiving *receiving;
	int fd;
	struct watch watch;
	struct sender *sender; // for answers; NULL without
	struct sockaddr_any peer; // the only one that counts once len is not 0
	uint32_t first_drops; // of an inherited socket
};

// One run of the command.
struct receiving {
	struct app *app;
	struct recv_config *config;
	int type, protocol;

	// The sockets are bound: everything else begins. Returns 0, or the exit status after a
	// message.
	int (*on_open)(struct receiving *r);

	struct sockopt_settings settings;
	struct groups groups;
	struct endpoint_open opening;
	size_t next_place; // to be opened: the number of the endpoint
	struct bound bound;
	struct loan *loans; // of sockets that were inherited
	size_t loan_count;
	struct source *sources;
	struct printer printer;
	struct datagram_stats stats;
	bool is_answering;
	struct progress_line progress_line;

	struct timer rest; // while it runs, datagrams gather in the kernel
	bool is_short; // of memory, which has been said
	uint64_t room; // bytes that they may take there
	uint64_t woken; // trace_now(); when datagrams were received last

	struct source *current; // whose batch is at hand
	struct answers batch; // to that
};

// Makes and binds the sockets, possibly after a look-up, and then calls on_open. Returns 0, or the
// exit status after a message.
int receiving_open(struct receiving *r);

#endif

// SPDX-License-Identifier: ISC
// One run of udp-send or raw-send: the socket, how it is made, and what passes through it.
#ifndef SOCKCTL_DATAGRAM_SENDING_H
#define SOCKCTL_DATAGRAM_SENDING_H

#include "opts/progress_line.h"
#include "datagram/groups.h"
#include "datagram/printer.h"
#include "datagram/send.h"
#include "io/timer.h"
#include "net/dgram/dgram_socket.h"
#include "net/dgram/fallback.h"
#include "net/dgram/icmp_filter.h"
#include "net/dgram/transmit.h"

#define TYPE_REMEDY \
	"that socket is for no datagrams: see 'sockctl connect unix:PATH' and seqpacket:PATH"
#define BROADCAST_REMEDY "a broadcast address needs --broadcast"

// One run of the command.
struct sending {
	struct app *app;
	struct send_config *config;
	int type, protocol;

	// The socket is there: everything else begins. Returns 0, or the exit status after a
	// message.
	int (*on_open)(struct sending *s);

	struct sockopt_settings settings;
	struct endpoint_open opening;
	struct iovec *messages;
	struct groups groups;

	struct dgram_socket socket;
	struct dgram_socket_options options; // how it is made
	bool may_move; // to another address of the name
	struct fallback fallback;
	struct watch watch;
	struct sender *sender;
	struct transmit transmit;
	bool is_sent; // nothing is left to send
	size_t path_limit; // bytes of a datagram whose packet must not be split; 0: nobody knows

	bool wants_replies;
	struct printer printer;
	struct icmp_filter filter;
	struct timer wait;
	uint32_t first_drops; // of an inherited socket
	struct datagram_stats stats;
	struct progress_line progress_line;
	uint64_t input_bytes; // of a file; 0: nobody knows
};

// Makes the socket, possibly after a look-up, and then calls on_open. Returns 0, or the exit status
// after a message.
int sending_open(struct sending *s);

// Whether addresses that follow the first one of a name may take its place: only who is connected
// hears of a refusal. A group has members at one address.
bool sending_may_move(const struct sending *s);

// The socket is open: those addresses are REST, which is taken over.
void sending_fall_back(struct sending *s, struct address_list rest);

// The socket has met ERROR, a negative errno. Returns whether one to another address has taken its
// place, or else says why no more can be sent, and keeps the status.
bool sending_falls_back(struct sending *s, int error);

// Adds the name of what is sent to, for messages.
void sending_add_target(const struct sending *s, struct str *name);

#endif

// SPDX-License-Identifier: ISC
// What the commands for datagrams share: options, and datagrams from sockets printed on stdout.
#ifndef SOCKCTL_DATAGRAM_DATAGRAM_OPTS_H
#define SOCKCTL_DATAGRAM_DATAGRAM_OPTS_H

#include "app.h"
#include "net/addr/endpoint.h"
#include "opts/msg_flags.h"
#include "opts/endpoint_open.h"
#include "io/output.h"
#include "net/dgram/receiver.h"
#include "out/datagram_text.h"

struct datagram_config {
	bool ipv4, ipv6;
	bool numeric;
	const char *interface;
	bool connected;
	uint64_t timeout_ms;
	bool stats;
	struct strlist send_words, recv_words; // MSG_*

	int send_flags, recv_flags; // what the words say; filled in by the check
	bool progress;
};

extern const struct opt datagram_opts[];

// Checks what the table cannot, and reads the flags: SENDS is what it sends. Returns 0, or -EINVAL
// with the reason in ERR.
int datagram_check(struct datagram_config *c, enum msg_use sends, struct str *err);

// Takes the %INTERFACE of a group of IPv4 from the host of P for --interface, as no address of IPv4
// has room for it. The config then borrows from P. Returns 0, or -EINVAL with the reason in ERR.
int datagram_take_interface(struct datagram_config *c, struct endpoint *p, struct str *err);

int datagram_family(const struct datagram_config *c);

// The number of a protocol, by its name or in digits. Returns 0, or the status after a message.
int datagram_protocol(struct app *app, const char *word, int *protocol);

// The event "stats" at the end: to be shown if --stats or -v is given.
struct datagram_stats {
	uint64_t sent, sent_bytes;
	uint64_t received, received_bytes;
	uint64_t truncated, dropped;
	bool has_gro; // so the kernel counts one drop for all that came as one piece
	uint64_t refused; // those of sources that are not heard
	uint64_t started; // trace_now(); 0: nothing went yet
	uint64_t ended;
};

// Says that the kernel has dropped stats->dropped datagrams, if it has: a failure.
void datagram_report_drops(struct app *app, const char *object, const struct datagram_stats *s);

// Datagrams that are longer than the buffer are told one by one up to DATAGRAM_TRUNCATED_TOLD of
// them, for strangers can send any number. Says at the end how many there were besides. Any is a
// failure.
#define DATAGRAM_TRUNCATED_TOLD 10
void datagram_report_truncated(struct app *app, const char *object, const struct datagram_stats *s);

// Adds what ERROR is that a call on FD has met, and for what an ICMP message has brought its cause
// and who sent it.
void str_add_told_error(struct str *s, int fd, int error);

// Reports that. Keeps STATUS.
void datagram_fail(struct app *app, int status, const char *object, int fd, int error);

void datagram_count(struct datagram_stats *s); // something went now
void datagram_report(struct app *app, const struct datagram_config *c,
	const struct datagram_stats *s, bool sends, bool receives);

#endif

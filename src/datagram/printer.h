// SPDX-License-Identifier: ISC
// Prints the datagrams that sockets receive, a batch at a time.
#ifndef SOCKCTL_DATAGRAM_PRINTER_H
#define SOCKCTL_DATAGRAM_PRINTER_H

#include "datagram/datagram_opts.h"
#include "net/access.h"

// For one datagram of the Unix domain: more than a send buffer of the usual size lets pass.
#define PRINTER_UNIX_ROOM ((size_t)256 << 10)

struct printer;

// Called with each datagram that counts; PIECE lives until the batch is written.
typedef void printer_datagram_fn(
	void *data, const struct datagram *d, const struct received *piece);

struct printer {
	// Set by the owner before printer_init().
	struct app *app;
	enum framing framing;
	size_t room; // for one datagram; 0: for any of IP
	uint64_t limit; // stop after so many datagrams; 0: never
	const struct access *access; // who is heard
	int flags; // MSG_* for each call; with MSG_PEEK the first datagram is the last
	uint16_t port; // where the datagrams come to; 0 without ports
	bool is_raw; // datagrams may begin with an IPv4 header
	bool keep_header; // which is part of the data then
	bool (*is_wanted)(void *data, const struct datagram *d); // NULL: all are
	printer_datagram_fn *on_datagram; // or NULL
	void (*on_written)(void *data); // a batch that had to wait is written
	void *data;
	struct datagram_stats *stats;

	// Private.
	struct output output;
	struct datagram_writer writer;
	struct receiver receiver;
	struct received pieces[RECEIVER_MESSAGES];
	uint64_t total; // datagrams, for the limit
	bool is_coalesced; // the last batch had pieces of many datagrams
};

// Details for receiver_prepare() that this framing shows.
unsigned printer_details(enum framing framing);

// What printing with this framing needs (enum sandbox_need).
unsigned printer_sandbox_needs(enum framing framing);

// Returns 0, or the exit status after a message.
int printer_init(struct printer *p);
void printer_fini(struct printer *p); // does nothing on a zeroed one

// Receives one batch from FD and prints it; with MSG_ERRQUEUE why datagrams came back, and who says
// so. PEER is the only source that counts, and becomes the
// first one while its len is 0; NULL if all count. CONNECTED_TO is whom the socket is connected to,
// or NULL. Returns how many pieces came, 0 for a failure that was reported, or what receiver_read()
// met.
int printer_receive(struct printer *p, int fd, struct sockaddr_any *peer,
	const struct sockaddr_any *connected_to);

// True while a batch is being written: nothing may be received then.
bool printer_is_busy(const struct printer *p);

bool printer_is_full(const struct printer *p); // the limit is reached

#endif

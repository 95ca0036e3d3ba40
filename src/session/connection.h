// SPDX-License-Identifier: ISC
// One connection as it is spoken of: its number, who is at the other end, how it began and what
// became of it.
#ifndef SOCKCTL_SESSION_CONNECTION_H
#define SOCKCTL_SESSION_CONNECTION_H

#include "app.h"
#include "base/sockaddr.h"
#include "opts/proxy.h"
#include "proxy/header.h"
#include "relay/flow.h"

#include <stdint.h>

// What a PROXY header says of a connection, beside the remote.
struct announced {
	struct sockaddr_any local; // ours, as the client knows it
	struct sockaddr_any sender; // who has sent the header
};

struct connection {
	struct app *app;
	uint64_t number; // 1 for the first
	bool is_one_of_many; // the owner's, after connection_init()
	bool wants_paths; // the same: by MPTCP, so that the protocol is worth a word
	struct sockaddr_any remote; // of a connection through proxies, the target if that has an
				    // address here
	const struct proxying *proxying; // the owner's; NULL: there are no proxies
	struct field_host *target; // NULL: REMOTE is who is at the other end
	struct announced *announced; // NULL: it is what it looks like
	struct sockopt_settings *settings; // of the socket, where it may be another one later
	uint64_t started; // trace_now()
	uint64_t start_time; // ns since 1970
	struct dial_times times; // how long connecting took
};

// These as fields of an event or a row.
#define TIMES_FIELDS(t) \
	field_seconds_if("lookup_time", (t)->lookup, (t)->lookup), \
		field_seconds_if("connect_time", (t)->connect, (t)->connect), \
		field_seconds_if("upgrade_time", (t)->upgrade, (t)->upgrade)

// Says that the port of C is open, and how long that took.
void connection_report_open(const struct connection *c);

// What became of it.
struct connection_end {
	uint64_t sent, received; // bytes
	uint64_t unsent; // bytes that were read for it and certainly did not reach it
	const char *how; // a word or two: "done", "broken" ...
	int status; // the exit status that goes with it
};

// It begins now. REMOTE is who is at the other end.
void connection_init(
	struct connection *c, struct app *app, uint64_t number, const struct sockaddr_any *remote);

// The same by the dial that has made it.
void connection_init_dialled(
	struct connection *c, struct app *app, uint64_t number, const struct dial *d);

// The same for the only one, by the connected socket FD, which knows who is at the other end.
void connection_init_of(struct connection *c, struct app *app, int fd);

// CHANNEL, by the dial D or NULL, is that of the connection. Where it may move to other addresses
// of the name (net/dgram/fallback.h), so does the connection. SETTINGS, the owner's, are for each
// socket.
void connection_follow(struct connection *c, struct channel *channel, struct dial *d,
	struct sockopt_settings *settings);

// A PROXY header says whose connection it is: the source in it takes the place of who has sent it.
void connection_announce(struct connection *c, const struct proxy_header *h);

// It goes through proxies: their TARGET, which must outlive it, is who is spoken of.
void connection_set_proxying(
	struct connection *c, const struct proxying *p, const struct endpoint *target);

void connection_fini(struct connection *c);

// Who is at the other end, as the field "remote" of events.
struct field connection_remote(const struct connection *c);

// Whether one of many clients has only looked whether somebody is there, as health checks do: it
// has sent nothing and left, before much could be sent to it. ERROR is what its connection met, a
// negative errno or 0.
bool connection_is_look(const struct connection *c, uint64_t received, uint64_t sent, int error);

// The proxies that it goes through, as the field "via", which is left out where there are none.
struct field connection_via(const struct connection *c);

// FD is the connected socket, to be asked for what else is known about both ends.
void connection_report_connected(const struct connection *c, int fd);

// HEADER is the one that announced the client, or NULL.
void connection_report_accepted(
	const struct connection *c, int fd, const struct proxy_header *header);

// True if somebody wants to know what becomes of it.
bool connection_is_reported(const struct connection *c);
void connection_report_closed(const struct connection *c, const struct connection_end *end);

// A flow of it has left the state BEFORE. FROM and TO are how messages call both sides; NULL is who
// is at the other end.
void connection_report_flow(const struct connection *c, const struct flow *f,
	enum flow_state before, const char *from, const char *to);

// A message of a socket that keeps them apart was taken from the input to be SENT, or came. Whether
// anybody wants to know.
bool connection_shows_messages(const struct connection *c);
void connection_report_message(const struct connection *c, bool is_sent, size_t len);

// Urgent data has come: a byte, after OFFSET others.
void connection_report_urgent(const struct connection *c, unsigned char byte, uint64_t offset);

// So many datagrams did not fit the side that they were for. Returns the status that follows: 0 for
// none.
int connection_report_lost(const struct connection *c, uint64_t datagrams);

// An error that concerns this connection; message and error as for report_error(). Returns STATUS.
int connection_report_error(const struct connection *c, int status, const char *message, int error);

// Adds how far it had come when the run ended early, and names the peer in the message of a
// deadline.
void connection_add_doing(
	const struct connection *c, uint64_t sent, uint64_t received, struct str *doing);

#endif

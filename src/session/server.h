// SPDX-License-Identifier: ISC
// What every way of serving shares: where the server listens, whom it serves, how many at once, and
// when it is over.
#ifndef SOCKCTL_SESSION_SERVER_H
#define SOCKCTL_SESSION_SERVER_H

#include "app.h"
#include "base/list.h"
#include "opts/confine.h"
#include "session/arriving.h"
#include "session/connection.h"
#include "session/console.h"
#include "opts/listening.h"
#include "opts/ends/mptcp.h"
#include "opts/proxy.h"
#include "opts/proxy_header.h"
#include "opts/rotation.h"
#include "opts/tls/tls_serving.h"
#include "opts/endpoint_open.h"
#include "session/program.h"
#include "opts/socket_options.h"
#include "opts/udp.h"
#include "opts/user.h"
#include "session/stream.h"
#include "session/tls_setup.h"
#include "net/access.h"
#include "net/dgram/peers.h"
#include "net/listener.h"

#include <sys/socket.h>

struct listen_config {
	struct common_config common;
	struct stream_config stream;
	struct console_config console;
	struct sockopt_config sockopt;
	struct confine_config confine;
	struct listening_config listening;
	struct accept_proxy_config accept_proxy;
	struct send_proxy_config send_proxy;
	struct proxy_config proxy;
	struct tls_server_config tls;
	struct user_config user;
	struct udp_config udp;
	uint64_t datagram_count; // with --udp and without --keep-open, what --count says
	uint64_t handshake_ms; // 0: the user does not say
	bool ipv4, ipv6;
	bool numeric;
	bool keep_open;
	uint64_t count;
	uint64_t max_per_address;
	const char *interface;
	struct also_config also;
	struct mptcp_config mptcp;
	const char *forward;
	bool broker;
	bool chat;
	uint64_t connect_timeout_ms;
	struct program_config program;
	bool expose;

	// Filled in by the check of the command line.
	struct endpoint endpoint;
	struct endpoint target; // of --forward
	bool is_target_udp;
	int activated; // listen on so many descriptors that were passed to us; 0: on endpoint
};

struct server;
struct client;

// A way to serve connections: joined to stdin and stdout, to a program, to another endpoint ...
struct serve_mode {
	size_t client_size; // of the struct that begins with struct client
	int descriptors; // that a client takes besides its own
	bool gives_access; // to what strangers must not get at by accident

	// Adds what its connections need besides themselves. May be NULL.
	void (*add_needs)(const struct server *s, struct sandbox *sandbox);

	// Prepares what all clients share, in server->mode_data. Returns 0, or the status after a
	// message.
	int (*init)(struct server *s);
	void (*fini)(struct server *s);

	// Begins to serve: takes over client->channel and makes it NULL. Returns 0, or a negative
	// errno; then everything is as before. Ends with client_done().
	int (*start)(struct client *c);

	// Ends it at once, whatever its state, and frees what is in it.
	void (*fini_client)(struct client *c);

	// The run is about to end by SIGNAL, or at a deadline (0): says what is whole all the same.
	// May be NULL.
	void (*stop)(struct client *c, int signal);

	// Shows for the last time how far it has come (may be NULL), and adds what is under way,
	// for messages.
	void (*report_totals)(struct client *c);
	void (*add_doing)(const struct client *c, struct str *doing);

	// Nobody else will come. May be called more than once. May be NULL.
	void (*complete)(struct server *s);

	// True while there is more to do although no client is left. May be NULL.
	bool (*is_busy)(const struct server *s);
};

// One run of the command.
struct server {
	struct app *app;
	const struct listen_config *config;
	const struct serve_mode *mode;
	void *mode_data;
	struct sockopt_settings settings;
	struct listener listener;
	struct peers peers; // with --udp, of its sockets
	struct endpoint_open opening;
	size_t next_place; // to be opened: the number of the endpoint
	int given; // a connection that is there already, the only one to be served; or -1
	struct sockaddr_any given_peer;

	struct list clients;
	struct list waiting; // clients that nothing could be started for yet
	uint64_t waiting_count;
	struct arriving arriving; // who is not a client yet
	struct tls_serving tls; // with clients
	struct tls_config target_config;
	struct tls_setup target_tls; // with what they are forwarded to
	struct rotation rotation; // --trace, and the output of many clients
	struct tally tally;
	uint64_t accepted;
	uint64_t open;
	bool serves_many;
	bool is_ready; // and the service manager was told
	bool is_draining; // nobody else is accepted, and the end of the last client is the end
	int descriptor_limit;
	int descriptors; // in use when the server starts
	bool short_of_descriptors; // until somebody leaves
	struct timer retry;
	uint64_t said_full; // trace_now() of the last message about it, or 0
};

// One connection.
struct client {
	struct server *server;
	struct list link;
	struct connection connection;
	struct channel *channel; // until the mode has taken it over
	bool is_waiting;
	int status; // the mode's, for client_done() at a later time
};

// The config must outlive the server. Returns 0, or the status after a message.
int server_init(struct server *s, struct app *app, const struct listen_config *config,
	const struct serve_mode *mode);

// Starts to listen, possibly after a look-up. Returns 0, or the status after a message.
int server_open(struct server *s);

// PEER has connected. Takes over CHANNEL: it is a client from now on, unless something has to
// happen on the connection first, or it is refused.
void server_take(struct server *s, struct channel *channel, const struct sockaddr_any *peer);

// No more clients, and the end of the run.
void server_end(struct server *s);

// Ends the run if nothing is left to be done and nobody else is to come.
void server_end_if_done(struct server *s);

void server_fini(struct server *s);

// The client has been served. Frees it.
void client_done(struct client *c, int status);

// It could not be served, because of ERROR: ends it, or starts it again later where that may help.
void client_fail(struct client *c, int error);

// True if ERROR says that what the client needs is used up by others for now.
bool client_may_wait(const struct client *c, int error);

// True if the user says how sockets are closed (SO_LINGER).
static inline bool server_sets_linger(const struct server *s)
{
	return sockopt_settings_has(&s->settings, SOL_SOCKET, SO_LINGER);
}

// Starts it again when others have left.
void client_wait(struct client *c, int error);

#endif

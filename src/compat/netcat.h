// SPDX-License-Identifier: ISC
// What the command line of a netcat says, whichever of them it is: each dialect has a table of
// options that fills one config, and one function makes our command line of it.
#ifndef SOCKCTL_COMPAT_NETCAT_H
#define SOCKCTL_COMPAT_NETCAT_H

#include "base/strlist.h"
#include "cli/opt.h"
#include "compat/cmdline.h"

#include <stdbool.h>
#include <stdint.h>

struct netcat_config {
	bool explain;
	unsigned verbose;
	bool ipv4, ipv6, numeric, udp, is_unix;
	unsigned listen;
	bool keep_open, zero, crlf, telnet;
	bool no_input, no_shutdown, shutdown, send_only, recv_only;
	bool broadcast, debug, random, pass_fd, keepalive;
	const char *quit; // seconds, or -1
	uint64_t wait_ms; // of -w, which is more than connecting for nc
	uint64_t connect_ms, idle_ms, interval_ms;
	const char *source;
	const char *port;
	uint64_t receive_buffer, send_buffer, ttl, min_ttl, count;
	const char *tos;
	const char *proxy, *proxy_protocol, *proxy_user; // of -x, -X and -P
	const char *ncat_proxy, *proxy_type, *proxy_auth, *proxy_dns; // of --proxy and its like
	const char *exec, *shell_exec;
	struct strlist exec_words; // busybox
	struct strlist allow, deny;
	const char *allow_file, *deny_file;
	uint64_t most;
	bool broker, chat;
	bool tls, ssl, ssl_verify;
	const char *ssl_cert, *ssl_key, *ssl_trust, *ssl_ciphers, *ssl_name, *ssl_alpn;
	const char *record, *record_hex;
	bool append;
	const char *refused; // where the options go that are never taken
	bool refused_flag;
};

// What sets one program apart from the others.
struct netcat_dialect {
	const char *name; // for --dialect and SOCKCTL_NC
	const struct cmd *cmd;
	bool sends_fin; // the end of the input is passed on without an option
	bool ends_with_peer; // and not only when the input has ended, too
	bool wait_is_idle; // -w is about silence as well
	bool is_ncat; // one port to check; a path that begins with @ is one
	bool quits_at_once; // -q 0 waits for nothing
	bool connects_in_turn; // to each of several ports
	uint64_t connect_ms; // to connect within, unless it is said; 0: no limit
	const char *port; // where none is given, or NULL
	const struct netcat_voice *voice; // its messages
};

extern const struct netcat_dialect netcat_openbsd, netcat_traditional, netcat_busybox, netcat_ncat;

// Groups of options that dialects share.
extern const struct opt netcat_common_opts[]; // of all
extern const struct opt netcat_family_opts[]; // IPv4, IPv6, Unix sockets
extern const struct opt netcat_line_opts[]; // what is changed on the way
extern const struct opt netcat_interval_opts[]; // a pause, by the letter that ncat uses otherwise
extern const struct opt netcat_original_opts[]; // of the first netcat and those that came of it
extern const struct opt netcat_route_opts[]; // source routes
extern const struct opt netcat_long_opts[]; // those of ncat that have no letter

#define NETCAT_PROBES 4 // datagrams that ask whether a port is open

#define NETCAT_DAY_MS 86400000ull

#define NETCAT_AT(field, type) OPT_AT(struct netcat_config, field, type)

// What ncat has with a letter that others use otherwise.
#define NETCAT_NCAT_ROWS(MAX, OUTPUT, HEX, IDLE, DELAY, SHELL) \
	{"max-conns", MAX, OPT_UINT, NETCAT_AT(most, uint64_t), "N", "serve N at once", .min = 1, \
		.max = 1000000}, \
		{"idle-timeout", IDLE, OPT_DURATION, NETCAT_AT(idle_ms, uint64_t), "TIME", \
			"fail after TIME without a byte", .min = 1, .max = 365 * NETCAT_DAY_MS}, \
		{"sh-exec", SHELL, OPT_STRING, NETCAT_AT(shell_exec, const char *), "COMMAND", \
			"join each connection to a shell that runs COMMAND", .words = "command"}, \
		{"output", OUTPUT, OPT_STRING, NETCAT_AT(record, const char *), "FILE", \
			"write what is transferred in both directions to FILE", .words = "file", \
			.is_written = true}, \
		{"hex-dump", HEX, OPT_STRING, NETCAT_AT(record_hex, const char *), "FILE", \
			"the same in hex", .words = "file", .is_written = true}, \
	{ \
		"delay", DELAY, OPT_DURATION, NETCAT_AT(interval_ms, uint64_t), "TIME", \
			"pause between lines", .min = 1, .max = NETCAT_DAY_MS \
	}

// What a command line comes to.
struct netcat_plan {
	struct cmdline line;
	const char *host, *port; // as they were given, or NULL
	bool is_exposed; // a program is offered to whoever reaches this machine
};

// Makes our command line of what was said to a program of DIALECT. Returns 0, or -EINVAL with the
// reason in ERR.
int netcat_plan(const struct netcat_dialect *dialect, const struct netcat_config *config, int argc,
	char **argv, struct netcat_plan *plan, struct str *err);

// Whether the words, such as 80 and 20-25, are more than one port; those as one list, 20-25,80; and
// as ports of OUT that take turns. The last returns 0, or -EINVAL with the reason in ERR.
bool netcat_has_many_ports(char *const *words, int count);
void netcat_add_port_list(char *const *words, int count, struct str *list);
int netcat_add_ports_in_turn(
	char *const *words, int count, bool is_udp, struct cmdline *out, struct str *err);

// Adds the proxy of a connection, whom a server serves, the options of the socket, or what is done
// with the bytes. The same.
int netcat_add_proxy(const struct netcat_config *config, struct cmdline *out, struct str *err);
int netcat_add_access(const struct netcat_config *config, struct cmdline *out, struct str *err);
int netcat_add_settings(const struct netcat_config *config, struct cmdline *out, struct str *err);
int netcat_add_transfer(const struct netcat_config *config, struct cmdline *out, struct str *err);

#endif

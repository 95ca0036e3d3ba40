// SPDX-License-Identifier: ISC
// What every command that connects shares: its options, and what it says when that fails.
#ifndef SOCKCTL_OPTS_CONNECTING_H
#define SOCKCTL_OPTS_CONNECTING_H

#include "app.h"
#include "net/dial.h"

struct connecting_config {
	bool ipv4, ipv6;
	bool numeric;
	const char *bind;
	uint64_t source_port;
	const char *interface;
	uint64_t connect_timeout_ms;
	const char *retry; // number, "" for no limit, or NULL for no retry
	uint64_t retry_delay_ms;

	// Filled in by connecting_check().
	struct sockaddr_any bind_address;
	uint64_t retries;
};

#define CONNECTING_DEFAULTS \
	{ \
		.retry_delay_ms = 250 \
	}

extern const struct opt connecting_opts[];

// Checks what the table cannot. Returns 0, or -EINVAL with the reason in ERR.
int connecting_check(struct connecting_config *c, struct str *err);

void connecting_options(const struct connecting_config *c, struct dial_options *o);

// The exit status of a connection that could not be upgraded.
int connecting_upgrade_status(enum upgrade_failure failure);

// Reports why the last try failed, each attempt on a line of its own. Returns the exit status,
// which connecting_report() keeps as well.
int connecting_say(struct app *app, const struct endpoint *endpoint,
	const struct dial_options *options, const struct dial_outcome *o);
int connecting_report(struct app *app, const struct endpoint *endpoint,
	const struct dial_options *options, const struct dial_outcome *o);

// Adds how often it has been tried, which what the last try met is to follow.
void connecting_add_tries(struct str *s, uint64_t tries);

// Why a socket of the Unix domain cannot be connected to that way (EPROTOTYPE).
#define OTHER_TYPE \
	"a socket of another type (unix:PATH is for streams, seqpacket:PATH for messages, --udp " \
	"or udp-send for datagrams)"

// Adds what an EAI_* code of a look-up for FAMILY means, with its name, and what may have been
// meant.
void connecting_add_lookup_failure(
	struct str *s, const struct endpoint *endpoint, int family, int code);

// Looks for the service of an endpoint that is dialled later, of UDP or of TCP, so that a name that
// is none is refused at the start. Returns 0, or the status after a message.
int connecting_check_service(struct app *app, const struct endpoint *endpoint, bool is_udp);

// Adds why a try failed, in one line.
void connecting_add_reason(struct str *s, const struct endpoint *endpoint,
	const struct dial_options *options, const struct dial_outcome *o);

// Reports what a name stands for.
void connecting_report_resolved(
	struct app *app, const char *name, const struct address_list *addresses);

// Reports that another try follows number TRIES, which failed for REASON.
void connecting_report_retry(struct app *app, const char *name, uint64_t tries, const char *reason,
	const struct dial_options *options);

// Reports that an address could not be connected to, or has refused, for REASON.
void connecting_report_attempt(
	struct app *app, const struct sockaddr_any *remote, const char *reason);

// Reports names that were resolved, attempts that failed before others, and retries.
void connecting_report_progress(struct app *app, const struct dial *d, enum dial_progress progress,
	const struct dial_attempt *attempt);

// Adds "connecting to ..." for messages about a dialling that was cut off.
void connecting_add_doing(const struct dial *d, struct str *doing);

#endif

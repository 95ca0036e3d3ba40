// SPDX-License-Identifier: ISC
// The options of commands that may go through proxies, and what they mean for connecting.
#ifndef SOCKCTL_OPTS_PROXY_H
#define SOCKCTL_OPTS_PROXY_H

#include "app.h"
#include "base/strlist.h"
#include "net/dial.h"
#include "proxy/hop.h"
#include "tls/upgrade.h"

struct proxy_config {
	struct strlist proxies;
	const char *auth_file;
	const char *dns;
	struct strlist ca; // authorities of https proxies; none: the system's
	bool insecure; // any certificate of theirs is accepted
	bool is_for_datagrams; // filled in by the owner: proxies are for streams
};

extern const struct opt proxy_opts[];
#define PROXY_GROUP(config, member) \
	{ \
		"Through proxies", proxy_opts, offsetof(struct config, member), "proxy", \
			.only_with = "forwarding" \
	}

// TLS with an https proxy.
struct secured_proxy {
	struct app *app;
	struct tls_plan plan;
};

// The way through proxies to one target. Zeroed means that there are none.
struct proxying {
	struct app *app;
	const struct endpoint *target;
	bool numeric; // never ask for a name here
	struct proxy_chain chain;
	const char **via; // the proxies as they are spoken of, in order; ends with NULL
	struct tls_context *tls; // with https proxies; NULL: there are none
	struct secured_proxy secured[CHAIN_MAX]; // of those that are
};

// The steps of one connection on this way.
struct proxy_way {
	struct proxy_step steps[CHAIN_MAX];
	struct upgrade upgrades[UPGRADE_MOST];
};

// Checks what the table cannot. Returns 0, or -EINVAL with the reason in ERR.
int proxy_check(const struct proxy_config *c, struct str *err);
void proxy_config_fini(struct proxy_config *c);

// Finds the way to TARGET. Credentials in the words of the command line and in the environment are
// overwritten. IS_CONFINED: connecting will happen in the sandbox. Returns 0, or the status after a
// message. The target must outlive it, and it stays where it is.
int proxying_init(struct proxying *p, struct app *app, const struct proxy_config *c,
	const struct endpoint *target, bool numeric, bool is_confined);
void proxying_fini(struct proxying *p);

// For commands that connect without proxies: says with -v that the one of the environment is not
// used for OBJECT.
void proxying_report_unused(struct app *app, const char *object);

// True if there is a proxy.
static inline bool proxying_is_wanted(const struct proxying *p)
{
	return p->chain.count;
}

// Puts the steps through the proxies to TARGET before the upgrades that OPTIONS have already.
// TARGET and WAY, which holds them, must outlive the connecting.
void proxying_plan(struct proxying *p, const struct endpoint *target, struct proxy_way *way,
	struct dial_options *options);

// How long the end of what is sent is held back without a byte from the target, for many proxies
// end the whole tunnel when one side ends. Of what TLS with the target sends they do not see the
// end.
uint64_t proxying_shutdown_delay(const struct proxying *p, bool has_tls);

// True if TLS is spoken with a proxy, so that the bytes of the target are not those of the socket.
bool proxying_has_tls(const struct proxying *p);

// True if a name has to be looked up here on the way.
bool proxying_asks_names(const struct proxying *p);

// What is to be dialled: the first proxy, or the target itself.
const struct endpoint *proxying_endpoint(const struct proxying *p);

// Reports the way, once it stands.
void proxying_report(const struct proxying *p);

#endif

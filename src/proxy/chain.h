// SPDX-License-Identifier: ISC
// The proxies that a connection goes through, one after the other, as the command line and the
// environment have them.
#ifndef SOCKCTL_PROXY_CHAIN_H
#define SOCKCTL_PROXY_CHAIN_H

#include "net/addr/endpoint.h"
#include "proxy/http.h"
#include "proxy/socks.h"
#include "proxy/url.h"

#include <stdbool.h>
#include <stddef.h>

#define CHAIN_MAX 8 // proxies

struct proxy_hop {
	struct proxy_url url;
	bool asks_names; // it looks names up; else they are looked up here
	bool with_credentials; // it is known to ask for them
};

// Zeroed means that there are none.
struct proxy_chain {
	struct proxy_hop *hops;
	size_t count;
	const char *why_direct; // why there are none though somebody named some; or NULL
};

struct proxy_settings {
	char *const *words; // URLs; or "env" or "none" alone
	size_t count;
	const char *auth_file; // or NULL
	const char *dns; // "local", "remote" or NULL
};

// Makes the chain to TARGET. Without words SOCKCTL_PROXY is used, with the credentials of
// SOCKCTL_PROXY_AUTH; "env" means all_proxy or ALL_PROXY; both with the exceptions of no_proxy or
// NO_PROXY. Credentials in the words and in the environment are overwritten, and such variables are
// removed, so that no program is given them. Returns 0; -EINVAL for what was written wrong, with
// the reason in ERR; or what credentials_load() returned, with the file before the reason.
// proxy_chain_fini() frees what is in it, also after an error.
int proxy_chain_init(struct proxy_chain *c, const struct proxy_settings *settings,
	const struct endpoint *target, struct str *err);
void proxy_chain_fini(struct proxy_chain *c);

// True if SOCKCTL_PROXY names one.
bool proxy_is_in_environment(void);

// Whatever a proxy may be asked in.
union proxy_dialogue {
	struct dialogue dialogue; // the first member of each
	struct socks socks;
	struct http_connect http;
};

// Begins the dialogue with a proxy that leads to TARGET. Returns as the dialogues themselves do;
// dialogue_fini() is due in either case.
enum dialogue_step proxy_hop_begin(struct proxy_hop *h, const struct proxy_target *target,
	struct str *notes, union proxy_dialogue *d);

// Sets *T to the host and port of ENDPOINT, whose host it borrows unless that is numeric.
void proxy_target_init(struct proxy_target *t, const struct endpoint *endpoint, uint16_t port);

#endif

// SPDX-License-Identifier: ISC
// What happens on a connection that was dialled before it is joined to anything: the steps through
// proxies, the PROXY header, TLS.
#ifndef SOCKCTL_OPTS_APPROACH_H
#define SOCKCTL_OPTS_APPROACH_H

#include "net/dial.h"
#include "opts/proxy.h"
#include "proxy/header_upgrade.h"
#include "tls/upgrade.h"

// Of one connection, which it must outlive while that is dialled.
struct approach {
	struct proxy_way way;
	struct proxy_header header; // what the other side is told of the connection
	struct tls_plan tls; // without a context: no TLS
	struct upgrade upgrades[2];
};

// Puts the steps into OPTIONS, in their order: through the proxies to TARGET, the header if
// ANNOUNCES, and TLS as A has it.
void approach_plan(struct approach *a, bool announces, struct proxying *p,
	const struct endpoint *target, struct dial_options *options);

#endif

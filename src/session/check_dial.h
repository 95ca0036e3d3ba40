// SPDX-License-Identifier: ISC
// connect --check: by very many sockets, or, with TLS or through proxies, by dialling: then a port
// is open when every step up to there has succeeded, and with TLS the certificate is good.
#ifndef SOCKCTL_SESSION_CHECK_DIAL_H
#define SOCKCTL_SESSION_CHECK_DIAL_H

#include "app.h"
#include "net/dial.h"
#include "opts/confine.h"
#include "opts/tls/tls.h"
#include "session/check.h"
#include "session/connection.h"
#include "tls/upgrade.h"

struct check_dial_options {
	const struct check_config *check;
	const struct tls_config *tls;
	const struct endpoint *endpoint;
	const struct dial_options *dial; // without upgrades
	struct proxying *proxying;
	const struct tls_plan *plan; // for each port; without a context: no TLS
	const struct confine_config *confine;
	struct sockopt_settings *settings;
};

// Checks the ports, and runs the loop for that. What fails is the status of the run.
void check_ports(struct app *app, const struct check_dial_options *options);

#endif

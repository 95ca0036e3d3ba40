// SPDX-License-Identifier: ISC
// connect --check with TLS or through proxies: a port is open when every step up to there has
// succeeded, and with TLS the certificate is good.
#ifndef SOCKCTL_SESSION_CHECK_DIAL_H
#define SOCKCTL_SESSION_CHECK_DIAL_H

#include "app.h"
#include "net/dial.h"
#include "opts/tls.h"
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
};

// Checks the ports, 16 at once, and runs the loop for that. Returns the exit status.
int check_dial_run(struct app *app, const struct check_dial_options *options);

#endif

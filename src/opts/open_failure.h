// SPDX-License-Identifier: ISC
// What is said when a socket cannot be made, bound, connected or listened on.
#ifndef SOCKCTL_OPTS_OPEN_FAILURE_H
#define SOCKCTL_OPTS_OPEN_FAILURE_H

#include "app.h"
#include "base/sockaddr.h"
#include "net/sockopt.h"
#include "net/step.h"

struct open_failure {
	const char *object; // the endpoint, where the address does not tell it
	const struct sockaddr_any *address; // len 0: none was tried
	const struct sockaddr_any *from; // bound to this to reach the address; or NULL
	const char *interface; // the one that was asked for
	const struct sockopt_settings *settings;
	enum step step; // what failed
	const char *remedy; // what the user can do; or NULL
};

// Keeps and returns STATUS_CONNECT.
int open_failure_report(struct app *app, const struct open_failure *f, int error);

#endif

// SPDX-License-Identifier: ISC
// connect --check: which ports can be connected to, without sending anything.
#ifndef SOCKCTL_SESSION_CHECK_H
#define SOCKCTL_SESSION_CHECK_H

#include "app.h"
#include "opts/confine.h"
#include "net/dial.h"
#include "net/addr/ports.h"
#include "net/sockopt.h"

struct check_config {
	bool check;
	bool any;
	uint64_t banner_ms; // 0: no banner
	bool progress; // filled in by the owner

	struct ports ports; // filled in by check_parse()
};

extern const struct opt check_opts[];

// Checks what the table cannot, and reads the ports of PLACE. Returns 0, or -EINVAL with the reason
// in ERR.
int check_parse(struct check_config *c, const struct endpoint *endpoint, struct str *err);
void check_fini(struct check_config *c);

// Checks the ports in the sandbox of CONFINE, and runs the loop for that. SETTINGS are those that
// OPTIONS prepare sockets with. Returns the exit status.
int check_run(struct app *app, const struct check_config *config, const struct endpoint *endpoint,
	const struct dial_options *options, const struct sockopt_settings *settings,
	const struct confine_config *confine_config);

// Adds the name of the service that PORT of TCP is known by, if there is one.
void check_add_service(struct str *s, uint16_t port);

#endif

// SPDX-License-Identifier: ISC
// --pass-fd: the connected socket is handed to the program that started us, over stdout, as ssh(1)
// wants it with ProxyUseFdpass.
#ifndef SOCKCTL_OPTS_PASS_FD_H
#define SOCKCTL_OPTS_PASS_FD_H

#include "app.h"
#include "io/watch.h"
#include "opts/proxy.h"

struct pass_fd_config {
	bool is_wanted;
};

extern const struct opt pass_fd_opts[];
#define PASS_FD_GROUP(config, member) \
	{ \
		"Handing over", pass_fd_opts, offsetof(struct config, member), "pass-fd" \
	}

// Checks what the table cannot: where the socket is to go, and that it is one of ours. Returns 0,
// or -EINVAL with the reason in ERR.
int pass_fd_check(const struct pass_fd_config *c, const struct endpoint *endpoint, struct str *err);

// Whether what comes of the connection is a socket that another program can use. Returns 0, or the
// status after a message.
int pass_fd_check_proxying(const struct pass_fd_config *c, const struct proxying *p);

// One run. Zeroed means that nothing is under way.
struct pass_fd {
	struct app *app;
	int fd;
	struct watch watch; // of stdout, while it is full
};

// Hands FD over, which is taken over, and ends the run: now, or once stdout takes it.
void pass_fd_start(struct pass_fd *p, struct app *app, int fd);
void pass_fd_fini(struct pass_fd *p);

#endif

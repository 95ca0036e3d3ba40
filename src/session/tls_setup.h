// SPDX-License-Identifier: ISC
// What the options of TLS come to for the connection of a command: the context, the step on the way
// to it, and what is said of it.
#ifndef SOCKCTL_SESSION_TLS_SETUP_H
#define SOCKCTL_SESSION_TLS_SETUP_H

#include "app.h"
#include "io/channel.h"
#include "opts/tls/tls.h"
#include "tls/upgrade.h"

struct tls_setup {
	struct app *app;
	const struct tls_config *config;
	const char *object; // the endpoint, for messages
	struct tls_context *context; // NULL: no TLS
	struct tls_plan plan; // the argument of tls_upgrade
};

// Reads the files that the options name, where TLS is wanted. IS_CHECK: nothing will be sent.
// IS_CONFINED: handshakes happen in the sandbox. Returns 0, or the status after a message.
int tls_setup_init(struct tls_setup *s, struct app *app, const struct tls_config *config,
	const struct endpoint *endpoint, bool is_check, bool is_confined);
void tls_setup_fini(struct tls_setup *s);

// Reports that connection NUMBER is secured, where it is.
void tls_setup_report(const struct tls_setup *s, uint64_t number, const struct channel *channel);

#endif

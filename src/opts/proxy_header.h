// SPDX-License-Identifier: ISC
// The options for the PROXY protocol: a header that is sent on connections that are made here, and
// one that is taken from connections that are accepted.
#ifndef SOCKCTL_OPTS_PROXY_HEADER_H
#define SOCKCTL_OPTS_PROXY_HEADER_H

#include "app.h"
#include "net/access.h"
#include "net/addr/endpoint.h"
#include "proxy/header.h"

struct send_proxy_config {
	const char *version; // NULL: send none
	const char *source, *destination; // instead of the ends of the connection, or NULL
	bool is_local;
	bool has_crc;
	struct strlist tlvs; // TYPE=HEX or TYPE=@FILE

	struct proxy_header header; // what every connection announces; the check fills in all but
				    // the extensions
};

extern const struct opt send_proxy_opts[];
#define SEND_PROXY_GROUP(config, member) \
	{ \
		"PROXY protocol", send_proxy_opts, offsetof(struct config, member), "send-proxy", \
			.only_with = "forwarding" \
	}

// Checks what the table cannot. TARGET is where to connect to. Returns 0, or -EINVAL with the
// reason in ERR.
int send_proxy_check(struct send_proxy_config *c, const struct endpoint *target, struct str *err);

// Reads the extensions, and looks whether the header can be built. Returns 0, or the status after a
// message.
int send_proxy_load(struct app *app, struct send_proxy_config *c);

void send_proxy_fini(struct send_proxy_config *c);

struct accept_proxy_config {
	bool accept;
	struct strlist from;

	struct access senders; // filled in by the check
};

extern const struct opt accept_proxy_opts[];
#define ACCEPT_PROXY_GROUP(config, member) \
	{ \
		"Behind a proxy", accept_proxy_opts, offsetof(struct config, member), \
			"accept-proxy" \
	}

// The same. Senders are checked by accept_proxy_is_open(), once it is known where to listen.
int accept_proxy_check(struct accept_proxy_config *c, struct str *err);
void accept_proxy_fini(struct accept_proxy_config *c);

// True if anybody who can reach LOCAL, which is listened on, could claim to be somebody else.
bool accept_proxy_is_open(const struct accept_proxy_config *c, const struct sockaddr_any *local);

#endif

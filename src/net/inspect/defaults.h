// SPDX-License-Identifier: ISC
// Fresh sockets of each kind, to see what the kernel gives a socket that nobody has touched.
#ifndef SOCKCTL_NET_INSPECT_DEFAULTS_H
#define SOCKCTL_NET_INSPECT_DEFAULTS_H

#include "sys/sockopt/sockopt_value.h"

struct defaults_kind {
	const char *name; // "tcp", "listen"
	unsigned sockopts; // the options that it knows: SOCKOPT_TCP ...
	int type; // SOCK_*
	bool unix_domain;
	bool listening;
};

extern const struct defaults_kind defaults_kinds[]; // ends with a NULL name

const struct defaults_kind *defaults_kind_find(const char *name); // NULL if there is none

// A socket of IPv4, or of the Unix domain, and for the options of IPv6 one of IPv6.
struct defaults {
	int fd; // or the negative errno with which it could not be made
	int fd6;
};

// Returns 0, or the negative errno for which there is not even the first socket.
int defaults_open(struct defaults *f, const struct defaults_kind *kind);
void defaults_close(struct defaults *f);

// Reads the option from the socket that it is for. Returns as sockopt_read() does.
int defaults_read(const struct defaults *f, const struct sockopt *o, struct sockopt_value *v);

#endif

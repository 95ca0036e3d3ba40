// SPDX-License-Identifier: ISC
// The names of many ports, for which one look-up each would be too slow: all services are read
// once.
#ifndef SOCKCTL_NET_NAMES_PORT_NAMES_H
#define SOCKCTL_NET_NAMES_PORT_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Zeroed means that none is known.
struct port_names {
	struct port_entry *items; // by protocol and port
	size_t count;
};

void port_names_load(struct port_names *names);
void port_names_fini(struct port_names *names);

// The service of the port over TCP or UDP, or NULL.
const char *port_name(const struct port_names *names, bool udp, uint16_t port);

#endif

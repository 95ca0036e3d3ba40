// SPDX-License-Identifier: ISC
// Ports, sets of them, and the words that name them, such as http and 22,80,8000-8100.
#ifndef SOCKCTL_NET_ADDR_PORTS_H
#define SOCKCTL_NET_ADDR_PORTS_H

#include "base/str.h"
#include "base/strlist.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// True if the word is a port number from MIN to 65535: digits and nothing else.
bool is_port_number(const char *word, unsigned min);

// Checks a port: a number in range, or a word that may name a service. The range starts at MIN.
// Returns 0, or -EINVAL with the reason in ERR.
int check_port(const char *word, unsigned min, struct str *err);

struct port_range {
	uint16_t low, high;
};

struct ports {
	struct port_range *ranges; // ascending, with ports between them that are not in the set
	size_t range_count;
	size_t count; // of the ports in them
	struct strlist services; // names that somebody has yet to look up
	char *text; // that holds them
};

// Reads a list of numbers from 1 to 65535, ranges and names of services. P need not be
// initialized. Returns 0, or -EINVAL with the reason in ERR. ports_fini() frees what is in it, also
// after an error.
int ports_parse(struct ports *p, const char *list, struct str *err);
void ports_fini(struct ports *p);

void ports_add(struct ports *p, uint16_t low, uint16_t high);
bool ports_has(const struct ports *p, unsigned port);

// The lowest port of them from PORT on, or PORTS_END.
#define PORTS_END (UINT16_MAX + 1)
unsigned ports_next(const struct ports *p, unsigned port);

// Adds "22,80,8000-8100": at most LIMIT numbers and ranges, then "..." for the rest.
void str_add_ports(struct str *s, const struct ports *p, size_t limit);

#endif

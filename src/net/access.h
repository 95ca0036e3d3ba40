// SPDX-License-Identifier: ISC
// Who may connect: lists of addresses and ranges, and how many connections each address has.
#ifndef SOCKCTL_NET_ACCESS_H
#define SOCKCTL_NET_ACCESS_H

#include "base/sockaddr.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

struct ip_range;

// Zeroed means that everybody may connect.
struct access {
	struct ip_range *allowed, *denied;
	size_t allowed_count, denied_count;
};

// WORD is ADDRESS or ADDRESS/LENGTH, a link-local ADDRESS with %INTERFACE or without; a range of
// mapped addresses (::ffff:192.0.2.0/120) is the range of IPv4. Return 0, or -EINVAL with the
// reason in ERR.
int access_allow(struct access *a, const char *word, struct str *err);
int access_deny(struct access *a, const char *word, struct str *err);

// Returns NULL if PEER may connect, or why not. What is denied stays denied; where something is
// allowed, all else is not, and neither is a peer without an IP address.
const char *access_refusal(const struct access *a, const struct sockaddr_any *peer);

void access_fini(struct access *a);

// Connections by address, whatever the port. One who has an IPv6 network has all of its addresses,
// so that these are counted by /64, but for link-local ones. Zeroed means none.
struct tally {
	void *tree; // of tsearch(3)
};

// How many connections the address of PEER has. A peer without an IP address counts as one with.
uint64_t tally_count(const struct tally *t, const struct sockaddr_any *peer);
void tally_add(struct tally *t, const struct sockaddr_any *peer);
void tally_remove(struct tally *t, const struct sockaddr_any *peer);
void tally_fini(struct tally *t);

#endif

// SPDX-License-Identifier: ISC
// The policy table of RFC 6724 section 2.1 as the C library has it, with what gai.conf(5) changes.
#ifndef SOCKCTL_NET_NAMES_GAI_POLICY_H
#define SOCKCTL_NET_NAMES_GAI_POLICY_H

#include "net/addr/ip.h"

struct gai_policy_entry {
	struct ip_prefix prefix;
	int value;
};

struct gai_policy_list {
	struct gai_policy_entry *items;
	size_t count;
	int fallback; // the value of what no prefix has
};

struct gai_policy {
	struct gai_policy_list labels, precedences;
	struct gai_policy_list scopes; // of IPv4
};

// Reads PATH, /etc/gai.conf; what it does not say keeps the value that it has without such a file.
void gai_policy_init(struct gai_policy *p, const char *path);
void gai_policy_fini(struct gai_policy *p);

// The value of the longest prefix that has the address, which is an IPv6 one; IPv4 is mapped.
int gai_policy_value(const struct gai_policy_list *l, const struct ip *ip);

#endif

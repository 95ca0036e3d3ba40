// SPDX-License-Identifier: ISC
// Which of the live sockets somebody wants to see.
#ifndef SOCKCTL_NET_INSPECT_DIAG_FILTER_H
#define SOCKCTL_NET_INSPECT_DIAG_FILTER_H

#include "base/str.h"
#include "net/inspect/diag.h"
#include "net/addr/ip.h"

struct port_range {
	uint16_t low, high;
};

// What is empty lets everything pass.
struct diag_filter {
	uint32_t states; // bits, for the query; 0: all
	struct port_range *ports; // of either end
	size_t port_count;
	struct ip_range *addresses; // of either end
	size_t address_count;
	char **paths; // of a Unix socket
	size_t path_count;
};

void diag_filter_fini(struct diag_filter *f);

// Add what one word allows. Return 0, or -EINVAL with the reason in ERR.
int diag_filter_add_states(struct diag_filter *f, const char *word, struct str *err); // a,b
const char *diag_filter_state_word(size_t i); // one after the other; NULL at the end
int diag_filter_add_ports(
	struct diag_filter *f, const char *word, struct str *err); // 80, 1-99, http
int diag_filter_add_address(
	struct diag_filter *f, const char *word, struct str *err); // or /PATH, @NAME

bool diag_filter_passes(const struct diag_filter *f, const struct diag_socket *s);

// The name of a state: that of RFC 9293 for TCP, fewer for the others.
const char *diag_state_name(const struct diag_socket *s);

#endif

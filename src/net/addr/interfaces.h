// SPDX-License-Identifier: ISC
// The network interfaces of this machine, for messages about one that it does not have.
#ifndef SOCKCTL_NET_ADDR_INTERFACES_H
#define SOCKCTL_NET_ADDR_INTERFACES_H

#include "base/str.h"

// Adds "; this machine has lo, eth0": at most eight names, and how many more there are. In a
// sandbox, which lets nobody ask, these are the ones that check_interface_name() found.
void str_add_interfaces(struct str *s);

// Whether NAME, of --interface, may be the name of an interface, which need not be there yet.
// Returns 0, or -EINVAL with the reason in ERR.
int check_interface_name(const char *name, struct str *err);

// Adds that WORD, an address or a group, has an interface that does not exist, and those that do.
// Returns -EINVAL, for "return bad_interface(...)".
int bad_interface(struct str *err, const char *word);

#endif

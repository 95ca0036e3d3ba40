// SPDX-License-Identifier: ISC
// The lines of /etc/hosts that gethostent(3) does not tell: those with IPv6 addresses.
#ifndef SOCKCTL_NET_NAMES_HOSTS_FILE_H
#define SOCKCTL_NET_NAMES_HOSTS_FILE_H

#include "net/names/database.h"

#define HOSTS_FILE "/etc/hosts"

// Calls back for each such line of the file (hosts(5)), in their order. Addresses of the form
// ::ffff:192.0.2.1 are left to gethostent(), which makes IPv4 ones of them. Returns how many there
// were, none without the file, or a negative errno if it could not be read to its end.
int hosts_file_list(const char *path, host_fn *fn, void *arg);

#endif

// SPDX-License-Identifier: ISC
// Which targets are reached without a proxy, as the variable NO_PROXY has them.
#ifndef SOCKCTL_PROXY_BYPASS_H
#define SOCKCTL_PROXY_BYPASS_H

#include <stdbool.h>
#include <stdint.h>

// True if LIST, whose entries are separated by commas and blanks, names the target. An entry is
// "*", a name ("example.org" and ".example.org" mean that host and all below it), an address, or a
// range of addresses (192.0.2.0/24, 2001:db8::/32; in brackets where a port follows), each with
// ":PORT" if it is meant for one port only. Names are compared as they are written and never looked
// up; what is no entry means nothing.
bool bypass_has(const char *list, const char *host, uint16_t port);

#endif

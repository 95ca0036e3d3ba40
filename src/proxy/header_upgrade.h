// SPDX-License-Identifier: ISC
// The PROXY header as a step on a connection: sent before anything else on one that was dialled,
// and taken before anything else from one that was accepted.
#ifndef SOCKCTL_PROXY_HEADER_UPGRADE_H
#define SOCKCTL_PROXY_HEADER_UPGRADE_H

#include "net/upgrade.h"
#include "proxy/header.h"

// ARG is a const struct proxy_header: what to announce. For an address that it does not have,
// unless it is local, that of the connection itself is announced.
extern const struct upgrade_kind proxy_header_send;

// ARG is a zeroed struct proxy_header, which becomes what the peer has announced.
extern const struct upgrade_kind proxy_header_accept;

#endif

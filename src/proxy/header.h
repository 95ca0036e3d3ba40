// SPDX-License-Identifier: ISC
// The header of the PROXY protocol: by it a proxy tells the next server whose connection it passes
// on (haproxy's proxy-protocol.txt). Built from its parts, and read from bytes that come in pieces;
// neither touches a socket.
#ifndef SOCKCTL_PROXY_HEADER_H
#define SOCKCTL_PROXY_HEADER_H

#include "base/sockaddr.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

#define PROXY_V1_MAX 107 // bytes of a header of version 1, its CRLF included (section 2.1)
#define PROXY_V2_HEAD 16 // bytes before the addresses in version 2 (section 2.2)
#define PROXY_V2_MAX_LENGTH 4096 // of what follows them; the protocol would allow 65535

// Zeroed means empty. Two addresses, or none: then those of the connection itself hold.
struct proxy_header {
	int version; // 1 or 2
	bool is_local; // the sender speaks for itself (LOCAL): a health check, for example
	bool has_crc; // version 2: a checksum is in it; a wrong one is never accepted
	int type; // SOCK_STREAM or SOCK_DGRAM, with addresses
	struct sockaddr_any source, destination; // len 0: not told
	struct str tlvs; // version 2: the extensions, for tlv_next(); when built without a checksum
	struct str wire; // the bytes themselves, as far as they were read
};

void proxy_header_fini(struct proxy_header *h);

// Adds the header's bytes to OUT. Returns 0, or -EINVAL with the reason in ERR where the version
// cannot say it: version 1 knows TCP over IPv4 or IPv6, no extension and no checksum; addresses are
// of one family and have ports; all of it fits PROXY_V2_MAX_LENGTH.
int proxy_header_build(const struct proxy_header *h, struct str *out, struct str *err);

// Reads on in a header that was zeroed before the first call: takes those of LEN bytes that belong
// to it, never one behind its end, and says in *TAKEN how many. So a caller may look at bytes with
// MSG_PEEK, and then receive as many as were taken. Returns 1 when the header is complete, 0 if
// more of it is to come, or -EPROTO with the reason in ERR, escaped for a terminal. What is no
// header is refused at its first wrong byte.
int proxy_header_read(
	struct proxy_header *h, const void *data, size_t len, size_t *taken, struct str *err);

#endif

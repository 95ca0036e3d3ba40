// SPDX-License-Identifier: ISC
// The extensions of a PROXY header: type, length and value, one after the other (haproxy's
// proxy-protocol.txt, section 2.2).
#ifndef SOCKCTL_PROXY_TLV_H
#define SOCKCTL_PROXY_TLV_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tlv_type {
	TLV_ALPN = 0x01,
	TLV_AUTHORITY = 0x02,
	TLV_CRC32C = 0x03,
	TLV_NOOP = 0x04,
	TLV_UNIQUE_ID = 0x05,
	TLV_SSL = 0x20,
	TLV_NETNS = 0x30,
};

#define TLV_HEAD 3 // bytes before the value
#define TLV_MAX_UNIQUE_ID 128

struct tlv {
	uint8_t type;
	const unsigned char *value; // borrowed
	size_t len; // bytes of the value
};

// Gives the extension at *AT of LEN bytes and moves *AT behind it. Returns 1, 0 at the end, or
// -EPROTO if what is there is cut short.
int tlv_next(const void *data, size_t len, size_t *at, struct tlv *t);

// Adds one; LEN is at most 65535.
void tlv_add(struct str *s, uint8_t type, const void *value, size_t len);

// The specification's name of a type in lower case ("alpn", "unique_id"), or NULL.
const char *tlv_name(uint8_t type);

// The type that WORD means: a name, or a number (5, 0xe0). Returns 0, or -EINVAL with the reason in
// ERR.
int tlv_parse_type(const char *word, uint8_t *type, struct str *err);

#endif

// SPDX-License-Identifier: ISC
// The structures of socket addresses, field by field.
#ifndef SOCKCTL_NET_ADDR_LAYOUT_H
#define SOCKCTL_NET_ADDR_LAYOUT_H

#include "base/sockaddr.h"

struct layout_field {
	const char *type; // of the structure: "sockaddr_in"
	const char *name;
	size_t offset, size; // bytes
	const void *bytes; // what is there; LEN of them are in use
	size_t len;
	const char *value; // what it means, or NULL
};

// The field is valid during the callback only.
typedef void layout_fn(void *arg, const struct layout_field *field);

// Calls back for the fields of struct sockaddr, then for those of the structure of the family.
void sockaddr_layout(const struct sockaddr_any *a, layout_fn *fn, void *arg);

#endif

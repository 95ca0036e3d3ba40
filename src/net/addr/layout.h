// SPDX-License-Identifier: ISC
// The structures of socket addresses, as a whole and field by field.
#ifndef SOCKCTL_NET_ADDR_LAYOUT_H
#define SOCKCTL_NET_ADDR_LAYOUT_H

#include "base/sockaddr.h"

struct layout_field {
	const char *type; // of the structure: "sockaddr_in"
	const char *header; // that declares it, for the structure as a whole; NULL for its fields
	const char *name; // of the field, "sin_addr.s_addr"; NULL for the structure as a whole
	const char *c_type; // of the field; NULL for the structure and for bytes that no field has
	size_t offset, size; // bytes
	const void *bytes; // what is there; LEN of them are in use
	size_t len;
	const char *value; // what it means, or NULL
};

// The field is valid during the callback only.
typedef void layout_fn(void *arg, const struct layout_field *field);

// Calls back for struct sockaddr and its fields, then for the structure of the family and for
// struct sockaddr_storage, which is large enough for any.
void sockaddr_layout(const struct sockaddr_any *a, layout_fn *fn, void *arg);

#endif

// SPDX-License-Identifier: ISC
// The measurements of a TCP connection (TCP_INFO; struct tcp_info of linux/tcp.h) field by field.
#ifndef SOCKCTL_SYS_TCP_INFO_H
#define SOCKCTL_SYS_TCP_INFO_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tcp_info_field {
	char name[16]; // that of the member without tcpi_
	unsigned short offset, size; // bytes
	char unit[4]; // "us", "ms" or ""
};

extern const struct tcp_info_field tcp_info_fields[]; // ends with an empty name

// Returns false if the LEN bytes that the kernel gave end before the field: older kernels know
// fewer.
bool tcp_info_get(const struct tcp_info_field *f, const void *info, size_t len, uint64_t *value);

// Whether the value of the field says that there is no limit.
bool tcp_info_is_unlimited(const struct tcp_info_field *f, uint64_t value);

// What the field holds: its name, or "queue" and "backlog" (connections that wait to be accepted,
// and how many may) where unacked and sacked of a listening socket are. INFO has at least these.
const char *tcp_info_name(const struct tcp_info_field *f, const void *info);

// Adds "state=ESTABLISHED rtt=23us ..."; fields that are 0 are left out.
void str_add_tcp_info(struct str *s, const void *info, size_t len);

#endif

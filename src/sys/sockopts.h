// SPDX-License-Identifier: ISC
// The socket options of this system: one table for --set, --get, the options command and the trace.
#ifndef SOCKCTL_SYS_SOCKOPTS_H
#define SOCKCTL_SYS_SOCKOPTS_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

enum sockopt_type {
	SOCKOPT_BOOL, // int, 0 or 1
	SOCKOPT_INT,
	SOCKOPT_LINGER, // struct linger
	SOCKOPT_TIMEVAL, // struct timeval
	SOCKOPT_STRING, // char[], such as the name of a device
	SOCKOPT_ERRNO, // int that is an errno
	SOCKOPT_SOCKTYPE, // int that is a SOCK_*
	SOCKOPT_FAMILY, // int that is an AF_*
	SOCKOPT_BYTES, // a structure that is shown as hex
};

struct sockopt {
	const char *name; // as the header files spell it
	int level;
	int option;
	enum sockopt_type type;
	bool read_only;
};

extern const struct sockopt sockopt_table[];
extern const size_t sockopt_count;

const struct sockopt *sockopt_by_name(const char *name); // case does not count; NULL if unknown
const struct sockopt *sockopt_by_number(int level, int option);
const char *sockopt_level_name(int level);

// Adds the value as --set takes it: "1", "off", "5", "500ms", "eth0". O may be NULL: hex then.
void str_add_sockopt_value(struct str *s, const struct sockopt *o, const void *value, size_t len);

#endif

// SPDX-License-Identifier: ISC
// Socket options as a command line gives them: lists of NAME[=VALUE] to set and of NAMEs to get.
#ifndef SOCKCTL_NET_SOCKOPT_H
#define SOCKCTL_NET_SOCKOPT_H

#include "base/str.h"
#include "sys/sockopt/sockopt_value.h"

struct sockopt_setting {
	const struct sockopt *option;
	struct sockopt_value value;
};

// Zeroed means empty.
struct sockopt_settings {
	struct sockopt_setting *items;
	size_t count;
	const struct sockopt_setting *failed; // what the kernel refused last
};

void sockopt_settings_fini(struct sockopt_settings *l);

// Adds how a value of the option is written: "a size such as 4096, 64k or 1M".
void str_add_sockopt_form(struct str *s, const struct sockopt *o);

// Looks NAME up. Returns 0, or -ENOENT with "no socket option 'X'; did you mean 'Y'?" in ERR.
int sockopt_find(const char *name, const struct sockopt **option, struct str *err);

// The same for an option whose value is asked for; -EINVAL if it can only be set.
int sockopt_find_readable(const char *name, const struct sockopt **option, struct str *err);

// Adds what "NAME=VALUE" says; "NAME" alone turns on an option that is on or off. Returns 0, or
// with the reason in ERR -ENOENT for an unknown option and -EINVAL for a bad word.
int sockopt_settings_add(struct sockopt_settings *l, const char *word, struct str *err);

// Set on FD, in the order of the list, the options that take effect before bind and connect, and
// those that need a connection. Return 0 or a negative errno with the one refused in l->failed.
int sockopt_settings_prepare(struct sockopt_settings *l, int fd);
int sockopt_settings_complete(struct sockopt_settings *l, int fd);

// True if the list sets that option.
bool sockopt_settings_has(const struct sockopt_settings *l, int level, int option);

// Reads the option. Returns 0 or a negative errno; -EMSGSIZE when SOCKOPT_VALUE_MAX may have cut
// the value.
int sockopt_read(int fd, const struct sockopt *o, struct sockopt_value *v);

#endif

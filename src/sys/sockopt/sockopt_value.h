// SPDX-License-Identifier: ISC
// The values of socket options as words and in memory: "500ms" and struct timeval.
#ifndef SOCKCTL_SYS_SOCKOPT_SOCKOPT_VALUE_H
#define SOCKCTL_SYS_SOCKOPT_SOCKOPT_VALUE_H

#include "base/str.h"
#include "sys/sockopt/sockopts.h"

#include <sys/socket.h>

#define SOCKOPT_VALUE_MAX 1024 // bytes; no structure of a socket option is longer

struct sockopt_value {
	_Alignas(8) unsigned char data[SOCKOPT_VALUE_MAX];
	socklen_t len; // bytes used
	void *program; // what a struct sock_fprog in data points to; owned
};

void sockopt_value_fini(struct sockopt_value *v);

// Reads WORD as a value of O. Returns 0, -EINVAL for a word of another form, -ERANGE for a number
// that does not fit, -ENODEV for an interface that is not there, -E2BIG for bytes too many.
int sockopt_value_parse(struct sockopt_value *v, const struct sockopt *o, const char *word);

// How such a word looks: "a size such as 4096, 64k or 1M". NULL if no word stands for a value.
const char *sockopt_value_form(const struct sockopt *o);

// The range of the numbers in such a word: "0 to 65535". NULL if there are none.
const char *sockopt_value_range(const struct sockopt *o);

// What the table calls the type: "size", "time", "address".
const char *sockopt_type_name(const struct sockopt *o);

// How C declares what setsockopt(2) takes: "int", "struct linger", "char[]".
const char *sockopt_c_type(const struct sockopt *o);

// The members of that structure that a program sets: "int l_onoff; int l_linger". NULL if it is no
// structure, or one with too many.
const char *sockopt_c_members(const struct sockopt *o);

// Adds the value as it is read by sockopt_value_parse(): "1", "off", "500ms", "eth0". O may be
// NULL: hex then. VALUE may be NULL; LEN bytes may be too few for the type: hex then.
void str_add_sockopt_value(struct str *s, const struct sockopt *o, const void *value, size_t len);

#endif

// SPDX-License-Identifier: ISC
// The flags of send(2) and recv(2) by name.
#ifndef SOCKCTL_OPTS_MSG_FLAGS_H
#define SOCKCTL_OPTS_MSG_FLAGS_H

#include "base/str.h"
#include "base/strlist.h"

// What the flags are for.
enum msg_use {
	MSG_SEND_STREAM = 1,
	MSG_RECV_STREAM = 2,
	MSG_SEND_DATAGRAM = 4,
	MSG_RECV_DATAGRAM = 8,
	MSG_SEND_ANSWER = 16, // datagrams to whoever has sent one
};

// Adds the flags that WORDS name, with MSG_ or without. Returns 0, or -EINVAL with the reason in
// ERR.
int msg_flags_parse(enum msg_use use, const struct strlist *words, int *flags, struct str *err);

// The flags for this use by name, one after the other; NULL at the end.
const char *msg_flag_name(enum msg_use use, size_t i);

#endif

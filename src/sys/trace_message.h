// SPDX-License-Identifier: ISC
// Messages of sendmsg(2), recvmmsg(2) and their like, as text.
#ifndef SOCKCTL_SYS_TRACE_MESSAGE_H
#define SOCKCTL_SYS_TRACE_MESSAGE_H

#include "base/str.h"

#include <stdbool.h>
#include <sys/socket.h>

// {ADDRESS, "BYTES", LENGTH, [CONTROL], FLAGS}
void trace_add_message(struct str *s, const struct msghdr *m, size_t len);

// The first few; those that were not sent have their length from the call.
void trace_add_messages(struct str *s, const struct mmsghdr *messages, size_t count, bool sent);

// How many bytes its pieces hold.
size_t trace_message_size(const struct msghdr *m);

// The length of the segments that it was sent in (UDP_SEGMENT) or came in (UDP_GRO), or LEN where
// it is one.
size_t trace_message_segment(const struct msghdr *m, size_t len);

#endif

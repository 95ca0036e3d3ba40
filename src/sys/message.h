// SPDX-License-Identifier: ISC
// The calls that move datagrams with control data, one or many at a time: traced wrappers as in
// sys/socket.h.
#ifndef SOCKCTL_SYS_MESSAGE_H
#define SOCKCTL_SYS_MESSAGE_H

#include <sys/socket.h>
#include <sys/types.h>

ssize_t sys_sendmsg(int fd, const struct msghdr *message, int flags);

// Both return how many messages went; msg_len of each is set. Descriptors that come with a message
// are closed before sys_recvmmsg() returns; their numbers in its control data say nothing any more.
int sys_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);
int sys_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);

#endif

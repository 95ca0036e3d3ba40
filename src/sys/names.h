// SPDX-License-Identifier: ISC
// The constants of the sockets API by name: one table for parsing options, for the trace and for
// the words of completion.
#ifndef SOCKCTL_SYS_NAMES_H
#define SOCKCTL_SYS_NAMES_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct name_value {
	char name[32]; // as the header files spell it; "" ends a table
	long value;
};

extern const struct name_value names_family[]; // AF_*
extern const struct name_value names_type[]; // SOCK_*
extern const struct name_value names_type_flag[]; // SOCK_CLOEXEC, SOCK_NONBLOCK
extern const struct name_value names_protocol[]; // IPPROTO_*
extern const struct name_value names_msg[]; // MSG_*
extern const struct name_value names_shut[]; // SHUT_*
extern const struct name_value names_ai[]; // AI_*
extern const struct name_value names_ni[]; // NI_*
extern const struct name_value names_eai[]; // EAI_*
extern const struct name_value names_herr[]; // HOST_NOT_FOUND ... (h_errno)
extern const struct name_value names_open[]; // O_*
extern const struct name_value names_splice[]; // SPLICE_F_*
extern const struct name_value names_fcntl[]; // F_*
extern const struct name_value names_fd[]; // FD_CLOEXEC
extern const struct name_value names_poll[]; // POLL*
extern const struct name_value names_seek[]; // SEEK_*
extern const struct name_value names_signal[]; // SIG*
extern const struct name_value names_ioctl[]; // FIONREAD, SIOCOUTQ ...
extern const struct name_value names_tcp_state[]; // states of RFC 9293 by the kernel's numbers
extern const struct name_value names_pmtudisc[]; // IP_PMTUDISC_*
extern const struct name_value names_ipv6_pmtudisc[]; // IPV6_PMTUDISC_*
extern const struct name_value names_ipv6_prefer[]; // IPV6_PREFER_SRC_*
extern const struct name_value names_buf_lock[]; // SOCK_SNDBUF_LOCK, SOCK_RCVBUF_LOCK
extern const struct name_value names_timestamping[]; // SOF_TIMESTAMPING_*

// The name of VALUE, or NULL.
const char *name_of(const struct name_value *table, long value);

// Sets *value and returns true if the table has NAME; case does not count.
bool name_find(const struct name_value *table, const char *name, long *value);

// Adds "A|B|0x40", or "0" when nothing is set.
void str_add_flags(struct str *s, const struct name_value *table, long flags);

// Adds the name of VALUE, or the number.
void str_add_name(struct str *s, const struct name_value *table, long value);

#endif

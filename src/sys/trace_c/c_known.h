// SPDX-License-Identifier: ISC
// What a trace in C knows of the calls before: which descriptors and addresses have a variable, and
// where what was received lies.
#ifndef SOCKCTL_SYS_TRACE_C_C_KNOWN_H
#define SOCKCTL_SYS_TRACE_C_C_KNOWN_H

#include "base/sockaddr.h"

#include <stdbool.h>
#include <stddef.h>

#define C_BUF_SIZE ((size_t)1 << 20) // bytes of buf in the program

enum c_kind {
	C_KIND_UNKNOWN,
	C_KIND_STREAM, // a socket with bytes
	C_KIND_DATAGRAM, // a socket with messages
	C_KIND_NETLINK, // a socket to the kernel
	C_KIND_PIPE,
	C_KIND_OTHER, // a file, a terminal
};

struct c_fd {
	bool has_variable;
	bool is_connecting; // connect() has returned EINPROGRESS
	bool is_opaque; // TLS
	bool is_chosen; // bound to what the kernel chose
	bool is_shared; // another thread uses what the first has opened
	enum c_kind kind;
	bool has_name; // the variable of its own address is declared
	unsigned peers; // and so many of those of others
};

// Forgets everything, for a new program.
void c_forget(void);

// What follows is about this thread, 0 for the first. Another one knows what the first has opened
// until its first call.
void c_known_thread(unsigned number);

// The descriptor FD, which is not negative.
struct c_fd *c_fd(int fd);

// What the kernel says it is; only while it is open.
enum c_kind c_fd_kind(int fd);

// It was closed: its number stands for nothing until it is opened again.
void c_fd_closed(int fd);

// The variable name9 has the address that getsockname(2) returned for descriptor 9, which counts
// only where the kernel has chosen it; peer9, peer9_2, ... those of others (PEER 0, 1, ...), -1
// stands for name9.
void c_address_returned(int fd, int peer, const struct sockaddr_any *a);

// Adds the variable that has the address, or the port of it, and returns true if there is one. SELF
// becomes true where the address is one of our own.
bool c_add_address_variable(struct str *s, const struct sockaddr_any *a, bool *self);
bool c_add_port_variable(struct str *s, const struct sockaddr_any *a);
void c_add_address_name(struct str *s, int fd, int peer); // name9, peer9_2

// Whether the address was given, and not learnt; giving it makes it so.
bool c_address_is_given(const struct sockaddr_any *a);
void c_address_given(const struct sockaddr_any *a);

// LEN bytes have come to DATA, and the program has them at AT in its buf. What came before is gone
// unless ADD is true. Those that the program does not have are noted with c_forget_received().
void c_received(const void *data, size_t len, size_t at, bool add);
void c_forget_received(void);

// Where in buf these bytes are, or -1.
ssize_t c_find_received(const void *data, size_t len);

#endif

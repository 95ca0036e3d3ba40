// SPDX-License-Identifier: ISC
// What stands before main() in a trace in C: headers, and the variables and functions that its
// statements need.
#ifndef SOCKCTL_SYS_TRACE_C_C_PARTS_H
#define SOCKCTL_SYS_TRACE_C_C_PARTS_H

#include "base/str.h"

#include <stdbool.h>

// What stands before main() if a statement needs it.
enum c_need {
	C_FAIL = 1 << 0, // fail(call): perror() and exit
	C_AWAIT = 1 << 1, // await(fd, events): poll() without a limit
	C_AWAIT_CONNECTED = 1 << 17, // await_connected(fd): the same for connect(), and its error
	C_SEND_ALL = 1 << 2, // send_all(fd, data, length, flags)
	C_RECV_ALL = 1 << 3, // recv_all(fd, data, length, flags)
	C_FAIL_LOOKUP = 1 << 4, // fail_lookup(call): prints what code means, and exits
	C_HANDLER = 1 << 5, // handler(number), of signals
	C_NAME = 1 << 6, // struct name: an address and its length
	C_BUF = 1 << 7, // buf: what is received
	C_VALUE = 1 << 8, // value: an option that is no int
	C_NUMBER = 1 << 9, // number: an option that is one
	C_CODE = 1 << 10, // code: what a look-up returns
	C_LIST = 1 << 11, // list: the addresses of a look-up
	C_HOST = 1 << 12, // host: what getnameinfo() writes
	C_SERVICE = 1 << 13, // service: the same
	C_PAIR = 1 << 14, // pair: two descriptors
	C_FDS = 1 << 15, // fds: for select()
	C_SET = 1 << 16, // set: signals
	C_RESULTS = 1 << 18, // results: where the results of look-ups go
	C_SHOW_ADDRESSES = 1 << 19, // show_addresses(list), and so on: what look-ups find
	C_SHOW_HOST = 1 << 20,
	C_SHOW_NETWORK = 1 << 21,
	C_SHOW_PROTOCOL = 1 << 22,
	C_SHOW_SERVICE = 1 << 23,
};

void c_add_headers(struct str *s);

// Adds what is needed, and what that needs. With MAY_BE_UNUSED statements may come that use none of
// it; with HAS_THREADS each thread has variables of its own.
void c_add_parts(struct str *s, unsigned needs, bool may_be_unused, bool has_threads);

#endif

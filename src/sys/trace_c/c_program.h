// SPDX-License-Identifier: ISC
// The program that a trace in C becomes: its statements, what they need before main(), and what
// other processes add to it.
#ifndef SOCKCTL_SYS_TRACE_C_C_PROGRAM_H
#define SOCKCTL_SYS_TRACE_C_C_PROGRAM_H

#include "base/str.h"

#include <stdint.h>

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

// Takes a line of the program, with its newline.
typedef void c_write_fn(void *arg, const char *line, size_t len);

// Begins a program; WRITE gets it line by line, at the end or once it has become too large to be
// kept.
void c_program_begin(c_write_fn *write, void *arg);
void c_program_end(void);

// Adds lines, which are indented here, and says what they need.
void c_program_add(const struct str *lines, unsigned needs);

// The port that the program takes as its argument, in host order: NUMBER unless there is one
// already. Returns whether it is this one.
bool c_program_port(uint16_t number);

// The same for a port that the kernel chooses for descriptor FD: the first where it is bound, the
// second once it is known. It is given up when the program itself connects to it, for then any will
// do.
void c_add_chosen_port(struct str *s, int fd);
void c_program_chosen_port(int fd, uint16_t number);
void c_program_give_up_port(uint16_t number);

// Around fork(2): what the new process adds goes to its parent, which puts it where it belongs.
void c_program_before_fork(void);
void c_program_in_child(void);

// In the parent: adds OPENING, the statements of the child up to that which made it another
// program, and the end of the block.
void c_program_add_child(const struct str *opening);

#endif

// SPDX-License-Identifier: ISC
// What a descriptor is, and how to get one of our own for what we share with others.
#ifndef SOCKCTL_IO_FD_H
#define SOCKCTL_IO_FD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum fd_kind {
	FD_NONE, // no descriptor
	FD_FILE, // regular
	FD_PIPE, // or FIFO
	FD_SOCKET,
	FD_TERMINAL,
	FD_OTHER, // devices and whatever else
	FD_BAD, // not open
};

// In as little memory as it takes: every channel has two.
struct fd_info {
	enum fd_kind kind : 8;
	bool readable, writable; // as it was opened
	bool append;
	bool is_tcp; // a stream socket of the Internet families
	unsigned short socket_type; // SOCK_STREAM ...; 0 for what is no socket
};

// Returns 0 or a negative errno; then the kind is FD_BAD.
int fd_inspect(int fd, struct fd_info *info);

// The same for what is known to be an open socket.
void fd_inspect_socket(int fd, struct fd_info *info);

// The same for a socket that was made here, without asking the kernel.
struct fd_info fd_info_of_socket(int family, int type);

// Where a regular file is read next, and how many bytes there are from there on; zeroed for what is
// none.
struct fd_place {
	off_t position;
	uint64_t left;
};
struct fd_place fd_place(int fd);

// True if what EVENTS (those of poll(2)) stand for is possible without waiting, or never will be.
bool fd_is_ready(int fd, short events);

// Bytes of an input that wait to be read, or a negative errno.
int fd_waiting(int fd);

// Opens the pipe or terminal behind FD anew as MODE (O_RDONLY, O_WRONLY, or for a terminal O_RDWR),
// non-blocking, so that the mode of the shared description stays as it is. Returns the new
// descriptor, or a negative errno where that cannot be done: -EOPNOTSUPP for kinds that have no
// name to open.
int fd_reopen(int fd, const struct fd_info *info, int mode);

// Allows this process as many descriptors as the system does (the hard limit of RLIMIT_NOFILE), and
// returns how many that are.
int fd_raise_limit(void);

// Whether COUNT more descriptors can be had now, FD_MOST_HEADROOM at most. Returns 0 or a negative
// errno.
#define FD_MOST_HEADROOM 16
int fd_check_headroom(unsigned count);

// Open a file to be read, or to be written from its beginning and made if there is none; what is in
// it stays until it is emptied. Return the descriptor or a negative errno.
int fd_open_input(const char *path);
int fd_open_output(const char *path);

// The same to be written after what is in it.
int fd_open_append(const char *path);

// Puts the regular file that PATH names now, made if there is none, in the place of the one that FD
// stands for; writing goes on after what is in it. Never waits. Returns 0 or a negative errno,
// -EEXIST for what is there and no regular file; then FD is as before.
int fd_rotate(int fd, const char *path);

// What is written next is at the beginning. Returns 0, also where there is nothing that could be
// emptied, or a negative errno.
int fd_empty(int fd);

// Returns 0, or a negative errno: what a write that was put off met, such as a full disk.
int fd_close(int fd);

// Another descriptor for the same description, closed when a program is started. Returns it or a
// negative errno.
int fd_duplicate(int fd);

// The number that the next descriptor gets, which tells how many are in use.
int fd_lowest_free(void);

// The limit as it was before, for programs that select() with a set of fixed size.
// Async-signal-safe.
void fd_restore_limit(void);

// Lets closing the stream socket FD send a reset, which drops what is still to be sent (SO_LINGER
// 0), or an end of file. Returns 0 or a negative errno.
int fd_close_by_reset(int fd, bool resets);

#endif

// SPDX-License-Identifier: ISC
// Readiness of one descriptor on the event loop.
//
// Three kinds stand behind one interface. A descriptor that is ours is polled by libuv, which makes
// it non-blocking. A descriptor that we share with other programs must keep its mode: it is
// registered in an epoll instance of its own, and that one is polled. What cannot be polled
// (regular files, /dev/null) is always ready, and so is a stream after an error: reading it yields
// what is left and then the error.
#ifndef SOCKCTL_IO_WATCH_H
#define SOCKCTL_IO_WATCH_H

#include <stdbool.h>
#include <uv.h>

enum watch_event {
	WATCH_READ = 1,
	WATCH_WRITE = 2,
	WATCH_ERROR = 4, // an error or hang-up; reported also when nothing is wanted
	WATCH_PEER_END = 8, // the peer of a socket sends no more; whether all was read does not
			    // matter
};

enum watch_flag {
	WATCH_SHARED = 1, // the description belongs to others too: keep its blocking mode
	WATCH_DATAGRAM = 2, // errors do not end it (an ICMP message for one datagram)
	WATCH_OUTPUT = 4, // only written to: a hang-up is an error
	WATCH_PRIORITY = 8, // urgent data is reported, too, once
};

#define WATCH_URGENT 16u // event: urgent data has come, with WATCH_PRIORITY

struct watch;

// EVENTS holds what is wanted and ready, or WATCH_ERROR. The callback may call watch_fini().
typedef void watch_fn(struct watch *w, unsigned events);

struct watch {
	int fd;
	int nested; // epoll instance of a shared descriptor, or -1
	unsigned char flags;
	unsigned char wanted;
	unsigned char
		armed; // what the kernel was asked for; may lag behind while that does no harm
	bool urgent; // urgent data has come: do not ask for it again
	watch_fn *cb;
	void *data; // the owner's
	uv_loop_t *loop;
	struct watch_handle
		*handle; // freed by libuv's close callback, so that the owner need not wait
};

// Watches FD, which stays the caller's; nothing but errors is wanted at first. Returns 0 or a
// negative errno. FD may be a descriptor that cannot be polled.
int watch_init(struct watch *w, uv_loop_t *loop, int fd, unsigned flags, watch_fn *cb, void *data);

// Says which of WATCH_READ, WATCH_WRITE and WATCH_PEER_END are wanted from now on. Costs nothing
// while that does not change.
void watch_want(struct watch *w, unsigned events);

// Turns WATCH_PRIORITY on, again after urgent data was reported.
void watch_want_urgent(struct watch *w);

// W stands elsewhere in memory than before.
void watch_moved(struct watch *w);

// True if waiting for the descriptor makes no sense: it is always ready.
bool watch_is_always_ready(const struct watch *w);

// Ends the watch; call it before closing the descriptor. Does nothing on a zeroed watch.
void watch_fini(struct watch *w);

#endif

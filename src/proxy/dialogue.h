// SPDX-License-Identifier: ISC
// What is said to a proxy until the connection leads to the target. A dialogue touches no socket:
// it is fed with bytes and says which to send.
#ifndef SOCKCTL_PROXY_DIALOGUE_H
#define SOCKCTL_PROXY_DIALOGUE_H

#include "base/sockaddr.h"
#include "base/str.h"
#include "proxy/credentials.h"
#include "proxy/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dialogue_step {
	DIALOGUE_MORE, // send what is to be sent, then read on
	DIALOGUE_DONE, // every byte from here on is the target's
	DIALOGUE_AGAIN, // connect to the proxy once more, and begin anew: it wants credentials
	DIALOGUE_FAILED, // d->failure tells
};

// Where the proxy is to connect to.
struct proxy_target {
	const char *name; // of the host; used where ADDRESS is none: the proxy looks it up
	struct sockaddr_any address; // IPv4 or IPv6
	uint16_t port;
};

struct dialogue;

struct dialogue_ops {
	// As dialogue_read() and dialogue_end().
	enum dialogue_step (*read)(
		struct dialogue *d, const unsigned char *data, size_t len, size_t *taken);
	enum dialogue_step (*end)(struct dialogue *d);
	void (*fini)(struct dialogue *d);
};

struct dialogue {
	const struct dialogue_ops *ops;
	struct str send; // to be sent before anything is read; dialogue_sent() takes off what was
	size_t secret_at, secret_len; // the bytes of it that are credentials
	struct str *notes; // receives a line about each step, for the user; NULL: none is wanted
	struct proxy_failure failure;
};

// N bytes of d->send were sent: they are taken off and overwritten.
void dialogue_sent(struct dialogue *d, size_t n);

// Takes those of LEN bytes that belong to the dialogue, never one of the target's, and says in
// *TAKEN how many. So a caller may look at bytes with MSG_PEEK and receive as many as were taken.
enum dialogue_step dialogue_read(struct dialogue *d, const void *data, size_t len, size_t *taken);

// The proxy has ended the connection, or it broke with ERROR (a negative errno; 0: an end). Returns
// DIALOGUE_FAILED or DIALOGUE_AGAIN.
enum dialogue_step dialogue_end(struct dialogue *d, int error);

// Frees what the dialogue holds, and overwrites credentials.
void dialogue_fini(struct dialogue *d);

// For the dialogues themselves: the target, checked and copied into *TO, whose name is to be freed,
// or the failure that no proxy can be asked for it; the target as HOST:PORT; a credential to be
// sent; a line of notes; a failure, which is returned.
enum dialogue_step dialogue_set_target(
	struct dialogue *d, struct proxy_target *to, const struct proxy_target *target);
void str_add_target(struct str *s, const struct proxy_target *target);
void dialogue_add_secret(struct dialogue *d, const void *data, size_t len);
void dialogue_note(struct dialogue *d, const char *fmt, ...) attr_printf(2, 3);
enum dialogue_step dialogue_fail(struct dialogue *d, enum proxy_fault fault, bool hopeless,
	const char *fmt, ...) attr_printf(4, 5);

#endif

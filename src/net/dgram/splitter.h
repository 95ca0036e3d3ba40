// SPDX-License-Identifier: ISC
// Cuts a stream of bytes into datagrams, however the bytes were split when they were read.
#ifndef SOCKCTL_NET_DGRAM_SPLITTER_H
#define SOCKCTL_NET_DGRAM_SPLITTER_H

#include "base/datagram.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

// Bytes that one read may bring: no more than the cache likes to see again when they are sent.
#define SPLITTER_READ ((size_t)128 << 10)

struct splitter {
	enum framing framing;
	size_t block; // FRAMING_BLOCK: bytes of each datagram but the last
	size_t limit; // the longest datagram that can be sent

	size_t line_max; // the longest line that is kept

	char *buf;
	size_t size;
	size_t start; // of what was not taken yet
	size_t looked; // up to here there is no end of a line
	size_t end;
	bool at_end; // nothing follows

	uint64_t line; // number of the line taken last, from 1
	uint64_t skipped; // bytes so far of what is too long to be kept
	bool in_dump;
	size_t dump_start, dump_len; // bytes decoded so far, in front of start
	struct str error; // what is wrong with the input
};

void splitter_init(struct splitter *s, enum framing framing, size_t block, size_t limit);
void splitter_fini(struct splitter *s);

// Forgets what is buffered, to begin a new input.
void splitter_restart(struct splitter *s);

// Where to read the next bytes to, at most *len; ends the life of all slices.
void *splitter_room(struct splitter *s, size_t *len);

// LEN bytes were read to the room; 0 says that there are no more.
void splitter_add(struct splitter *s, size_t len);

// Takes the next datagram. Returns 1 with a slice that is valid until splitter_room(); 0 if more
// bytes are needed, or if none are left after the end; -EMSGSIZE for a datagram over the limit and
// -EINVAL for text of another form, with the reason in s->error.
int splitter_next(struct splitter *s, struct iovec *slice);

// True once it is certain that the next datagram is over the limit, while its length is not known.
bool splitter_is_skipping(const struct splitter *s);

#endif

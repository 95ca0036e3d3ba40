// SPDX-License-Identifier: ISC
// How datagrams are written to stdout: the counterpart of net/dgram/splitter, which reads what is
// written here.
#ifndef SOCKCTL_OUT_DATAGRAM_TEXT_H
#define SOCKCTL_OUT_DATAGRAM_TEXT_H

#include "base/datagram.h"
#include "base/iovecs.h"
#include "base/str.h"

// What was added and not yet written. The data of datagrams is not copied where it can be written
// as it is.
struct datagram_writer {
	enum framing framing;
	size_t dump_width; // bytes in a line of a dump
	struct iovecs pieces;
	struct str text;
};

// COLUMNS are those of the terminal that is written to, or 0.
void datagram_writer_init(struct datagram_writer *w, enum framing framing, size_t columns);
void datagram_writer_fini(struct datagram_writer *w);

void datagram_writer_add(struct datagram_writer *w, const struct datagram *d);

// For lines that stand for no datagram.
struct str *datagram_writer_text(struct datagram_writer *w);

// All that was added, to be written in one go. Valid, like the data of the datagrams has to be,
// until datagram_writer_clear().
const struct iovecs *datagram_writer_take(struct datagram_writer *w);
void datagram_writer_clear(struct datagram_writer *w);

#endif

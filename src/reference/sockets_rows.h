// SPDX-License-Identifier: ISC
// Live sockets as rows: what the sockets command prints of one snapshot.
#ifndef SOCKCTL_REFERENCE_SOCKETS_ROWS_H
#define SOCKCTL_REFERENCE_SOCKETS_ROWS_H

#include "net/inspect/diag.h"
#include "net/inspect/owner.h"
#include "net/names/port_names.h"
#include "out/rows.h"

// What a snapshot is made of.
struct sockets_view {
	const struct owner_list *owners; // NULL: not asked for
	const struct port_names *ports; // empty for numbers
	bool details;
	struct rows_column columns[10]; // of the rows
};

// Makes ROWS ready for the columns that the view asks for. Their header is everywhere, and also
// where there are no rows: as with ss(8).
void sockets_rows_init(struct rows *rows, bool json, struct sockets_view *view);

void sockets_rows_add(
	struct rows *rows, const struct sockets_view *view, const struct diag_socket *s);

#endif

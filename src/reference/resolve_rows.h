// SPDX-License-Identifier: ISC
// The rows that show the answer to a query.
#ifndef SOCKCTL_REFERENCE_RESOLVE_ROWS_H
#define SOCKCTL_REFERENCE_RESOLVE_ROWS_H

#include "net/names/query.h"
#include "out/rows.h"

struct resolve_rows {
	struct rows rows;
	struct rows_column columns[10];
	bool is_long; // family, type, protocol, and why the addresses have their order
};

// MANY says that answers to more than one word will come, so that rows begin with the word.
void resolve_rows_init(struct resolve_rows *r, bool json, bool many, bool is_long, bool canonical);
void resolve_rows_fini(struct resolve_rows *r);

// Adds the rows of an answer that was found.
void resolve_rows_add(struct resolve_rows *r, const struct query *q);

#endif

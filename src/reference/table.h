// SPDX-License-Identifier: ISC
// Tables on stdout.
#ifndef SOCKCTL_REFERENCE_TABLE_H
#define SOCKCTL_REFERENCE_TABLE_H

#include "app.h"
#include "out/rows.h"

// Lays out rows for stdout: on a terminal they fit it, and columns have a header. Rows that are
// taken in pieces are no table.
void table_lay_out(struct rows *rows, struct str *out);

// Writes the rows to stdout and forgets them. Returns 0, or the status after a message.
int table_print(struct app *app, struct rows *rows);

#endif

// SPDX-License-Identifier: ISC
// Results in rows, on stdout: aligned columns for people, or one JSON object per line with the
// same values. The command that adds them never asks which.
#ifndef SOCKCTL_OUT_ROWS_H
#define SOCKCTL_OUT_ROWS_H

#include "out/colour.h"
#include "out/field.h"

#include <stdbool.h>

struct rows_cell {
	unsigned len; // bytes
	unsigned width; // columns of a terminal; wide characters take two
	enum colour colour;
};

struct rows_column {
	const char *title; // NULL: the table has no header
	const char *text; // a template over the fields of a row, such as "{port}/{protocol}"
};

// The colour of a cell. COLUMN counts from 0.
typedef enum colour rows_colour_fn(size_t column, const char *text);

// What was added and not yet taken.
struct rows {
	const struct rows_column *columns;
	size_t ncolumns;
	size_t count; // of rows
	bool json;
	rows_colour_fn *colour_of; // NULL: none; the owner's, after rows_init()
	size_t width; // columns of the terminal, 0: any; the owner's, after rows_init()
	bool has_header; // a line with the titles comes first; the owner's, after rows_init()
	enum colour header_colour; // the owner's, after rows_init()
	bool unaligned; // for output that is taken in pieces: a tab ends each column
	struct str text; // the cells one after another, or whole lines of JSON
	struct rows_cell *cells;
	size_t ncells, size;
};

// COLUMNS is borrowed and ends with a zeroed one. What has no column is in the JSON only. NULL for
// columns makes records: a line with key and value for each field that is not empty, and an empty
// line between records.
void rows_init(struct rows *r, bool json, const struct rows_column *columns);
void rows_fini(struct rows *r);

// Adds a row: rows_add(&rows, F_STR("name", name), F_UINT("number", number)). Strings are escaped
// and copied.
#define rows_add(r, ...) \
	rows_add_fields(r, (const struct field[]){__VA_ARGS__}, \
		sizeof((const struct field[]){__VA_ARGS__}) / sizeof(struct field))

void rows_add_fields(struct rows *r, const struct field *fields, size_t n);

// Lays out the rows at the end of OUT and forgets them. An empty cell shows as "-", except at the
// end of a line. Columns that do not fit the width of the terminal follow in further lines, and
// what does not fit a line is wrapped there.
void rows_take(struct rows *r, struct str *out);

#endif

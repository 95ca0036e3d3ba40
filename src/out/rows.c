// SPDX-License-Identifier: ISC
#include "out/rows.h"

#include "base/mem.h"
#include "out/fit.h"

#include <stdlib.h>
#include <string.h>

#define GAP 2 // blanks between columns
#define INDENT 4 // of the columns that follow in further lines
#define MIN_LAST 16 // what the last column gets at least, or it has a line of its own

// Where a column stands.
struct place {
	size_t start;
	size_t room; // for its text
	bool begins_line;
};

void rows_init(struct rows *r, bool json, const struct rows_column *columns)
{
	*r = (struct rows){.columns = columns, .json = json, .ncolumns = columns ? 0 : 2};
	while (columns && columns[r->ncolumns].text)
		r->ncolumns++;
}

void rows_fini(struct rows *r)
{
	str_fini(&r->text);
	free(r->cells);
	*r = (struct rows){0};
}

// Makes what was added to the text from START on a cell.
static void end_cell(struct rows *r, size_t start)
{
	size_t len = r->text.len - start;

	if (r->ncells == r->size) {
		r->size = r->size ? 2 * r->size : 64;
		r->cells = xrealloc(r->cells, r->size * sizeof(*r->cells));
	}
	r->cells[r->ncells++] = (struct rows_cell){
		(unsigned)len, (unsigned)fit_width(str_c(&r->text) + start, len), COLOUR_NONE};
}

static void add_cell(struct rows *r, size_t column, const struct field *fields, size_t n)
{
	size_t start = r->text.len;

	str_add_fields(&r->text, r->columns[column].text, fields, n);
	end_cell(r, start);
	if (r->colour_of)
		r->cells[r->ncells - 1].colour = r->colour_of(column, str_c(&r->text) + start);
}

static void add_record(struct rows *r, const struct field *fields, size_t n)
{
	struct str value = {0};

	for (size_t i = 0; r->ncells && i < r->ncolumns; i++)
		end_cell(r, r->text.len);
	for (size_t i = 0; i < n; i++) {
		str_add_field(&value, &fields[i]);
		if (!value.len)
			continue;
		size_t start = r->text.len;
		str_add(&r->text, fields[i].key);
		end_cell(r, start);
		start = r->text.len;
		str_addn(&r->text, value.data, value.len);
		end_cell(r, start);
		str_clear(&value);
	}
	str_fini(&value);
}

void rows_add_fields(struct rows *r, const struct field *fields, size_t n)
{
	r->count++;
	if (r->json) {
		json_t *object = json_object();

		json_add_fields(object, fields, n);
		str_add_json(&r->text, object);
		str_addc(&r->text, '\n');
	} else if (!r->columns) {
		add_record(r, fields, n);
	} else {
		for (size_t i = 0; i < r->ncolumns; i++)
			add_cell(r, i, fields, n);
	}
}

// The columns that do not fit the terminal beside those before them begin another line. Those at
// the end that are empty in all rows take no place.
static void place_columns(const struct rows *r, const size_t *widths, struct place *places)
{
	const size_t width = r->width ? r->width : SIZE_MAX;
	size_t count = r->ncolumns;
	size_t start = 0;

	while (count > 1 && !widths[count - 1])
		count--;
	for (size_t i = 0; i < count; i++) {
		size_t needed = i + 1 < count ? widths[i] : MIN(widths[i], (size_t)MIN_LAST);

		places[i].begins_line = start && (start > width || needed > width - start);
		if (places[i].begins_line) {
			places[i - 1].room = width - MIN(width, places[i - 1].start);
			start = INDENT;
		}
		places[i].start = start;
		places[i].room = MAX(widths[i], (size_t)1);
		start += places[i].room + GAP;
	}
	places[count - 1].room = width - MIN(width, places[count - 1].start);
}

static void add_gap(const struct rows *r, const struct place *next, size_t used, struct str *out)
{
	if (r->unaligned) {
		str_addc(out, '\t');
	} else if (next->begins_line) {
		str_addc(out, '\n');
		str_add_repeated(out, ' ', next->start);
	} else {
		str_add_repeated(out, ' ', next->start - used);
	}
}

static void lay_out_row(const struct rows *r, const struct rows_cell *row,
	const struct place *places, const char **text, struct str *out)
{
	size_t last = r->ncolumns;

	while (last && !row[last - 1].len)
		last--;
	for (size_t i = 0; i < last; i++) {
		const char *cell = row[i].len ? *text : "-";
		size_t width = row[i].len ? row[i].width : 1;

		if (width <= places[i].room)
			str_add_coloured(out, row[i].colour, cell, row[i].len ? row[i].len : 1);
		else
			str_add_fitted(out, row[i].colour, cell, row[i].len, places[i].start,
				places[i].room, !r->columns);
		*text += row[i].len;
		if (i + 1 < last)
			add_gap(r, &places[i + 1], places[i].start + width, out);
	}
	str_addc(out, '\n');
}

static bool shows_header(const struct rows *r)
{
	return r->has_header && r->ncolumns > 1 && r->columns && r->columns[0].title;
}

// Makes room for the titles, but not for those of columns at the end that are empty in all rows.
static void widen(const struct rows *r, size_t *widths)
{
	size_t count = r->ncolumns;

	while (r->ncells && count && !widths[count - 1])
		count--;
	for (size_t i = 0; i < count; i++)
		widths[i] = MAX(widths[i], strlen(r->columns[i].title));
}

static void lay_out_header(
	const struct rows *r, const size_t *widths, const struct place *places, struct str *out)
{
	struct rows_cell *cells = xcalloc(r->ncolumns, sizeof(*cells));
	struct str titles = {0};
	const char *text;

	for (size_t i = 0; i < r->ncolumns; i++) {
		size_t len = widths[i] ? strlen(r->columns[i].title) : 0;

		str_addn(&titles, r->columns[i].title, len);
		cells[i] = (struct rows_cell){(unsigned)len, (unsigned)len, r->header_colour};
	}
	text = str_c(&titles);
	lay_out_row(r, cells, places, &text, out);
	str_fini(&titles);
	free(cells);
}

static void lay_out(const struct rows *r, struct str *out)
{
	size_t *widths = xcalloc(r->ncolumns, sizeof(*widths));
	struct place *places = xcalloc(r->ncolumns, sizeof(*places));
	const char *text = str_c(&r->text);

	for (size_t i = 0; i < r->ncells; i++)
		widths[i % r->ncolumns] = MAX(widths[i % r->ncolumns], r->cells[i].width);
	if (shows_header(r))
		widen(r, widths);
	place_columns(r, widths, places);
	if (shows_header(r))
		lay_out_header(r, widths, places, out);
	for (size_t i = 0; i < r->ncells; i += r->ncolumns)
		lay_out_row(r, &r->cells[i], places, &text, out);
	free(widths);
	free(places);
}

void rows_take(struct rows *r, struct str *out)
{
	if (r->json)
		str_addn(out, str_c(&r->text), r->text.len);
	else
		lay_out(r, out);
	str_clear(&r->text);
	r->ncells = 0;
	r->count = 0;
}

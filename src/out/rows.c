// SPDX-License-Identifier: ISC
#include "out/rows.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define GAP 2 // blanks between columns

void rows_init(struct rows *r, bool json, const char *const *columns)
{
	*r = (struct rows){.columns = columns, .json = json, .ncolumns = columns ? 0 : 2};
	while (columns && columns[r->ncolumns])
		r->ncolumns++;
}

void rows_fini(struct rows *r)
{
	str_fini(&r->text);
	free(r->cells);
	if (r->locale)
		freelocale(r->locale);
	*r = (struct rows){0};
}

static bool is_ascii(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] >= 0x80)
			return false;
	return true;
}

// The columns that TEXT takes. The C library knows the width of characters only by locale, so the
// one that every system has is used for this alone; without it each character counts as one.
static size_t width_of(struct rows *r, const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;
	const unsigned char *end = p + len;
	size_t width = 0;
	uint32_t code;
	size_t n;

	if (is_ascii(text, len))
		return len;
	if (!r->locale)
		r->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);

	locale_t old = r->locale ? uselocale(r->locale) : (locale_t)0;

	for (; p < end && (n = utf8_decode(p, (size_t)(end - p), &code)); p += n) {
		int columns = wcwidth((wchar_t)code);

		width += columns < 0 ? 1 : (size_t)columns;
	}
	if (old)
		uselocale(old);
	return width;
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
		(unsigned)len, (unsigned)width_of(r, str_c(&r->text) + start, len), COLOUR_NONE};
}

static void add_cell(struct rows *r, size_t column, const struct field *fields, size_t n)
{
	size_t start = r->text.len;

	str_add_fields(&r->text, r->columns[column], fields, n);
	end_cell(r, start);
	if (r->colour_of)
		r->cells[r->ncells - 1].colour =
			r->colour_of(r->count - 1, column, str_c(&r->text) + start);
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

static void lay_out_row(const struct rows *r, const struct rows_cell *row, const size_t *widths,
	const char **text, struct str *out)
{
	size_t last = r->ncolumns;

	while (last && !row[last - 1].len)
		last--;
	for (size_t i = 0; i < last; i++) {
		str_add_coloured(
			out, row[i].colour, row[i].len ? *text : "-", row[i].len ? row[i].len : 1);
		*text += row[i].len;
		if (i + 1 == last)
			break;
		if (r->unaligned)
			str_addc(out, '\t');
		else
			str_add_repeated(
				out, ' ', widths[i] - (row[i].len ? row[i].width : 1) + GAP);
	}
	str_addc(out, '\n');
}

static void lay_out(const struct rows *r, struct str *out)
{
	size_t *widths = xcalloc(r->ncolumns, sizeof(*widths));
	const char *text = str_c(&r->text);

	for (size_t i = 0; i < r->ncells; i++)
		widths[i % r->ncolumns] = MAX(MAX(widths[i % r->ncolumns], 1), r->cells[i].width);
	for (size_t i = 0; i < r->ncells; i += r->ncolumns)
		lay_out_row(r, &r->cells[i], widths, &text, out);
	free(widths);
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

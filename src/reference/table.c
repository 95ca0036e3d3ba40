// SPDX-License-Identifier: ISC
#include "reference/table.h"

#include "io/terminal.h"

#include <unistd.h>

void table_lay_out(struct rows *rows, struct str *out)
{
	bool is_terminal = !rows->unaligned && terminal_is(STDOUT_FILENO);

	rows->width = is_terminal ? terminal_columns(STDOUT_FILENO) : 0;
	rows->has_header |= is_terminal && rows->count;
	rows->header_colour = colour_is_wanted(is_terminal) ? COLOUR_HEADING : COLOUR_NONE;
	rows_take(rows, out);
}

int table_print(struct app *app, struct rows *rows)
{
	struct str text = {0};

	table_lay_out(rows, &text);
	int status = app_output(app, &text);
	str_fini(&text);
	return status;
}

// SPDX-License-Identifier: ISC
#include "opts/progress_line.h"

#include "io/terminal.h"
#include "out/progress.h"
#include "sys/trace.h"

#define INTERVAL_MS 250

static void draw(struct progress_line *m, bool is_last)
{
	struct str line = {0};

	m->add(m->data, trace_now() - m->started, &line);
	if (!is_last)
		progress_fit(&line, terminal_columns(m->app->out.fd));
	report_progress(&m->app->out, &line, is_last);
	str_fini(&line);
}

static void on_timer(void *data)
{
	struct progress_line *m = data;

	draw(m, false);
	timer_start(&m->timer, INTERVAL_MS);
}

void progress_line_start(struct progress_line *m, struct app *app, bool is_wanted,
	progress_line_fn *add, const void *data)
{
	*m = (struct progress_line){.app = app,
		.add = add,
		.data = data,
		.started = trace_now(),
		.is_wanted = is_wanted && !app->out.json};
	timer_init(&m->timer, &app->loop, on_timer, m);
	if (m->is_wanted && app->out.is_terminal)
		timer_start(&m->timer, INTERVAL_MS);
}

void progress_line_hide(struct progress_line *m)
{
	if (m->is_wanted)
		report_hide_progress(&m->app->out);
}

void progress_line_end(struct progress_line *m)
{
	if (m->is_wanted)
		draw(m, true);
	progress_line_fini(m);
}

void progress_line_fini(struct progress_line *m)
{
	timer_fini(&m->timer);
	*m = (struct progress_line){0};
}

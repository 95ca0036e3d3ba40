// SPDX-License-Identifier: ISC
#include "opts/progress_line.h"

#include "sys/trace.h"

#define INTERVAL_MS 250

static void draw(struct meter *m, bool is_last)
{
	struct str line = {0};

	m->add(m->data, trace_now() - m->started, &line);
	report_progress(&m->app->out, &line, is_last);
	str_fini(&line);
}

static void on_timer(void *data)
{
	struct meter *m = data;

	draw(m, false);
	timer_start(&m->timer, INTERVAL_MS);
}

void meter_start(struct meter *m, struct app *app, bool is_wanted, meter_fn *add, const void *data)
{
	*m = (struct meter){.app = app,
		.add = add,
		.data = data,
		.started = trace_now(),
		.is_wanted = is_wanted && !app->out.json};
	timer_init(&m->timer, &app->loop, on_timer, m);
	if (m->is_wanted && app->out.is_terminal)
		timer_start(&m->timer, INTERVAL_MS);
}

void meter_hide(struct meter *m)
{
	if (m->is_wanted)
		report_hide_progress(&m->app->out);
}

void meter_end(struct meter *m)
{
	if (m->is_wanted)
		draw(m, true);
	meter_fini(m);
}

void meter_fini(struct meter *m)
{
	timer_fini(&m->timer);
	*m = (struct meter){0};
}

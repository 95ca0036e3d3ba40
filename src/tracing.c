// SPDX-License-Identifier: ISC
#include "tracing.h"

#include "sys/trace_c/trace_c.h"
#include "sys/trace_text.h"

static bool is_shown(const struct tracing *t, const struct trace_call *call)
{
	return t->shows_all || !call->is_housekeeping;
}

static void on_call(const struct trace_call *call, void *arg)
{
	struct tracing *t = arg;
	struct str line = {0};

	if (!is_shown(t, call))
		return;
	str_addf(&line, "%.6f ", (double)(call->start - t->started) / 1e9);
	trace_format(&line, call);
	str_addf(&line, " <%.6f>", (double)call->duration / 1e9);
	trace_add_caller(&line, call, t->pid);
	report_trace(t->out, &line);
}

static void on_call_in_c(const struct trace_call *call, void *arg)
{
	if (is_shown(arg, call))
		trace_c_add(call);
}

static void write_line_of_c(void *arg, const char *text, size_t len)
{
	struct tracing *t = arg;
	struct str line = {0};

	str_addn(&line, text, len);
	report_trace(t->out, &line);
}

void tracing_begin(struct tracing *t, bool in_c)
{
	trace_set_plain(!t->shows_all);
	if (in_c)
		trace_c_begin(write_line_of_c, t, t->pid);
	trace_set_sink(in_c ? on_call_in_c : on_call, t);
}

void tracing_end(void)
{
	trace_set_sink(NULL, NULL);
	trace_c_end();
}

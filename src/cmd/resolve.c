// SPDX-License-Identifier: ISC
// sockctl resolve: the addresses of names, and the names of addresses. See sockctl-resolve(1).
#include "app.h"
#include "base/lines.h"
#include "base/mem.h"
#include "base/value.h"
#include "opts/progress_line.h"
#include "reference/resolve_plan.h"
#include "reference/resolve_rows.h"
#include "reference/table.h"
#include "io/output.h"
#include "io/stdio.h"
#include "io/timer.h"
#include "net/addr/endpoint.h"
#include "net/addr/ports.h"
#include "net/names/query_queue.h"
#include "out/progress.h"
#include "sys/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_ROWS 1000 // that wait for stdout; then more names wait, too
#define MAX_LINE 65536

// One run of the command.
struct resolve {
	struct app *app;
	const struct resolve_config *config;
	char **words; // to come
	size_t count;
	bool reading; // the word was "-": lines of stdin come in its place
	bool reads; // one of the words is or was "-"
	struct lines lines;
	uint64_t line; // number of the one given last
	struct query_queue queue;
	struct resolve_rows rows;
	struct stdio in; // while stdin is used
	struct output out;
	struct str text; // that is being written
	struct iovecs pieces; // of it: one
	struct timer flush; // runs when there is something to write, or when all is done
	uint64_t total; // of the names; 0 while nobody knows
	uint64_t answered, found;
	uint64_t started; // trace_now() then
	struct progress_line progress_line;
};

static int status_of(enum query_outcome outcome)
{
	static const int statuses[] = {
		[QUERY_FOUND] = STATUS_OK,
		[QUERY_NOT_FOUND] = STATUS_NOT_FOUND,
		[QUERY_FAILED] = STATUS_NAME_SERVICE,
		[QUERY_REFUSED] = STATUS_USAGE,
	};

	return statuses[outcome];
}

static void on_answer(void *data, const struct query *q)
{
	struct resolve *r = data;
	enum query_outcome outcome = query_outcome(q);
	struct str reason = {0};

	r->answered++;
	if (outcome == QUERY_FOUND) {
		r->found++;
		resolve_rows_add(&r->rows, q);
		return;
	}
	str_add_query_error(&reason, q);
	app_failf(r->app, status_of(outcome), q->word, "%s", str_c(&reason));
	str_fini(&reason);
}

// The bad word stands in a line of stdin; those of the command line were checked before.
static void report_bad_line(struct resolve *r, const struct str *err)
{
	struct str where = {0};

	str_addf(&where, "standard input, line %" PRIu64, r->line);
	app_failf(r->app, STATUS_USAGE, str_c(&where), "%s", str_c(err));
	str_fini(&where);
}

// Makes the query for a word. Returns false if there is none, after a message.
static bool plan(struct resolve *r, const char *word, const char *service, struct query *q)
{
	if (resolve_plan(r->config, word, service, q) == 0)
		return true;
	app_failf(r->app, STATUS_NOT_FOUND, q->word, "no such service: %s", q->service);
	query_fini(q);
	return false;
}

// A line has a name, and after blanks a service if it likes.
static bool plan_line(struct resolve *r, const char *line, size_t len, struct query *q)
{
	static const char blanks[] = " \t\r";
	const char *word = line + strspn(line, blanks);
	size_t word_len = strcspn(word, blanks);
	const char *service = word + word_len + strspn(word + word_len, blanks);
	size_t service_len = strcspn(service, blanks);
	char *name = xstrndup(word, word_len);
	char *port = service_len ? xstrndup(service, service_len) : NULL;
	struct str err = {0};
	bool ok = false;

	if (strlen(line) != len)
		bad_word(&err, line, "has a NUL byte after it");
	else if (service[service_len + strspn(service + service_len, blanks)])
		bad_word(&err, line, "has more words than NAME and SERVICE");
	else if (word_len && resolve_check(r->config, name, &err) == 0 &&
		 (!port || check_port(port, 0, &err) == 0))
		ok = plan(r, name, port ? port : r->config->service, q);
	if (err.len)
		report_bad_line(r, &err);
	str_fini(&err);
	free(name);
	free(port);
	return ok;
}

// Makes the query for the next line, as far as there is one. Returns false if not.
static bool next_line(struct resolve *r, struct query *q)
{
	const char *line;
	size_t len;

	while ((line = lines_next(&r->lines, &len))) {
		r->line++;
		if (plan_line(r, line, len, q))
			return true;
	}
	r->reading = !r->lines.ended;
	return false;
}

static bool next_query(struct resolve *r, struct query *q)
{
	while (r->reading || r->count) {
		if (r->reading && next_line(r, q))
			return true;
		if (r->reading)
			return false; // until more of stdin comes

		if (!r->count)
			break;
		const char *word = *r->words++;

		r->count--;
		if (strcmp(word, "-") == 0)
			r->reading = true;
		else if (plan(r, word, r->config->service, q))
			return true;
	}
	return false;
}

static bool is_done(const struct resolve *r)
{
	return !r->reading && !r->count && !r->queue.count;
}

static void fail_output(struct resolve *r, int error)
{
	if (error == -EPIPE)
		app_fail_quietly(r->app, STATUS_SIGNAL + SIGPIPE);
	else
		app_fail(r->app, STATUS_LOCAL, "standard output", error);
	app_stop(r->app);
}

// Writes the rows that there are, unless others are still being written.
static void flush(struct resolve *r)
{
	int error;

	if (output_is_busy(&r->out))
		return;
	str_clear(&r->text);
	table_lay_out(&r->rows.rows, &r->text);
	iovecs_clear(&r->pieces);
	iovecs_add(&r->pieces, r->text.data, r->text.len);
	if (r->text.len)
		progress_line_hide(&r->progress_line);
	error = output_write(&r->out, &r->pieces);
	if (error < 0 && error != -EAGAIN)
		fail_output(r, error);
	else if (error == 0 && is_done(r))
		app_stop(r->app);
}

static void on_flush(void *data)
{
	flush(data);
}

static bool is_full(const struct resolve *r)
{
	return query_queue_is_full(&r->queue) ||
	       (output_is_busy(&r->out) && r->rows.rows.count > MAX_ROWS);
}

// Asks as much as may be asked. Aligned columns wait for the last row; where names come from stdin,
// nobody waits for others.
static void feed(void *data)
{
	struct resolve *r = data;
	struct query q;

	while (!is_full(r) && next_query(r, &q)) {
		int error = query_queue_add(&r->queue, &q);

		if (error < 0) {
			app_fail(r->app, STATUS_LOCAL, "a thread for the look-up", error);
			app_stop(r->app);
			return;
		}
	}
	if (r->reads)
		watch_want(&r->in.watch, r->reading && !is_full(r) ? WATCH_READ : 0);
	if (is_done(r) || (r->rows.rows.count && (r->rows.rows.unaligned || r->rows.rows.json)))
		timer_start(&r->flush, 0);
}

static void on_written(struct output *o, int error)
{
	struct resolve *r = o->data;

	if (error < 0) {
		fail_output(r, error);
		return;
	}
	flush(r);
	feed(r);
}

static void on_input(struct watch *w, unsigned events)
{
	struct resolve *r = w->data;
	char buf[65536];
	ssize_t n;

	(void)events; // reading tells what an error is
	if (!r->reading)
		return;
	n = stdio_read(&r->in, buf, sizeof(buf));
	if (n == -EAGAIN || n == -EINTR)
		return;
	if (n > 0)
		lines_add(&r->lines, buf, (size_t)n);
	else
		lines_end(&r->lines);
	if (n < 0)
		app_fail(r->app, STATUS_LOCAL, "standard input", (int)n);
	feed(r);
	if (lines_left(&r->lines) > MAX_LINE + sizeof(buf)) {
		app_failf(r->app, STATUS_LOCAL, "standard input", "a line is longer than %d bytes",
			MAX_LINE);
		app_stop(r->app);
	}
}

static void add_progress(const void *data, uint64_t elapsed, struct str *line)
{
	const struct resolve *r = data;

	progress_add_count(line, "names", r->answered, r->total, elapsed);
	str_addf(line, ", %" PRIu64 " found", r->found);
}

// For people only: the rows say the same in JSON.
static void report_stats(struct resolve *r)
{
	report(&r->app->out, &ev_found, F_UINT("found", r->found), F_UINT("answered", r->answered),
		F_SECONDS("duration", trace_now() - r->started));
}

// Gives what is known before the end that somebody else set.
static void on_stop(void *arg, int signal, struct str *doing)
{
	struct resolve *r = arg;

	(void)signal;
	query_queue_deliver_rest(&r->queue);
	flush(r);
	progress_line_end(&r->progress_line);
	if (r->queue.count) {
		str_add(doing, "looking up ");
		query_queue_add_words(&r->queue, doing);
	} else if (r->reading) {
		str_add(doing, "waiting for names on standard input");
	} else {
		str_add(doing, "writing to standard output");
	}
}

static int run_loop(struct resolve *r)
{
	uv_loop_t *loop = app_loop(r->app);
	int error;

	if (!loop)
		return r->app->status;
	r->app->on_stop = on_stop;
	r->app->stop_arg = r;
	app_set_deadline(r->app, r->config->timeout_ms);
	query_queue_init(&r->queue, loop, r->config->jobs, on_answer, feed, r);
	timer_init(&r->flush, loop, on_flush, r);
	error = output_init(&r->out, loop, STDOUT_FILENO, on_written, r);
	if (error == 0 && r->reads)
		error = stdio_init(&r->in, loop, STDIN_FILENO, O_RDONLY, on_input, r);
	if (error < 0) {
		app_fail(r->app, STATUS_LOCAL, "standard input or output", error);
	} else {
		progress_line_start(
			&r->progress_line, r->app, r->config->progress, add_progress, r);
		feed(r);
		app_run(r->app);
		progress_line_end(&r->progress_line);
	}
	stdio_fini(&r->in);
	output_fini(&r->out);
	timer_fini(&r->flush);
	return r->app->status;
}

// One name needs neither a loop nor threads, and starts faster without them.
static int run_one(struct resolve *r)
{
	struct query q;

	if (!next_query(r, &q))
		return r->app->status;
	query_run(&q);
	on_answer(r, &q);
	query_fini(&q);
	table_print(r->app, &r->rows.rows);
	return r->app->status;
}

// Letters outside ASCII are those of the user's locale (RFC 5890); without one, UTF-8. Loading it
// takes time, so that it is done only where there may be such letters.
static void set_locale(void)
{
	if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "ANSI_X3.4-1968") == 0)
		setlocale(LC_CTYPE, "C.UTF-8");
}

static int check(void *config, int argc, char **argv, struct str *err)
{
	struct resolve_config *c = config;
	int r = resolve_config_finish(c, argc, argv, err);

	for (int i = 0; i < (c->word_service ? 1 : argc) && r == 0; i++)
		if (strcmp(argv[i], "-") != 0)
			r = resolve_check(c, argv[i], err);
	return r;
}

static int run(struct app *app, void *arg, int argc, char **argv)
{
	struct resolve_config *c = arg;
	struct resolve r = {.app = app, .config = c, .words = argv, .started = trace_now()};

	app_handle_signals();
	r.count = resolve_config_settle(c, (size_t)argc);
	r.total = r.count;
	bool needs_locale = false;

	for (size_t i = 0; i < r.count; i++) {
		r.reads |= strcmp(argv[i], "-") == 0;
		needs_locale |= resolve_needs_locale(c, argv[i]);
	}
	if (needs_locale || r.reads)
		set_locale();
	resolve_rows_init(
		&r.rows, c->common.json, r.reads || r.count > 1, c->is_long, c->canonical);
	r.rows.rows.unaligned = r.reads;
	if (r.reads)
		r.total = 0;
	if (r.count == 1 && !r.reads && !c->timeout_ms && !c->progress)
		run_one(&r);
	else
		run_loop(&r);
	report_stats(&r);
	resolve_rows_fini(&r.rows);
	lines_fini(&r.lines);
	str_fini(&r.text);
	iovecs_fini(&r.pieces);
	return app->status;
}

static const char *const examples[] = {
	"sockctl resolve example.org https            # addresses and port of a service",
	"sockctl resolve 198.51.100.1 2001:db8:1::1   # names of addresses",
	"sockctl resolve -w 10 - < names              # many, for ten seconds at most",
	NULL,
};

const struct cmd cmd_resolve = {
	.name = "resolve",
	.summary = "Look up the addresses of names, or the names of addresses",
	.operands = "NAME [SERVICE] | ADDRESS [PORT] | WORD... | -",
	.words = "host host|service...",
	.min_operands = 1,
	.max_operands = -1,
	.config_size = sizeof(struct resolve_config),
	.defaults = &resolve_defaults,
	.groups = resolve_groups,
	.examples = examples,
	.check = check,
	.run = run,
};

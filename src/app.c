// SPDX-License-Identifier: ISC
#include "app.h"

#include "base/mem.h"
#include "base/util.h"
#include "base/wordlist.h"
#include "io/fd.h"
#include "io/task.h"
#include "io/terminal.h"
#include "out/colour.h"
#include "out/write.h"
#include "sys/interrupt.h"
#include "sys/process.h"
#include "sys/signals.h"
#include "sys/trace.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define NS_PER_MS UINT64_C(1000000)
#define LOOP_DESCRIPTORS 10 // what libuv and a first connection need
#define FIRST_WITH_RING 0x012d00 // version 1.45 of libuv

#define TRACE_FORMATS "text c" // in the order of the enum

const struct opt common_opts[] = {
	{"verbose", 'v', OPT_COUNT, OPT_AT(struct common_config, verbose, unsigned), "",
		"report events; repeat for more", .is_everyday = true, .not_with = "quiet"},
	{"quiet", 'q', OPT_FLAG, OPT_AT(struct common_config, quiet, bool), "", "print errors only",
		.is_everyday = true},
	{"json", 0, OPT_FLAG, OPT_AT(struct common_config, json, bool), "",
		"write JSON, one object per line", .is_everyday = true, .not_with = "dump"},
	{"color", 0, OPT_CHOICE, OPT_AT(struct common_config, color, int), "WHEN",
		"use colors: auto (on terminals, the default), always or never",
		.choices = COLOUR_WORDS},
	{"trace", 0, OPT_STRING, OPT_AT(struct common_config, trace, const char *), "FILE",
		"trace socket and database calls to stderr or FILE", .is_optional = true,
		.words = "file", .is_written = true, .is_everyday = true},
	{"trace-all", 0, OPT_STRING, OPT_AT(struct common_config, trace_all, const char *), "FILE",
		"trace all calls, including the program's internal ones", .is_optional = true,
		.words = "file", .is_written = true, .not_with = "trace"},
	{"trace-format", 0, OPT_CHOICE, OPT_AT(struct common_config, trace_format, int), "FORMAT",
		"trace format: text, or c for a C program that repeats the calls",
		.choices = TRACE_FORMATS},
	{""},
};

static bool is_reload(const struct app *app, int number)
{
	return number == SIGHUP && app->on_reload;
}

// The status with which the run will end as soon as its loop hears of it, or has begun to; 0 while
// it goes on.
static int coming_end(const struct app *app)
{
	for (size_t i = 0; i < ARRAY_SIZE(app->signals); i++)
		if (signal_watch_has_come(&app->signals[i]) &&
			!is_reload(app, app->signals[i].number))
			return STATUS_SIGNAL + app->signals[i].number;
	return app->deadline_at && trace_now() >= app->deadline_at ? STATUS_TIMEOUT : 0;
}

// In a process that is to become a program, too: the one that has started it hears of nothing until
// it has.
static bool is_ending(void *data)
{
	const struct app *app = data;

	return app->is_cut_short || sys_getpid() != app->pid || coming_end(app);
}

static bool output_gives_up(void *data, unsigned waited_ms)
{
	(void)waited_ms;
	return is_ending(data);
}

void app_init(struct app *app)
{
	json_set_alloc_funcs(xmalloc, free); // without memory the library leaves out a field
	*app = (struct app){
		.pid = sys_getpid(),
	};
	interrupt_init(is_ending, app);
	report_init(&app->out, STDERR_FILENO);
	app->out.is_ending = is_ending;
	app->out.ending_data = app;
}

static void stop_trace(struct app *app)
{
	tracing_end();
	// When stderr is gone there is nobody left to tell.
	if (app->trace_path && app->out.trace_error)
		app_fail(app, STATUS_LOCAL, app->trace_path, app->out.trace_error);
}

static int start_trace(struct app *app, const char *path, int format)
{
	if (path && *path) {
		int fd;

		app_handle_signals(); // it may be a FIFO that nobody reads yet
		fd = interrupt_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		if (fd < 0)
			return app_fail(app, STATUS_LOCAL, path, fd);
		app->out.trace_fd = fd;
		app->trace_path = path;
	}
	tracing_begin(&app->tracing, format == TRACE_FORMAT_C);
	return 0;
}

// A file of the name of a format is not what was meant.
static int check_trace_file(struct app *app, const char *option, const char *file)
{
	size_t len = file ? strlen(file) : 0;

	for_each_word (format, TRACE_FORMATS)
		if (word_length(format) == len && strncasecmp(file, format, len) == 0)
			return app_failf(app, STATUS_USAGE, NULL,
				"%s=%s would write to a file called '%s'; for the format say "
				"'--trace-format %.*s', for the file '%s=./%s'",
				option, file, file, (int)len, format, option, file);
	return 0;
}

static int check_trace(struct app *app, const struct common_config *common)
{
	int status = check_trace_file(app, "--trace", common->trace);

	if (!status)
		status = check_trace_file(app, "--trace-all", common->trace_all);
	return status;
}

int app_start_trace(struct app *app, const struct common_config *common)
{
	const char *file = common->trace_all ? common->trace_all : common->trace;
	int status = check_trace(app, common);

	if (status || (!file && !common->trace_format))
		return status;
	app->tracing = (struct tracing){.out = &app->out,
		.started = trace_now(),
		.pid = app->pid,
		.shows_all = common->trace_all};
	return start_trace(app, file, common->trace_format);
}

void app_configure(struct app *app, const struct common_config *common)
{
	app->out.json = common->json;
	app->out.level = REPORT_NORMAL + MIN(common->verbose, REPORT_DEBUG - REPORT_NORMAL);
	if (common->quiet)
		app->out.level = REPORT_QUIET;
	colour_set((enum colour_when)common->color);
	app->out.is_coloured = colour_is_wanted(app->out.is_terminal);
}

// The wait for a file, OBJECT if that is known, was ended, before the loop has heard why. Returns
// the status.
static int end_now(struct app *app, const char *object)
{
	int status = app->is_cut_short ? 0 : coming_end(app);

	app->is_cut_short = true;
	app_stop(app);
	if (status)
		app->status = status;
	if (status == STATUS_TIMEOUT)
		report_error(&app->out, status, object,
			"timed out waiting for the other end of a file", 0);
	return app->status;
}

int app_fail_quietly(struct app *app, int status)
{
	if (!app->status)
		app->status = status;
	return status;
}

int app_fail(struct app *app, int status, const char *object, int error)
{
	assert(status != STATUS_OK);
	if (interrupt_has_ended_wait())
		return end_now(app, object);
	report_error(&app->out, status, object, NULL, error);
	return app_fail_quietly(app, status);
}

int app_failf(struct app *app, int status, const char *object, const char *fmt, ...)
{
	struct str message = {0};
	va_list ap;

	assert(status != STATUS_OK);
	if (interrupt_has_ended_wait())
		return end_now(app, object);
	va_start(ap, fmt);
	str_vaddf(&message, fmt, ap);
	va_end(ap);
	report_error(&app->out, status, object, str_c(&message), 0);
	str_fini(&message);
	return app_fail_quietly(app, status);
}

int app_fail_output(struct app *app, int error)
{
	if (error == -EPIPE)
		return app_fail_quietly(app, STATUS_SIGNAL + SIGPIPE);
	return app_fail(app, STATUS_LOCAL, "standard output", error);
}

void app_fail_leftover(struct app *app, const char *object, int error)
{
	if (error == 0)
		return;
	report_error(&app->out, STATUS_LOCAL, object, "the socket file is left behind", error);
	app_fail_quietly(app, STATUS_LOCAL);
}

int app_write(struct app *app, int fd, const void *data, size_t len)
{
	size_t written = 0;

	return write_patiently(fd, data, len, &written, output_gives_up, app);
}

int app_output(struct app *app, const struct str *text)
{
	int r;

	if (app->has_loop) // whose signals are orderly ends
		r = app_write(app, STDOUT_FILENO, str_c(text), text->len);
	else
		r = write_whole(STDOUT_FILENO, str_c(text), text->len);
	if (r == -EAGAIN)
		return app_fail_quietly(app, coming_end(app));
	return r < 0 ? app_fail_output(app, r) : 0;
}

// Ends the loop, and tells what was under way.
static void stop_early(struct app *app, int signal, struct str *doing)
{
	app->is_cut_short = true;
	if (!app->stopping && app->on_stop)
		app->on_stop(app->stop_arg, signal, doing);
	app_stop(app);
}

static void report_stopped(struct app *app, int signal, const char *doing)
{
	report(&app->out, &ev_stopped, F_SIGNAL("signal", signal), F_STR("doing", doing));
}

static void stop_by_signal(struct app *app, int number)
{
	struct str doing = {0};

	app->draining = 0;
	stop_early(app, number, &doing);
	report_stopped(app, number, str_c(&doing));
	str_fini(&app->stop_object);
	str_fini(&doing);
}

static void on_drain_limit(uv_timer_t *timer)
{
	struct app *app = timer->data;

	stop_by_signal(app, app->draining);
}

static bool may_drain(const struct app *app, int number)
{
	return app->drain_ms && app->on_drain && !app->draining && !app->stopping &&
	       (number == SIGINT || number == SIGTERM);
}

// What is under way may end by itself.
static void drain(struct app *app, int number)
{
	app->draining = number;
	uv_update_time(&app->loop);
	uv_timer_start(&app->drain_limit, on_drain_limit, app->drain_ms, 0);
	app->on_drain(app->stop_arg);
}

void app_report_draining(struct app *app, uint64_t connections)
{
	assert(app->draining);
	report(&app->out, &ev_draining, F_SIGNAL("signal", app->draining),
		F_UINT("connections", connections), F_SECONDS("limit", app->drain_ms * 1000000));
}

static void on_signal(void *data, int number)
{
	struct app *app = data;

	if (is_reload(app, number)) {
		app->on_reload(app->stop_arg);
		return;
	}
	// The end that was asked for counts, whatever went wrong on the way.
	app->status = STATUS_SIGNAL + number;
	if (may_drain(app, number))
		drain(app, number);
	else
		stop_by_signal(app, number);
}

static const int end_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

// nohup and background jobs of plain shells ignore signals on purpose, but never SIGTERM.
static int start_signals(struct app *app)
{
	_Static_assert(
		ARRAY_SIZE(end_signals) == ARRAY_SIZE(app->signals), "one handle per signal");
	for (size_t i = 0; i < ARRAY_SIZE(end_signals); i++) {
		bool is_forced = end_signals[i] == SIGTERM;
		int r = (is_forced ? signal_watch_init : signal_watch_init_unless_ignored)(
			&app->signals[i], &app->loop, end_signals[i], on_signal, app);

		if (r < 0)
			return r;
	}
	return 0;
}

// Some versions of libuv hand calls to the kernel through a ring, which a sandbox takes away. The
// programs that we start find the environment as it was.
static int init_loop(uv_loop_t *loop)
{
	static const char name[] = "UV_USE_IO_URING";
	const char *given = getenv(name);
	int r;

	uv_replace_allocator(xmalloc, xrealloc, xcalloc, free); // it gives up without a word
	if (given || uv_version() < FIRST_WITH_RING)
		return uv_loop_init(loop);
	setenv(name, "0", 1);
	r = uv_loop_init(loop);
	unsetenv(name);
	return r;
}

// Even after poll(2) a terminal may let a writer wait in the middle of a line.
static void open_terminal(struct app *app)
{
	struct fd_info info;
	int fd;

	if (!app->out.is_terminal || fd_inspect(app->out.fd, &info) < 0)
		return;
	fd = fd_reopen(app->out.fd, &info, O_WRONLY);
	if (fd < 0)
		return;
	if (app->out.trace_fd == app->out.fd)
		app->out.trace_fd = fd;
	app->out.fd = fd;
}

uv_loop_t *app_loop(struct app *app)
{
	if (app->has_loop)
		return &app->loop;

	// libuv aborts in silence when it gets no descriptors.
	int r = fd_check_headroom(LOOP_DESCRIPTORS);

	if (r == 0)
		r = init_loop(&app->loop);
	if (r < 0) {
		app_fail(app, STATUS_LOCAL, "event loop", r);
		return NULL;
	}
	uv_timer_init(&app->loop, &app->deadline);
	uv_timer_init(&app->loop, &app->drain_limit);
	app->deadline.data = app->drain_limit.data = app;
	pool_init(&app->pool, &app->loop);
	app->has_loop = true;
	r = start_signals(app);
	if (r < 0) {
		app_fail(app, STATUS_LOCAL, "signals", r);
		return NULL;
	}
	open_terminal(app);
	return &app->loop;
}

void app_reload_by(struct app *app, void (*on_reload)(void *arg))
{
	if (!terminal_is(STDIN_FILENO))
		app->on_reload = on_reload;
}

void app_stop(struct app *app)
{
	app->stopping = true;
	if (app->has_loop)
		uv_stop(&app->loop);
}

static void end_at_once(int number)
{
	_exit(STATUS_SIGNAL + number);
}

static bool is_ignored(int number)
{
	struct sigaction old;

	return number != SIGTERM && sys_sigaction_swap(number, NULL, &old) == 0 &&
	       old.sa_handler == SIG_IGN;
}

void app_handle_signals(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(end_signals); i++)
		if (!is_ignored(end_signals[i]))
			sys_sigaction(end_signals[i], end_at_once);
}

int app_run(struct app *app)
{
	if (!app_loop(app))
		return app->status;
	if (!app->stopping)
		uv_run(&app->loop, UV_RUN_DEFAULT);
	if (app->draining)
		report_stopped(app, app->draining, "after draining");
	app->on_stop = NULL; // nothing is under way any more
	return app->status;
}

static void on_deadline(uv_timer_t *timer)
{
	struct app *app = timer->data;
	struct str doing = {0};

	app->draining = 0;
	stop_early(app, 0, &doing);
	app->status = 0;
	app_failf(app, STATUS_TIMEOUT, app->stop_object.len ? str_c(&app->stop_object) : NULL,
		"timed out %s", str_c(&doing));
	str_fini(&app->stop_object);
	str_fini(&doing);
}

void app_expect_end(struct app *app, uint64_t ms)
{
	if (ms)
		app->deadline_at = trace_now() + ms * NS_PER_MS;
}

void app_set_deadline(struct app *app, uint64_t ms)
{
	uint64_t now = trace_now();

	if (!ms || !app_loop(app))
		return;
	if (!app->deadline_at)
		app_expect_end(app, ms);
	ms = app->deadline_at > now ? (app->deadline_at - now + NS_PER_MS - 1) / NS_PER_MS : 0;
	uv_update_time(&app->loop);
	uv_timer_start(&app->deadline, on_deadline, ms, 0);
	uv_unref((uv_handle_t *)&app->deadline);
}

#ifdef SOCKCTL_SANITIZED
static void close_handle(uv_handle_t *handle, void *arg)
{
	(void)arg;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

// The end of the process gives everything back. LeakSanitizer looks before.
static void close_loop(struct app *app)
{
	pool_fini(&app->pool);
	for (size_t i = 0; i < ARRAY_SIZE(app->signals); i++)
		signal_watch_fini(&app->signals[i]);
	uv_walk(&app->loop, close_handle, NULL);
	uv_run(&app->loop, UV_RUN_DEFAULT);
	uv_loop_close(&app->loop);
}
#endif

static int exit_status(const struct app *app)
{
	return app->status_of ? app->status_of(app->status) : app->status;
}

void app_exit(struct app *app)
{
	stop_trace(app);
	report_lost(&app->out);
#ifdef SOCKCTL_SANITIZED
	if (!task_is_running() && app->has_loop)
		close_loop(app);
#endif
	// exit() would wait for a thread that is stuck in a look-up, and for libraries that tidy up
	// what goes with the process; nothing of ours waits in a buffer of stdio.
	if (task_is_running() || !SOCKCTL_IS_INSTRUMENTED)
		_exit(exit_status(app));
	exit(exit_status(app));
}

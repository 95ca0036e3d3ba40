// SPDX-License-Identifier: ISC
// What one run of the program owns: the event loop, the reporter, the tracer, signals, the deadline
// and the exit status.
#ifndef SOCKCTL_APP_H
#define SOCKCTL_APP_H

#include "base/str.h"
#include "cli/opt.h"
#include "io/pool.h"
#include "io/signal_watch.h"
#include "out/report.h"
#include "tracing.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

// The exit statuses; sockctl(1) lists them.
enum status {
	STATUS_OK = 0,
	STATUS_LOCAL = 1, // local input or output failed, or a program that we started
	STATUS_USAGE = 2,
	STATUS_NOT_FOUND = 3, // a name, service, protocol, network or option does not exist
	STATUS_NAME_SERVICE = 4, // the name service failed for now
	STATUS_CONNECT = 5, // could not connect or listen
	STATUS_TIMEOUT = 6,
	STATUS_BROKEN = 7, // the connection broke before everything was transferred
	STATUS_TLS = 8, // a certificate, or the TLS protocol
	STATUS_PROXY = 9, // a proxy refused
	STATUS_SIGNAL = 128, // plus the number of the signal
};

enum trace_format {
	TRACE_FORMAT_TEXT,
	TRACE_FORMAT_C,
};

// The options that every command has. The config of each command begins with this struct.
struct common_config {
	unsigned verbose;
	bool quiet;
	bool json;
	int color; // enum colour_when
	int trace_format; // any but text turns the trace on by itself
	const char *trace; // NULL: off; "": to stderr; else the name of a file
	const char *trace_all; // the same
};

extern const struct opt common_opts[];
#define COMMON_GROUP \
	{ \
		"Diagnostics", common_opts, 0 \
	}

struct app {
	struct reporter out;
	int status; // of the first failure
	int (*status_of)(int status); // what the process exits with; NULL: the same
	uint64_t deadline_at; // the same when it has to be over; 0: never
	pid_t pid; // of the program, and not of one that it is about to start

	uv_loop_t loop; // valid once app_loop() was called
	struct pool pool; // of the loop
	bool has_loop;
	bool stopping;
	bool is_cut_short; // by a signal or the deadline
	struct tracing tracing;
	const char *trace_path; // NULL where the trace goes to stderr
	struct signal_watch signals[4];
	uv_timer_t deadline;
	uv_timer_t drain_limit;
	int draining; // the signal that has begun it, or 0

	// Called once before the loop ends early, by a signal or at the deadline (SIGNAL 0): adds
	// to DOING what was under way, such as "connecting to example.org:80", and to stop_object
	// whom the message of a deadline names. May be NULL.
	void (*on_stop)(void *arg, int signal, struct str *doing);
	void *stop_arg; // of on_drain and on_reload, too
	struct str stop_object;

	// With DRAIN_MS, called once, at the first SIGINT or SIGTERM, which does not end the run
	// yet: takes on nothing more, calls app_report_draining() when that is so, and app_stop()
	// as soon as nothing is left; either perhaps at once. After DRAIN_MS or at another signal
	// the run ends early all the same. Both may be NULL and 0.
	void (*on_drain)(void *arg);
	uint64_t drain_ms;

	void (*on_reload)(void *arg); // app_reload_by(), or NULL
};

void app_init(struct app *app);

// Begins to trace, if that is wanted. Returns 0, or the exit status after a message.
int app_start_trace(struct app *app, const struct common_config *common);

// Applies the other common options.
void app_configure(struct app *app, const struct common_config *common);

// The event loop, made on first use so that commands without one start fast. From then on SIGINT,
// SIGTERM, SIGHUP and SIGQUIT are orderly ends. NULL, after a message, when the system has no
// descriptors or memory for it.
uv_loop_t *app_loop(struct app *app);

// Runs the loop until app_stop(). Returns the exit status.
int app_run(struct app *app);

// For commands that may wait without a loop: the same signals end the program at once, with the
// same status.
void app_handle_signals(void);

// Has ON_RELOAD called at each SIGHUP, which does not end the run then, but for one that was
// started on a terminal, which may go away.
void app_reload_by(struct app *app, void (*on_reload)(void *arg));

// Ends the loop after the current callback.
void app_stop(struct app *app);

// Nothing more is taken on, and CONNECTIONS may still end by themselves.
void app_report_draining(struct app *app, uint64_t connections);

// The deadline that the run will have: for what waits before there is a loop. 0 means none.
void app_expect_end(struct app *app, uint64_t ms);

// One deadline over everything that follows, in milliseconds; 0 means none. When it passes the run
// ends with STATUS_TIMEOUT.
void app_set_deadline(struct app *app, uint64_t ms);

// Report an error and keep its status if it is the first. Both return STATUS, for "return
// app_fail(...)". ERROR is a negative errno. OBJECT is what it is about and may be NULL.
int app_fail(struct app *app, int status, const char *object, int error);
int app_failf(struct app *app, int status, const char *object, const char *fmt, ...)
	attr_printf(4, 5);

// Keeps the status of a failure that needs no words, such as a reader of stdout that went away.
int app_fail_quietly(struct app *app, int status);

// Writing to stdout has failed: says so, but quietly when its reader is gone. Returns the status.
int app_fail_output(struct app *app, int error);

// The socket file of OBJECT could not be removed because of ERROR: says so. Does nothing for 0.
void app_fail_leftover(struct app *app, const char *object, int error);

// Writes all of it to FD, which others may read, and waits for them until the run is about to end.
// Returns 0, -EAGAIN when it has given up, or another negative errno.
int app_write(struct app *app, int fd, const void *data, size_t len);

// Writes results to stdout. Returns 0, or the status after a message (quietly when its reader is
// gone).
int app_output(struct app *app, const struct str *text);

// Frees everything and ends the process with the status.
attr_noreturn void app_exit(struct app *app);

#endif

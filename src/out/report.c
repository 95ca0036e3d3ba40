// SPDX-License-Identifier: ISC
#include "out/report.h"

#include "out/colour.h"
#include "out/write.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define CLEAR_LINE "\033[K" // to its end (ECMA-48, EL)
#define MESSAGE_MS 1000 // that a message waits for room before it is lost

// One line at a time: what poll(2) promises to one thread, another could take away.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void take_lock(void)
{
	pthread_mutex_lock(&lock);
}

static void drop_lock(void)
{
	pthread_mutex_unlock(&lock);
}

void report_init(struct reporter *r, int fd)
{
	bool is_terminal = isatty(fd);

	*r = (struct reporter){.fd = fd,
		.trace_fd = fd,
		.is_terminal = is_terminal,
		.is_coloured = colour_is_wanted(is_terminal),
		.level = REPORT_NORMAL};
	pthread_atfork(take_lock, drop_lock, drop_lock);
}

// The work goes on although nobody reads what is said about it.
static bool message_gives_up(void *data, unsigned waited_ms)
{
	const struct reporter *r = data;

	return r->is_stuck || waited_ms >= MESSAGE_MS;
}

// What was asked for line by line, such as a trace, waits for its reader, until the end.
static bool dump_gives_up(void *data, unsigned waited_ms)
{
	const struct reporter *r = data;

	return r->is_ending && r->is_ending(r->ending_data) && message_gives_up(data, waited_ms);
}

static unsigned count_lines(const char *data, size_t len)
{
	unsigned lines = 0;

	for (size_t i = 0; i < len; i++)
		lines += data[i] == '\n';
	return lines;
}

// Writes lines to FD and counts those that are lost. Where FD is gone there is nobody left to tell.
// Returns 0 or a negative errno: -EAGAIN when it has given up.
static int write_lines(struct reporter *r, int fd, const struct str *s, give_up_fn *gives_up)
{
	bool is_shared = fd == r->fd;
	size_t before = 0;
	size_t written = 0;
	int error = 0;

	if (is_shared && r->is_torn)
		error = write_patiently(fd, "\n", 1, &before, gives_up, r);
	if (before)
		r->is_torn = false;
	if (error == 0)
		error = write_patiently(fd, s->data, s->len, &written, gives_up, r);
	if (error == -EAGAIN)
		r->lost += count_lines(s->data + written, s->len - written);
	if (is_shared) {
		r->is_stuck = error == -EAGAIN;
		r->is_torn = r->is_torn || (error == -EAGAIN && written);
	}
	return error;
}

static bool gives_up_at_once(void *data, unsigned waited_ms)
{
	(void)data;
	(void)waited_ms;
	return true;
}

// What the next drawing replaces may be left out.
static void draw(struct reporter *r, const char *text, size_t len)
{
	size_t written = 0;

	if (!r->is_torn)
		write_patiently(r->fd, text, len, &written, gives_up_at_once, NULL);
}

static void hide_progress(struct reporter *r)
{
	static const char text[] = "\r" CLEAR_LINE;

	if (!r->has_progress)
		return;
	r->has_progress = false;
	draw(r, text, strlen(text));
}

void report_hide_progress(struct reporter *r)
{
	take_lock();
	hide_progress(r);
	drop_lock();
}

// A terminal in raw mode, which somebody else has set, adds nothing to the end of a line.
static bool is_raw(const struct reporter *r, int fd)
{
	struct termios t;

	return r->is_terminal && fd == r->fd && tcgetattr(fd, &t) == 0 && !(t.c_oflag & OPOST);
}

static void end_line(const struct reporter *r, int fd, struct str *line)
{
	str_add(line, is_raw(r, fd) ? "\r\n" : "\n");
}

static json_t *json_event(const struct reporter *r, const char *name)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return json_pack("{s:s, s:s, s:f}", "event", name, "command", r->command ? r->command : "",
		"time", (double)ts.tv_sec + (double)ts.tv_nsec / 1e9);
}

static void text_begin(const struct reporter *r, enum colour colour, struct str *s)
{
	struct str name = {0};

	str_add(&name, "sockctl:");
	if (r->command)
		str_addf(&name, " %s:", r->command);
	str_add_coloured(s, r->is_coloured ? colour : COLOUR_NONE, str_c(&name), name.len);
	str_addc(s, ' ');
	str_fini(&name);
}

bool report_wants(const struct reporter *r, const struct event *e)
{
	return r->json ? e->name && r->level > REPORT_QUIET : e->text && r->level >= e->level;
}

// The line of an event, without its end.
static void add_event(const struct reporter *r, const struct event *e, const struct field *fields,
	size_t n, struct str *line)
{
	assert(event_allows(e, fields, n));
	if (r->json) {
		json_t *j = json_event(r, e->name);

		json_add_fields(j, fields, n);
		str_add_json(line, j);
	} else {
		if (e->level > REPORT_RESULT)
			text_begin(r, COLOUR_NONE, line);
		str_add_fields(line, e->text, fields, n);
	}
}

// Says how many messages were lost before, once somebody reads again.
static void tell_lost(struct reporter *r, give_up_fn *gives_up)
{
	struct field messages = F_UINT("messages", r->lost);
	struct str line = {0};
	unsigned lost = r->lost;

	if (!lost)
		return;
	add_event(r, lost == 1 ? &ev_lost_one : &ev_lost, &messages, 1, &line);
	end_line(r, r->fd, &line);
	r->lost = 0;
	if (write_lines(r, r->fd, &line, gives_up) < 0)
		r->lost = lost;
	str_fini(&line);
}

// Writes what is complete but for the end of its last line, and frees it. Returns a negative errno
// if it could not be written.
static int write_text(struct reporter *r, int fd, struct str *text, give_up_fn *gives_up)
{
	int error;

	end_line(r, fd, text);
	take_lock();
	if (fd == r->fd) {
		hide_progress(r);
		tell_lost(r, gives_up);
	}
	error = write_lines(r, fd, text, gives_up);
	drop_lock();
	str_fini(text);
	return error;
}

void report_fields(struct reporter *r, const struct event *e, const struct field *fields, size_t n)
{
	struct str line = {0};

	if (!report_wants(r, e))
		return;
	if (!r->voice || !r->voice->add_event(r->voice, e, fields, n, &line))
		add_event(r, e, fields, n, &line);
	if (line.len)
		write_text(r, r->fd, &line, message_gives_up);
}

void report_line_fields(const struct reporter *r, const struct event *e, struct str *line,
	const struct field *fields, size_t n)
{
	assert(e->level == REPORT_RESULT);
	add_event(r, e, fields, n, line);
	str_addc(line, '\n');
}

void report_error(
	struct reporter *r, int status, const char *object, const char *message, int error)
{
	report_error_at(r, status, NULL, object, message, error);
}

void report_error_at(struct reporter *r, int status, const struct sockaddr_any *remote,
	const char *object, const char *message, int error)
{
	const char *text = message ? message : strerror(-error);
	const char *name = error ? strerrorname_np(-error) : NULL;
	struct str line = {0};

	assert(error <= 0 && (message || error));
	if (r->voice && r->voice->add_error(r->voice, status, remote, error, &line)) {
		if (line.len)
			write_text(r, r->fd, &line, message_gives_up);
		return;
	}
	if (r->json) {
		const struct field fields[] = {F_STR("object", object), F_STR("message", text),
			F_STR("errno", name), F_UINT("status", status)};

		add_event(r, &ev_error, fields, ARRAY_SIZE(fields), &line);
		write_text(r, r->fd, &line, message_gives_up);
		return;
	}
	text_begin(r, COLOUR_BAD, &line);
	if (object) {
		if (*object)
			str_add_object(&line, object);
		else
			str_add(&line, "''"); // or nobody sees which word it was
		str_add(&line, ": ");
	}
	str_add(&line, text);
	if (name)
		str_addf(&line, " (%s)", name);
	write_text(r, r->fd, &line, message_gives_up);
}

void report_progress(struct reporter *r, struct str *line, bool is_last)
{
	struct str text = {0};

	if (is_last) {
		str_addn(&text, str_c(line), line->len);
		write_text(r, r->fd, &text, message_gives_up);
	} else if (r->is_terminal) {
		str_addf(&text, "\r%s" CLEAR_LINE, str_c(line));
		take_lock();
		draw(r, text.data, text.len);
		r->has_progress = true;
		drop_lock();
	}
	str_fini(&text);
}

void report_trace(struct reporter *r, struct str *line)
{
	int error;

	if (r->json && r->trace_fd == r->fd) {
		struct str call = *line;
		const struct field field = F_STR("line", str_c(&call));

		*line = (struct str){0};
		add_event(r, &ev_call, &field, 1, line);
		str_fini(&call);
	}
	error = write_text(r, r->trace_fd, line, dump_gives_up);
	if (error != -EAGAIN && !r->trace_error) // else it is counted
		r->trace_error = error;
}

void report_dump(struct reporter *r, struct str *lines)
{
	take_lock();
	hide_progress(r);
	tell_lost(r, dump_gives_up);
	write_lines(r, r->fd, lines, dump_gives_up);
	drop_lock();
	str_fini(lines);
}

void report_lost(struct reporter *r)
{
	take_lock();
	tell_lost(r, message_gives_up);
	drop_lock();
}

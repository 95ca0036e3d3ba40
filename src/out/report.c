// SPDX-License-Identifier: ISC
#include "out/report.h"

#include "out/colour.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define CLEAR_LINE "\033[K" // to its end (ECMA-48, EL)

int write_whole(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n >= 0) {
			p += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN) {
			// An inherited descriptor may be non-blocking; its mode is not ours to
			// change.
			struct pollfd pfd = {.fd = fd, .events = POLLOUT};

			poll(&pfd, 1, -1);
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}

// When stderr is gone there is nobody left to tell.
static void write_text(int fd, const char *text, size_t len)
{
	int ignored = write_whole(fd, text, len);

	(void)ignored;
}

void report_hide_progress(struct reporter *r)
{
	static const char text[] = "\r" CLEAR_LINE;

	if (!r->has_progress)
		return;
	r->has_progress = false;
	write_text(r->fd, text, strlen(text));
}

// A terminal in raw mode, which somebody else has set, adds nothing to the end of a line.
static bool is_raw(const struct reporter *r, int fd)
{
	struct termios t;

	return r->is_terminal && fd == r->fd && tcgetattr(fd, &t) == 0 && !(t.c_oflag & OPOST);
}

// Returns a negative errno if it could not be written.
static int write_line(struct reporter *r, int fd, struct str *line)
{
	int error;

	if (fd == r->fd)
		report_hide_progress(r);
	str_add(line, is_raw(r, fd) ? "\r\n" : "\n");
	error = write_whole(fd, line->data, line->len);
	str_fini(line);
	return error;
}

static json_t *json_event(const struct reporter *r, const char *name)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return json_pack("{s:s, s:s, s:f}", "event", name, "command", r->command ? r->command : "",
		"time", (double)ts.tv_sec + (double)ts.tv_nsec / 1e9);
}

static void write_json(struct reporter *r, json_t *j)
{
	struct str line = {0};

	str_add_json(&line, j);
	write_line(r, r->fd, &line);
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
	return r->json ? r->level > REPORT_QUIET : e->text && r->level >= e->level;
}

void report_fields(struct reporter *r, const struct event *e, const struct field *fields, size_t n)
{
	if (!report_wants(r, e))
		return;
	if (r->json) {
		json_t *j = json_event(r, e->name);

		json_add_fields(j, fields, n);
		write_json(r, j);
	} else {
		struct str line = {0};

		text_begin(r, COLOUR_NONE, &line);
		str_add_fields(&line, e->text, fields, n);
		write_line(r, r->fd, &line);
	}
}

void report_error(
	struct reporter *r, int status, const char *object, const char *message, int error)
{
	const char *text = message ? message : strerror(-error);
	const char *name = error ? strerrorname_np(-error) : NULL;

	assert(error <= 0 && (message || error));
	if (r->json) {
		json_t *j = json_event(r, "error");

		if (object)
			json_object_set_new(j, "object", json_text(object));
		json_object_set_new(j, "message", json_text(text));
		if (name)
			json_object_set_new(j, "errno", json_string(name));
		json_object_set_new(j, "status", json_integer(status));
		write_json(r, j);
		return;
	}

	struct str line = {0};

	text_begin(r, COLOUR_BAD, &line);
	if (object) {
		if (*object)
			str_add_escaped(&line, object, strlen(object));
		else
			str_add(&line, "''"); // or nobody sees which word it was
		str_add(&line, ": ");
	}
	str_add(&line, text);
	if (name)
		str_addf(&line, " (%s)", name);
	write_line(r, r->fd, &line);
}

void report_progress(struct reporter *r, struct str *line, bool is_last)
{
	struct str text = {0};

	if (is_last) {
		str_addn(&text, str_c(line), line->len);
		write_line(r, r->fd, &text);
	} else if (r->is_terminal) {
		str_addf(&text, "\r%s" CLEAR_LINE, str_c(line));
		write_text(r->fd, text.data, text.len);
		r->has_progress = true;
	}
	str_fini(&text);
}

void report_trace(struct reporter *r, struct str *line)
{
	if (r->json && r->trace_fd == r->fd) {
		json_t *j = json_event(r, "call");

		json_object_set_new(j, "text", json_text(str_c(line)));
		write_json(r, j);
		str_fini(line);
		return;
	}

	int error = write_line(r, r->trace_fd, line);

	if (!r->trace_error)
		r->trace_error = error;
}

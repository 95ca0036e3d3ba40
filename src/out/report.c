// SPDX-License-Identifier: ISC
#include "out/report.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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

static void write_line(int fd, struct str *line)
{
	str_addc(line, '\n');
	// When stderr is gone there is nobody left to tell.
	int r = write_whole(fd, line->data, line->len);

	(void)r;
	str_fini(line);
}

// A JSON string of bytes that may be no UTF-8: what is not is escaped as in text.
static json_t *json_text(const char *s)
{
	json_t *j = json_string(s);

	if (!j) {
		struct str safe = {0};

		str_add_escaped(&safe, s, strlen(s));
		j = json_string(str_c(&safe));
		str_fini(&safe);
	}
	return j;
}

static const char *family_name(const struct sockaddr_any *a)
{
	switch (a->len ? a->sa.sa_family : AF_UNSPEC) {
	case AF_INET:
		return "inet";
	case AF_INET6:
		return "inet6";
	case AF_UNIX:
		return "unix";
	default:
		return "unspec";
	}
}

static void json_add_addr(json_t *j, const struct sockaddr_any *a)
{
	struct str host = {0};

	json_object_set_new(j, "family", json_string(family_name(a)));
	if (a->len) {
		bool is_unix = a->sa.sa_family == AF_UNIX;

		str_add_sockaddr_host(&host, &a->sa, a->len);
		json_object_set_new(j, is_unix ? "path" : "address", json_text(str_c(&host)));
		if (!is_unix)
			json_object_set_new(j, "port", json_integer(sockaddr_port(a)));
	}
	str_fini(&host);
}

static void json_add_field(json_t *j, const struct field *f)
{
	json_t *value = NULL;

	switch (f->type) {
	case FIELD_STR:
		value = f->ptr ? json_text(f->ptr) : NULL;
		break;
	case FIELD_UINT:
		value = json_integer((json_int_t)f->number);
		break;
	case FIELD_BOOL:
		value = json_boolean(f->number);
		break;
	case FIELD_SECONDS:
		value = json_real((double)f->number / 1e9);
		break;
	case FIELD_ADDR:
		value = json_object();
		json_add_addr(value, f->ptr);
		break;
	case FIELD_ENDPOINT:
		json_add_addr(j, f->ptr);
		break;
	}
	if (value)
		json_object_set_new(j, f->key, value);
}

static json_t *json_event(const struct reporter *r, const char *name)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return json_pack("{s:s, s:s, s:f}", "event", name, "command", r->command ? r->command : "",
		"time", (double)ts.tv_sec + (double)ts.tv_nsec / 1e9);
}

// Beyond ASCII all is written as \uXXXX, for a terminal would obey U+009B or a bidirectional
// override in a string.
static void write_json(struct reporter *r, json_t *j)
{
	struct str line = {0};
	char *text = json_dumps(j, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(16));

	str_add(&line, text ? text : "{}");
	free(text);
	json_decref(j);
	write_line(r->fd, &line);
}

static void text_add_field(struct str *s, const struct field *f)
{
	const struct sockaddr_any *a = f->ptr;

	switch (f->type) {
	case FIELD_STR:
		if (f->ptr)
			str_add_escaped(s, f->ptr, strlen(f->ptr));
		break;
	case FIELD_UINT:
		str_addf(s, "%" PRIu64, f->number);
		break;
	case FIELD_BOOL:
		str_add(s, f->number ? "yes" : "no");
		break;
	case FIELD_SECONDS:
		str_addf(s, "%.3f s", (double)f->number / 1e9);
		break;
	case FIELD_ADDR:
	case FIELD_ENDPOINT:
		str_add_sockaddr(s, &a->sa, a->len);
		break;
	}
}

static void text_expand(struct str *s, const char *template, const struct field *fields, size_t n)
{
	while (*template) {
		size_t plain = strcspn(template, "{");

		str_addn(s, template, plain);
		template += plain;
		if (!*template)
			break;

		size_t key = strcspn(++template, "}");

		for (size_t i = 0; i < n; i++)
			if (strlen(fields[i].key) == key &&
				memcmp(fields[i].key, template, key) == 0)
				text_add_field(s, &fields[i]);
		template += key + 1;
	}
}

static void text_begin(const struct reporter *r, struct str *s)
{
	str_add(s, "sockctl: ");
	if (r->command)
		str_addf(s, "%s: ", r->command);
}

void report_fields(struct reporter *r, const struct event *e, const struct field *fields, size_t n)
{
	if (r->json && r->level > REPORT_QUIET) {
		json_t *j = json_event(r, e->name);

		for (size_t i = 0; i < n; i++)
			json_add_field(j, &fields[i]);
		write_json(r, j);
	} else if (!r->json && e->text && r->level >= e->level) {
		struct str line = {0};

		text_begin(r, &line);
		text_expand(&line, e->text, fields, n);
		write_line(r->fd, &line);
	}
}

void report_error(
	struct reporter *r, int status, const char *object, const char *message, int error)
{
	const char *text = message ? message : strerror(-error);
	const char *name = error ? strerrorname_np(-error) : NULL;

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

	text_begin(r, &line);
	if (object) {
		str_add_escaped(&line, object, strlen(object));
		str_add(&line, ": ");
	}
	str_add(&line, text);
	if (name)
		str_addf(&line, " (%s)", name);
	write_line(r->fd, &line);
}

void report_trace(struct reporter *r, struct str *line)
{
	write_line(r->trace_fd, line);
}

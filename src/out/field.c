// SPDX-License-Identifier: ISC
#include "out/field.h"

#include "base/value.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// Bytes that may be no UTF-8: then they are escaped as in text.
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

static json_t *json_list(const char *const *items)
{
	json_t *list = json_array();

	for (; *items; items++)
		json_array_append_new(list, json_text(*items));
	return list;
}

static json_t *json_group(const struct field_group *group)
{
	json_t *object = json_object();

	json_add_fields(object, group->fields, group->count);
	return object;
}

static json_t *json_groups(const struct field_group *groups, uint64_t count)
{
	json_t *array = json_array();

	for (uint64_t i = 0; i < count; i++)
		json_array_append_new(array, json_group(&groups[i]));
	return array;
}

// NULL for none.
static json_t *json_bytes(const void *data, size_t len)
{
	struct str text = {0};
	json_t *value;

	if (!len)
		return NULL;
	if (memchr(data, '\0', len)) // no JSON string of ours has that
		str_add_escaped(&text, data, len);
	else
		str_addn(&text, data, len);
	value = json_text(str_c(&text));
	str_fini(&text);
	return value;
}

void str_add_signal(struct str *s, int number)
{
	const char *name = sigabbrev_np(number);

	if (name)
		str_addf(s, "SIG%s", name);
	else
		str_addf(s, "SIGRTMIN+%d", number - SIGRTMIN);
}

static json_t *json_signal(int number)
{
	struct str text = {0};
	json_t *value;

	str_add_signal(&text, number);
	value = json_string(str_c(&text));
	str_fini(&text);
	return value;
}

static json_t *json_host(const struct field_host *h)
{
	json_t *object = json_object();
	uint64_t port;

	json_object_set_new(object, "name", json_text(h->name));
	if (parse_uint(h->service, &port) == 0)
		json_object_set_new(object, "port", json_integer((json_int_t)port));
	else
		json_object_set_new(object, "service", json_text(h->service));
	return object;
}

static void json_add_field(json_t *j, const struct field *f)
{
	json_t *value = NULL;

	switch (f->type) {
	case FIELD_STR:
	case FIELD_SAFE:
		value = f->ptr ? json_text(f->ptr) : NULL;
		break;
	case FIELD_SHOWN:
		break;
	case FIELD_BYTES:
		value = json_bytes(f->ptr, f->number);
		break;
	case FIELD_LIST:
		value = f->ptr ? json_list(f->ptr) : NULL;
		break;
	case FIELD_UINT:
	case FIELD_INT:
		value = json_integer((json_int_t)f->number);
		break;
	case FIELD_BOOL:
		value = json_boolean(f->number);
		break;
	case FIELD_SIGNAL:
		value = json_signal((int)f->number);
		break;
	case FIELD_SECONDS:
	case FIELD_TIME:
		value = json_real((double)f->number / 1e9);
		break;
	case FIELD_ADDR:
		value = json_object();
		json_add_addr(value, f->ptr);
		break;
	case FIELD_HOST:
		value = json_host(f->ptr);
		break;
	case FIELD_ENDPOINT:
		json_add_addr(j, f->ptr);
		break;
	case FIELD_OBJECTS:
		value = json_groups(f->ptr, f->number);
		break;
	case FIELD_OBJECT:
		value = f->ptr ? json_group(f->ptr) : NULL;
		break;
	case FIELD_REAL:
		value = json_real(*(const double *)f->ptr);
		break;
	case FIELD_JSON:
		value = json_incref((json_t *)(uintptr_t)f->ptr);
		break;
	}
	if (value)
		json_object_set_new(j, f->key, value);
}

void json_add_fields(json_t *object, const struct field *fields, size_t n)
{
	for (size_t i = 0; i < n; i++)
		json_add_field(object, &fields[i]);
}

void str_add_json(struct str *s, json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(16));

	str_add(s, text ? text : "{}");
	free(text);
	json_decref(object);
}

static void text_add_list(struct str *s, const char *const *items)
{
	for (size_t i = 0; items[i]; i++) {
		if (i)
			str_addc(s, ' ');
		str_add_escaped(s, items[i], strlen(items[i]));
	}
}

static void text_add_time(struct str *s, uint64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	char text[sizeof("2026-01-01T00:00:00")];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	str_addf(s, "%s.%03uZ", text, (unsigned)(ns / 1000000 % 1000));
}

void str_add_field(struct str *s, const struct field *f)
{
	const struct sockaddr_any *a = f->ptr;
	const struct field_host *h = f->ptr;

	switch (f->type) {
	case FIELD_STR:
	case FIELD_SHOWN:
		if (f->ptr)
			str_add_escaped(s, f->ptr, strlen(f->ptr));
		break;
	case FIELD_SAFE:
		if (f->ptr)
			str_add(s, f->ptr);
		break;
	case FIELD_BYTES:
		str_add_escaped(s, f->ptr, f->number);
		break;
	case FIELD_LIST:
		if (f->ptr)
			text_add_list(s, f->ptr);
		break;
	case FIELD_UINT:
		str_add_uint(s, f->number);
		break;
	case FIELD_INT:
		str_addf(s, "%" PRId64, (int64_t)f->number);
		break;
	case FIELD_BOOL:
		str_add(s, f->number ? "yes" : "no");
		break;
	case FIELD_SIGNAL:
		str_add_signal(s, (int)f->number);
		break;
	case FIELD_SECONDS:
		str_addf(s, "%.3f s", (double)f->number / 1e9);
		break;
	case FIELD_TIME:
		text_add_time(s, f->number);
		break;
	case FIELD_HOST:
		str_add_escaped(s, h->text, strlen(h->text));
		break;
	case FIELD_ADDR:
	case FIELD_ENDPOINT:
		str_add_shown_sockaddr(s, &a->sa, a->len);
		break;
	case FIELD_REAL:
		str_addf(s, "%g", *(const double *)f->ptr);
		break;
	case FIELD_OBJECTS:
	case FIELD_OBJECT:
	case FIELD_JSON:
		break;
	}
}

void str_add_fields(struct str *s, const char *template, const struct field *fields, size_t n)
{
	while (*template) {
		size_t plain = (size_t)(strchrnul(template, '{') - template);

		str_addn(s, template, plain);
		template += plain;
		if (!*template ++)
			break;

		size_t key = (size_t)(strchrnul(template, '}') - template);
		bool is_one = false;

		for (size_t i = 0; i < n; i++)
			if (fields[i].key[0] == *template &&
				strncmp(fields[i].key, template, key) == 0 && !fields[i].key[key]) {
				str_add_field(s, &fields[i]);
				is_one = fields[i].type == FIELD_UINT && fields[i].number == 1;
			}
		template += key + 1;
		if (is_one && *template == ' ')
			template += str_add_singular(s, template);
	}
}

// SPDX-License-Identifier: ISC
#include "out/events.h"

#include <string.h>

// The keys of each event, which its other wordings share.
#define EVENT(id, name, level, text, fields, meaning) \
	static const char name_of_##id[] = name; \
	static const char fields_of_##id[] = fields;
#define WORDING(...)
#define TEXT(...)
#define FIELD(...)
#include "out/events.def"
#undef EVENT
#undef WORDING
#undef TEXT

#define EVENT(id, name, level, text, fields, meaning) \
	const struct event ev_##id = {name_of_##id, REPORT_##level, text, fields_of_##id, meaning};
#define WORDING(id, of, level, text) \
	const struct event ev_##id = {name_of_##of, REPORT_##level, text, fields_of_##of};
#define TEXT(id, level, text) const struct event ev_##id = {NULL, REPORT_##level, text};
#include "out/events.def"
#undef EVENT
#undef WORDING
#undef TEXT

#define EVENT(id, ...) &ev_##id,
#define WORDING(...)
#define TEXT(...)
const struct event *const event_catalogue[] = {
#include "out/events.def"
	NULL,
};
#undef EVENT
#undef FIELD

#define EVENT(...)
#define FIELD(key, type, meaning) {#key, VALUE_##type, meaning},
const struct event_field event_fields[] = {
#include "out/events.def"
	{""},
};

bool event_next_key(const char *fields, struct event_key *key)
{
	const char *at = key->text ? key->text + key->len + key->is_optional : fields;

	at += strspn(at, " ");
	*key = (struct event_key){.text = at, .len = strcspn(at, " ?")};
	key->is_optional = at[key->len] == '?';
	return key->len > 0;
}

static bool is_key(const char *key, const char *text, size_t len)
{
	return key[0] == text[0] && strncmp(key, text, len) == 0 && !key[len];
}

const struct event_field *event_field_find(const char *key, size_t len)
{
	for (const struct event_field *f = event_fields; *f->key; f++)
		if (is_key(f->key, key, len))
			return f;
	return NULL;
}

static bool has_key(const char *fields, const char *key)
{
	struct event_key k = {0};

	while (event_next_key(fields, &k))
		if (is_key(key, k.text, k.len))
			return true;
	return false;
}

static bool is_of_type(const struct field *f, enum value_type type)
{
	switch (f->type) {
	case FIELD_STR:
	case FIELD_SAFE:
		return type == VALUE_STRING || !f->ptr; // what is left out has no type
	case FIELD_BYTES:
	case FIELD_SIGNAL:
		return type == VALUE_STRING;
	case FIELD_LIST:
		return type == VALUE_STRINGS;
	case FIELD_UINT:
	case FIELD_INT:
		return type == VALUE_INTEGER;
	case FIELD_BOOL:
		return type == VALUE_BOOLEAN;
	case FIELD_SECONDS:
		return type == VALUE_SECONDS;
	case FIELD_TIME:
		return type == VALUE_TIME;
	case FIELD_ADDR:
		return type == VALUE_ADDRESS || type == VALUE_REMOTE;
	case FIELD_HOST:
		return type == VALUE_REMOTE;
	case FIELD_OBJECTS:
		return type == VALUE_OBJECTS;
	case FIELD_REAL:
		return type == VALUE_REAL;
	case FIELD_JSON:
		return type == VALUE_RANGES;
	case FIELD_SHOWN:
	case FIELD_ENDPOINT:
	case FIELD_OBJECT:
		break;
	}
	return false;
}

static bool allows_field(const struct event *e, const struct field *f)
{
	const struct event_field *row;

	if (f->type == FIELD_SHOWN)
		return true;
	if (f->type == FIELD_ENDPOINT)
		return has_key(e->fields, "family");
	row = event_field_find(f->key, strlen(f->key));
	return row && has_key(e->fields, f->key) && is_of_type(f, row->type);
}

static bool is_given(const char *key, size_t len, const struct field *fields, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_key(fields[i].key, key, len))
			return true;
	return false;
}

bool event_allows(const struct event *e, const struct field *fields, size_t n)
{
	if (!e->fields)
		return true;
	for (size_t i = 0; i < n; i++)
		if (!allows_field(e, &fields[i]))
			return false;
	for (const char *at = e->text; at && (at = strchr(at, '{')); at++)
		if (!is_given(at + 1, strcspn(at + 1, "}"), fields, n))
			return false;
	return true;
}

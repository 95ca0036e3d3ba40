// SPDX-License-Identifier: ISC
#include "help/event_list.h"

#include "out/events.h"

#include <string.h>

#define FIELDS_INDENT 2
#define TYPE_COLUMN 23
#define MEANING_COLUMN 32

static const char head[] =
	"Events are written to standard error: as text, or with --json as one object per\n"
	"line. In parentheses stands when the text is written: always; normal, without\n"
	"-q; -v; -vv. With --json all events are written but those that say otherwise,\n"
	"and with -q also errors only. The events of the level result go to standard\n"
	"output.\n"
	"\n"
	"Each event has the fields event (string: its name), command (string) and time\n"
	"(time). A field with '?' is not in every event of the name.\n";

static const char types[] =
	"types of fields:\n"
	"  string, integer, real, boolean\n"
	"  seconds   number of seconds, with fraction\n"
	"  time      seconds since 1970, with fraction\n"
	"  address   object: family, and address and port, or path\n"
	"  remote    address, or object: name, and port or service\n"
	"  strings   array of strings\n"
	"  objects   array of objects, which have the fields FIELD.MEMBER\n"
	"  ranges    array of arrays: from (seconds), to (seconds), how many (integer)\n";

static const char *const type_names[] = {
	[VALUE_STRING] = "string",
	[VALUE_INTEGER] = "integer",
	[VALUE_REAL] = "real",
	[VALUE_BOOLEAN] = "boolean",
	[VALUE_SECONDS] = "seconds",
	[VALUE_TIME] = "time",
	[VALUE_ADDRESS] = "address",
	[VALUE_REMOTE] = "remote",
	[VALUE_STRINGS] = "strings",
	[VALUE_OBJECTS] = "objects",
	[VALUE_RANGES] = "ranges",
};

static const char *const level_names[] = {
	[REPORT_RESULT] = "result",
	[REPORT_QUIET] = "always",
	[REPORT_NORMAL] = "normal",
	[REPORT_VERBOSE] = "-v",
	[REPORT_DEBUG] = "-vv",
};

#define event_for_each(e) \
	for (const struct event *const *at_ = event_catalogue, *e; (e = *at_); at_++)

// "via?", in a line that began at START.
static void add_field(
	struct str *out, const char *key, size_t len, bool is_optional, const struct event_field *f)
{
	size_t start = out->len;

	str_add_repeated(out, ' ', FIELDS_INDENT);
	str_addn(out, key, len);
	str_add(out, is_optional ? "?" : "");
	str_pad(out, start + TYPE_COLUMN);
	str_add(out, type_names[f->type]);
	str_pad(out, start + MEANING_COLUMN);
	str_add_wrapped(out, MEANING_COLUMN, f->meaning);
}

static void add_heading(struct str *out, const struct event *e)
{
	str_addf(out, "\n%s (%s):\n  ", e->name, level_names[e->level]);
	str_add_wrapped(out, FIELDS_INDENT, e->meaning);
}

// With the keys alone, for the fields follow once for all events.
static void add_event(struct str *out, const struct event *e)
{
	add_heading(out, e);
	str_add_repeated(out, ' ', FIELDS_INDENT);
	str_add_wrapped(out, FIELDS_INDENT, e->fields);
}

void event_list(struct str *out)
{
	str_add(out, head);
	event_for_each(e) add_event(out, e);
	str_add(out, "\nfields:\n");
	for (const struct event_field *f = event_fields; *f->key; f++)
		add_field(out, f->key, strlen(f->key), false, f);
	str_addc(out, '\n');
	str_add(out, types);
}

bool event_list_of(const char *name, struct str *out)
{
	size_t before = out->len;

	event_for_each(e)
	{
		struct event_key key = {0};

		if (strcmp(e->name, name) != 0)
			continue;
		add_heading(out, e);
		while (event_next_key(e->fields, &key))
			add_field(out, key.text, key.len, key.is_optional,
				event_field_find(key.text, key.len));
	}
	return out->len > before;
}

void event_list_words(struct words *w)
{
	const char *last = "";

	event_for_each(e)
	{
		if (strcmp(e->name, last) != 0)
			words_add(w, e->name, e->meaning);
		last = e->name;
	}
}

static json_t *describe_fields(const struct event *e)
{
	struct event_key key = {0};
	json_t *list = json_array();

	while (event_next_key(e->fields, &key)) {
		const struct event_field *f = event_field_find(key.text, key.len);
		json_t *field = json_pack("{s:s, s:s, s:s}", "name", f->key, "type",
			type_names[f->type], "meaning", f->meaning);

		if (key.is_optional)
			json_object_set_new(field, "optional", json_true());
		json_array_append_new(list, field);
	}
	return list;
}

void event_list_dump(struct str *out)
{
	event_for_each(e)
	{
		str_add_json(out, json_pack("{s:s, s:s, s:s, s:o}", "name", e->name, "level",
					  level_names[e->level], "meaning", e->meaning, "fields",
					  describe_fields(e)));
		str_addc(out, '\n');
	}
}

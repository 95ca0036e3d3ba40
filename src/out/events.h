// SPDX-License-Identifier: ISC
// The catalogue of events, whose rows are in events.def: ev_NAME for those who report one, and what
// JSON has of each for those who describe it.
#ifndef SOCKCTL_OUT_EVENTS_H
#define SOCKCTL_OUT_EVENTS_H

#include "out/field.h"

#include <stdbool.h>
#include <stddef.h>

enum report_level {
	REPORT_RESULT, // what was asked for, on standard output
	REPORT_QUIET, // errors only
	REPORT_NORMAL, // and what the user must know, such as where we listen
	REPORT_VERBOSE, // -v: and what happens
	REPORT_DEBUG, // -vv: and why
};

// An event as it is reported.
struct event {
	const char *name; // NULL: the event exists as text only
	enum report_level
		level; // text below this level leaves it out; JSON never does, unless quiet
	const char *text; // a template for str_add_fields(); NULL: the event exists in JSON only
	const char *fields; // keys, as in events.def; NULL: any, for it is not in the catalogue
	const char *meaning; // a sentence
};

#define EVENT(id, ...) extern const struct event ev_##id;
#define WORDING(id, ...) EVENT(id)
#define TEXT(id, ...) EVENT(id)
#define FIELD(...)
#include "out/events.def"
#undef EVENT
#undef WORDING
#undef TEXT
#undef FIELD

// What a field is in JSON.
enum value_type {
	VALUE_STRING,
	VALUE_INTEGER,
	VALUE_REAL,
	VALUE_BOOLEAN,
	VALUE_SECONDS, // a number
	VALUE_TIME, // a number: seconds since 1970
	VALUE_ADDRESS, // an object: family, address and port, or family and path
	VALUE_REMOTE, // the same, or name and port, or name and service
	VALUE_STRINGS, // an array
	VALUE_OBJECTS, // an array, of objects with members of their own
	VALUE_RANGES, // an array, of arrays: from and to in seconds, and a number of values
};

struct event_field {
	char key[24];
	enum value_type type;
	char meaning[80];
};

// Every row EVENT and every row of a field, in the order of the catalogue; NULL and a row without a
// key end them.
extern const struct event *const event_catalogue[];
extern const struct event_field event_fields[];

// A key in the list of an event.
struct event_key {
	const char *text;
	size_t len;
	bool is_optional;
};

// Moves on to the next key of FIELDS; a zeroed one stands before the first. Returns false at the
// end.
bool event_next_key(const char *fields, struct event_key *key);

// The row of a field, or NULL.
const struct event_field *event_field_find(const char *key, size_t len);

// True if the catalogue lets an event have these fields, and they have all that its text shows.
bool event_allows(const struct event *e, const struct field *fields, size_t n);

#endif

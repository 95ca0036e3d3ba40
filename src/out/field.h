// SPDX-License-Identifier: ISC
// Named values, the common vocabulary of events and tables: written into a text by templates, or
// into a JSON object under the same names.
#ifndef SOCKCTL_OUT_FIELD_H
#define SOCKCTL_OUT_FIELD_H

#include "base/str.h"
#include "base/sockaddr.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum field_type {
	FIELD_STR, // escaped in text; NULL leaves the field out
	FIELD_SHOWN, // the same, but in text only
	FIELD_SAFE, // fit for a terminal as it is, for it was escaped where it came from
	FIELD_BYTES, // escaped; so many bytes of any value, and none leave it out
	FIELD_LIST, // const char *const *, NULL-terminated: an array, or words with blanks between
		    // them
	FIELD_UINT,
	FIELD_INT, // from int64_t
	FIELD_BOOL,
	FIELD_SIGNAL, // its name
	FIELD_SECONDS, // from nanoseconds
	FIELD_REAL, // const double *
	FIELD_TIME, // from nanoseconds since 1970: seconds, or RFC 3339 in text
	FIELD_ADDR, // {family, address, port} or {family, path}
	FIELD_HOST, // struct field_host *: {name, port}, or {name, service}
	FIELD_ENDPOINT, // the members of FIELD_ADDR spread into the object itself
	FIELD_OBJECTS, // struct field_group *, number of them: an array of objects, JSON only
	FIELD_OBJECT, // struct field_group *: an object, JSON only
	FIELD_JSON, // json_t *, borrowed; NULL leaves the field out, JSON only
};

struct field {
	const char *key;
	enum field_type type;
	uint64_t number;
	const void *ptr;
};

// A host that is known by its name alone.
struct field_host {
	const char *text; // as it is spoken of: "example.org:443"
	const char *name, *service; // the latter a number or a name
};

// The members of an object inside another.
struct field_group {
	const struct field *fields;
	size_t count;
};

#define F_STR(key, value) \
	{ \
		key, FIELD_STR, 0, value \
	}
#define F_SHOWN(key, value) \
	{ \
		key, FIELD_SHOWN, 0, value \
	}
#define F_SAFE(key, value) \
	{ \
		key, FIELD_SAFE, 0, value \
	}
#define F_BYTES(key, data, len) \
	{ \
		key, FIELD_BYTES, (uint64_t)(len), data \
	}
#define F_LIST(key, items) \
	{ \
		key, FIELD_LIST, 0, items \
	}
#define F_UINT(key, value) \
	{ \
		key, FIELD_UINT, (uint64_t)(value), NULL \
	}
#define F_INT(key, value) \
	{ \
		key, FIELD_INT, (uint64_t)(int64_t)(value), NULL \
	}
#define F_BOOL(key, value) \
	{ \
		key, FIELD_BOOL, (uint64_t)(value), NULL \
	}
#define F_SIGNAL(key, value) \
	{ \
		key, FIELD_SIGNAL, (uint64_t)(value), NULL \
	}
#define F_SECONDS(key, ns) \
	{ \
		key, FIELD_SECONDS, (uint64_t)(ns), NULL \
	}
#define F_REAL(key, value) \
	{ \
		key, FIELD_REAL, 0, value \
	}
#define F_TIME(key, ns) \
	{ \
		key, FIELD_TIME, (uint64_t)(ns), NULL \
	}
#define F_ADDR(key, addr) \
	{ \
		key, FIELD_ADDR, 0, addr \
	}
#define F_HOST(key, host) \
	{ \
		key, FIELD_HOST, 0, host \
	}
#define F_ENDPOINT(key, addr) \
	{ \
		key, FIELD_ENDPOINT, 0, addr \
	}

// A number that is left out unless there is one.
static inline struct field field_uint_if(const char *key, bool there, uint64_t number)
{
	return (struct field){key, there ? FIELD_UINT : FIELD_STR, number, NULL};
}

// The same for a boolean, which is left out unless it is true.
static inline struct field field_true_if(const char *key, bool is_true)
{
	return (struct field){key, is_true ? FIELD_BOOL : FIELD_STR, is_true, NULL};
}

// The same for nanoseconds.
static inline struct field field_seconds_if(const char *key, bool there, uint64_t ns)
{
	return (struct field){key, there ? FIELD_SECONDS : FIELD_STR, ns, NULL};
}

// Adds SIGTERM, or SIGRTMIN+3 for one that has no name.
void str_add_signal(struct str *s, int number);

// Adds the value alone.
void str_add_field(struct str *s, const struct field *f);

#define F_OBJECTS(key, groups, count) \
	{ \
		key, FIELD_OBJECTS, count, groups \
	}
#define F_OBJECT(key, group) \
	{ \
		key, FIELD_OBJECT, 1, group \
	}
#define F_JSON(key, value) \
	{ \
		key, FIELD_JSON, 0, value \
	}

// Expands TEMPLATE, in which {key} stands for the field of that key, or for nothing.
void str_add_fields(struct str *s, const char *template, const struct field *fields, size_t n);

void json_add_fields(json_t *object, const struct field *fields, size_t n);

// Adds the object as one line without newline, and takes the reference. Beyond ASCII all is written
// as \uXXXX, for a terminal would obey U+009B or a bidirectional override in a string.
void str_add_json(struct str *s, json_t *object);

#endif

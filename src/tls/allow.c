// SPDX-License-Identifier: ISC
#include "tls/allow.h"

#include "base/mem.h"
#include "base/util.h"
#include "base/value.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct allow_name {
	enum allow_kind kind;
	const char *text;
};

static const char *const prefixes[] = {
	[ALLOW_DNS] = "DNS:", [ALLOW_URI] = "URI:", [ALLOW_EMAIL] = "email:", [ALLOW_CN] = "CN:"};

static void add_name(struct allow *a, enum allow_kind kind, const char *text)
{
	a->names = xrealloc(a->names, (a->name_count + 1) * sizeof(*a->names));
	a->names[a->name_count++] = (struct allow_name){kind, text};
}

int allow_add(struct allow *a, const char *word, struct str *err)
{
	if (strncmp(word, "sha256:", 7) == 0)
		return pins_add(&a->keys, word, err);
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		size_t len = strlen(prefixes[i]);

		if (strncasecmp(word, prefixes[i], len) != 0 || !word[len])
			continue;
		add_name(a, (enum allow_kind)i, word + len);
		return 0;
	}
	return bad_word(err, word,
		"is no name of a client: DNS:NAME, URI:URI, email:ADDRESS, CN:NAME or "
		"sha256:HASH");
}

void allow_fini(struct allow *a)
{
	free(a->names);
	pins_fini(&a->keys);
	*a = (struct allow){0};
}

static bool is_equal(const char *text, const char *name, size_t len)
{
	return strlen(text) == len && memcmp(text, name, len) == 0;
}

static bool is_equal_host(const char *text, const char *name, size_t len)
{
	return strlen(text) == len && strncasecmp(text, name, len) == 0;
}

static bool matches_host(const char *text, const char *name, size_t len)
{
	const char *dot = memchr(name, '.', len);

	if (strncmp(text, "*.", 2) != 0)
		return is_equal_host(text, name, len);
	return dot && dot > name && is_equal_host(text + 1, dot, len - (size_t)(dot - name));
}

static bool matches_uri(const char *text, const char *name, size_t len)
{
	size_t fixed = strlen(text) - 1;

	if (text[fixed] != '*')
		return is_equal(text, name, len);
	return len >= fixed && memcmp(text, name, fixed) == 0;
}

// The part before the @ is the business of its host, which nobody asks.
static bool matches_email(const char *text, const char *name, size_t len)
{
	const char *at = memchr(name, '@', len);
	size_t local = at ? (size_t)(at - name) : len;

	return strlen(text) == len && memcmp(text, name, local) == 0 &&
	       strncasecmp(text + local, name + local, len - local) == 0;
}

static bool matches(const struct allow_name *n, const char *name, size_t len)
{
	switch (n->kind) {
	case ALLOW_DNS:
		return matches_host(n->text, name, len);
	case ALLOW_URI:
		return matches_uri(n->text, name, len);
	case ALLOW_EMAIL:
		return matches_email(n->text, name, len);
	case ALLOW_CN:
		break;
	}
	return is_equal(n->text, name, len);
}

bool allow_has(const struct allow *a, enum allow_kind kind, const char *name, size_t len)
{
	if (memchr(name, '\0', len)) // it would be another name for whoever reads it
		return false;
	for (size_t i = 0; i < a->name_count; i++)
		if (a->names[i].kind == kind && matches(&a->names[i], name, len))
			return true;
	return false;
}

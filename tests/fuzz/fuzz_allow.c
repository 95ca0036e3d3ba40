// SPDX-License-Identifier: ISC
// --allow-name: a word admits the names that it means, of its kind, and no others. The input is a
// word up to a newline, and the name that a certificate has, which may hold anything.
#include "fuzz.h"

#include "base/mem.h"
#include "base/util.h"
#include "tls/allow.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *const prefixes[] = {"DNS:", "URI:", "email:", "CN:"};

// What TEXT would be where only lower case is known, from FROM on.
static char *lower(const char *text, size_t len, size_t from)
{
	char *copy = xstrndup(text, len);

	for (size_t i = from; i < len; i++)
		copy[i] = (char)tolower((unsigned char)copy[i]);
	return copy;
}

// The same rule in other words: TEXT and NAME, which has no NUL, are brought to one form and
// compared.
static bool is_meant(enum allow_kind kind, const char *text, const char *name)
{
	size_t len = strlen(name), fixed = strlen(text);
	bool is_same;
	char *a, *b;

	if (kind == ALLOW_URI && text[fixed - 1] == '*')
		return strncmp(name, text, fixed - 1) == 0;
	if (kind == ALLOW_DNS && strncmp(text, "*.", 2) == 0) {
		size_t label = strcspn(name, ".");

		if (!label || label == len)
			return false;
		name += label;
		len -= label;
		text++;
		fixed--;
	}
	a = lower(text, fixed,
		kind == ALLOW_DNS     ? 0
		: kind == ALLOW_EMAIL ? strcspn(text, "@")
				      : fixed);
	b = lower(name, len,
		kind == ALLOW_DNS     ? 0
		: kind == ALLOW_EMAIL ? strcspn(name, "@")
				      : len);
	is_same = strcmp(a, b) == 0;
	free(a);
	free(b);
	return is_same;
}

static enum allow_kind kind_of(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (strncasecmp(word, prefixes[i], strlen(prefixes[i])) == 0)
			return (enum allow_kind)i;
	fuzz_broken(__FILE__, __LINE__, "a word of no kind was taken");
}

static void check(const struct allow *a, const char *word, const char *name, size_t len)
{
	enum allow_kind kind = kind_of(word);
	const char *text = word + strlen(prefixes[kind]);
	bool has_nul = memchr(name, '\0', len);
	char *whole = xstrndup(name, len);

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		bool wanted = i == (size_t)kind && !has_nul && is_meant(kind, text, whole);

		require(allow_has(a, (enum allow_kind)i, name, len) == wanted);
	}
	require(allow_has(a, kind, text, strlen(text))); // what it says itself
	free(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const uint8_t *newline = len ? memchr(data, '\n', len) : NULL;
	size_t word_len = newline ? (size_t)(newline - data) : len;
	size_t name_len = newline ? len - word_len - 1 : 0;
	char *word = xstrndup((const char *)data, word_len);
	char *name = xmalloc(name_len); // of exactly that size
	struct allow a = {0};
	struct str err = {0};

	if (name_len)
		memcpy(name, newline + 1, name_len);
	if (allow_add(&a, word, &err) < 0) {
		require_message(str_c(&err));
		require(allow_is_everybody(&a)); // the program ends before anybody comes
	} else {
		require(!allow_is_everybody(&a));
		if (a.name_count)
			check(&a, word, name, name_len);
	}
	allow_fini(&a);
	str_fini(&err);
	free(word);
	free(name);
	return 0;
}

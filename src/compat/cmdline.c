// SPDX-License-Identifier: ISC
#include "compat/cmdline.h"

#include "base/mem.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void cmdline_fini(struct cmdline *c)
{
	for (int i = 0; i < c->count; i++)
		free(c->words[i]);
	free(c->words);
	free(c->shown);
	*c = (struct cmdline){0};
}

static void take(struct cmdline *c, char *word)
{
	c->words = xrealloc(c->words, (size_t)(c->count + 2) * sizeof(*c->words));
	c->words[c->count++] = word;
	c->words[c->count] = NULL;
}

void cmdline_add(struct cmdline *c, const char *word)
{
	take(c, xstrdup(word));
}

void cmdline_addf(struct cmdline *c, const char *fmt, ...)
{
	struct str word = {0};
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&word, fmt, ap);
	va_end(ap);
	cmdline_add(c, str_c(&word));
	str_fini(&word);
}

void cmdline_add_pair(struct cmdline *c, const char *option, const char *value)
{
	cmdline_add(c, option);
	cmdline_add(c, value);
}

void cmdline_add_secret(struct cmdline *c, const char *word, const char *shown)
{
	c->secret = c->count;
	c->shown = xstrdup(shown);
	cmdline_add(c, word);
}

void cmdline_add_ms(struct cmdline *c, const char *option, uint64_t ms)
{
	cmdline_add(c, option);
	if (ms % 1000)
		cmdline_addf(c, "%" PRIu64 "ms", ms);
	else
		cmdline_addf(c, "%" PRIu64, ms / 1000);
}

static bool is_plain(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_-./:,=@%+";

	return *word && strspn(word, plain) == strlen(word);
}

static void add_quoted(struct str *s, const char *word)
{
	if (is_plain(word)) {
		str_add(s, word);
		return;
	}
	str_addc(s, '\'');
	for (const char *p = word; *p; p++)
		if (*p == '\'')
			str_add(s, "'\\''");
		else
			str_addc(s, *p);
	str_addc(s, '\'');
}

void str_add_cmdline(struct str *s, const struct cmdline *c)
{
	str_add(s, "sockctl");
	for (int i = 0; i < c->count; i++) {
		str_addc(s, ' ');
		add_quoted(s, c->shown && i == c->secret ? c->shown : c->words[i]);
	}
	if (c->discards_output)
		str_add(s, " >/dev/null");
}

// SPDX-License-Identifier: ISC
// From the words of socat to addresses: TYPE:PARAMETER:...,OPTION=VALUE,... with quotes, brackets
// and backslashes, in which the characters between have no meaning.
#include "base/mem.h"
#include "base/value.h"
#include "compat/socat/socat.h"
#include "sys/path.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DUAL "!!"

static bool is_dual_here(const char *at)
{
	return strncmp(at, DUAL, strlen(DUAL)) == 0;
}

// A backslash and a letter are a character that cannot be typed; before anything else, itself.
static char escaped(char c)
{
	static const char letters[] = "abfnrtv";
	static const char values[] = "\a\b\f\n\r\t\v";
	const char *found = strchr(letters, c);

	return found ? values[found - letters] : c;
}

static int take_escaped(const char **at, struct str *out, struct str *err)
{
	char c = (*at)[1];

	if (!c || c == '0') {
		str_add(err, c ? "\\0 cannot be a part of a word" : "nothing follows the last \\");
		return -EINVAL;
	}
	str_addc(out, escaped(c));
	*at += 2;
	return 0;
}

// What closes what C opens, or 0. In a single quote nothing opens.
static char closing(char c, char inside)
{
	static const char opens[] = "'\"([{";
	static const char closes[] = "'\")]}";
	const char *found = c && inside != '\'' ? strchr(opens, c) : NULL;

	return found ? closes[found - opens] : '\0';
}

static bool is_quote(char c)
{
	return c == '\'' || c == '"';
}

// What is open at the end: brackets may be.
static int check_closed(const char *closes, int depth, struct str *err)
{
	for (int i = 0; i < depth; i++) {
		if (is_quote(closes[i])) {
			str_addf(err, "a closing %c is missing", closes[i]);
			return -EINVAL;
		}
	}
	return 0;
}

#define MAX_DEPTH 32 // as deep as brackets and quotes may stand in each other

// Takes what stands before one of STOPS, which may be DUAL, or the end. The outermost quotes are
// left out. CLOSES is what has been opened, from the outside in.
static int take(
	const char **at, const char *stops, bool stops_at_dual, struct str *out, struct str *err)
{
	char closes[MAX_DEPTH];
	int depth = 0;

	while (**at) {
		char c = **at;
		char inside = depth ? closes[depth - 1] : '\0';
		char close = closing(c, inside);
		bool is_kept = true;

		if (!depth && (strchr(stops, c) || (stops_at_dual && is_dual_here(*at))))
			break;
		if (c == '\\') {
			if (take_escaped(at, out, err) < 0)
				return -EINVAL;
			continue;
		}
		if (depth && c == inside) {
			depth--;
			is_kept = depth || !is_quote(c);
		} else if (close && depth == MAX_DEPTH) {
			str_add(err, "too many brackets in each other");
			return -EINVAL;
		} else if (close) {
			is_kept = depth || !is_quote(c);
			closes[depth++] = close;
		}
		if (is_kept)
			str_addc(out, c);
		++*at;
	}
	return check_closed(closes, depth, err);
}

static int take_word(const char **at, const char *stops, char **word, struct str *err)
{
	struct str out = {0};
	int r = take(at, stops, true, &out, err);

	*word = xstrdup(str_c(&out));
	str_fini(&out);
	return r;
}

// "HOST:PORT", as they are written.
static void add_params(struct str *s, const struct socat_type *type)
{
	if (!*type->params)
		str_add(s, "none");
	for (const char *p = type->params; *p; p++)
		str_addc(s, *p == ' ' ? ':' : *p);
}

static int add_param(struct socat_address *a, char *param, struct str *err)
{
	if (a->param_count < SOCAT_MAX_PARAMS) {
		a->params[a->param_count++] = param;
		return 0;
	}
	free(param);
	str_addf(err, "too many parameters of '%s'; expected ", a->type->name);
	add_params(err, a->type);
	if (strstr(a->type->params, "HOST"))
		str_add(err, "; an IPv6 address stands in brackets");
	return -EINVAL;
}

static int take_params(struct socat_address *a, const char **at, struct str *err)
{
	while (**at == ':') {
		char *param;
		int r;

		++*at;
		r = take_word(at, ":,", &param, err);
		if (add_param(a, param, err) < 0 || r < 0)
			return -EINVAL;
	}
	return 0;
}

static void add_unknown(struct str *err, const char *what, const char *name, const char *near)
{
	str_addf(err, "no %s '", what);
	str_add_word(err, name, strlen(name));
	str_addc(err, '\'');
	if (near)
		str_addf(err, "; did you mean '%s'?", near);
	else
		str_add(err, "; sockctl-socat(1) lists what is known");
}

static int take_option(struct socat_address *a, const char **at, struct str *err)
{
	struct socat_given *given = &a->options[a->option_count];
	const char *near = NULL;
	char *name;
	int r = take_word(at, ",=", &name, err);

	if (r == 0 && !*name && **at != '=') {
		free(name);
		return 0;
	}
	if (r == 0 && a->option_count == SOCAT_MAX_OPTIONS) {
		str_add(err, "too many options");
		r = -EINVAL;
	}
	if (r == 0) {
		given->option = socat_option_find(name, &near);
		a->option_count += given->option != NULL;
		if (!given->option) {
			add_unknown(err, "option", name, near);
			r = -EINVAL;
		}
	}
	free(name);
	if (r < 0 || **at != '=')
		return r;
	++*at;
	return take_word(at, ",", &given->value, err);
}

static int refuse_type(const struct socat_address *a, struct str *err)
{
	bad_word(err, a->name, "is not supported: ");
	str_add(err, a->type->instead);
	return -EINVAL;
}

// Parameters in brackets may be left out.
static bool has_its_params(const struct socat_address *a)
{
	int most = 0;
	int optional = 0;

	for (const char *p = a->type->params; *p; p += *p == ' ') {
		most++;
		optional += *p == '[';
		p += strcspn(p, " ");
	}
	return a->param_count == most || a->param_count == most - optional;
}

static int check_params(const struct socat_address *a, struct str *err)
{
	if (has_its_params(a))
		return 0;
	str_addf(err, "%d parameter%s of '%s'; expected ", a->param_count,
		a->param_count == 1 ? "" : "s", a->type->name);
	add_params(err, a->type);
	return -EINVAL;
}

// A number is a descriptor, and what has a slash before anything else a file.
static const char *implied_type(const char *word)
{
	size_t number = strspn(word, "0123456789");

	if (number && (!word[number] || strchr(",!", word[number])))
		return "FD";
	return strcspn(word, "/") < strcspn(word, ":,!") ? "GOPEN" : NULL;
}

// A host with its port has no type.
static bool is_port(const char *word)
{
	size_t len = strspn(word, "0123456789");

	return len && !word[len];
}

static int take_type(struct socat_address *a, const char **at, struct str *err)
{
	const char *implied = implied_type(*at);
	const char *near = NULL;
	char *name;
	int r = take_word(at, ":,", &name, err);

	a->name = implied ? xstrdup(implied) : name;
	if (implied)
		add_param(a, name, err);
	if (r < 0)
		return r;
	a->type = socat_type_find(a->name, &near);
	if (a->type)
		return 0;
	add_unknown(err, "address type", a->name, near);
	if (!near && **at == ':' && is_port(*at + 1))
		str_addf(err, "; write TCP:%s%s for a connection", a->name, *at);
	return -EINVAL;
}

// A socket that is there already is not opened but connected to; a pipe with a name is a file.
static void decide_role(struct socat_address *a)
{
	const char *near;
	struct stat st;
	bool is_generic = a->type->role == SOCAT_FILE && a->type->detail & SOCAT_GENERIC;

	if (is_generic && sys_stat(a->params[0], &st) == 0 && S_ISSOCK(st.st_mode))
		a->type = socat_type_find("UNIX-CONNECT", &near);
	if (a->type->role == SOCAT_ECHO && a->param_count)
		a->type = socat_type_find("OPEN", &near);
}

static int take_address(struct socat_address *a, const char **at, struct str *err)
{
	int r = take_type(a, at, err);

	if (r == 0 && a->type->role == SOCAT_NEVER)
		return refuse_type(a, err);
	if (r == 0)
		r = take_params(a, at, err);
	if (r == 0)
		r = check_params(a, err);
	while (r == 0 && **at == ',') {
		++*at;
		r = take_option(a, at, err);
	}
	if (r == 0)
		decide_role(a);
	return r;
}

int socat_word_parse(struct socat_word *w, const char *word, struct str *err)
{
	const char *at = word;
	int r = take_address(&w->read, &at, err);

	if (r == 0 && is_dual_here(at)) {
		w->is_dual = true;
		at += strlen(DUAL);
		r = take_address(&w->write, &at, err);
	}
	if (r == 0 && *at)
		return bad_word(err, at, "follows the address; two addresses have '!!' between");
	return r;
}

static void fini(struct socat_address *a)
{
	free(a->name);
	for (int i = 0; i < a->param_count; i++)
		free(a->params[i]);
	for (int i = 0; i < SOCAT_MAX_OPTIONS; i++)
		free(a->options[i].value);
}

void socat_word_fini(struct socat_word *w)
{
	fini(&w->read);
	fini(&w->write);
}

int socat_split_command(const char *command, struct strlist *words, struct str *err)
{
	const char *at = command + strspn(command, " ");
	struct str word = {0};
	bool has_more = *at;
	int r = 0;

	while (r == 0 && has_more) {
		str_clear(&word);
		r = take(&at, " ", false, &word, err);
		strlist_add(words, xstrdup(str_c(&word)));
		has_more = *at == ' '; // an empty word follows the last blank
		at += strspn(at, " ");
	}
	str_fini(&word);
	return r;
}

void socat_words_fini(struct strlist *words)
{
	for (size_t i = 0; i < words->count; i++)
		free((char *)(uintptr_t)words->items[i]);
	strlist_fini(words);
}

// SPDX-License-Identifier: ISC
#include "base/value.h"

#include "base/util.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

// Reads digits of BASE; *rest is what follows them, also where they are too many (-ERANGE), so that
// the form of the whole word counts before its size.
static int parse_digits(const char *word, int base, uint64_t *value, const char **rest)
{
	char *end;

	if (!isdigit((unsigned char)*word)) // strtoumax() would take a sign or a space
		return -EINVAL;
	errno = 0;
	*value = strtoumax(word, &end, base);
	if (end == word)
		return -EINVAL;
	*rest = end;
	return -errno;
}

// Reads a word of digits and nothing else.
static int parse_whole(const char *word, int base, uint64_t *value)
{
	const char *rest;
	uint64_t v;
	int r = parse_digits(word, base, &v, &rest);

	if (r != -EINVAL && *rest)
		r = -EINVAL;
	if (r == 0)
		*value = v;
	return r;
}

int parse_uint(const char *word, uint64_t *value)
{
	return parse_whole(word, 10, value);
}

int parse_int(const char *word, int64_t *value)
{
	bool negative = *word == '-';
	bool hex;
	uint64_t v = 0;
	int r;

	word += negative;
	hex = word[0] == '0' && (word[1] == 'x' || word[1] == 'X');
	r = parse_whole(word, hex ? 16 : 10, &v);
	if (r < 0)
		return r;
	if (v > INT64_MAX)
		return -ERANGE;
	*value = negative ? -(int64_t)v : (int64_t)v;
	return 0;
}

int parse_octal(const char *word, uint64_t *value)
{
	return parse_whole(word, 8, value);
}

// Reads the digits after a decimal point as billionths; more than nine are cut.
static int parse_billionths(const char **rest, uint64_t *value)
{
	uint64_t scale = 100000000;

	*value = 0;
	if (!isdigit((unsigned char)**rest))
		return -EINVAL;
	for (; isdigit((unsigned char)**rest); ++*rest) {
		*value += (uint64_t)(**rest - '0') * scale;
		scale /= 10;
	}
	return 0;
}

int parse_duration(const char *word, uint64_t *ms)
{
	static const struct {
		const char *suffix;
		uint64_t scale; // milliseconds
	} units[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"h", 3600 * 1000},
		{"d", 24 * 3600 * 1000}};
	const char *rest;
	uint64_t whole;
	uint64_t billionths = 0;
	int r = parse_digits(word, 10, &whole, &rest);

	if (r == -EINVAL && word[0] == '.') {
		whole = 0;
		rest = word;
	} else if (r == -EINVAL) {
		return r;
	}
	if (*rest == '.') {
		rest++;
		if (parse_billionths(&rest, &billionths) < 0)
			return -EINVAL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(rest, units[i].suffix) != 0)
			continue;
		if (r == -ERANGE || whole > UINT64_MAX / units[i].scale / 2)
			return -ERANGE;
		whole = whole * units[i].scale + billionths * units[i].scale / 1000000000;
		if (!whole && word[strcspn(word, "123456789")])
			return -EDOM;
		*ms = whole;
		return 0;
	}
	return -EINVAL;
}

int parse_size(const char *word, uint64_t *bytes)
{
	static const char suffixes[] = "kMG";
	const char *rest;
	uint64_t v;
	unsigned shift = 0;
	int r = parse_digits(word, 10, &v, &rest);

	if (r == -EINVAL)
		return r;
	if (*rest) {
		const char *s = strchr(suffixes, *rest == 'K' ? 'k' : *rest);

		if (!s || rest[1])
			return -EINVAL;
		shift = 10 * (unsigned)(s - suffixes + 1);
	}
	if (r < 0 || v > UINT64_MAX >> shift)
		return -ERANGE;
	*bytes = v << shift;
	return 0;
}

// Reads a port; *rest is what follows it.
static int parse_port_digits(const char *word, uint16_t *port, const char **rest)
{
	uint64_t v;
	int r = parse_digits(word, 10, &v, rest);

	if (r == -EINVAL)
		return r;
	if (r < 0 || v > UINT16_MAX)
		return -ERANGE;
	*port = (uint16_t)v;
	return 0;
}

int parse_ports(const char *word, uint16_t *low, uint16_t *high)
{
	const char *rest;
	uint16_t from = 0;
	uint16_t to = 0;
	int r = parse_port_digits(word, &from, &rest);
	int r2 = 0;

	if (r == -EINVAL)
		return r;
	to = from;
	if (*rest == '-')
		r2 = parse_port_digits(rest + 1, &to, &rest);
	if (r2 == -EINVAL || *rest)
		return -EINVAL;
	if (r < 0 || r2 < 0)
		return -ERANGE;
	if (from > to)
		return -EINVAL;
	*low = from;
	*high = to;
	return 0;
}

int bad_word(struct str *err, const char *word, const char *why)
{
	str_addc(err, '\'');
	str_add_word(err, word, strlen(word));
	str_addf(err, "' %s", why);
	return -EINVAL;
}

int bad_value(struct str *err, const char *option, const char *word, const char *why)
{
	str_addf(err, "%s: ", option);
	return bad_word(err, word, why);
}

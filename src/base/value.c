// SPDX-License-Identifier: ISC
#include "base/value.h"

#include "base/util.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

// Reads digits of BASE; *rest is what follows them.
static int parse_digits(const char *word, int base, uint64_t *value, const char **rest)
{
	char *end;

	if (!isdigit((unsigned char)*word)) // strtoumax() would take a sign or a space
		return -EINVAL;
	errno = 0;
	uintmax_t v = strtoumax(word, &end, base);
	if (errno)
		return -errno;
	if (end == word)
		return -EINVAL;
	*value = v;
	*rest = end;
	return 0;
}

int parse_uint(const char *word, uint64_t *value)
{
	const char *rest;
	int r = parse_digits(word, 10, value, &rest);

	return r < 0 ? r : *rest ? -EINVAL : 0;
}

int parse_int(const char *word, int64_t *value)
{
	bool negative = *word == '-';
	const char *rest;
	uint64_t v;
	int r;

	word += negative;
	if (word[0] == '0' && (word[1] == 'x' || word[1] == 'X'))
		r = parse_digits(word, 16, &v, &rest);
	else
		r = parse_digits(word, 10, &v, &rest);
	if (r < 0)
		return r;
	if (*rest)
		return -EINVAL;
	if (v > INT64_MAX)
		return -ERANGE;
	*value = negative ? -(int64_t)v : (int64_t)v;
	return 0;
}

int parse_octal(const char *word, uint64_t *value)
{
	const char *rest;
	int r = parse_digits(word, 8, value, &rest);

	return r < 0 ? r : *rest ? -EINVAL : 0;
}

// Reads the digits after a decimal point as thousandths; more than three are cut.
static int parse_thousandths(const char **rest, uint64_t *value)
{
	uint64_t scale = 100;

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
	} units[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"h", 3600 * 1000}};
	const char *rest;
	uint64_t whole;
	uint64_t thousandths = 0;
	int r = parse_digits(word, 10, &whole, &rest);

	if (r < 0)
		return r;
	if (*rest == '.') {
		rest++;
		r = parse_thousandths(&rest, &thousandths);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(rest, units[i].suffix) != 0)
			continue;
		if (whole > UINT64_MAX / units[i].scale / 2)
			return -ERANGE;
		*ms = whole * units[i].scale + thousandths * units[i].scale / 1000;
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

	if (r < 0)
		return r;
	if (*rest) {
		const char *s = strchr(suffixes, *rest == 'K' ? 'k' : *rest);

		if (!s || rest[1])
			return -EINVAL;
		shift = 10 * (unsigned)(s - suffixes + 1);
	}
	if (v > UINT64_MAX >> shift)
		return -ERANGE;
	*bytes = v << shift;
	return 0;
}

// Reads a port; *rest is what follows it.
static int parse_port_digits(const char *word, uint16_t *port, const char **rest)
{
	uint64_t v;
	int r = parse_digits(word, 10, &v, rest);

	if (r < 0)
		return r;
	if (v > UINT16_MAX)
		return -ERANGE;
	*port = (uint16_t)v;
	return 0;
}

int parse_ports(const char *word, uint16_t *low, uint16_t *high)
{
	const char *rest;
	uint16_t from;
	uint16_t to;
	int r = parse_port_digits(word, &from, &rest);

	if (r < 0)
		return r;
	to = from;
	if (*rest == '-') {
		r = parse_port_digits(rest + 1, &to, &rest);
		if (r < 0)
			return r;
	}
	if (*rest || from > to)
		return -EINVAL;
	*low = from;
	*high = to;
	return 0;
}

int bad_word(struct str *err, const char *word, const char *why)
{
	str_addc(err, '\'');
	str_add_escaped(err, word, strlen(word));
	str_addf(err, "' %s", why);
	return -EINVAL;
}

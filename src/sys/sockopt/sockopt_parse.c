// SPDX-License-Identifier: ISC
// Words as values: numbers, times, names, bytes.
#include "sys/sockopt/sockopt_codec.h"

#include "base/value.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <sys/time.h>

int sockopt_set_bytes(struct sockopt_value *v, const void *data, size_t len)
{
	if (len > sizeof(v->data))
		return -E2BIG;
	memcpy(v->data, data, len);
	v->len = (socklen_t)len;
	return 0;
}

static int set_int(struct sockopt_value *v, int64_t min, int64_t max, int64_t number)
{
	int value = (int)number; // the bits of an unsigned int for those over INT_MAX

	if (number < min || number > max)
		return -ERANGE;
	return sockopt_set_bytes(v, &value, sizeof(value));
}

static bool is_one_of(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (strcasecmp(word, *words) == 0)
			return true;
	return false;
}

int sockopt_parse_bool(struct sockopt_value *v, const struct sockopt *o, const char *word)
{
	static const char *const on[] = {"1", "on", "yes", "true", NULL};
	static const char *const off[] = {"0", "off", "no", "false", NULL};

	(void)o;
	if (is_one_of(word, on))
		return set_int(v, 0, 1, 1);
	return is_one_of(word, off) ? set_int(v, 0, 1, 0) : -EINVAL;
}

int sockopt_parse_number(struct sockopt_value *v, const struct sockopt *o, const char *word)
{
	int64_t n;
	int r = parse_int(word, &n);

	if (r < 0)
		return r;
	return o->type == SOCKOPT_HEX ? set_int(v, 0, UINT_MAX, n)
				      : set_int(v, INT_MIN, INT_MAX, n);
}

int sockopt_parse_u64(struct sockopt_value *v, const struct sockopt *o, const char *word)
{
	uint64_t n;
	int r = parse_size(word, &n);

	(void)o;
	return r < 0 ? r : sockopt_set_bytes(v, &n, sizeof(n));
}

int sockopt_parse_size(struct sockopt_value *v, const struct sockopt *o, const char *word)
{
	uint64_t n;
	int r = parse_size(word, &n);

	(void)o;
	if (r == 0 && n > UINT_MAX)
		r = -ERANGE;
	return r < 0 ? r : set_int(v, 0, UINT_MAX, (int64_t)n);
}

// A time as a number of UNITS microseconds each. A bare number counts those, as in the manual page
// of the option; one with a unit of its own must come out even.
static int parse_time(const char *word, uint64_t unit, int64_t *number)
{
	size_t len = strlen(word);
	uint64_t us;
	uint64_t ms;
	int r = parse_int(word, number);

	if (r != -EINVAL)
		return r;
	if (len > 2 && strcmp(word + len - 2, "us") == 0) {
		char digits[24];

		if (len - 2 >= sizeof(digits))
			return -ERANGE;
		memcpy(digits, word, len - 2);
		digits[len - 2] = '\0';
		r = parse_uint(digits, &us);
	} else {
		r = parse_duration(word, &ms);
		if (r == 0 && ms > INT64_MAX / 1000)
			r = -ERANGE;
		us = r == 0 ? ms * 1000 : 0;
	}
	if (r == -EDOM) // an option may be set in microseconds instead
		return -EINVAL;
	if (r < 0)
		return r;
	if (us % unit)
		return -EINVAL;
	if (us > INT64_MAX)
		return -ERANGE;
	*number = (int64_t)(us / unit);
	return 0;
}

uint64_t sockopt_time_unit(const struct sockopt *o)
{
	return o->type == SOCKOPT_USEC ? 1 : o->type == SOCKOPT_MSEC ? 1000 : 1000000;
}

int sockopt_parse_period(struct sockopt_value *v, const struct sockopt *o, const char *word)
{
	int64_t n = 0;
	int r = parse_time(word, sockopt_time_unit(o), &n);

	return r < 0 ? r : set_int(v, INT_MIN, INT_MAX, n);
}

int sockopt_parse_linger(struct sockopt_value *v, const struct sockopt *o, const char *word)
{
	static const char *const off[] = {"off", "no", NULL};
	struct linger linger = {0};
	int64_t n = 0;

	(void)o;
	if (!is_one_of(word, off)) {
		int r = parse_time(word, 1000000, &n);

		if (r < 0)
			return r;
		if (n < 0 || n > INT_MAX)
			return -ERANGE;
		linger = (struct linger){.l_onoff = 1, .l_linger = (int)n};
	}
	return sockopt_set_bytes(v, &linger, sizeof(linger));
}

int sockopt_parse_timeval(struct sockopt_value *v, const struct sockopt *o, const char *word)
{
	struct timeval tv = {0};
	int64_t us;
	uint64_t ms;

	(void)o;
	if (strcasecmp(word, "off") != 0) {
		int r = parse_duration(word, &ms);

		if (r == 0) {
			tv.tv_sec = (time_t)(ms / 1000);
			tv.tv_usec = (suseconds_t)(ms % 1000 * 1000);
		} else {
			r = parse_time(word, 1, &us);
			if (r < 0)
				return r;
			if (us < 0)
				return -ERANGE;
			tv.tv_sec = us / 1000000;
			tv.tv_usec = us % 1000000;
		}
	}
	return sockopt_set_bytes(v, &tv, sizeof(tv));
}

int sockopt_parse_string(struct sockopt_value *v, const struct sockopt *o, const char *word)
{
	(void)o;
	return sockopt_set_bytes(v, word, strlen(word));
}

// How much the names of a table have in common: IP_PMTUDISC_ of IP_PMTUDISC_DO.
static size_t common_prefix(const struct name_value *names)
{
	size_t len = strlen(names[0].name);

	for (const struct name_value *n = names; *n->name; n++)
		while (strncmp(n->name, names[0].name, len) != 0)
			len--;
	while (len && names[0].name[len - 1] != '_')
		len--;
	return len;
}

// A constant by its name, by what sets its name apart from the others, or by number.
static int find_constant(const struct name_value *names, const char *word, int64_t *value)
{
	size_t prefix = common_prefix(names);

	for (const struct name_value *n = names; *n->name; n++) {
		if (strcasecmp(n->name, word) == 0 || strcasecmp(n->name + prefix, word) == 0) {
			*value = n->value;
			return 0;
		}
	}
	return parse_int(word, value);
}

int sockopt_parse_name(struct sockopt_value *v, const struct sockopt *o, const char *word)
{
	int64_t n;
	int r = find_constant(sockopt_names(o), word, &n);

	return r < 0 ? r : set_int(v, INT_MIN, INT_MAX, n);
}

int sockopt_parse_flags(struct sockopt_value *v, const struct sockopt *o, const char *word)
{
	int64_t all = 0;

	for (;;) {
		char one[64];
		int64_t n = 0;
		size_t len = strcspn(word, "|,");

		if (len >= sizeof(one))
			return -EINVAL;
		memcpy(one, word, len);
		one[len] = '\0';
		int r = find_constant(sockopt_names(o), one, &n);
		if (r < 0)
			return r;
		all |= n;
		if (!word[len])
			return set_int(v, 0, UINT_MAX, all);
		word += len + 1;
	}
}

int sockopt_parse_u32s(struct sockopt_value *v, const struct sockopt *o, const char *word)
{
	uint32_t list[SOCKOPT_VALUE_MAX / sizeof(uint32_t)];
	size_t count = 0;

	(void)o;
	for (const char *p = word;; p++) {
		char *end;

		if (!isdigit((unsigned char)*p))
			return -EINVAL;
		if (count == ARRAY_SIZE(list))
			return -E2BIG;
		errno = 0;
		uintmax_t n = strtoumax(p, &end, 0);
		if (errno || n > UINT32_MAX)
			return -ERANGE;
		list[count++] = (uint32_t)n;
		p = end;
		if (!*p)
			return sockopt_set_bytes(v, list, count * sizeof(*list));
		if (*p != ',')
			return -EINVAL;
	}
}

int sockopt_parse_hex(struct sockopt_value *v, const struct sockopt *o, const char *word)
{
	static const char digits[] = "0123456789abcdef";

	(void)o;
	if (word[0] == '0' && (word[1] == 'x' || word[1] == 'X'))
		word += 2;
	if (strlen(word) % 2)
		return -EINVAL;
	if (strlen(word) / 2 > sizeof(v->data))
		return -E2BIG;
	v->len = 0;
	for (; *word; word += 2) {
		const char *high = strchr(digits, tolower((unsigned char)word[0]));
		const char *low = strchr(digits, tolower((unsigned char)word[1]));

		if (!high || !low)
			return -EINVAL;
		v->data[v->len++] = (unsigned char)((high - digits) << 4 | (low - digits));
	}
	return 0;
}

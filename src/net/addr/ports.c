// SPDX-License-Identifier: ISC
#include "net/addr/ports.h"

#include "base/mem.h"
#include "base/value.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SERVICE 32
#define MAX_PORT 65535

static bool all_digits(const char *word)
{
	return *word && word[strspn(word, "0123456789")] == '\0';
}

bool is_port_number(const char *word, unsigned min)
{
	if (!all_digits(word) || strlen(word) > 5)
		return false;

	unsigned long port = strtoul(word, NULL, 10);

	return port >= min && port <= MAX_PORT;
}

int check_port(const char *word, unsigned min, struct str *err)
{
	if (is_port_number(word, min))
		return 0;
	if (!*word)
		return bad_word(err, word, "is empty where a port is expected");
	if (all_digits(word)) {
		bad_word(err, word, "is no port: ");
		str_addf(err, "%u to %u", min, MAX_PORT);
		return -EINVAL;
	}
	// Names of services have a letter (RFC 6335 section 5.1); those of ours start with one, so
	// that a mistyped number is not looked up.
	if (!isalpha((unsigned char)*word) || strlen(word) > MAX_SERVICE)
		return bad_word(err, word, "is neither a port number nor the name of a service");
	for (const char *c = word; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-_.+", *c))
			return bad_word(
				err, word, "is neither a port number nor the name of a service");
	return 0;
}

// The index of the first range that ends at PORT or above.
static size_t find_range(const struct ports *p, unsigned port)
{
	size_t first = 0;
	size_t end = p->range_count;

	while (first < end) {
		size_t middle = (first + end) / 2;

		if (p->ranges[middle].high < port)
			first = middle + 1;
		else
			end = middle;
	}
	return first;
}

static void insert_range(struct ports *p, size_t at, struct port_range range)
{
	p->ranges = xrealloc(p->ranges, (p->range_count + 1) * sizeof(*p->ranges));
	memmove(p->ranges + at + 1, p->ranges + at, (p->range_count - at) * sizeof(*p->ranges));
	p->ranges[at] = range;
	p->range_count++;
}

static void remove_ranges(struct ports *p, size_t from, size_t to)
{
	memmove(p->ranges + from, p->ranges + to, (p->range_count - to) * sizeof(*p->ranges));
	p->range_count -= to - from;
}

static size_t count_of(const struct port_range *r)
{
	return r->high - r->low + 1U;
}

void ports_add(struct ports *p, uint16_t low, uint16_t high)
{
	struct port_range all = {low, high};
	size_t from = find_range(p, low ? low - 1U : 0);
	size_t to = from;

	// Those that it meets become one with it.
	for (; to < p->range_count && p->ranges[to].low <= high + 1U; to++) {
		all.low = MIN(all.low, p->ranges[to].low);
		all.high = MAX(all.high, p->ranges[to].high);
		p->count -= count_of(&p->ranges[to]);
	}
	p->count += count_of(&all);
	if (from == to) {
		insert_range(p, from, all);
	} else {
		p->ranges[from] = all;
		remove_ranges(p, from + 1, to);
	}
}

bool ports_has(const struct ports *p, unsigned port)
{
	return ports_next(p, port) == port;
}

unsigned ports_next(const struct ports *p, unsigned port)
{
	size_t i = find_range(p, port);

	return i < p->range_count ? MAX(port, p->ranges[i].low) : PORTS_END;
}

static int add_range(struct ports *p, const char *word, struct str *err)
{
	uint16_t low;
	uint16_t high;
	int r = parse_ports(word, &low, &high);

	if (r == -ERANGE || (r == 0 && low == 0))
		return bad_word(err, word, "is out of range: 1 to 65535");
	if (r < 0)
		return bad_word(err, word, "is neither a port nor a range such as 8000-8100");
	ports_add(p, low, high);
	return 0;
}

static int add_word(struct ports *p, const char *word, struct str *err)
{
	if (isdigit((unsigned char)*word))
		return add_range(p, word, err);

	int r = check_port(word, 1, err);

	if (r == 0)
		strlist_add(&p->services, word);
	return r;
}

int ports_parse(struct ports *p, const char *list, struct str *err)
{
	int r = 0;

	*p = (struct ports){.text = xstrdup(list)};
	for (char *word = p->text, *next; r == 0 && word; word = next) {
		next = strchr(word, ',');
		if (next)
			*next++ = '\0';
		r = add_word(p, word, err);
	}
	return r;
}

void ports_fini(struct ports *p)
{
	strlist_fini(&p->services);
	free(p->ranges);
	free(p->text);
	*p = (struct ports){0};
}

void str_add_ports(struct str *s, const struct ports *p, size_t limit)
{
	for (size_t i = 0; i < p->range_count; i++) {
		struct port_range r = p->ranges[i];
		const char *comma = i ? "," : "";

		if (i == limit) {
			str_addf(s, "%s...", comma);
			return;
		}
		str_addf(s, r.low == r.high ? "%s%u" : "%s%u-%u", comma, r.low, r.high);
	}
}

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

void ports_add(struct ports *p, uint16_t port)
{
	if (!ports_has(p, port))
		p->count++;
	p->bits[port / 64] |= UINT64_C(1) << port % 64;
}

bool ports_has(const struct ports *p, unsigned port)
{
	return p->bits[port / 64] >> port % 64 & 1;
}

unsigned ports_next(const struct ports *p, unsigned port)
{
	for (; port < PORTS_END; port = (port / 64 + 1) * 64) {
		uint64_t bits = p->bits[port / 64] >> port % 64;

		if (bits)
			return port + (unsigned)__builtin_ctzll(bits);
	}
	return PORTS_END;
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
	for (unsigned port = low; port <= high; port++)
		ports_add(p, (uint16_t)port);
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
	free(p->text);
	p->text = NULL;
}

void str_add_ports(struct str *s, const struct ports *p, size_t limit)
{
	const char *comma = "";

	for (unsigned port = ports_next(p, 0); port < PORTS_END; port = ports_next(p, port)) {
		unsigned last = port;

		if (!limit--) {
			str_addf(s, "%s...", comma);
			return;
		}
		while (last < UINT16_MAX && ports_has(p, last + 1))
			last++;
		str_addf(s, last == port ? "%s%u" : "%s%u-%u", comma, port, last);
		comma = ",";
		port = last + 1;
	}
}

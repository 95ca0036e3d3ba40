// SPDX-License-Identifier: ISC
#include "reference/subject.h"

#include "base/mem.h"
#include "base/value.h"
#include "net/addr/endpoint.h"
#include "net/addr/ports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Digits, or 0x and hexadecimal digits. Returns 1, 0 if the word is no number, or -EINVAL.
static int parse_number(const char *word, uint32_t *number, struct str *err)
{
	bool is_hex = word[0] == '0' && (word[1] == 'x' || word[1] == 'X') && word[2];
	const char *digits = is_hex ? word + 2 : word;

	if (!*word || digits[strspn(digits, is_hex ? "0123456789abcdefABCDEF" : "0123456789")])
		return 0;
	errno = 0;
	unsigned long long n = strtoull(digits, NULL, is_hex ? 16 : 10);
	if (errno || n > UINT32_MAX)
		return bad_word(err, word, "is out of range: 0 to 4294967295");
	*number = (uint32_t)n;
	return 1;
}

// Something that looks like a range, so that a mistake in it does not make it a path: an address or
// what could be meant for one before a slash.
static bool is_prefix_like(const char *word)
{
	size_t len = strspn(word, "0123456789abcdefABCDEF.:");
	size_t slash = len + (word[len] == '%' ? strcspn(word + len, "/") : 0);
	struct ip ip;

	if (!len || word[slash] != '/')
		return false;

	char *address = xstrndup(word, len);
	bool is_address = ip_parse(address, &ip);

	free(address);
	return is_address || !word[slash + 1 + strspn(word + slash + 1, "0123456789")];
}

static int parse_endpoint(struct subject *s, char *word, struct str *err)
{
	struct str why = {0};
	struct endpoint p;
	struct in_addr loose;
	uint64_t port;
	int r = endpoint_parse(&p, ENDPOINT_LISTEN, 1, &word, &why);

	if (r == 0 && p.kind == ENDPOINT_UNIX) {
		s->kind = SUBJECT_UNIX;
		s->address = p.unix_address;
	} else if (r == 0 && p.host && is_port_number(p.service, 0) &&
		   parse_uint(p.service, &port) == 0 &&
		   numeric_address(p.host, (unsigned)port, &s->address)) {
		s->kind = SUBJECT_IP;
		s->has_port = true;
	} else if (add_zone_fault(err, word)) {
		r = -EINVAL;
	} else {
		r = bad_word(err, word, "is no address, range, socket path or number");
		if (inet_aton(word, &loose)) {
			str_add(err, "; inet_aton() alone would take it for ");
			str_add(err, inet_ntoa(loose));
		}
	}
	endpoint_fini(&p);
	str_fini(&why);
	return r;
}

int subject_parse(struct subject *s, char *word, struct str *err)
{
	int r = parse_number(word, &s->number, err);

	s->word = word;
	s->has_port = false;
	s->kind = SUBJECT_NUMBER;
	if (r)
		return r < 0 ? r : 0;
	if (is_prefix_like(word)) {
		s->kind = SUBJECT_PREFIX;
		return ip_prefix_parse(word, &s->prefix, err);
	}
	s->kind = SUBJECT_IP;
	if (!numeric_address(word, 0, &s->address))
		r = parse_endpoint(s, word, err);
	if (r == 0 && s->kind == SUBJECT_IP) {
		s->prefix.ip = ip_of(&s->address);
		s->prefix.length = ip_bits(s->prefix.ip.family);
	}
	return r;
}

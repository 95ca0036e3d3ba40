// SPDX-License-Identifier: ISC
#include "proxy/bypass.h"

#include "base/str.h"
#include "base/value.h"
#include "net/addr/ip.h"

#include <string.h>
#include <strings.h>

#define SEPARATORS ", \t\r\n"

// A name without the dot of the root.
static size_t name_len(const char *name)
{
	size_t len = strlen(name);

	return len && name[len - 1] == '.' ? len - 1 : len;
}

// True if HOST is the name ENTRY or one below it: a suffix counts at a label only.
static bool name_matches(const char *entry, const char *host)
{
	size_t len;
	size_t host_len = name_len(host);

	if (strncmp(entry, "*.", 2) == 0)
		entry++;
	if (*entry == '.')
		entry++;
	len = name_len(entry);
	if (len == 0 || len > host_len || strncasecmp(host + host_len - len, entry, len) != 0)
		return false;
	return len == host_len || host[host_len - len - 1] == '.';
}

static bool host_matches(const char *entry, const char *host)
{
	struct ip ip;
	struct ip_prefix prefix;
	struct str plain = {0};
	struct str ignored = {0};
	bool is_prefix = ip_prefix_parse(entry, &prefix, &ignored) == 0;
	bool is_address;

	str_addn(&plain, host, strcspn(host, "%")); // the interface of a link-local address
	is_address = ip_parse(str_c(&plain), &ip);
	str_fini(&plain);
	str_fini(&ignored);
	if (strcmp(entry, "*") == 0)
		return true;
	// A host that is an address is never one of a domain.
	if (is_address || is_prefix)
		return is_address && is_prefix && ip_prefix_has(&prefix, &ip);
	return name_matches(entry, host);
}

// Takes the port off ENTRY, and the brackets. Returns false if it is for another port.
static bool cut_port(char *entry, uint16_t port)
{
	char *bracket = *entry == '[' ? strchr(entry, ']') : NULL;
	char *colon = strrchr(entry, ':');
	uint16_t low;
	uint16_t high;

	// Without brackets, several colons are an IPv6 address.
	if (colon && (bracket ? colon > bracket : strchr(entry, ':') == colon)) {
		if (parse_ports(colon + 1, &low, &high) < 0 || port < low || port > high)
			return false;
		*colon = '\0';
	}
	if (bracket) {
		memmove(bracket, bracket + 1, strlen(bracket + 1) + 1);
		memmove(entry, entry + 1, strlen(entry + 1) + 1);
	}
	return true;
}

bool bypass_has(const char *list, const char *host, uint16_t port)
{
	struct str entry = {0};
	bool found = false;

	while (!found && *(list += strspn(list, SEPARATORS))) {
		size_t len = strcspn(list, SEPARATORS);

		str_clear(&entry);
		str_addn(&entry, list, len);
		found = cut_port(entry.data, port) && host_matches(entry.data, host);
		list += len;
	}
	str_fini(&entry);
	return found;
}

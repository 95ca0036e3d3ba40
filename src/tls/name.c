// SPDX-License-Identifier: ISC
#include "tls/name.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <string.h>

#define NAME_MAX_LENGTH 253

bool tls_name_is_address(const char *name)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
}

// True for what may stand in a host name; certificates hold other scripts as "xn--" labels.
static bool is_plain(const char *name)
{
	for (const char *p = name; *p; p++)
		if (*p <= ' ' || *p > '~' || strchr("/\\\"'<>@*", *p))
			return false;
	return true;
}

const char *tls_name_fault(const char *name)
{
	// OpenSSL would take a leading dot for any name below.
	if (!*name || *name == '.')
		return "is no name of a server";
	if (strlen(name) > NAME_MAX_LENGTH)
		return "is longer than a host name can be";
	if (!is_plain(name))
		return "is no name that a certificate can have (other scripts are written xn--...)";
	return NULL;
}

char *tls_name_plain(const char *name)
{
	char *plain = xstrdup(name);
	char *percent = strchr(plain, '%');
	size_t len = strlen(plain);

	if (percent) {
		*percent = '\0';
		if (tls_name_is_address(plain))
			return plain;
		*percent = '%';
	}
	if (len > 1 && plain[len - 1] == '.')
		plain[len - 1] = '\0';
	return plain;
}

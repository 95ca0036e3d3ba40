// SPDX-License-Identifier: ISC
#include "opts/source.h"

#include "base/value.h"
#include "net/addr/endpoint.h"
#include "net/addr/ports.h"

#include <errno.h>
#include <stdlib.h>

static int bad_bind(const struct source_words *w, const char *why, struct str *err)
{
	str_add(err, "--bind: ");
	return add_zone_fault(err, w->bind) ? -EINVAL : bad_word(err, w->bind, why);
}

static bool is_port_alone(const struct source_words *w)
{
	return w->bind[0] == ':' && w->bind[1] != ':';
}

// Reads ADDRESS, ADDRESS:PORT, :PORT or unix:PATH.
static bool parse(const struct source_words *w, struct sockaddr_any *a)
{
	char *argv[] = {(char *)w->bind, NULL};
	struct endpoint p = {0};
	struct str ignored = {0};
	bool is_endpoint;
	bool is_good;

	if (is_port_alone(w) && is_port_number(w->bind + 1, 0)) {
		*a = (struct sockaddr_any){.in = {.sin_family = AF_INET}, .len = sizeof(a->in)};
		sockaddr_set_port(a, (uint16_t)strtoul(w->bind + 1, NULL, 10));
		return true;
	}
	if (numeric_address(w->bind, 0, a))
		return true;
	is_endpoint = endpoint_parse(&p, ENDPOINT_LISTEN, 1, argv, &ignored) == 0;
	is_good = is_endpoint && p.kind == ENDPOINT_UNIX && w->may_be_unix;
	if (is_good)
		*a = p.unix_address;
	else if (is_endpoint && p.kind == ENDPOINT_INET && p.host && p.service)
		is_good = is_port_number(p.service, 0) &&
			  numeric_address(p.host, (unsigned)strtoul(p.service, NULL, 10), a);
	endpoint_fini(&p);
	str_fini(&ignored);
	return is_good;
}

int source_check(const struct source_words *w, struct sockaddr_any *a, struct str *err)
{
	if (!w->bind)
		return 0;
	if (!parse(w, a))
		return bad_bind(w,
			w->may_be_unix ? "is no numeric ADDRESS, ADDRESS:PORT, :PORT or unix:PATH"
				       : "is no numeric ADDRESS, ADDRESS:PORT or :PORT",
			err);
	if (*w->port && sockaddr_port(a))
		return bad_bind(w, "names a port, and --source-port another", err);
	if (is_port_alone(w)) {
		*w->port = sockaddr_port(a);
		*a = (struct sockaddr_any){0};
		return 0;
	}
	if (w->ipv4 && a->sa.sa_family != AF_INET)
		return bad_bind(w, "is no IPv4 address, which --ipv4 asks for", err);
	if (w->ipv6 && a->sa.sa_family != AF_INET6)
		return bad_bind(w, "is no IPv6 address, which --ipv6 asks for", err);
	return 0;
}

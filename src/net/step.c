// SPDX-License-Identifier: ISC
#include "net/step.h"

#include <string.h>

const char *step_name(enum step step)
{
	static const char *const names[] = {
		[STEP_SOCKET] = "socket",
		[STEP_BROADCAST] = "broadcast",
		[STEP_HOPS] = "TTL",
		[STEP_MULTICAST_LOOP] = "multicast loop",
		[STEP_HEADER] = "header",
		[STEP_INTERFACE] = "interface",
		[STEP_OPTION] = "option",
		[STEP_BIND] = "bind",
		[STEP_GROUP] = "group",
		[STEP_LISTEN] = "listen",
		[STEP_CONNECT] = "connect",
		[STEP_ACCEPT] = "accept",
		[STEP_NAME] = "getsockname",
		[STEP_PAIR] = "socketpair",
		[STEP_ADOPT] = "descriptor",
	};

	return names[step];
}

void str_add_source(struct str *s, const struct sockaddr_any *a)
{
	str_add(s, "from ");
	if (sockaddr_is_wildcard(a))
		str_addf(s, "port %u", sockaddr_port(a));
	else if (sockaddr_port(a) || a->sa.sa_family == AF_UNIX)
		str_add_shown_sockaddr(s, &a->sa, a->len);
	else
		str_add_sockaddr_host(s, &a->sa, a->len);
}

bool str_add_step(
	struct str *s, enum step step, const char *interface, const struct sockaddr_any *from)
{
	switch (step) {
	case STEP_LISTEN:
	case STEP_CONNECT:
	case STEP_ADOPT:
		return false;
	case STEP_BIND:
		if (!from || !from->len)
			return false;
		str_add_source(s, from);
		return true;
	case STEP_INTERFACE:
		str_add(s, "interface ");
		str_add_escaped(s, interface, strlen(interface));
		return true;
	case STEP_SOCKET:
	case STEP_BROADCAST:
	case STEP_HOPS:
	case STEP_MULTICAST_LOOP:
	case STEP_HEADER:
	case STEP_OPTION:
	case STEP_GROUP:
	case STEP_ACCEPT:
	case STEP_NAME:
	case STEP_PAIR:
		break;
	}
	str_add(s, step_name(step));
	return true;
}

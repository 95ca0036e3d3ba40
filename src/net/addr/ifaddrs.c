// SPDX-License-Identifier: ISC
#include "net/addr/ifaddrs.h"

#include "sys/resolver.h"

#include <ifaddrs.h>
#include <netinet/in.h>

static socklen_t size_of(const struct sockaddr *sa)
{
	if (!sa)
		return 0;
	return sa->sa_family == AF_INET    ? sizeof(struct sockaddr_in)
	       : sa->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
					   : 0;
}

int ifaddrs_list(ifaddrs_fn *fn, void *arg)
{
	struct ifaddrs *list;
	int r = sys_getifaddrs(&list);

	if (r < 0)
		return r;
	for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
		struct sockaddr_any a;
		socklen_t size = size_of(i->ifa_addr);

		if (!size)
			continue;
		sockaddr_set(&a, i->ifa_addr, size);
		fn(arg, &a, i->ifa_name);
	}
	freeifaddrs(list);
	return 0;
}

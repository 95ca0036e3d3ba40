// SPDX-License-Identifier: ISC
#include "sys/resolver.h"

#include "base/sockaddr.h"
#include "sys/trace.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>

static void add_hints(struct str *s, const struct addrinfo *hints)
{
	if (!hints) {
		str_add(s, "NULL");
		return;
	}
	str_add(s, "{");
	str_add_flags(s, names_ai, hints->ai_flags);
	str_add(s, ", ");
	str_add_name(s, names_family, hints->ai_family);
	str_add(s, ", ");
	str_add_name(s, names_type, hints->ai_socktype);
	str_add(s, ", ");
	str_add_name(s, names_protocol, hints->ai_protocol);
	str_add(s, "}");
}

static void add_hints_in_c(struct str *s, const struct addrinfo *hints)
{
	if (!hints) {
		str_add(s, "NULL");
		return;
	}
	str_add(s, "&(struct addrinfo){.ai_flags = ");
	str_add_flags(s, names_ai, hints->ai_flags);
	str_add(s, ", .ai_family = ");
	str_add_name(s, names_family, hints->ai_family);
	str_add(s, ", .ai_socktype = ");
	str_add_name(s, names_type, hints->ai_socktype);
	str_add(s, ", .ai_protocol = ");
	str_add_name(s, names_protocol, hints->ai_protocol);
	str_add(s, "}");
}

static void add_results(struct str *s, const struct addrinfo *res)
{
	const char *comma = "";

	str_add(s, "[");
	for (; res; res = res->ai_next) {
		str_add(s, comma);
		str_add_sockaddr(s, res->ai_addr, res->ai_addrlen);
		comma = ", ";
	}
	str_add(s, "]");
}

int sys_getaddrinfo(
	const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **res)
{
	TRACE_START();
	int ret = getaddrinfo(node, service, hints, res);

	if (trace_sink) {
		struct str in = {0};
		struct str in_c = {0};
		struct str out = {0};

		add_hints(&in, hints);
		add_hints_in_c(&in_c, hints);
		add_results(&out, ret ? NULL : *res);
		TRACE_ERROR("getaddrinfo", ret, ret ? name_of(names_eai, ret) : NULL, T_STR(node),
			T_STR(service), T_C(str_c(&in), str_c(&in_c)), T_C(str_c(&out), "&list"));
		str_fini(&in);
		str_fini(&in_c);
		str_fini(&out);
	}
	return ret;
}

int sys_getnameinfo(const struct sockaddr *sa, socklen_t len, char *host, socklen_t hostlen,
	char *service, socklen_t servicelen, int flags)
{
	TRACE_START();
	int ret = getnameinfo(sa, len, host, hostlen, service, servicelen, flags);

	TRACE_ERROR("getnameinfo", ret, ret ? name_of(names_eai, ret) : NULL, T_ADDR(sa, len),
		T_STR_OUT(
			ret || !hostlen ? NULL : host, hostlen ? "host, sizeof(host)" : "NULL, 0"),
		T_STR_OUT(ret || !servicelen ? NULL : service,
			servicelen ? "service, sizeof(service)" : "NULL, 0"),
		T_FLAGS(names_ni, flags));
	return ret;
}

const char *sys_gai_strerror(int code)
{
	TRACE_START();
	const char *ret = gai_strerror(code);

	TRACE_VALUE("gai_strerror", ret, T_NAME(names_eai, code));
	return ret;
}

const char *sys_hstrerror(int error)
{
	TRACE_START();
	const char *ret = hstrerror(error);

	TRACE_VALUE("hstrerror", ret, T_NAME(names_herr, error));
	return ret;
}

int sys_getifaddrs(struct ifaddrs **list)
{
	TRACE_START();
	int ret = SYS_RESULT(getifaddrs(list));

	TRACE("getifaddrs", ret, T_C("[...]", "&(struct ifaddrs *){NULL}"));
	return ret;
}

unsigned sys_if_nametoindex(const char *name)
{
	TRACE_START();
	unsigned ret = if_nametoindex(name);

	TRACE_ERROR("if_nametoindex", ret, ret ? NULL : strerrorname_np(errno), T_STR(name));
	return ret;
}

struct if_nameindex *sys_if_nameindex(void)
{
	TRACE_START();
	struct if_nameindex *ret = if_nameindex();

	TRACE_HOUSEKEEPING(true, "if_nameindex", ret ? 0 : -1, T_TEXT(""));
	return ret;
}

const char *sys_if_indextoname(unsigned index, char *name)
{
	TRACE_START();
	const char *ret = if_indextoname(index, name);

	TRACE_VALUE("if_indextoname", ret, T_UINT(index), T_C(ret ? ret : "?", "buf"));
	return ret;
}

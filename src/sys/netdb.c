// SPDX-License-Identifier: ISC
#include "sys/netdb.h"

#include "sys/trace.h"
#include "sys/trace_c/c_words.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

// Traces a call whose result ENTRY the function ADD writes out.
#define TRACE_ENTRY(name, add, entry, error, ...) \
	do { \
		if (unlikely(trace_sink)) { \
			struct str text_ = {0}; \
			add(&text_, entry); \
			TRACE_FULL(name, 0, error, str_c(&text_), __VA_ARGS__); \
			str_fini(&text_); \
		} \
	} while (0)

// Writes "{NAME [ALIAS...]" for the caller to go on; false after "NULL".
static bool begin_entry(struct str *s, const void *entry, const char *name, char *const *aliases)
{
	if (!entry) {
		str_add(s, "NULL");
		return false;
	}
	str_addc(s, '{');
	str_add_escaped(s, name, strlen(name));
	str_add(s, ", [");
	for (size_t i = 0; aliases && aliases[i]; i++) {
		str_add(s, i ? ", " : "");
		str_add_escaped(s, aliases[i], strlen(aliases[i]));
	}
	str_add(s, "], ");
	return true;
}

static void add_servent(struct str *s, const struct servent *e)
{
	if (!begin_entry(s, e, e ? e->s_name : NULL, e ? e->s_aliases : NULL))
		return;
	str_addf(s, "%u, ", ntohs((uint16_t)e->s_port));
	str_add_escaped(s, e->s_proto, strlen(e->s_proto));
	str_addc(s, '}');
}

static void add_protoent(struct str *s, const struct protoent *e)
{
	if (begin_entry(s, e, e ? e->p_name : NULL, e ? e->p_aliases : NULL))
		str_addf(s, "%d}", e->p_proto);
}

static void add_netent(struct str *s, const struct netent *e)
{
	if (!begin_entry(s, e, e ? e->n_name : NULL, e ? e->n_aliases : NULL))
		return;
	str_add_name(s, names_family, e->n_addrtype);
	str_addf(s, ", %#x}", e->n_net);
}

static void add_hostent(struct str *s, const struct hostent *e)
{
	char text[INET6_ADDRSTRLEN] = "?";

	if (!begin_entry(s, e, e ? e->h_name : NULL, e ? e->h_aliases : NULL))
		return;
	str_add_name(s, names_family, e->h_addrtype);
	str_addf(s, ", %d, [", e->h_length);
	for (size_t i = 0; e->h_addr_list[i]; i++)
		str_addf(s, "%s%s", i ? ", " : "",
			inet_ntop(e->h_addrtype, e->h_addr_list[i], text, sizeof(text)));
	str_add(s, "]}");
}

struct servent *sys_getservbyname(const char *name, const char *protocol)
{
	TRACE_START();
	struct servent *ret = getservbyname(name, protocol);

	TRACE_ENTRY("getservbyname", add_servent, ret, NULL, T_STR(name), T_STR(protocol));
	return ret;
}

struct servent *sys_getservbyport(int port, const char *protocol)
{
	TRACE_START();
	struct servent *ret = getservbyport(port, protocol);

	if (unlikely(trace_sink)) {
		char text[8];
		char c[16];

		snprintf(text, sizeof(text), "%u", ntohs((uint16_t)port));
		snprintf(c, sizeof(c), "htons(%s)", text);
		TRACE_ENTRY("getservbyport", add_servent, ret, NULL, T_C(text, c), T_STR(protocol));
	}
	return ret;
}

struct servent *sys_getservent(void)
{
	TRACE_START();
	struct servent *ret = getservent();

	TRACE_ENTRY("getservent", add_servent, ret, NULL);
	return ret;
}

void sys_setservent(int stayopen)
{
	TRACE_START();
	setservent(stayopen);
	TRACE("setservent", 0, T_INT(stayopen));
}

void sys_endservent(void)
{
	TRACE_START();
	endservent();
	TRACE("endservent", 0);
}

struct protoent *sys_getprotobyname(const char *name)
{
	TRACE_START();
	struct protoent *ret = getprotobyname(name);

	TRACE_ENTRY("getprotobyname", add_protoent, ret, NULL, T_STR(name));
	return ret;
}

struct protoent *sys_getprotobynumber(int number)
{
	TRACE_START();
	struct protoent *ret = getprotobynumber(number);

	TRACE_ENTRY("getprotobynumber", add_protoent, ret, NULL, T_INT(number));
	return ret;
}

struct protoent *sys_getprotoent(void)
{
	TRACE_START();
	struct protoent *ret = getprotoent();

	TRACE_ENTRY("getprotoent", add_protoent, ret, NULL);
	return ret;
}

void sys_setprotoent(int stayopen)
{
	TRACE_START();
	setprotoent(stayopen);
	TRACE("setprotoent", 0, T_INT(stayopen));
}

void sys_endprotoent(void)
{
	TRACE_START();
	endprotoent();
	TRACE("endprotoent", 0);
}

struct netent *sys_getnetbyname(const char *name)
{
	TRACE_START();
	struct netent *ret = getnetbyname(name);

	TRACE_ENTRY("getnetbyname", add_netent, ret, NULL, T_STR(name));
	return ret;
}

struct netent *sys_getnetbyaddr(uint32_t number, int family)
{
	TRACE_START();
	struct netent *ret = getnetbyaddr(number, family);

	TRACE_ENTRY("getnetbyaddr", add_netent, ret, NULL, T_UINT(number),
		T_NAME(names_family, family));
	return ret;
}

struct netent *sys_getnetent(void)
{
	TRACE_START();
	struct netent *ret = getnetent();

	TRACE_ENTRY("getnetent", add_netent, ret, NULL);
	return ret;
}

void sys_setnetent(int stayopen)
{
	TRACE_START();
	setnetent(stayopen);
	TRACE("setnetent", 0, T_INT(stayopen));
}

void sys_endnetent(void)
{
	TRACE_START();
	endnetent();
	TRACE("endnetent", 0);
}

// Why a look-up of a host failed; h_errno may be stale after a success.
static int host_error(const struct hostent *ret)
{
	return ret ? 0 : h_errno;
}

struct hostent *sys_gethostbyname(const char *name, int *herr)
{
	TRACE_START();
	struct hostent *ret = gethostbyname(name);

	*herr = host_error(ret);
	TRACE_ENTRY("gethostbyname", add_hostent, ret, name_of(names_herr, *herr), T_STR(name));
	return ret;
}

struct hostent *sys_gethostbyname2(const char *name, int family, int *herr)
{
	TRACE_START();
	struct hostent *ret = gethostbyname2(name, family);

	*herr = host_error(ret);
	TRACE_ENTRY("gethostbyname2", add_hostent, ret, name_of(names_herr, *herr), T_STR(name),
		T_NAME(names_family, family));
	return ret;
}

struct hostent *sys_gethostbyaddr(const void *address, socklen_t len, int family, int *herr)
{
	TRACE_START();
	struct hostent *ret = gethostbyaddr(address, len, family);

	*herr = host_error(ret);
	if (unlikely(trace_sink)) {
		char text[INET6_ADDRSTRLEN] = "?";
		struct str c = {0};

		inet_ntop(family, address, text, sizeof(text));
		c_add_bytes(&c, address, len);
		TRACE_ENTRY("gethostbyaddr", add_hostent, ret, name_of(names_herr, *herr),
			T_C(text, str_c(&c)), T_UINT(len), T_NAME(names_family, family));
		str_fini(&c);
	}
	return ret;
}

struct hostent *sys_gethostent(void)
{
	TRACE_START();
	struct hostent *ret = gethostent();

	TRACE_ENTRY("gethostent", add_hostent, ret, NULL);
	return ret;
}

void sys_sethostent(int stayopen)
{
	TRACE_START();
	sethostent(stayopen);
	TRACE("sethostent", 0, T_INT(stayopen));
}

void sys_endhostent(void)
{
	TRACE_START();
	endhostent();
	TRACE("endhostent", 0);
}

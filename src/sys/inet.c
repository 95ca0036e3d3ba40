// SPDX-License-Identifier: ISC
#include "sys/inet.h"

#include "sys/trace.h"
#include "sys/trace_c/c_words.h"

#include <arpa/inet.h>
#include <stdio.h>

// The parentheses keep a macro of the C library from standing in for its function.

uint32_t sys_htonl(uint32_t value)
{
	TRACE_START();
	uint32_t ret = (htonl)(value);

	TRACE("htonl", ret, T_UINT(value));
	return ret;
}

uint16_t sys_htons(uint16_t value)
{
	TRACE_START();
	uint16_t ret = (htons)(value);

	TRACE("htons", ret, T_UINT(value));
	return ret;
}

uint32_t sys_ntohl(uint32_t value)
{
	TRACE_START();
	uint32_t ret = (ntohl)(value);

	TRACE("ntohl", ret, T_UINT(value));
	return ret;
}

uint16_t sys_ntohs(uint16_t value)
{
	TRACE_START();
	uint16_t ret = (ntohs)(value);

	TRACE("ntohs", ret, T_UINT(value));
	return ret;
}

static size_t length_of(int family)
{
	return family == AF_INET6 ? sizeof(struct in6_addr) : sizeof(struct in_addr);
}

// Bytes in the order of memory: "7f 00 00 01".
static void add_bytes(struct str *s, int family, const void *address)
{
	const unsigned char *p = address;

	for (size_t i = 0; i < length_of(family); i++)
		str_addf(s, "%s%02x", i ? " " : "", p[i]);
}

int sys_inet_pton(int family, const char *text, void *address)
{
	TRACE_START();
	int ret = inet_pton(family, text, address);

	if (unlikely(trace_sink)) {
		struct str bytes = {0};

		if (ret == 1)
			add_bytes(&bytes, family, address);
		// Each word that may be an address is tried.
		TRACE_HOUSEKEEPING(ret != 1, "inet_pton", ret, T_NAME(names_family, family),
			T_STR(text), T_C(ret == 1 ? str_c(&bytes) : "?", "buf"));
		str_fini(&bytes);
	}
	return ret;
}

const char *sys_inet_ntop(int family, const void *address, char *text)
{
	TRACE_START();
	const char *ret = inet_ntop(family, address, text, INET6_ADDRSTRLEN);

	if (unlikely(trace_sink)) {
		struct str bytes = {0};
		struct str c = {0};

		add_bytes(&bytes, family, address);
		c_add_bytes(&c, address, length_of(family));
		TRACE_VALUE("inet_ntop", ret, T_NAME(names_family, family),
			T_C(str_c(&bytes), str_c(&c)), T_C("46", "buf, 46"));
		str_fini(&bytes);
		str_fini(&c);
	}
	return ret;
}

in_addr_t sys_inet_addr(const char *text)
{
	TRACE_START();
	in_addr_t ret = inet_addr(text);

	TRACE("inet_addr", ret, T_STR(text));
	return ret;
}

const char *sys_inet_ntoa(struct in_addr address)
{
	TRACE_START();
	const char *ret = inet_ntoa(address);

	if (unlikely(trace_sink)) {
		char text[16];
		char c[48];

		snprintf(text, sizeof(text), "%u", address.s_addr);
		snprintf(c, sizeof(c), "(struct in_addr){%u}", address.s_addr);
		TRACE_VALUE("inet_ntoa", ret, T_C(text, c));
	}
	return ret;
}

// SPDX-License-Identifier: ISC
#include "net/addr/convert.h"

#include "sys/inet.h"

#include <string.h>

void convert_number(uint32_t number, struct number_forms *f)
{
	*f = (struct number_forms){.htonl = sys_htonl(number), .ntohl = sys_ntohl(number)};
	f->is_short = number <= UINT16_MAX;
	if (!f->is_short)
		return;
	f->htons = sys_htons((uint16_t)number);
	f->ntohs = sys_ntohs((uint16_t)number);
}

void convert_ipv4(const char *text, const struct ip *ip, struct ipv4_forms *f)
{
	struct in_addr in;

	memcpy(&in, ip->bytes, sizeof(in));
	f->network_order = in.s_addr;
	f->host_order = sys_ntohl(in.s_addr);
	f->inet_addr = sys_inet_addr(text);
	f->inet_ntoa = sys_inet_ntoa(in);
}

// SPDX-License-Identifier: ISC
// A number or an IPv4 address in all the forms that the calls of the sockets API give it.
#ifndef SOCKCTL_NET_ADDR_CONVERT_H
#define SOCKCTL_NET_ADDR_CONVERT_H

#include "net/addr/ip.h"

#include <stdint.h>

struct number_forms {
	uint32_t htonl, ntohl;
	bool is_short; // fits 16 bits, so that it has these too
	uint16_t htons, ntohs;
};

void convert_number(uint32_t number, struct number_forms *f);

struct ipv4_forms {
	uint32_t host_order; // the number that the address is
	uint32_t network_order; // what this machine reads in its four bytes
	uint32_t inet_addr; // what inet_addr() makes of the text
	const char *inet_ntoa; // the C library's, until the next call
};

// TEXT is the word that the address was read from.
void convert_ipv4(const char *text, const struct ip *ip, struct ipv4_forms *f);

#endif

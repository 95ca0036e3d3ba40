// SPDX-License-Identifier: ISC
// How the rows of the table of socket options are written. For the files sys/sockopt/sockopts*.c
// only.
#ifndef SOCKCTL_SYS_SOCKOPT_SOCKOPTS_ROWS_H
#define SOCKCTL_SYS_SOCKOPT_SOCKOPTS_ROWS_H

#include "sys/sockopt/sockopts.h"

#include <sys/socket.h>

// Each ends with an empty name.
extern const struct sockopt sockopts_socket[]; // SOL_SOCKET
extern const struct sockopt sockopts_ip[]; // IPPROTO_IP, IPPROTO_IPV6
extern const struct sockopt sockopts_transport[]; // IPPROTO_TCP, IPPROTO_UDP

#define SOCKOPT_ROW(text, young, level, option, type, names, access, when, kinds, since, meaning) \
	{ \
		text, since, meaning, level, option, SOCKOPT_##type, SOCKOPT_NAMES_##names, \
			SOCKOPT_##when, access, kinds, young \
	}
// An option of the header files, and one that is younger than they are.
#define OPT(level, name, ...) SOCKOPT_ROW(#name, false, level, name, __VA_ARGS__)
#define NEW(level, name, number, ...) SOCKOPT_ROW(#name, true, level, number, __VA_ARGS__)
#define GET SOCKOPT_GET
#define SET SOCKOPT_SET
#define GET_SET (SOCKOPT_GET | SOCKOPT_SET)
#define TCP SOCKOPT_TCP
#define UDP SOCKOPT_UDP
#define UNIX SOCKOPT_UNIX
#define RAW SOCKOPT_RAW
#define INET (TCP | UDP | RAW)
#define ALL (TCP | UDP | UNIX | RAW)

#endif

// SPDX-License-Identifier: ISC
// The errors of the sockets API: errno, those of the resolver, and what WinSock makes of them.
#ifndef SOCKCTL_NET_NAMES_ERROR_TABLE_H
#define SOCKCTL_NET_NAMES_ERROR_TABLE_H

#include <stdbool.h>

enum error_kind {
	ERROR_ERRNO, // errno
	ERROR_EAI, // what getaddrinfo() and getnameinfo() return
	ERROR_HERR, // h_errno, set by gethostbyname() and gethostbyaddr()
	ERROR_WINSOCK, // in WinSock only
	ERROR_CALL, // no error but a call of WinSock, with what stands in its place
};

struct error_entry {
	enum error_kind kind;
	const char *name;
	const char *const *aliases; // other names of the same number; ends with NULL
	int number; // 0 for calls
	const char *text;
	const char *winsock; // its name there, or NULL
	int winsock_number; // 10000 and the number that BSD has, for errno
	int bsd_number; // of 4.3BSD, which textbooks print; 0 where WinSock has not kept it
};

// The entry is valid during the callback only.
typedef void error_fn(void *arg, const struct error_entry *entry);

void errors_list(error_fn *fn, void *arg);

// Calls back for each error that WORD means: a name (case does not count), a number of any of the
// systems, or failing both a part of the text. Returns whether there was any. The numbers of
// h_errno are not looked for: those of errno are the same.
bool errors_find(const char *word, error_fn *fn, void *arg);

// The name of an error or a call that WORD is probably meant to be, or NULL.
const char *errors_nearest(const char *word);

#endif

// SPDX-License-Identifier: ISC
// Giving up, for good, what the process will not need any more: files with Landlock (landlock(7)),
// system calls with a filter (seccomp(2)). Whoever takes it over through what it receives then
// gets descriptors that are open already, and little else.
#ifndef SOCKCTL_SYS_SANDBOX_SANDBOX_H
#define SOCKCTL_SYS_SANDBOX_SANDBOX_H

#include "base/strlist.h"

#include <stdbool.h>
#include <stdint.h>

// What is still needed afterwards, besides using the descriptors that are open, starting threads
// and telling a service manager.
enum sandbox_need {
	SANDBOX_ACCEPT = 1 << 0, // accept()
	SANDBOX_CONNECT = 1 << 1, // connect() a socket that is there
	SANDBOX_DIAL = 1 << 2, // new stream sockets, to connect them
	SANDBOX_NAMES = 1 << 3, // look-ups: the files of the system, and sockets to ask servers
	SANDBOX_STDIO =
		1 << 4, // opening stdin and stdout once more, where they are terminals or pipes
	SANDBOX_ABSTRACT = 1 << 5, // sending to Unix sockets of the abstract name space
	SANDBOX_SUSPEND = 1 << 6, // stopping the own job, as Ctrl-Z does
	SANDBOX_LOCAL_TIME = 1 << 7, // localtime_r(3), whose time zone is in a file
	SANDBOX_DATAGRAMS = 1 << 8, // new sockets for datagrams, to connect them
};

struct sandbox {
	unsigned needs;
	uint16_t port; // the only TCP port to connect to, or 0 for any
	const struct strlist *readable; // folders whose files are read again, or NULL
	struct strlist rotate; // files that are opened anew, or made, to be written; the owner's
	struct strlist unlink; // files that are to be removed at the end; the owner's
	bool is_whole; // files and system calls, or nothing
};

// What the kernel has, or has taken.
struct sandbox_state {
	int landlock; // its ABI, or 0
	bool seccomp;
};

// What could be used here.
struct sandbox_state sandbox_available(void);

// Enters the sandbox. Returns 0, -EOPNOTSUPP if neither kind can be had here (or one of them
// where both are wanted; ENTERED then tells what could be had), or another negative errno; after
// another error some of it may be in force.
int sandbox_enter(const struct sandbox *s, struct sandbox_state *entered);

// The two parts of it, for sandbox_enter() only: each returns 0 or a negative errno.
int sandbox_landlock_abi(void);
int sandbox_restrict_files(const struct sandbox *s, int abi);
bool sandbox_has_filter(void);
int sandbox_restrict_calls(const struct sandbox *s);

#endif

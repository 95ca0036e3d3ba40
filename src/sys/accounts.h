// SPDX-License-Identifier: ISC
// Users, groups and the name of this machine: traced wrappers as in sys/socket.h.
#ifndef SOCKCTL_SYS_ACCOUNTS_H
#define SOCKCTL_SYS_ACCOUNTS_H

#include <grp.h>
#include <pwd.h>
#include <stddef.h>

// NULL where there is none. What is returned stands until the next call.
const struct passwd *sys_getpwnam(const char *name);
const struct passwd *sys_getpwuid(uid_t user);
const struct group *sys_getgrnam(const char *name);

int sys_gethostname(char *name, size_t size);

#endif

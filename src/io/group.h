// SPDX-License-Identifier: ISC
// What /proc tells of the processes of a group.
#ifndef SOCKCTL_IO_GROUP_H
#define SOCKCTL_IO_GROUP_H

#include <stdbool.h>
#include <sys/types.h>

// True if a process of the group GROUP has the file or socket open that FD is here, or may have it:
// not every process can be looked into.
bool group_holds(pid_t group, int fd);

#endif

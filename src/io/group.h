// SPDX-License-Identifier: ISC
// What /proc tells of the processes of a group.
#ifndef SOCKCTL_IO_GROUP_H
#define SOCKCTL_IO_GROUP_H

#include <stdbool.h>
#include <sys/types.h>

// A file or socket, whoever has it open.
struct file_id {
	dev_t device;
	ino_t inode;
};

// That of FD. Returns 0 or a negative errno.
int file_id_of(int fd, struct file_id *id);

// True if a process of the group GROUP has the file or socket open, or may have it: not every
// process can be looked into.
bool group_holds(pid_t group, const struct file_id *id);

#endif

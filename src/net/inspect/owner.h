// SPDX-License-Identifier: ISC
// The processes that have a socket open. The kernel tells it per process only, so that all of them
// are looked through; those of other users show theirs to the superuser alone.
#ifndef SOCKCTL_NET_INSPECT_OWNER_H
#define SOCKCTL_NET_INSPECT_OWNER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct owner {
	uint32_t inode; // of the socket
	pid_t pid;
	int fd; // its descriptor there
	char name[16]; // of the process
};

// Zeroed means empty.
struct owner_list {
	struct owner *items; // by inode, then by process
	size_t count, size;
};

void owner_list_fini(struct owner_list *l);

// Fills the list. Returns 0 or a negative errno; processes that end meanwhile are left out.
int owner_list_read(struct owner_list *l);

// The owners of a socket: the first one, and how many follow it in *count. NULL if there is none.
const struct owner *owner_find(const struct owner_list *l, uint32_t inode, size_t *count);

#endif

// SPDX-License-Identifier: ISC
// The processes that have a socket open. The kernel tells it per process only, so that all of them
// are looked through; those of other users show theirs to the superuser alone.
#ifndef SOCKCTL_NET_INSPECT_OWNER_H
#define SOCKCTL_NET_INSPECT_OWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROCESS_NAME 16 // bytes of the name of a process, with the NUL (proc_pid_comm(5))

struct owner {
	uint32_t inode; // of the socket
	pid_t pid;
	int fd; // its descriptor there
	char name[PROCESS_NAME]; // of the process
};

// Zeroed means empty.
struct owner_list {
	struct owner *items; // by inode, then by process
	size_t count, size;
};

void owner_list_fini(struct owner_list *l);

struct process {
	pid_t pid;
	char name[PROCESS_NAME];
	bool is_open; // its sockets could be seen
};

typedef void process_fn(void *arg, const struct process *p);

// Fills the list, and calls back with each process there is if FN is not NULL. Returns 0 or a
// negative errno; processes that end meanwhile are left out.
int owner_list_read(struct owner_list *l, process_fn *fn, void *arg);

// The owners of a socket: the first one, and how many follow it in *count. NULL if there is none.
const struct owner *owner_find(const struct owner_list *l, uint32_t inode, size_t *count);

#endif

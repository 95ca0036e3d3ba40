// SPDX-License-Identifier: ISC
// Programs that this one starts, each the head of a process group of its own. No group is left
// behind: what loses its parent in it becomes ours to wait for. Who has left the group is on its
// own, and where this process is killed, so is what the program has started.
#ifndef SOCKCTL_IO_CHILD_H
#define SOCKCTL_IO_CHILD_H

#include "base/list.h"
#include "io/group.h"
#include "io/signal_watch.h"
#include "io/timer.h"

#include <stdbool.h>
#include <sys/types.h>
#include <uv.h>

#define CHILD_GRACE_MS 2000 // from SIGHUP to SIGKILL

struct child;

// The program has exited, or a process of its group has since.
typedef void child_fn(struct child *c);

// All programs on one loop.
struct children {
	uv_loop_t *loop;
	struct signal_watch signal; // SIGCHLD
	struct list list;
};

struct child_options {
	const char *path;
	char *const *argv; // ends with NULL
	char *const *env; // ends with NULL
	int fd; // becomes its stdin and stdout, and blocking
};

// A running program.
struct child {
	struct list link;
	struct children *children;
	pid_t pid; // and that of its process group
	bool has_exited;
	int status; // as waitpid(2) gives it, once it has
	bool is_empty; // nobody is left in the group
	bool was_hung_up; // by us
	struct timer grace;
	child_fn *on_change;
	void *data; // the owner's
};

// Returns 0 or a negative errno. One process has at most one set of children.
int children_init(struct children *set, uv_loop_t *loop);

// Ends all of them, and waits until they are gone: CHILD_GRACE_MS at most, for then they are
// killed.
void children_fini(struct children *set);

// Starts a program, with default signals, no descriptors but 0 to 2, and the limit of descriptors
// that this process was started with. It is killed when this process is. Returns NULL, with *error
// a negative errno, if the system has no process for it or the program cannot be run.
struct child *child_create(struct children *set, const struct child_options *options,
	child_fn *on_change, void *data, int *error);

// Its session is over: SIGHUP to the whole group, and SIGKILL if anything is left after a while.
void child_hang_up(struct child *c);

// True if somebody in the group has the socket or file open.
bool child_holds(const struct child *c, const struct file_id *id);

// Nobody is interested in it any more. It is still waited for.
void child_release(struct child *c);

#endif

// SPDX-License-Identifier: ISC
// The calls that start other programs and see them end: traced wrappers as in sys/socket.h.
#ifndef SOCKCTL_SYS_PROCESS_H
#define SOCKCTL_SYS_PROCESS_H

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

pid_t sys_fork(void);

// Does not return but with a negative errno.
int sys_execve(const char *path, char *const *argv, char *const *env);

// Starts a thread that nobody waits for. Returns 0 or a negative errno.
int sys_thread_create_detached(void *(*run)(void *arg), void *arg);

// A thread that is to be joined, and has a number in the trace.
struct worker {
	pthread_t thread;
	unsigned number; // from 1 on
	void *(*run)(void *arg);
	void *arg;
};

// Starts one; W is borrowed until it is joined.
int sys_worker_start(struct worker *w, void *(*run)(void *arg), void *arg);
int sys_worker_join(const struct worker *w);

pid_t sys_waitpid(pid_t pid, int *status, int flags);
int sys_kill(pid_t pid, int number);
int sys_setpgid(pid_t pid, pid_t group);

// These change the whole process, all of its threads.
int sys_initgroups(const char *user, gid_t group);
int sys_setgid(gid_t group);
int sys_setuid(uid_t user);

int sys_prctl(int option, unsigned long value);

// What the process is, and how many descriptors it may have; housekeeping.
pid_t sys_getpid(void);
pid_t sys_getppid(void);
pid_t sys_getpgid(pid_t pid); // of this process: 0
uid_t sys_geteuid(void);
gid_t sys_getegid(void);
int sys_get_descriptor_limit(struct rlimit *limit);
int sys_set_descriptor_limit(const struct rlimit *limit);
int sys_close_on_exec_from(unsigned first); // descriptors from that number on
int sys_getrandom(void *buf, size_t len); // LEN is 256 at most

#endif

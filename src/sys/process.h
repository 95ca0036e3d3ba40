// SPDX-License-Identifier: ISC
// The calls that start other programs and see them end: traced wrappers as in sys/socket.h.
#ifndef SOCKCTL_SYS_PROCESS_H
#define SOCKCTL_SYS_PROCESS_H

#include <signal.h>
#include <sys/types.h>

pid_t sys_fork(void);

// Does not return but with a negative errno.
int sys_execve(const char *path, char *const *argv, char *const *env);

pid_t sys_waitpid(pid_t pid, int *status, int flags);
int sys_kill(pid_t pid, int number);
int sys_setpgid(pid_t pid, pid_t group);

// These change the whole process, all of its threads.
int sys_initgroups(const char *user, gid_t group);
int sys_setgid(gid_t group);
int sys_setuid(uid_t user);

int sys_prctl(int option, unsigned long value);

#endif

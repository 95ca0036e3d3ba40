// SPDX-License-Identifier: ISC
#include "io/group.h"

#include "base/str.h"
#include "base/value.h"
#include "sys/file.h"
#include "sys/path.h"
#include "sys/process.h"
#include "sys/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// True if the process PID, a folder of PROC, is in the group.
static bool is_member(int proc, const char *pid, pid_t group)
{
	return strspn(pid, "0123456789") == strlen(pid) && proc >= 0 &&
	       sys_getpgid((pid_t)strtol(pid, NULL, 10)) == group;
}

static bool process_holds(int proc, const char *pid, const struct file_id *wanted)
{
	char path[sizeof("/fd") + 16];
	struct dirent *entry;
	bool holds = false;
	DIR *dir;
	int fd;

	snprintf(path, sizeof(path), "%s/fd", pid);
	fd = sys_openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fd == -EACCES; // it has become somebody else
	dir = sys_fdopendir(fd);
	if (!dir) {
		sys_close_internal(fd);
		return true;
	}
	while (!holds && (entry = sys_readdir(dir))) {
		struct stat st;

		holds = sys_fstatat(fd, entry->d_name, &st) == 0 && st.st_dev == wanted->device &&
			st.st_ino == wanted->inode;
	}
	sys_closedir(dir);
	return holds;
}

int file_id_of(int fd, struct file_id *id)
{
	struct stat st;

	int r;

	trace_housekeeping(true);
	r = sys_fstat(fd, &st);
	trace_housekeeping(false);
	if (r < 0)
		return r;
	*id = (struct file_id){st.st_dev, st.st_ino};
	return 0;
}

bool group_holds(pid_t group, const struct file_id *id)
{
	DIR *proc = sys_opendir("/proc");
	struct dirent *entry;
	bool holds = false;

	if (!proc)
		return true;
	while (!holds && (entry = sys_readdir(proc)))
		holds = is_member(dirfd(proc), entry->d_name, group) &&
			process_holds(dirfd(proc), entry->d_name, id);
	sys_closedir(proc);
	return holds;
}

// SPDX-License-Identifier: ISC
#include "io/group.h"

#include "base/str.h"
#include "base/value.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// True if the process PID, a folder of PROC, is in the group.
static bool is_member(int proc, const char *pid, pid_t group)
{
	return strspn(pid, "0123456789") == strlen(pid) && proc >= 0 &&
	       getpgid((pid_t)strtol(pid, NULL, 10)) == group;
}

static bool process_holds(int proc, const char *pid, const struct file_id *wanted)
{
	char path[sizeof("/fd") + 16];
	struct dirent *entry;
	bool holds = false;
	DIR *dir;
	int fd;

	snprintf(path, sizeof(path), "%s/fd", pid);
	fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == EACCES; // it has become somebody else
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return true;
	}
	while (!holds && (entry = readdir(dir))) {
		struct stat st;

		holds = fstatat(fd, entry->d_name, &st, 0) == 0 && st.st_dev == wanted->device &&
			st.st_ino == wanted->inode;
	}
	closedir(dir);
	return holds;
}

int file_id_of(int fd, struct file_id *id)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	*id = (struct file_id){st.st_dev, st.st_ino};
	return 0;
}

bool group_holds(pid_t group, const struct file_id *id)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	bool holds = false;

	if (!proc)
		return true;
	while (!holds && (entry = readdir(proc)))
		holds = is_member(dirfd(proc), entry->d_name, group) &&
			process_holds(dirfd(proc), entry->d_name, id);
	closedir(proc);
	return holds;
}

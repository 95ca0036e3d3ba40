// SPDX-License-Identifier: ISC
#include "tls/keylog.h"

#include "base/list.h"
#include "base/mem.h"
#include "base/util.h"
#include "sys/fd_calls.h"
#include "sys/file.h"
#include "sys/path.h"
#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct keylog {
	struct list link;
	unsigned users;
	int fd;
	char *path;
};

// Both sides of a forward write to the same.
static struct list logs = {&logs, &logs};

// Why a file that is there cannot hold secrets, or NULL.
static const char *fault_of(int fd)
{
	struct stat st;

	if (sys_fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return "is no regular file: secrets are written to no other";
	if (st.st_uid != sys_geteuid())
		return "belongs to another user: secrets are not written to it";
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return "can be used by others (chmod 600 mends that): secrets are not written to "
		       "it";
	return NULL;
}

// Returns a descriptor, or a negative errno with a line in ERR.
static int open_file(const char *path, struct str *err)
{
	int fd = sys_open(path,
		O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
		0600);
	const char *fault = fd < 0 ? NULL : fault_of(fd);
	int error = -fd;

	if (fd >= 0 && !fault)
		return fd;
	str_add_object(err, path);
	if (fault) {
		sys_close(fd);
		str_addf(err, " %s", fault);
		return -EPERM;
	}
	if (error == ELOOP) {
		str_add(err, " is a symbolic link: secrets are not written through one");
		return -ELOOP;
	}
	str_add(err, ": ");
	str_add_error(err, -error);
	return -error;
}

static struct keylog *find(const char *path)
{
	list_for_each (it, &logs) {
		struct keylog *log = list_entry(it, struct keylog, link);

		if (strcmp(log->path, path) == 0)
			return log;
	}
	return NULL;
}

int keylog_open(struct keylog **log, const char *path, struct str *err)
{
	int fd;

	*log = keylog_share(find(path));
	if (*log)
		return 1;
	fd = open_file(path, err);
	if (fd < 0)
		return fd;
	*log = xcalloc(1, sizeof(**log));
	**log = (struct keylog){.users = 1, .fd = fd, .path = xstrdup(path)};
	list_append(&logs, &(*log)->link);
	return 0;
}

struct keylog *keylog_share(struct keylog *log)
{
	if (log)
		log->users++;
	return log;
}

void keylog_release(struct keylog *log)
{
	if (!log || --log->users)
		return;
	list_remove(&log->link);
	sys_close(log->fd);
	free(log->path);
	free(log);
}

void keylogs_add(struct strlist *paths)
{
	list_for_each (it, &logs)
		strlist_add(paths, list_entry(it, struct keylog, link)->path);
}

// Returns 0, or a negative errno with a line in ERR.
static int reopen(const struct keylog *log, struct str *err)
{
	int fd = open_file(log->path, err);
	int r;

	if (fd < 0)
		return fd;
	r = MIN(sys_dup3(fd, log->fd, O_CLOEXEC), 0);
	sys_close(fd);
	if (r < 0) {
		str_add_object(err, log->path);
		str_add(err, ": ");
		str_add_error(err, r);
	}
	return r;
}

void keylogs_reopen(keylog_reopened_fn *reopened, void *arg)
{
	list_for_each (it, &logs) {
		const struct keylog *log = list_entry(it, struct keylog, link);
		struct str err = {0};

		reopened(arg, log->path, reopen(log, &err) < 0 ? str_c(&err) : NULL);
		str_fini(&err);
	}
}

const char *keylog_path(const struct keylog *log)
{
	return log->path;
}

void keylog_add(const struct keylog *log, const char *line)
{
	// A full disk costs the log, never the connection.
	sys_write_secret_line(log->fd, line);
}

// SPDX-License-Identifier: ISC
#include "tls/keylog.h"

#include "sys/file.h"
#include "sys/path.h"
#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

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

int keylog_open(const char *path, struct str *err)
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

void keylog_add(int fd, const char *line)
{
	// A full disk costs the log, never the connection.
	sys_write_secret_line(fd, line);
}

// SPDX-License-Identifier: ISC
#include "net/unix_path.h"

#include "sys/file.h"
#include "sys/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

// The file comes into being with the mode it is to have: changing it afterwards would leave a
// moment in which others could connect.
static int bind_with_mode(int fd, const struct sockaddr_any *address, mode_t mode)
{
	mode_t old = umask(0777 & ~mode);
	int r = sys_bind(fd, &address->sa, address->len);

	umask(old);
	return r;
}

// True if the path is a socket whose server is gone. To ask costs a server that is still there
// nothing: a socket of another type is told apart (EPROTOTYPE) before it is connected.
static bool is_dead(const struct sockaddr_any *address, dev_t *dev, ino_t *ino)
{
	struct stat st;
	int fd;
	int r;

	if (lstat(address->un.sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return false;
	*dev = st.st_dev;
	*ino = st.st_ino;
	fd = sys_socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	r = sys_connect(fd, &address->sa, address->len);
	sys_close(fd);
	return r == -ECONNREFUSED;
}

// Moves the dead file out of the way, and back if it turns out that another server has put its own
// there in the meantime. Only rename() tells for sure which file it was.
static int remove_dead(const char *path, dev_t dev, ino_t ino)
{
	char aside[sizeof(((struct sockaddr_un *)0)->sun_path) + 32];
	dev_t moved_dev = 0;
	ino_t moved_ino = 0;

	snprintf(aside, sizeof(aside), "%s.%ld.dead", path, (long)getpid());
	if (renameat2(AT_FDCWD, path, AT_FDCWD, aside, RENAME_NOREPLACE) < 0)
		return errno == ENOENT ? 0 : -errno;
	unix_path_identify(aside, &moved_dev, &moved_ino);
	if (moved_dev == dev && moved_ino == ino)
		return unlink(aside) < 0 ? -errno : 0;
	if (renameat2(AT_FDCWD, aside, AT_FDCWD, path, RENAME_NOREPLACE) < 0)
		return -errno;
	return -EADDRINUSE;
}

int unix_path_bind(int fd, const struct sockaddr_any *address, mode_t mode)
{
	dev_t dev;
	ino_t ino;
	int r = bind_with_mode(fd, address, mode);

	if (r != -EADDRINUSE || !is_dead(address, &dev, &ino))
		return r;
	r = remove_dead(address->un.sun_path, dev, ino);
	return r < 0 ? r : bind_with_mode(fd, address, mode);
}

int unix_path_identify(const char *path, dev_t *dev, ino_t *ino)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return -errno;
	*dev = st.st_dev;
	*ino = st.st_ino;
	return 0;
}

int unix_path_remove(const char *path, dev_t dev, ino_t ino)
{
	dev_t now_dev = 0;
	ino_t now_ino = 0;
	int r = unix_path_identify(path, &now_dev, &now_ino);

	if (r == 0 && now_dev == dev && now_ino == ino && unlink(path) < 0)
		r = -errno;
	return r == -ENOENT ? 0 : r;
}

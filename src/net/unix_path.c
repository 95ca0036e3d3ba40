// SPDX-License-Identifier: ISC
#include "net/unix_path.h"

#include "sys/file.h"
#include "sys/path.h"
#include "sys/process.h"
#include "sys/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The file comes into being with the mode it is to have: changing it afterwards would leave a
// moment in which others could connect.
static int bind_with_mode(int fd, const struct sockaddr_any *address, mode_t mode)
{
	mode_t old = sys_umask(0777 & ~mode);
	int r = sys_bind(fd, &address->sa, address->len);

	sys_umask(old);
	return r;
}

static struct unix_file file_of(const struct stat *st)
{
	return (struct unix_file){.dev = st->st_dev, .ino = st->st_ino, .made = st->st_mtim};
}

static bool is_same(const struct unix_file *a, const struct unix_file *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->made.tv_sec == b->made.tv_sec &&
	       a->made.tv_nsec == b->made.tv_nsec;
}

// True if the path is a socket whose server is gone. To ask costs a server that is still there
// nothing: a socket of another type is told apart (EPROTOTYPE) before it is connected.
static bool is_dead(const struct sockaddr_any *address, struct unix_file *file)
{
	struct stat st;
	int fd;
	int r;

	if (sys_lstat(address->un.sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return false;
	*file = file_of(&st);
	fd = sys_socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	r = sys_connect(fd, &address->sa, address->len);
	sys_close(fd);
	return r == -ECONNREFUSED;
}

// Moves the dead file out of the way, and back if it turns out that another server has put its own
// there in the meantime. Only rename() tells for sure which file it was.
static int remove_dead(const char *path, const struct unix_file *file)
{
	char aside[sizeof(((struct sockaddr_un *)0)->sun_path) + 32];
	struct unix_file moved;
	int r;

	snprintf(aside, sizeof(aside), "%s.%ld.dead", path, (long)sys_getpid());
	r = sys_rename_new(path, aside);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	unix_path_identify(aside, &moved);
	if (is_same(&moved, file))
		return sys_unlink(aside);
	r = sys_rename_new(aside, path);
	return r < 0 ? r : -EADDRINUSE;
}

static int bind_or_replace(int fd, const struct sockaddr_any *address, mode_t mode)
{
	struct unix_file file;
	int r = bind_with_mode(fd, address, mode);

	if (r != -EADDRINUSE || !is_dead(address, &file))
		return r;
	r = remove_dead(address->un.sun_path, &file);
	return r < 0 ? r : bind_with_mode(fd, address, mode);
}

int unix_path_bind(int fd, const struct sockaddr_any *address, mode_t mode, struct unix_file *file)
{
	int r = bind_or_replace(fd, address, mode);

	if (r < 0)
		return r;
	r = unix_path_identify(address->un.sun_path, file);
	if (r < 0)
		sys_unlink(address->un.sun_path); // made a moment ago, and never to be known again
	return r;
}

// By the descriptor, so that nothing else is given away should somebody have put it at the path. A
// descriptor without rights has its mode changed by its name only.
static int give(int fd, const struct unix_file *file, mode_t mode, gid_t group)
{
	char name[32];
	struct unix_file now;
	struct stat st;
	int r;

	r = sys_fstat(fd, &st);
	if (r < 0)
		return r;
	now = file_of(&st);
	if (!is_same(&now, file))
		return -ESTALE;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	r = sys_chgrp(fd, group);
	return r < 0 ? r : sys_chmod(name, mode);
}

int unix_path_give(const char *path, const struct unix_file *file, mode_t mode, gid_t group)
{
	int fd = sys_open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return fd;
	r = give(fd, file, mode, group);
	sys_close(fd);
	return r;
}

int unix_path_identify(const char *path, struct unix_file *file)
{
	struct stat st;
	int r = sys_lstat(path, &st);

	*file = (struct unix_file){0};
	if (r < 0)
		return r;
	*file = file_of(&st);
	return 0;
}

// What the path is if it is no socket, or NULL.
static const char *other_kind(const char *path)
{
	struct stat st;

	if (sys_stat(path, &st) < 0 || S_ISSOCK(st.st_mode))
		return NULL;
	return S_ISREG(st.st_mode)    ? "a regular file"
	       : S_ISDIR(st.st_mode)  ? "a directory"
	       : S_ISFIFO(st.st_mode) ? "a FIFO"
				      : "a device";
}

// "localhost/80" and "example.org/" have a slash, as paths have.
static bool looks_like_host(const char *path)
{
	static const char local[] = "localhost/";
	size_t len = strcspn(path, "/");

	return strncmp(path, local, strlen(local)) == 0 ||
	       (path[0] != '.' && (memchr(path, '.', len) || memchr(path, ':', len)));
}

bool str_add_path_fault(struct str *s, const struct sockaddr_any *address, int error)
{
	const char *path = address->un.sun_path;
	const char *kind;

	if (!address->len || address->sa.sa_family != AF_UNIX || !path[0])
		return false;
	kind = error == -ECONNREFUSED || error == -EADDRINUSE ? other_kind(path) : NULL;
	if (kind && error == -ECONNREFUSED)
		str_addf(s, "%s, not a socket; 'sockctl sockets -xl' lists those", kind);
	else if (kind)
		str_addf(s, "%s has that name; choose another, or remove it", kind);
	else if (error == -EADDRINUSE)
		str_add(s, "a socket that is in use, or another file, has that name");
	else if ((error == -ENOENT || error == -ENOTDIR) && looks_like_host(path))
		str_add(s, "a word with a slash is a path; write HOST PORT for a host");
	else
		return false;
	return true;
}

int unix_path_remove(const char *path, const struct unix_file *file)
{
	struct unix_file now;
	int r = unix_path_identify(path, &now);

	if (r == 0 && is_same(&now, file))
		r = sys_unlink(path);
	return r == -ENOENT ? 0 : r;
}

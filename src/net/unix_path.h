// SPDX-License-Identifier: ISC
// Socket files in the file system: made with the right mode from the start, replaced only when they
// are dead, removed only when they are still ours.
#ifndef SOCKCTL_NET_UNIX_PATH_H
#define SOCKCTL_NET_UNIX_PATH_H

#include "base/sockaddr.h"

#include <sys/stat.h>

// Which file a path was. The number of an inode that is gone is given to the next file, so that it
// takes the time as well, at which a socket file was made and which no use of it changes.
struct unix_file {
	dev_t dev;
	ino_t ino;
	struct timespec made;
};

// Binds FD to the path of ADDRESS, created with MODE; *FILE tells that file from others. A socket
// file at that path on which nobody listens is replaced. Returns 0 or a negative errno, -EADDRINUSE
// for anything else at the path; then no file of ours is there.
int unix_path_bind(int fd, const struct sockaddr_any *address, mode_t mode, struct unix_file *file);

// Gives a file that was made without rights for its group to GROUP, and then gives it MODE. Returns
// 0 or a negative errno; -ESTALE if something else is at the path by now.
int unix_path_give(const char *path, const struct unix_file *file, mode_t mode, gid_t group);

// Which file the path is now, to know it again. Returns 0 or a negative errno; then FILE is none.
int unix_path_identify(const char *path, struct unix_file *file);

// Adds what ERROR, of connecting or binding to ADDRESS, leaves in the dark: what is at the path if
// it is no socket, and what to type instead. Returns false, and adds nothing, if there is no more
// to say, as of any address that is no path.
bool str_add_path_fault(struct str *s, const struct sockaddr_any *address, int error);

// Removes the file if it is still that one. Returns 0 or a negative errno; then it is left behind.
int unix_path_remove(const char *path, const struct unix_file *file);

#endif

// SPDX-License-Identifier: ISC
// The calls on descriptors of any kind that a relay makes: traced wrappers as in sys/socket.h.
#ifndef SOCKCTL_SYS_FILE_H
#define SOCKCTL_SYS_FILE_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/uio.h>

int sys_open(const char *path, int flags, mode_t mode);

// The same for a file that the user names, which may be a FIFO: -EINTR when the program has to end
// before anybody has opened the other end (sys/interrupt.h).
int sys_open_file(const char *path, int flags, mode_t mode);
int sys_close(int fd);
int sys_close_internal(int fd); // one that was opened for the program and not for its user
ssize_t sys_read(int fd, void *buf, size_t len);
ssize_t sys_pread(int fd, void *buf, size_t len, off_t offset);
ssize_t sys_write(int fd, const void *buf, size_t len);
ssize_t sys_writev(int fd, const struct iovec *pieces, int count);
ssize_t sys_write_secret_line(int fd, const char *line); // which no trace shows
int sys_pipe(int fds[2], int flags);
int sys_fcntl(int fd, int command, long arg);

// Moves up to LEN bytes inside the kernel; offset is NULL, or where to read the file instead of at
// its own position (then it is moved on).
ssize_t sys_splice(int in, int out, size_t len, unsigned flags);
ssize_t sys_sendfile(int out, int in, off_t *offset, size_t len);

#endif

// SPDX-License-Identifier: ISC
// The calls that every descriptor takes, whatever it does with them: traced wrappers as in
// sys/socket.h.
#ifndef SOCKCTL_SYS_FD_CALLS_H
#define SOCKCTL_SYS_FD_CALLS_H

#include <poll.h>
#include <stdbool.h>
#include <sys/types.h>

int sys_dup(int fd);
int sys_dup2(int fd, int target);
int sys_dup3(int fd, int target, int flags);
int sys_set_nonblocking(int fd, bool on); // ioctl FIONBIO
int sys_fchdir(int fd);
int sys_fchmod(int fd, mode_t mode);
int sys_fchown(int fd, uid_t uid, gid_t gid);
int sys_fsync(int fd);
int sys_fdatasync(int fd);
int sys_ftruncate(int fd, off_t len);
off_t sys_lseek(int fd, off_t offset, int whence);
ssize_t sys_pwrite(int fd, const void *buf, size_t len, off_t offset);
int sys_mmap_read(int fd, size_t len); // 0 when it can be mapped; it is unmapped again

// Wait up to MS milliseconds until FD is readable. Return 1, or 0 when the time is over.
int sys_select_readable(int fd, int ms); // -EINVAL for descriptors that do not fit an fd_set
int sys_poll_readable(int fd, int ms);
int sys_poll(struct pollfd *fds, nfds_t count, int ms);

// Lets blocked signals in for up to MS milliseconds: pselect() on no descriptor. Returns -EINTR
// once a handler has run, 0 when the time is over.
int sys_await_signals(int ms);

#endif

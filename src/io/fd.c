// SPDX-License-Identifier: ISC
#include "io/fd.h"

#include "base/util.h"
#include "sys/fd_calls.h"
#include "sys/file.h"
#include "sys/path.h"
#include "sys/process.h"
#include "sys/socket.h"
#include "sys/trace.h"
#include "sys/tty.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <unistd.h>

static enum fd_kind kind_of(int fd, const struct stat *st)
{
	if (S_ISREG(st->st_mode))
		return FD_FILE;
	if (S_ISFIFO(st->st_mode))
		return FD_PIPE;
	if (S_ISSOCK(st->st_mode))
		return FD_SOCKET;
	return S_ISCHR(st->st_mode) && sys_isatty(fd) ? FD_TERMINAL : FD_OTHER;
}

struct fd_info fd_info_of_socket(int family, int type)
{
	return (struct fd_info){.kind = FD_SOCKET,
		.readable = true,
		.writable = true,
		.socket_type = type,
		.is_tcp = type == SOCK_STREAM && (family == AF_INET || family == AF_INET6)};
}

void fd_inspect_socket(int fd, struct fd_info *info)
{
	int domain = 0;
	int type = 0;
	socklen_t len = sizeof(int);

	sys_getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len);
	sys_getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len);
	*info = fd_info_of_socket(domain, type);
}

static int inspect(int fd, struct fd_info *info)
{
	struct stat st;
	int flags = sys_fcntl(fd, F_GETFL, 0);
	int access = flags & O_ACCMODE;
	int r = flags < 0 ? flags : sys_fstat(fd, &st);

	*info = (struct fd_info){.kind = FD_BAD};
	if (r < 0)
		return r;
	info->kind = kind_of(fd, &st);
	info->readable = access == O_RDONLY || access == O_RDWR;
	info->writable = access == O_WRONLY || access == O_RDWR;
	info->append = flags & O_APPEND;
	return 0;
}

struct fd_place fd_place(int fd)
{
	struct fd_place place = {0};
	struct stat st;
	off_t position;

	trace_housekeeping(true);
	if (sys_fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		position = sys_lseek(fd, 0, SEEK_CUR);
		place.position = position > 0 ? position : 0;
		place.left = (uint64_t)MAX(st.st_size - place.position, 0);
	}
	trace_housekeeping(false);
	return place;
}

int fd_inspect(int fd, struct fd_info *info)
{
	int r;

	trace_housekeeping(true);
	r = inspect(fd, info);
	trace_housekeeping(false);
	if (r == 0 && info->kind == FD_SOCKET)
		fd_inspect_socket(fd, info);
	return r;
}

bool fd_is_ready(int fd, short events)
{
	struct pollfd pfd = {.fd = fd, .events = events};
	int r;

	trace_housekeeping(true);
	r = sys_poll(&pfd, 1, 0);
	trace_housekeeping(false);
	return r > 0;
}

int fd_waiting(int fd)
{
	int bytes;
	int r;

	trace_housekeeping(true);
	r = sys_inq(fd, &bytes);
	trace_housekeeping(false);
	return r < 0 ? r : bytes;
}

// A named pipe tells a reader of its end only if it had a writer since that reader opened it, and
// that may be long gone.
static bool is_named_pipe(int fd)
{
	struct statfs fs;

	return sys_fstatfs(fd, &fs) == 0 && fs.f_type != PIPEFS_MAGIC;
}

int fd_reopen(int fd, const struct fd_info *info, int mode)
{
	char path[sizeof("/proc/self/fd/") + 3 * sizeof(int)];
	int r;

	assert(mode == O_RDONLY || mode == O_WRONLY || mode == O_RDWR);
	if (info->kind != FD_PIPE && info->kind != FD_TERMINAL)
		return -EOPNOTSUPP;
	if (info->kind == FD_PIPE && mode == O_RDONLY && is_named_pipe(fd))
		return -EOPNOTSUPP;
	// Opening by name could turn one end of a pipe into the other.
	if (mode == O_RDONLY ? !info->readable : !info->writable)
		return -EBADF;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	trace_housekeeping(true);
	r = sys_open(path, mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	trace_housekeeping(false);
	return r;
}

static struct rlimit original_limit;

int fd_raise_limit(void)
{
	struct rlimit limit;

	if (sys_get_descriptor_limit(&limit) < 0)
		return INT_MAX;
	original_limit = limit;
	if (limit.rlim_cur == limit.rlim_max)
		return (int)MIN(limit.rlim_cur, (rlim_t)INT_MAX);
	limit.rlim_cur = limit.rlim_max;
	if (sys_set_descriptor_limit(&limit) < 0)
		limit = original_limit;
	return (int)MIN(limit.rlim_cur, (rlim_t)INT_MAX);
}

// Whether the last numbers below the limit are free, which one call tells.
static bool are_last_free(unsigned count)
{
	struct pollfd fds[FD_MOST_HEADROOM];
	struct rlimit limit;

	if (sys_get_descriptor_limit(&limit) < 0 || limit.rlim_cur < count)
		return false;
	for (unsigned i = 0; i < count; i++)
		fds[i] = (struct pollfd){
			.fd = (int)(MIN(limit.rlim_cur, (rlim_t)INT_MAX) - count + i)};
	if (sys_poll(fds, count, 0) != (int)count)
		return false;
	for (unsigned i = 0; i < count; i++)
		if (fds[i].revents != POLLNVAL)
			return false;
	return true;
}

static int check_headroom(unsigned count)
{
	int fds[FD_MOST_HEADROOM];
	unsigned n = 0;
	int r = 0;

	if (are_last_free(count))
		return 0;
	while (n < count && r == 0) {
		fds[n] = sys_fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
		if (fds[n] < 0)
			r = fds[n];
		else
			n++;
	}
	while (n > 0)
		sys_close(fds[--n]);
	return r;
}

int fd_check_headroom(unsigned count)
{
	int r;

	assert(count <= FD_MOST_HEADROOM);
	trace_housekeeping(true);
	r = check_headroom(count);
	trace_housekeeping(false);
	return r;
}

int fd_open_input(const char *path)
{
	int fd = sys_open_file(path, O_RDONLY | O_CLOEXEC, 0);
	struct stat st;

	// A directory can be opened, and not read.
	if (fd < 0 || sys_fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode))
		return fd;
	sys_close(fd);
	return -EISDIR;
}

int fd_open_output(const char *path)
{
	return sys_open_file(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
}

int fd_open_append(const char *path)
{
	return sys_open_file(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
}

// Readies FD to be written in place of another. Returns 0 or a negative errno.
static int go_to_end(int fd)
{
	struct fd_info info;
	int r = fd_inspect(fd, &info);
	off_t end;

	if (r < 0)
		return r;
	if (info.kind != FD_FILE)
		return -EEXIST;
	end = sys_lseek(fd, 0, SEEK_END); // splice(2) refuses O_APPEND
	return end < 0 ? (int)end : 0;
}

int fd_rotate(int fd, const char *path)
{
	int fresh = sys_open(path, O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666);
	int r = fresh < 0 ? fresh : go_to_end(fresh);

	if (r == 0)
		r = MIN(sys_dup3(fresh, fd, O_CLOEXEC), 0);
	if (fresh >= 0)
		sys_close(fresh);
	return r;
}

int fd_empty(int fd)
{
	int r = sys_ftruncate(fd, 0);

	if (r == 0)
		sys_lseek(fd, 0, SEEK_SET); // where fd_rotate() has left it
	return r == -EINVAL ? 0 : r; // devices and pipes keep nothing
}

int fd_close(int fd)
{
	return sys_close(fd);
}

int fd_duplicate(int fd)
{
	return sys_fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

int fd_lowest_free(void)
{
	int fd;

	trace_housekeeping(true);
	fd = sys_fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
	if (fd >= 0)
		sys_close(fd);
	trace_housekeeping(false);
	return fd < 0 ? INT_MAX : fd; // none is free
}

void fd_restore_limit(void)
{
	if (original_limit.rlim_max)
		sys_set_descriptor_limit(&original_limit);
}

int fd_close_by_reset(int fd, bool resets)
{
	const struct linger linger = {.l_onoff = resets};

	return sys_setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

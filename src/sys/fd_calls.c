// SPDX-License-Identifier: ISC
#include "sys/fd_calls.h"

#include "sys/trace.h"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

int sys_dup(int fd)
{
	TRACE_START();
	int ret = SYS_RESULT(dup(fd));

	TRACE("dup", ret, T_FD(fd));
	return ret;
}

int sys_dup2(int fd, int target)
{
	TRACE_START();
	int ret = SYS_RESULT(dup2(fd, target));

	TRACE("dup2", ret, T_FD(fd), T_FD(target));
	return ret;
}

int sys_dup3(int fd, int target, int flags)
{
	TRACE_START();
	int ret = SYS_RESULT(dup3(fd, target, flags));

	TRACE("dup3", ret, T_FD(fd), T_FD(target), T_FLAGS(names_open, flags));
	return ret;
}

int sys_set_nonblocking(int fd, bool on)
{
	TRACE_START();
	int value = on;
	int ret = SYS_RESULT(ioctl(fd, FIONBIO, &value));

	TRACE("ioctl", ret, T_FD(fd), T_NAME(names_ioctl, FIONBIO), T_INT_AT(value));
	return ret;
}

int sys_fchdir(int fd)
{
	TRACE_START();
	int ret = SYS_RESULT(fchdir(fd));

	TRACE("fchdir", ret, T_FD(fd));
	return ret;
}

int sys_fchmod(int fd, mode_t mode)
{
	TRACE_START();
	int ret = SYS_RESULT(fchmod(fd, mode));

	TRACE("fchmod", ret, T_FD(fd), T_OCTAL(mode));
	return ret;
}

int sys_fchown(int fd, uid_t uid, gid_t gid)
{
	TRACE_START();
	int ret = SYS_RESULT(fchown(fd, uid, gid));

	TRACE("fchown", ret, T_FD(fd), T_UINT(uid), T_UINT(gid));
	return ret;
}

int sys_fsync(int fd)
{
	TRACE_START();
	int ret = SYS_RESULT(fsync(fd));

	TRACE("fsync", ret, T_FD(fd));
	return ret;
}

int sys_fdatasync(int fd)
{
	TRACE_START();
	int ret = SYS_RESULT(fdatasync(fd));

	TRACE("fdatasync", ret, T_FD(fd));
	return ret;
}

int sys_ftruncate(int fd, off_t len)
{
	TRACE_START();
	int ret = SYS_RESULT(ftruncate(fd, len));

	TRACE("ftruncate", ret, T_FD(fd), T_INT(len));
	return ret;
}

off_t sys_lseek(int fd, off_t offset, int whence)
{
	TRACE_START();
	off_t ret = SYS_RESULT(lseek(fd, offset, whence));

	TRACE("lseek", ret, T_FD(fd), T_INT(offset), T_NAME(names_seek, whence));
	return ret;
}

ssize_t sys_pwrite(int fd, const void *buf, size_t len, off_t offset)
{
	TRACE_START();
	ssize_t ret = SYS_RESULT(pwrite(fd, buf, len, offset));

	TRACE("pwrite", ret, T_FD(fd), T_DATA(buf, len), T_UINT(len), T_INT(offset));
	return ret;
}

static void unmap(void *p, size_t len)
{
	TRACE_START();
	int ret = SYS_RESULT(munmap(p, len));

	TRACE_HOUSEKEEPING(true, "munmap", ret, T_TEXT("{...}"), T_UINT(len));
}

int sys_mmap_read(int fd, size_t len)
{
	TRACE_START();
	void *p = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
	int ret = p == MAP_FAILED ? -errno : 0;

	TRACE("mmap", ret, T_TEXT("NULL"), T_UINT(len), T_TEXT("PROT_READ"), T_TEXT("MAP_SHARED"),
		T_FD(fd), T_INT(0));
	if (ret == 0)
		unmap(p, len);
	return ret;
}

// {SECONDS, MICROSECONDS or NANOSECONDS} as text, and in C with its type.
static void add_time(struct str *text, struct str *c, const char *type, int ms, int per_ms)
{
	str_addf(text, "{%d, %d}", ms / 1000, ms % 1000 * per_ms);
	str_addf(c, "&(struct %s)%s", type, str_c(text));
}

int sys_select_readable(int fd, int ms)
{
	struct timeval tv = {ms / 1000, ms % 1000 * 1000};
	fd_set set;

	if (fd < 0 || fd >= FD_SETSIZE)
		return -EINVAL;
	FD_ZERO(&set);
	FD_SET(fd, &set);

	TRACE_START();
	int ret = SYS_RESULT(select(fd + 1, &set, NULL, NULL, &tv));

	if (unlikely(trace_sink)) {
		struct str time = {0};
		struct str c = {0};

		add_time(&time, &c, "timeval", ms, 1000);
		TRACE("select", ret, T_INT(fd + 1), T_FDSET(fd), T_TEXT("NULL"), T_TEXT("NULL"),
			T_C(str_c(&time), str_c(&c)));
		str_fini(&time);
		str_fini(&c);
	}
	return ret;
}

int sys_poll(struct pollfd *fds, nfds_t count, int ms)
{
	TRACE_START();
	int ret = SYS_RESULT(poll(fds, count, ms));

	TRACE("poll", ret, T_POLLFDS(fds, count), T_UINT(count), T_INT(ms));
	return ret;
}

int sys_poll_readable(int fd, int ms)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};

	return sys_poll(&pfd, 1, ms);
}

int sys_await_signals(int ms)
{
	struct timespec ts = {ms / 1000, ms % 1000 * 1000000L};
	sigset_t none;

	sigemptyset(&none);
	TRACE_START();
	int ret = SYS_RESULT(pselect(0, NULL, NULL, NULL, &ts, &none));

	if (unlikely(trace_sink)) {
		struct str time = {0};
		struct str c = {0};

		add_time(&time, &c, "timespec", ms, 1000000);
		TRACE("pselect", ret, T_INT(0), T_TEXT("NULL"), T_TEXT("NULL"), T_TEXT("NULL"),
			T_C(str_c(&time), str_c(&c)), T_C("[]", "(sigemptyset(&set), &set)"));
		str_fini(&time);
		str_fini(&c);
	}
	return ret;
}

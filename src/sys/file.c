// SPDX-License-Identifier: ISC
#include "sys/file.h"

#include "sys/interrupt.h"
#include "sys/trace.h"

#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

int sys_open(const char *path, int flags, mode_t mode)
{
	TRACE_START();
	int ret = SYS_RESULT(open(path, flags, mode));

	TRACE("open", ret, T_STR(path), T_FLAGS(names_open, flags), T_OCTAL(mode));
	return ret;
}

int sys_open_file(const char *path, int flags, mode_t mode)
{
	TRACE_START();
	int ret = interrupt_open(path, flags, mode);

	TRACE("open", ret, T_STR(path), T_FLAGS(names_open, flags), T_OCTAL(mode));
	return ret;
}

int sys_close(int fd)
{
	TRACE_START();
	int ret = SYS_RESULT(close(fd));

	TRACE("close", ret, T_FD(fd));
	return ret;
}

int sys_close_internal(int fd)
{
	TRACE_START();
	int ret = SYS_RESULT(close(fd));

	TRACE_HOUSEKEEPING(true, "close", ret, T_FD(fd));
	return ret;
}

ssize_t sys_read(int fd, void *buf, size_t len)
{
	TRACE_START();
	ssize_t ret = SYS_RESULT(read(fd, buf, len));

	TRACE("read", ret, T_FD(fd), T_DATA_OUT(buf, ret < 0 ? 0 : (size_t)ret), T_UINT(len));
	return ret;
}

ssize_t sys_pread(int fd, void *buf, size_t len, off_t offset)
{
	TRACE_START();
	ssize_t ret = SYS_RESULT(pread(fd, buf, len, offset));

	TRACE("pread", ret, T_FD(fd), T_DATA_OUT(buf, ret < 0 ? 0 : (size_t)ret), T_UINT(len),
		T_INT(offset));
	return ret;
}

ssize_t sys_write(int fd, const void *buf, size_t len)
{
	TRACE_START();
	ssize_t ret = SYS_RESULT(write(fd, buf, len));

	TRACE("write", ret, T_FD(fd), T_DATA(buf, len), T_UINT(len));
	return ret;
}

ssize_t sys_writev(int fd, const struct iovec *pieces, int count)
{
	TRACE_START();
	ssize_t ret = SYS_RESULT(writev(fd, pieces, count));

	TRACE("writev", ret, T_FD(fd), T_PIECES(pieces, count), T_INT(count));
	return ret;
}

ssize_t sys_write_secret_line(int fd, const char *line)
{
	const struct iovec pieces[] = {{(char *)line, strlen(line)}, {(char *)"\n", 1}};

	TRACE_START();
	ssize_t ret = SYS_RESULT(writev(fd, pieces, ARRAY_SIZE(pieces)));

	TRACE_HOUSEKEEPING(
		true, "writev", ret, T_FD(fd), T_TEXT("<secret>"), T_INT(ARRAY_SIZE(pieces)));
	return ret;
}

int sys_pipe(int fds[2], int flags)
{
	TRACE_START();
	int ret = SYS_RESULT(pipe2(fds, flags));

	TRACE("pipe2", ret, T_FDS_OUT(ret < 0 ? -1 : fds[0], ret < 0 ? -1 : fds[1]),
		T_FLAGS(names_open, flags));
	return ret;
}

static struct trace_arg fcntl_arg(int command, long arg)
{
	switch (command) {
	case F_SETFL:
		return (struct trace_arg)T_FLAGS(names_open, arg);
	case F_SETFD:
		return (struct trace_arg)T_FLAGS(names_fd, arg);
	default:
		return (struct trace_arg)T_INT(arg);
	}
}

int sys_fcntl(int fd, int command, long arg)
{
	TRACE_START();
	int ret = SYS_RESULT(fcntl(fd, command, arg));

	// The size of a pipe only makes it faster.
	TRACE_HOUSEKEEPING(command == F_GETPIPE_SZ || command == F_SETPIPE_SZ, "fcntl", ret,
		T_FD(fd), T_NAME(names_fcntl, command), fcntl_arg(command, arg));
	return ret;
}

ssize_t sys_splice(int in, int out, size_t len, unsigned flags)
{
	TRACE_START();
	ssize_t ret = SYS_RESULT(splice(in, NULL, out, NULL, len, flags));

	TRACE("splice", ret, T_FD(in), T_STR(NULL), T_FD(out), T_STR(NULL), T_UINT(len),
		T_FLAGS(names_splice, flags));
	return ret;
}

ssize_t sys_sendfile(int out, int in, off_t *offset, size_t len)
{
	TRACE_START();
	ssize_t ret = SYS_RESULT(sendfile(out, in, offset, len));

	TRACE("sendfile", ret, T_FD(out), T_FD(in), T_INT(offset ? *offset : 0), T_UINT(len));
	return ret;
}

// SPDX-License-Identifier: ISC
#include "sys/tty.h"

#include "sys/trace.h"

#include <sys/ioctl.h>
#include <unistd.h>

bool sys_isatty(int fd)
{
	TRACE_START();
	int ret = isatty(fd);

	TRACE_HOUSEKEEPING(true, "isatty", ret, T_FD(fd));
	return ret;
}

int sys_window_size(int fd, unsigned *lines, unsigned *columns)
{
	TRACE_START();
	struct winsize size = {0};
	int ret = SYS_RESULT(ioctl(fd, TIOCGWINSZ, &size));

	TRACE_HOUSEKEEPING(true, "ioctl", ret, T_FD(fd), T_NAME(names_ioctl, TIOCGWINSZ),
		T_C("{lines, columns}", "&(struct winsize){0}"));
	if (ret == 0 && size.ws_row)
		*lines = size.ws_row;
	if (ret == 0 && size.ws_col)
		*columns = size.ws_col;
	return ret;
}

int sys_tcgetattr(int fd, struct termios *t)
{
	TRACE_START();
	int ret = SYS_RESULT(tcgetattr(fd, t));

	TRACE_HOUSEKEEPING(true, "tcgetattr", ret, T_FD(fd), T_TEXT("{...}"));
	return ret;
}

int sys_tcsetattr(int fd, int when, const struct termios *t)
{
	TRACE_START();
	int ret = SYS_RESULT(tcsetattr(fd, when, t));

	TRACE_HOUSEKEEPING(true, "tcsetattr", ret, T_FD(fd),
		T_TEXT(when == TCSANOW ? "TCSANOW" : "TCSAFLUSH"), T_TEXT("{...}"));
	return ret;
}

pid_t sys_tcgetpgrp(int fd)
{
	TRACE_START();
	pid_t ret = SYS_RESULT(tcgetpgrp(fd));

	TRACE_HOUSEKEEPING(true, "tcgetpgrp", ret, T_FD(fd));
	return ret;
}

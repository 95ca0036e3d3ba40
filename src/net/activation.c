// SPDX-License-Identifier: ISC
#include "net/activation.h"

#include "base/value.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_DESCRIPTORS 1024

int activation_count(void)
{
	const char *fds = getenv("LISTEN_FDS");
	const char *pid = getenv("LISTEN_PID");
	uint64_t number;

	// They may be left over from a parent that did not clean up.
	if (!fds || !pid || parse_uint(pid, &number) < 0 || number != (uint64_t)sys_getpid())
		return 0;
	if (parse_uint(fds, &number) < 0 || number > MAX_DESCRIPTORS)
		return -EINVAL;
	return (int)number;
}

void activation_close_on_exec(int count)
{
	for (int i = 0; i < count; i++)
		sys_fcntl(ACTIVATION_FIRST + i, F_SETFD, FD_CLOEXEC);
}

int activation_notify(const char *state)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	size_t len = name ? strlen(name) : 0;
	ssize_t r;
	int fd;

	if (!len)
		return 0;
	if ((name[0] != '/' && name[0] != '@') || len >= sizeof(un.sun_path))
		return -EINVAL;
	memcpy(un.sun_path, name, len);
	if (name[0] == '@')
		un.sun_path[0] = '\0';
	fd = sys_socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	r = sys_sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
		(const struct sockaddr *)&un,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	sys_close(fd);
	return r < 0 ? (int)r : 0;
}

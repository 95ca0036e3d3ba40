// SPDX-License-Identifier: ISC
#include "relay/pipes.h"

#include "sys/file.h"

#include <fcntl.h>
#include <string.h>

#define SPARE 4
#define SIZE (1 << 20) // bytes in a pipe

static struct {
	int fds[SPARE][2];
	int count;
} spare;

void pipes_widen(int fd)
{
	int size = sys_fcntl(fd, F_GETPIPE_SZ, 0);

	if (size >= 0 && size < SIZE)
		sys_fcntl(fd, F_SETPIPE_SZ, SIZE);
}

int pipes_take(int fds[2])
{
	int r;

	if (spare.count) {
		memcpy(fds, spare.fds[--spare.count], sizeof(spare.fds[0]));
		return 0;
	}
	r = sys_pipe(fds, O_CLOEXEC | O_NONBLOCK);
	if (r == 0)
		pipes_widen(fds[1]);
	return r;
}

void pipes_give(int fds[2])
{
	if (fds[0] < 0)
		return;
	if (spare.count < SPARE) {
		memcpy(spare.fds[spare.count++], fds, sizeof(spare.fds[0]));
	} else {
		sys_close(fds[0]);
		sys_close(fds[1]);
	}
	fds[0] = fds[1] = -1;
}

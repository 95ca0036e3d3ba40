// SPDX-License-Identifier: ISC
#include "io/pool.h"

#include "base/mem.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

// The buffer is far from what begins a page, modulo one: see xmalloc_pages(). It is filled from
// the pages of files, and TLS copies it into a block of its own.
#define POOL_OFFSET 2048

#define PIPE_SIZE (1 << 20) // bytes in a pipe

void pool_init(struct pool *p, uv_loop_t *loop)
{
	*p = (struct pool){.loop = loop};
}

static void close_pipe(int fds[2])
{
	sys_close(fds[0]);
	sys_close(fds[1]);
}

void pool_fini(struct pool *p)
{
	while (p->pipe_count)
		close_pipe(p->pipes[--p->pipe_count]);
	free(p->buffer);
	*p = (struct pool){0};
}

char *pool_buffer(struct pool *p)
{
	if (!p->buffer)
		p->buffer = xmalloc_pages(POOL_OFFSET + POOL_BUFFER);
	return p->buffer + POOL_OFFSET;
}

void pool_widen_pipe(int fd)
{
	int size = sys_fcntl(fd, F_GETPIPE_SZ, 0);

	if (size >= 0 && size < PIPE_SIZE)
		sys_fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE);
}

int pool_take_pipe(struct pool *p, int fds[2])
{
	int r;

	if (p->pipe_count) {
		memcpy(fds, p->pipes[--p->pipe_count], sizeof(p->pipes[0]));
		return 0;
	}
	r = sys_pipe(fds, O_CLOEXEC | O_NONBLOCK);
	if (r == 0)
		pool_widen_pipe(fds[1]);
	return r;
}

void pool_give_pipe(struct pool *p, int fds[2])
{
	if (fds[0] < 0)
		return;
	if (p->pipe_count < POOL_PIPES)
		memcpy(p->pipes[p->pipe_count++], fds, sizeof(p->pipes[0]));
	else
		close_pipe(fds);
	fds[0] = fds[1] = -1;
}

// SPDX-License-Identifier: ISC
#include "relay/pipes.h"

#include "relay/flow.h"
#include "sys/file.h"

#include <fcntl.h>
#include <string.h>

#define SPARE 4

static struct {
	int fds[SPARE][2];
	int count;
} spare;

int pipes_take(int fds[2])
{
	int r;

	if (spare.count) {
		memcpy(fds, spare.fds[--spare.count], sizeof(spare.fds[0]));
		return 0;
	}
	r = sys_pipe(fds, O_CLOEXEC | O_NONBLOCK);
	if (r == 0)
		flow_widen_pipe(fds[1]);
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

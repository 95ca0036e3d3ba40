// SPDX-License-Identifier: ISC
#include "net/loan.h"

#include "sys/socket.h"

#include <assert.h>

void loan_init(struct loan *l, int fd)
{
	*l = (struct loan){.fd = fd};
}

int loan_set(struct loan *l, int level, int option, int value)
{
	int old = 0;
	socklen_t len = sizeof(old);
	int r = sys_getsockopt(l->fd, level, option, &old, &len);

	if (r < 0 || old == value)
		return r;
	r = sys_setsockopt_int(l->fd, level, option, value);
	if (r < 0)
		return r;
	assert(l->count < LOAN_OPTIONS);
	l->old[l->count].level = level;
	l->old[l->count].option = option;
	l->old[l->count++].value = old;
	return 0;
}

void loan_end(struct loan *l)
{
	while (l->count > 0) {
		l->count--;
		sys_setsockopt_int(l->fd, l->old[l->count].level, l->old[l->count].option,
			l->old[l->count].value);
	}
}

// SPDX-License-Identifier: ISC
// Options of a socket that was inherited: whoever has it as well finds them as they were.
#ifndef SOCKCTL_NET_LOAN_H
#define SOCKCTL_NET_LOAN_H

#include <stddef.h>

#define LOAN_OPTIONS 8

// Zeroed means none.
struct loan {
	int fd;
	struct {
		int level, option, value;
	} old[LOAN_OPTIONS]; // what was changed
	size_t count;
};

void loan_init(struct loan *l, int fd);

// Sets an option whose value is an int until loan_end(). Returns 0 or a negative errno.
int loan_set(struct loan *l, int level, int option, int value);

// Gives back what was changed, the last first. May be called twice.
void loan_end(struct loan *l);

#endif

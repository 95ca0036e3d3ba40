// SPDX-License-Identifier: ISC
// A command with an option of every type, for the tests of the option table.
#ifndef SOCKCTL_TESTS_UNIT_DEMO_H
#define SOCKCTL_TESTS_UNIT_DEMO_H

#include "cli/opt.h"

struct demo_shared {
	const char *name;
	bool on;
};

struct demo_config {
	bool flag;
	unsigned count;
	const char *text;
	struct strlist list;
	uint64_t number;
	uint64_t any;
	uint64_t mode;
	uint64_t size;
	uint64_t time;
	int choice;
	const char *maybe;
	struct demo_shared shared;
};

extern const struct cmd demo;

#endif

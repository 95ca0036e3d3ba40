// SPDX-License-Identifier: ISC
// Files that a server writes for as long as it runs: each is opened anew at SIGHUP, so that whoever
// keeps them can rename them first.
#ifndef SOCKCTL_OPTS_ROTATION_H
#define SOCKCTL_OPTS_ROTATION_H

#include "app.h"
#include "sys/sandbox/sandbox.h"

#define ROTATION_MOST 2 // --trace and --output

struct rotation {
	struct app *app;
	struct {
		const char *path;
		int fd;
	} files[ROTATION_MOST];
	size_t count;
};

// The file of the trace is among them, if there is one.
void rotation_init(struct rotation *r, struct app *app);

// Adds what was opened as PATH, which is borrowed, unless it is no regular file.
void rotation_add(struct rotation *r, const char *path, int fd);

// Lets the sandbox open them anew. It borrows from R.
void rotation_add_needs(const struct rotation *r, struct sandbox *sandbox);

// Opens each anew, and says how that went.
void rotation_run(const struct rotation *r);

// The file of that name was opened anew, or was not for a reason, which names it.
void rotation_report(struct app *app, const char *path, const char *reason);

#endif

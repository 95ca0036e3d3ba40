// SPDX-License-Identifier: ISC
#include "opts/rotation.h"

#include "io/fd.h"
#include "sys/trace.h"

#include <assert.h>

void rotation_init(struct rotation *r, struct app *app)
{
	*r = (struct rotation){.app = app};
	if (app->trace_path)
		rotation_add(r, app->trace_path, app->out.trace_fd);
}

void rotation_add(struct rotation *r, const char *path, int fd)
{
	struct fd_info info;

	if (fd_inspect(fd, &info) < 0 || info.kind != FD_FILE)
		return;
	assert(r->count < ROTATION_MOST);
	r->files[r->count].path = path;
	r->files[r->count++].fd = fd;
}

void rotation_add_needs(const struct rotation *r, struct sandbox *sandbox)
{
	for (size_t i = 0; i < r->count; i++)
		strlist_add(&sandbox->rotate, r->files[i].path);
}

void rotation_report(struct app *app, const char *path, const char *reason)
{
	if (reason)
		report(&app->out, &ev_not_reopened, F_STR("file", path), F_SAFE("reason", reason));
	else
		report(&app->out, &ev_reopened, F_STR("file", path));
}

static void rotate(const struct rotation *r, const char *path, int fd)
{
	struct str reason = {0};
	int error;

	trace_housekeeping(true); // the program knows the file by the same descriptor
	error = fd_rotate(fd, path);
	trace_housekeeping(false);
	if (error < 0) {
		str_add_object(&reason, path);
		str_add(&reason, ": ");
		str_add_error(&reason, error);
	}
	rotation_report(r->app, path, error < 0 ? str_c(&reason) : NULL);
	str_fini(&reason);
}

void rotation_run(const struct rotation *r)
{
	for (size_t i = 0; i < r->count; i++)
		rotate(r, r->files[i].path, r->files[i].fd);
}

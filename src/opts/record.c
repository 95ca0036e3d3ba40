// SPDX-License-Identifier: ISC
#include "opts/record.h"

#include "base/mem.h"
#include "cli/opt.h"
#include "io/fd.h"
#include "io/terminal.h"
#include "out/write.h"

#include <errno.h>
#include <stdlib.h>

#define AT(field, type) OPT_AT(struct record_config, field, type)

const struct opt record_opts[] = {
	{"record", 0, OPT_STRING, AT(file, const char *), "FILE",
		"write the bytes of both directions to FILE as they pass", .words = "file",
		.is_written = true},
	{"record-hex", 0, OPT_STRING, AT(hex_file, const char *), "FILE",
		"write a hex dump of both directions to FILE", .words = "file", .is_written = true},
	{"append", 0, OPT_FLAG, AT(append, bool), "",
		"add to the files of --record and --record-hex instead of replacing them",
		.only_with = "record record-hex"},
	{""},
};

struct record_file {
	const char *path; // NULL: none is wanted
	int fd;
	bool is_kept; // it still has what was in it before
	bool is_regular; // no write to it waits
	bool has_failed; // that has been said, or the run is about to end
};

struct recording {
	struct app *app;
	struct record_file raw, hex;
};

static void fail(struct recording *r, struct record_file *f, int error)
{
	f->has_failed = true;
	app_fail(r->app, STATUS_LOCAL, f->path, error);
	app_stop(r->app);
}

// Returns 0 or a negative errno.
static int open_file(struct record_file *f, const char *path, bool appends)
{
	struct fd_info info;

	if (!path)
		return 0;
	f->fd = appends ? fd_open_append(path) : fd_open_output(path);
	if (f->fd < 0)
		return f->fd;
	fd_inspect(f->fd, &info);
	f->path = path;
	f->is_kept = !appends;
	f->is_regular = info.kind == FD_FILE;
	return 0;
}

int record_open(struct app *app, struct record_config *c)
{
	struct recording *r;
	const char *path = c->file;
	int error;

	if (!record_is_wanted(c))
		return 0;
	r = c->recording = xcalloc(1, sizeof(*r));
	r->app = app;
	error = open_file(&r->raw, c->file, c->append);
	if (error == 0) {
		path = c->hex_file;
		error = open_file(&r->hex, c->hex_file, c->append);
	}
	return error < 0 ? app_fail(app, STATUS_LOCAL, path, error) : 0;
}

static void begin_file(struct recording *r, struct record_file *f)
{
	int error = f->is_kept ? fd_empty(f->fd) : 0;

	f->is_kept = false;
	if (error < 0)
		fail(r, f, error);
}

static void close_file(struct recording *r, struct record_file *f)
{
	int error = f->path ? fd_close(f->fd) : 0;

	if (error < 0 && !f->has_failed)
		fail(r, f, error);
}

void record_close(struct record_config *c)
{
	struct recording *r = c->recording;

	if (!r)
		return;
	close_file(r, &r->raw);
	close_file(r, &r->hex);
	free(r);
	c->recording = NULL;
}

void record_tap_init(
	struct record_tap *t, struct app *app, const struct record_config *c, bool is_shown)
{
	const struct reporter *o = &app->out;
	size_t columns = is_shown ? terminal_columns(o->fd) : 0;

	*t = (struct record_tap){.app = app, .recording = c->recording, .is_shown = is_shown};
	hexdump_init(&t->shown[RECORD_SENT], '>', o->is_coloured ? COLOUR_SENT : 0, columns);
	hexdump_init(
		&t->shown[RECORD_RECEIVED], '<', o->is_coloured ? COLOUR_RECEIVED : 0, columns);
	hexdump_init(&t->written[RECORD_SENT], '>', COLOUR_NONE, 0);
	hexdump_init(&t->written[RECORD_RECEIVED], '<', COLOUR_NONE, 0);
	if (!t->recording)
		return;
	begin_file(t->recording, &t->recording->raw);
	begin_file(t->recording, &t->recording->hex);
}

static void write_file(struct recording *r, struct record_file *f, const void *data, size_t len)
{
	int error;

	if (!f->path || f->has_failed)
		return;
	// Who reads a FIFO may have stopped.
	error = f->is_regular ? write_whole(f->fd, data, len) : app_write(r->app, f->fd, data, len);
	if (error == -EAGAIN)
		f->has_failed = true;
	else if (error < 0)
		fail(r, f, error);
}

void record_tap_add(
	struct record_tap *t, enum record_direction direction, const void *data, size_t len)
{
	struct recording *r = t->recording;
	struct str text = {0};

	if (r)
		write_file(r, &r->raw, data, len);
	if (r && r->hex.path) {
		hexdump_add(&t->written[direction], &text, data, len);
		write_file(r, &r->hex, text.data, text.len);
		str_fini(&text);
	}
	if (t->is_shown) {
		hexdump_add(&t->shown[direction], &text, data, len);
		report_dump(&t->app->out, &text);
	}
}

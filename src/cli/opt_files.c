// SPDX-License-Identifier: ISC
// Files that options name: what one writes must be no other's, above all none that is read.
#include "cli/opt.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// A file, and who uses it.
struct use {
	const struct opt *opt; // NULL: standard input
	const char *path;
	bool exists;
	struct stat st;
};

// Standard input counts for commands that do not read it, too: an outer loop of a shell may.
static struct use use_of_stdin(void)
{
	struct use u = {0};

	u.exists = fstat(STDIN_FILENO, &u.st) == 0;
	return u;
}

static struct use use_of(const struct opt *o, const char *path)
{
	struct use u = {.opt = o, .path = path};

	u.exists = stat(path, &u.st) == 0;
	return u;
}

// Devices and pipes hold nothing that could be overwritten.
static bool is_same_file(const struct use *a, const struct use *b)
{
	if (a->exists && b->exists)
		return S_ISREG(a->st.st_mode) && a->st.st_dev == b->st.st_dev &&
		       a->st.st_ino == b->st.st_ino;
	// What is not there yet has no more than its name.
	return !a->exists && !b->exists && a->path && b->path && strcmp(a->path, b->path) == 0;
}

static int check_pair(const struct use *written, const struct use *other, struct str *err)
{
	if (written->opt == other->opt || !is_same_file(written, other))
		return 0;
	str_addf(err, "--%s: '", written->opt->name);
	str_add_escaped(err, written->path, strlen(written->path));
	str_add(err, "' is the file that ");
	if (other->opt)
		str_addf(err, "--%s %s", other->opt->name,
			other->opt->is_written ? "writes" : "reads");
	else
		str_add(err, "standard input reads");
	str_add(err, "; write to another");
	return -EINVAL;
}

static int check_option(
	const struct use *written, const struct opt *o, const void *field, struct str *err)
{
	struct strlist one = {0};
	const struct strlist *paths = &one;
	int r = 0;

	if (o->type == OPT_LIST)
		paths = field;
	else if (*(const char *const *)field)
		strlist_add(&one, *(const char *const *)field);
	for (size_t i = 0; r == 0 && i < paths->count; i++) {
		const struct use other = use_of(o, paths->items[i]);

		r = check_pair(written, &other, err);
	}
	strlist_fini(&one);
	return r;
}

static int check_written(const struct cmd *cmd, const void *config, const struct opt *o,
	const char *path, struct str *err)
{
	const struct use written = use_of(o, path);
	const struct use input = use_of_stdin();
	int r = check_pair(&written, &input, err);

	opt_for_each_group (g, cmd)
		opt_for_each (other, g)
			if (r == 0 && opt_is_file(other))
				r = check_option(&written, other,
					(const char *)config + g->base + other->offset, err);
	return r;
}

int opt_check_files(const struct cmd *cmd, const void *config, struct str *err)
{
	int r = 0;

	opt_for_each_group (g, cmd) {
		opt_for_each (o, g) {
			const char *path;

			if (!o->is_written)
				continue;
			memcpy(&path, (const char *)config + g->base + o->offset, sizeof(path));
			if (r == 0 && path && *path) // the trace may go to stderr
				r = check_written(cmd, config, o, path, err);
		}
	}
	return r;
}

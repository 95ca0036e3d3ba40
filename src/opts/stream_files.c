// SPDX-License-Identifier: ISC
#include "opts/stream_files.h"

#include "io/fd.h"

#include <errno.h>
#include <unistd.h>

int stream_files_open(
	struct stream_files *files, struct app *app, const char *input, const char *output)
{
	*files = (struct stream_files){.in = STDIN_FILENO,
		.out = STDOUT_FILENO,
		.in_name = "standard input",
		.out_name = "standard output"};
	if (input) {
		files->in_name = input;
		files->in = fd_open_input(input);
		if (files->in < 0)
			return app_fail(app, STATUS_LOCAL, input, files->in);
	}
	if (output) {
		files->out_name = output;
		files->out = fd_open_output(output);
		if (files->out < 0)
			return app_fail(app, STATUS_LOCAL, output, files->out);
		files->is_kept = true;
	}
	return 0;
}

static void on_local(struct watch *w, unsigned events)
{
	struct app *app = w->data;

	// What is wrong with the input is met when it is read.
	if (!(events & WATCH_ERROR && w->flags & WATCH_OUTPUT))
		return;
	app_fail_output(app, -EPIPE);
	app_stop(app);
}

int stream_files_join(const struct stream_files *files, struct app *app, struct channel *local)
{
	int r = channel_init_stdio(local, &app->loop, files->in, files->out);

	if (r == 0)
		r = channel_watch(local, on_local, app);
	return r < 0 ? app_fail(app, STATUS_LOCAL, files->in_name, r) : 0;
}

int stream_files_begin(struct stream_files *files, struct app *app)
{
	int r = files->is_kept ? fd_empty(files->out) : 0;

	files->is_kept = false;
	return r < 0 ? app_fail(app, STATUS_LOCAL, files->out_name, r) : 0;
}

// SPDX-License-Identifier: ISC
#include "opts/stream_files.h"

#include "io/fd.h"

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

int stream_files_begin(struct stream_files *files, struct app *app)
{
	int r = files->is_kept ? fd_empty(files->out) : 0;

	files->is_kept = false;
	return r < 0 ? app_fail(app, STATUS_LOCAL, files->out_name, r) : 0;
}

// SPDX-License-Identifier: ISC
// --input and --output: files in place of stdin and stdout.
#ifndef SOCKCTL_OPTS_STREAM_FILES_H
#define SOCKCTL_OPTS_STREAM_FILES_H

#include "app.h"
#include "io/channel.h"

#include <stdbool.h>

// The descriptors for stdin and stdout, or what stands in for them.
struct stream_files {
	int in, out;
	const char *in_name, *out_name; // for messages
	bool is_remote; // another endpoint: when it fails the connection is broken
	bool is_kept; // the output still has what was in the file before
};

// Opens the files that were named; NULL stands for stdin or stdout. Returns 0 or the exit status
// after a message.
int stream_files_open(
	struct stream_files *files, struct app *app, const char *input, const char *output);

// Makes LOCAL the party of a stream that is still to come. Until the stream takes it the run ends
// when nobody is left to read the output. Returns 0 or the exit status after a message; then
// channel_fini() is due all the same.
int stream_files_join(const struct stream_files *files, struct app *app, struct channel *local);

// There is a connection: the output begins, in place of what was in its file. Only the first call
// does anything. Returns 0 or the exit status after a message.
int stream_files_begin(struct stream_files *files, struct app *app);

#endif

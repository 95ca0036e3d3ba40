// SPDX-License-Identifier: ISC
// The person at the terminal whose input is sent: the mode of the terminal, and a key that leads
// out of the connection, also while the peer takes nothing.
#ifndef SOCKCTL_SESSION_CONSOLE_H
#define SOCKCTL_SESSION_CONSOLE_H

#include "session/stream.h"

struct console_config {
	bool raw;
	const char *escape_word; // as it was given, or NULL

	// Filled in by console_check().
	int escape; // a byte, or -1 for none
};

extern const struct opt console_opts[];
#define CONSOLE_GROUP(config, member) \
	{ \
		"Terminal", console_opts, offsetof(struct config, member), \
			.not_with = "program check pass-fd second" \
	}

// Checks the words of the options. Returns 0, or -EINVAL with the reason in ERR.
int console_check(struct console_config *c, struct str *err);

// Whether what the options ask for is possible with these files. Returns 0, or the status after a
// message.
int console_check_input(
	struct app *app, const struct console_config *c, const struct stream_files *files);

struct console {
	const struct console_config *config;
	struct stream *stream;
	struct channel *local;
	const struct channel_ops *plain; // of LOCAL
	struct channel_ops ops; // the same with our own input
	struct watch *keys;
	struct str typed; // and not yet taken by the relay
	bool has_break; // to be sent
	size_t before_break; // bytes that were typed before it
	bool in_menu;
	bool has_quit;
	bool ended; // nothing more will be typed
	int error; // negative errno, if that is why
};

// Takes the input of a stream that has been initialised and not yet started, if that is a
// terminal. Returns 0 or a negative errno.
int console_init(struct console *c, const struct console_config *config, struct stream *stream);

// The stream has ended with STATUS. Returns that, or another after a message: what was typed and
// nobody has taken is lost.
int console_judge(const struct console *c, int status);

// The terminal is as it was. Does nothing on a zeroed console.
void console_fini(struct console *c);

#endif

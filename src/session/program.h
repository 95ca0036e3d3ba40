// SPDX-License-Identifier: ISC
// The program that --exec and --exec-file name, and what it is told about its connection.
#ifndef SOCKCTL_SESSION_PROGRAM_H
#define SOCKCTL_SESSION_PROGRAM_H

#include "app.h"
#include "opts/confine.h"
#include "session/connection.h"
#include "io/channel.h"

struct program_config {
	const char *command; // for the shell, or NULL
	struct strlist file; // a program and its arguments, or empty
};

extern const struct opt program_opts[];
#define PROGRAM_GROUP(config, member) \
	{ \
		"Program", program_opts, offsetof(struct config, member), \
			.not_with = "check pass-fd forward room" \
	}

static inline bool program_is_wanted(const struct program_config *c)
{
	return c->command || c->file.count;
}

// Refuses a command without a word, and confinement beside a program. Returns 0, or -EINVAL with
// the reason in ERR.
int program_check(
	const struct program_config *c, const struct confine_config *confine, struct str *err);

struct program {
	char *path;
	char **argv; // ends with NULL
	const char *name; // for messages
};

// Finds the program as a shell does. Returns 0, or the status after a message.
int program_find(struct app *app, const struct program_config *c, struct program *p);
void program_fini(struct program *p);

// What the program finds in its environment: ours, without what concerns this process only, and the
// two ends of the connection under the names of this program and of ucspi, and what TLS has found
// out. The caller frees it with program_free_environment().
char **program_environment(const struct connection *c, const struct channel *channel);
void program_free_environment(char **env);

#endif

// SPDX-License-Identifier: ISC
// The options --set and --get of every command that makes sockets.
#ifndef SOCKCTL_OPTS_SOCKET_OPTIONS_H
#define SOCKCTL_OPTS_SOCKET_OPTIONS_H

#include "app.h"
#include "net/sockopt.h"

struct sockopt_config {
	struct strlist set; // NAME[=VALUE]
	struct strlist get; // NAME
};

extern const struct opt sockopt_opts[];
#define SOCKOPT_GROUP(config, member) \
	{ \
		"Socket options", sockopt_opts, offsetof(struct config, member), "sockopt" \
	}

// Reads the words of --set into SETTINGS, which the caller frees, and checks those of --get.
// Returns 0, or the status after a message: STATUS_NOT_FOUND for an option that does not exist,
// STATUS_USAGE for a bad word.
int sockopt_config_parse(
	struct app *app, const struct sockopt_config *c, struct sockopt_settings *settings);

// Reports each option of --get as it is on FD: "SO_RCVBUF=212992". What cannot be read is an error
// that is reported, and the others are still read. Returns 0 or the status of the first error,
// which sockopt_config_report() keeps as well.
int sockopt_config_say(struct reporter *out, const struct sockopt_config *c, int fd);
void sockopt_config_report(struct app *app, const struct sockopt_config *c, int fd);

// The message after a setting was refused: which one and why. OBJECT is what the socket was for and
// may be NULL. Returns STATUS_CONNECT, which sockopt_fail() keeps as well.
int sockopt_say(struct reporter *out, const char *object, const struct sockopt_settings *settings,
	int error);
int sockopt_fail(
	struct app *app, const char *object, const struct sockopt_settings *settings, int error);

#endif

// SPDX-License-Identifier: ISC
// A command line in the making: the words that another program's are translated to.
#ifndef SOCKCTL_COMPAT_CMDLINE_H
#define SOCKCTL_COMPAT_CMDLINE_H

#include "base/str.h"

#include <stdbool.h>

enum redirection_kind {
	REDIRECT_INPUT, // <
	REDIRECT_OUTPUT, // >
	REDIRECT_APPEND, // >>
	REDIRECT_BOTH, // <>
	REDIRECT_COPY, // >&
};

// What a descriptor stands for instead of what was inherited, as in a shell.
struct redirection {
	enum redirection_kind kind;
	int fd;
	char *path; // or NULL, for a copy
	int source; // of which it is a copy
};

#define CMDLINE_REDIRECTIONS 3

struct cmdline {
	char **words; // ends with NULL once there is one
	int count;
	char *shown; // what stands for the word with a secret where it is shown, or NULL
	int secret; // the number of that word
	struct redirection redirections[CMDLINE_REDIRECTIONS]; // one for each descriptor at most
	int redirected; // how many there are
	char **ports; // the line is run for each of these in turn: "http", "80" or "20-25"
	size_t port_count; // 0: the line is run once
	int port; // the number of the word that is a port then
};

void cmdline_fini(struct cmdline *c);

void cmdline_add(struct cmdline *c, const char *word);
void cmdline_addf(struct cmdline *c, const char *fmt, ...) attr_printf(2, 3);
void cmdline_add_pair(struct cmdline *c, const char *option, const char *value);

// Adds a word that is never shown. There is one at most.
void cmdline_add_secret(struct cmdline *c, const char *word, const char *shown);

// Adds an option with a time.
void cmdline_add_ms(struct cmdline *c, const char *option, uint64_t ms);

// Adds the mode that the file of a Unix socket gets by umask(2), if that lets others use it.
void cmdline_add_umask(struct cmdline *c);

// Has PATH opened as FD, or FD made a copy of SOURCE, before anything is run.
void cmdline_redirect(struct cmdline *c, int fd, enum redirection_kind kind, const char *path);
void cmdline_redirect_copy(struct cmdline *c, int fd, int source);

// Adds a port, "http", "80" or "20-25", of which the same word of the line is each in turn.
void cmdline_add_port(struct cmdline *c, const char *port);
void cmdline_set_port(struct cmdline *c, const char *port);

// Makes the redirections. Returns 0, or a negative errno and in OBJECT what could not be opened or
// copied.
int cmdline_apply_redirections(const struct cmdline *c, struct str *object);

// Adds the command line as a shell understands it: a loop where there are several ports.
void str_add_cmdline(struct str *s, const struct cmdline *c);

#endif

// SPDX-License-Identifier: ISC
// What the commands on databases share: the whole database, or the entries of some words.
#ifndef SOCKCTL_REFERENCE_ENTRIES_H
#define SOCKCTL_REFERENCE_ENTRIES_H

#include "net/names/suggestion.h"
#include "reference/table.h"

// One run of such a command.
struct entry_query {
	struct rows rows;
	const void *config; // of the command
};

struct database {
	const char *entry; // what it holds: "service"
	const char *file; // where it usually is
	const char *package; // the Debian package that brings the file
	const struct rows_column *columns; // of the rows

	// Adds the rows that the config lets pass. Returns how many entries the database has, or a
	// negative errno if it could not be read to its end.
	int (*list)(struct entry_query *q);

	// The same for the entries of a word. Returns 0, -ENOENT, or -EAGAIN if the name service
	// could not be asked.
	int (*find)(struct entry_query *q, const char *word);

	int (*offer)(struct suggestion *s); // offers all names; returns as list does

	// Adds why there is nothing of WORD, or of the whole database if it is NULL, where that is
	// for what the config says. Returns false, and adds nothing, otherwise. May be NULL.
	bool (*explain)(const struct entry_query *q, const char *word, struct str *why);

	void (*hold)(size_t look_ups); // keeps it open for those that follow, until released
	void (*release)(void);
};

// Prints the entries of WORDS, or the whole database without any. CONFIG begins with its struct
// common_config. Returns the exit status.
int database_run(
	struct app *app, const struct database *db, const void *config, int count, char **words);

#endif

// SPDX-License-Identifier: ISC
// What to ask for a word: the options of the command that resolves names.
#ifndef SOCKCTL_REFERENCE_RESOLVE_PLAN_H
#define SOCKCTL_REFERENCE_RESOLVE_PLAN_H

#include "app.h"
#include "net/names/query.h"

struct resolve_config {
	struct common_config common;
	bool ipv4, ipv6;
	int type; // index of the choices
	int via; // the same
	struct strlist flags;
	bool canonical, is_long, names;
	const char *service;
	uint64_t timeout_ms;
	uint64_t jobs;
	bool progress;

	// What follows from these and the operands.
	const char *word_service; // that the second of two words is, or may be
	int ai_flags, ni_flags;
};

// Of the option table.
extern const struct resolve_config resolve_defaults;
extern const struct opt_group resolve_groups[];

// Reads the flags, and looks for a service among the words. Returns 0, or -EINVAL with the reason
// in ERR.
int resolve_config_finish(struct resolve_config *c, int argc, char **argv, struct str *err);

// Tells whether the second of two words is a service that exists; otherwise it is a name, too.
// Returns how many of COUNT words are to be asked for.
size_t resolve_config_settle(struct resolve_config *c, size_t count);

// True if the C library must know how the letters of names are encoded.
bool resolve_needs_locale(const struct resolve_config *c, const char *word);

// Checks a word that is to be asked for: a name or an address, or either with :PORT. Returns 0, or
// -EINVAL with the reason in ERR.
int resolve_check(const struct resolve_config *c, const char *word, struct str *err);

// Makes the query for a word that was checked; SERVICE may be NULL, a port in the word comes first.
// Returns 0, or -ENOENT if the service has no port; the query is made in any case.
int resolve_plan(
	const struct resolve_config *c, const char *word, const char *service, struct query *q);

#endif

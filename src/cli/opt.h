// SPDX-License-Identifier: ISC
// Options are data. One table per group; the parser, --help, the words of completion and the check
// of the manual all read it. Values are stored by typed offset into the config of the command, so
// that no code is needed per option.
#ifndef SOCKCTL_CLI_OPT_H
#define SOCKCTL_CLI_OPT_H

#include "base/str.h"
#include "base/strlist.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum opt_type {
	OPT_FLAG, // bool
	OPT_COUNT, // unsigned; each use adds one
	OPT_STRING, // const char *; borrowed from argv
	OPT_LIST, // struct strlist; each use adds a word borrowed from argv
	OPT_UINT, // uint64_t in [min, max]
	OPT_OCTAL, // uint64_t in [min, max], such as a file mode
	OPT_SIZE, // uint64_t bytes in [min, max]: 512, 64k, 1M
	OPT_DURATION, // uint64_t milliseconds in [min, max]: 250ms, 3s, 1m; a bare number is
		      // seconds
	OPT_CHOICE, // int; index into choices
	OPT_COMMAND, // struct strlist; all words from here on, a program and its arguments. NULL
		     // follows the last.
};

// The texts stand in the rows, empty where there is nothing to say: pointers would be put in place,
// on a copy of each page of rows, whenever the program starts.
struct opt {
	char name[23]; // long name, no dashes
	char letter; // short name, or 0
	enum opt_type type : 8;
	uint32_t offset; // into the struct of the group; fill in with OPT_AT()
	char arg[16]; // metavariable such as "TIME"; none for flags and counts
	char help[152]; // one line, no full stop
	uint64_t min, max; // for numbers; max 0 means no limit
	char choices[72]; // OPT_CHOICE: words with blanks between
	char implied[8]; // with is_optional: the value of an argument that is left out
	char words[36]; // what completion offers for the argument; see help/word_kinds.h
	char instead[72]; // the option is known and never taken: what to do instead
	char sets[64]; // names of the socket options that it sets, as --set does, with blanks
		       // between them

	// Which options go together. Each is a list of words with blanks between: names of options,
	// or modes. A word that nothing in the command is called says nothing there, so that tables
	// may serve several commands.
	char mode[20]; // of the command, which this option chooses; several may choose the same
	char only_with[20]; // it means nothing without one of these
	char not_with[48]; // these exclude it; its own name: it is given once
	char also_with[16]; // of those that exclude its group, these do not exclude it

	bool is_optional; // the argument, which then follows an equals sign ([=ARG])
	bool is_written; // the argument is a file that we write, not one that we read
	bool is_everyday; // --help shows it; the others are shown with their group
};

// Offset of FIELD in STRUCT, refused at compile time unless FIELD has type TYPE.
#define OPT_AT(STRUCT, FIELD, TYPE) \
	(offsetof(STRUCT, FIELD) + 0 * sizeof(&((STRUCT *)0)->FIELD == (TYPE *)0))

// A group can serve several commands; base says where its struct sits in the config of the command.
struct opt_group {
	const char *title;
	const struct opt *opts; // ends with an empty name
	size_t base;
	const char *name; // one word for it on the command line; NULL: the title is one
	const char *only_with, *not_with; // as in each of its options
};

struct app;
struct translation;

struct cmd {
	const char *name;
	const char *summary; // one line, no full stop
	const char *operands; // "HOST PORT", or NULL for none
	int min_operands, max_operands; // max -1 means any number
	const char *words; // what completion offers for the operands; see help/word_kinds.h
	bool options_first; // operands end the options (they are a program and its arguments)
	size_t config_size;
	const void *defaults; // copied over the config first; NULL means zeroes
	const struct opt_group *groups; // ends with NULL opts
	const char *const *examples; // two or three lines for --help; NULL-terminated

	// Checks what the table cannot: returns 0, or -EINVAL with the reason in ERR. May be NULL.
	int (*check)(void *config, int argc, char **argv, struct str *err);

	// Frees what the check has put into the config, also after an error. May be NULL.
	void (*fini)(void *config);

	// Does the work with argc operands in argv. Returns the exit status.
	int (*run)(struct app *app, void *config, int argc, char **argv);

	// Instead of run, for the command line of another program: finds out what does the same.
	// Returns 0, or -EINVAL with the reason in ERR.
	int (*translate)(const struct cmd *cmd, void *config, int argc, char **argv,
		struct translation *t, struct str *err);
	const void *program; // which one, for translate
	int (*status_of)(int status); // what that program would exit with
};

#define opt_for_each_group(g, cmd) for (const struct opt_group *g = (cmd)->groups; g->opts; g++)
#define opt_for_each(o, g) for (const struct opt *o = (g)->opts; *o->name; o++)

static inline bool opt_takes_arg(const struct opt *o)
{
	return o->type != OPT_FLAG && o->type != OPT_COUNT;
}

enum opt_result {
	OPT_RUN, // go on with the operands
	OPT_HELP, // --help was asked for; err has its argument, if there is one
	OPT_BAD, // err says what is wrong
};

static inline bool opt_is_file(const struct opt *o)
{
	return strcmp(o->words, "file") == 0;
}

// Fills CONFIG (config_size bytes, freed by opt_fini()) from argv[1..]. argv may be reordered;
// *first becomes the index of the first operand.
enum opt_result opt_parse(
	const struct cmd *cmd, void *config, int argc, char **argv, int *first, struct str *err);

// Afterwards, the check of the command itself, which may make calls: a trace is to begin before.
// Returns 0, or -EINVAL with the reason in ERR.
int opt_check(
	const struct cmd *cmd, void *config, int argc, char **argv, int first, struct str *err);

// Whether options go together, of which each was GIVEN so many times, by their running number.
// Returns 0, or -EINVAL with the reason in ERR.
int opt_check_given(const struct cmd *cmd, const unsigned *given, struct str *err);

// Whether WORDS, with blanks between, have WORD; and whether they name an option or its mode.
bool opt_words_have(const char *words, const char *word);
bool opt_is_named(const struct opt *o, const char *words);

// Whether the row of O, or G, which it is in, says that OTHER excludes it, which may
// be O once more.
bool opt_excludes(const struct opt_group *g, const struct opt *o, const struct opt *other);
// Refuses an option that is never taken, written as WORD: returns -EINVAL with the reason in ERR.
int opt_refuse(const struct opt *o, const char *word, struct str *err);

// After getopt_long(3) has met a letter that no option of CMD has, in the words ARGV: if it stands
// in a negative number, puts the reason into ERR and returns true.
bool opt_refuse_number(const struct cmd *cmd, char **argv, struct str *err);

// Refuses a file that is to be written if it is also read, by another option or from standard
// input, or written by another option. Returns 0, or -EINVAL with the reason in ERR.
int opt_check_files(const struct cmd *cmd, const void *config, struct str *err);

// Takes what O sets out of the words of --set that came before it: the last one wins. Those that
// come after it win because they are set after it.
void opt_drop_settings(const struct cmd *cmd, void *config, const struct opt *o);

// True if the words of --set name the socket option NAME.
bool opt_sets(const struct strlist *settings, const char *name);

void opt_fini(const struct cmd *cmd, void *config);

// The text of --help: at most OPT_HELP_LINES lines. It has the options of everyday use and the
// names of the groups, or all options where they fit.
#define OPT_HELP_LINES 40
void opt_help(const struct cmd *cmd, struct str *out);

// The same for "all" options, for one of them, "--timeout" or "-w", or for one group, of whose name
// or title WORD is the beginning. Returns whether there is such a thing.
bool opt_help_on(const struct cmd *cmd, const char *word, struct str *out);

// --help, which every command has beside its groups.
extern const struct opt opt_help_row;

// Adds the name of a group, in lower case.
void opt_add_group_name(struct str *out, const struct opt_group *g);

// The option that is written as WORD, with its dashes, or NULL.
const struct opt *opt_find(const struct cmd *cmd, const char *word);

// The option that was probably meant by the first LEN bytes of NAME, without dashes, or NULL.
const char *opt_nearest(const struct cmd *cmd, const char *name, size_t len);

// Describes every option of the command as one JSON object per line: the hook by which the manual,
// the completions and the tests check themselves against the table.
void opt_dump(const struct cmd *cmd, struct str *out);

// Faults of the table itself, a line each: names used twice, help that is missing ...
void opt_check_table(const struct cmd *cmd, struct str *faults);

#endif

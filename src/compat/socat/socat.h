// SPDX-License-Identifier: ISC
// What the command line of socat says: two addresses, each a type with parameters and options.
// Tables know the types and the options; one function makes our command line of two addresses, and
// what it has not asked for is refused by name.
#ifndef SOCKCTL_COMPAT_SOCAT_SOCAT_H
#define SOCKCTL_COMPAT_SOCAT_SOCAT_H

#include "base/str.h"
#include "base/strlist.h"
#include "cli/opt.h"
#include "compat/cmdline.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What an address is for the program that it is joined to.
enum socat_role {
	SOCAT_NEVER, // not known here
	SOCAT_STREAMS = 1, // descriptors that are open
	SOCAT_FILE = 2,
	SOCAT_ECHO = 4, // what is written can be read
	SOCAT_PROGRAM = 8,
	SOCAT_DIAL = 16,
	SOCAT_SERVE = 32,
	SOCAT_RECEIVE = 64, // from whoever sends
};

enum socat_net {
	SOCAT_NO_NET,
	SOCAT_TCP,
	SOCAT_TLS,
	SOCAT_HTTP, // through a proxy
	SOCAT_SOCKS4,
	SOCAT_SOCKS4A,
	SOCAT_SOCKS5,
	SOCAT_UNIX,
	SOCAT_UDP,
	SOCAT_UNIX_DATAGRAM,
};

struct socat_type {
	char name[24];
	char others[192]; // names for the same, with blanks between
	char params[32]; // names of the parameters, with blanks between
	enum socat_role role;
	enum socat_net net;
	int detail; // what sets apart types of the same role and net
	char instead[96]; // for SOCAT_NEVER: what to do
};

// The details of sockets, of which 4 and 6 are families.
#define SOCAT_FAMILY 6 // the bits of these
#define SOCAT_ABSTRACT 1 // the name of a Unix socket is no path
#define SOCAT_ONE_DATAGRAM 8 // each peer sends one
#define SOCAT_ANYBODY 16 // sends to one or many, and receives from anybody

// Of open descriptors, if not the number of one.
#define SOCAT_STDIO 3
#define SOCAT_NUMBERED 4

#define SOCAT_SHELL 1 // of a program
#define SOCAT_CREATES 1 // of a file: it is made or emptied
#define SOCAT_GENERIC 2 // of a file: it is made if it is not there

struct socat_option {
	const char *name;
	const char *others;
	const char *setting; // the socket option that it sets, or NULL
	unsigned vain; // roles for which it says what is so anyway
	const char *instead; // what to do where it is not taken, or NULL
};

// An option of an address.
struct socat_given {
	const struct socat_option *option;
	char *value; // or NULL
	bool is_taken; // it has become something
};

#define SOCAT_MAX_PARAMS 4
#define SOCAT_MAX_OPTIONS 64

struct socat_address {
	const struct socat_type *type;
	char *name; // of the type, as it was typed
	char *params[SOCAT_MAX_PARAMS];
	int param_count;
	struct socat_given options[SOCAT_MAX_OPTIONS];
	int option_count;
};

// A word of the command line: one address, or two with "!!" between.
struct socat_word {
	struct socat_address read, write;
	bool is_dual;
};

// Reads WORD. Returns 0, or -EINVAL with the reason in ERR; socat_word_fini() in any case.
int socat_word_parse(struct socat_word *w, const char *word, struct str *err);
void socat_word_fini(struct socat_word *w);

// Splits the command line of a program into its words, as the original does. Returns 0, or -EINVAL
// with the reason in ERR; socat_words_fini() in any case.
int socat_split_command(const char *command, struct strlist *words, struct str *err);
void socat_words_fini(struct strlist *words);

// The row of a name, in any case of its letters, or NULL; then *NEAR becomes what was
// probably meant, or NULL.
const struct socat_type *socat_type_find(const char *name, const char **near);
const struct socat_option *socat_option_find(const char *name, const char **near);

extern const struct cmd cmd_socat;

// The options before the addresses.
struct socat_config {
	bool explain;
	struct strlist debug; // -d, -dd, -d2: an argument each
	struct strlist log; // -l and what follows
	const char *log_file, *log_name;
	bool left_to_right, right_to_left;
	bool text_dump, hex_dump;
	const char *wait; // seconds
	uint64_t idle_ms;
	uint64_t buffer;
	bool ipv4, ipv6;
	bool vain; // where the options go that say what is so anyway
	const char *refused;
	bool refused_flag;
};

// What a command line comes to.
struct socat_plan {
	struct cmdline line;
	bool is_exposed; // a program is offered to whoever reaches this machine
};

// Makes our command line of the words A and B. Returns 0, or -EINVAL with the reason in ERR.
int socat_plan(const struct socat_config *config, struct socat_word *a, struct socat_word *b,
	struct socat_plan *plan, struct str *err);

#endif

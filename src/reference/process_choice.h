// SPDX-License-Identifier: ISC
// The processes whose sockets are listed: those of --process, by name or by number.
#ifndef SOCKCTL_REFERENCE_PROCESS_CHOICE_H
#define SOCKCTL_REFERENCE_PROCESS_CHOICE_H

#include "app.h"
#include "base/strlist.h"
#include "net/inspect/owner.h"

#include <stdbool.h>

struct process_found;

struct process_choice {
	const struct strlist *words; // the owner's; none of them: all processes
	struct process_found *found; // for each word
};

void process_choice_init(struct process_choice *c, const struct strlist *words);
void process_choice_fini(struct process_choice *c);

// Whether the owner of a socket is one of them.
bool process_choice_has(const struct process_choice *c, const struct owner *o);

// Notes that there is such a process: for owner_list_read(), with C as its argument.
void process_choice_note(void *c, const struct process *p);

// Says which words no process answers to, and which stand for processes that may not be looked at.
// Returns 0, or the status after a message.
int process_choice_report(const struct process_choice *c, struct app *app);

#endif

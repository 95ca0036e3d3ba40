// SPDX-License-Identifier: ISC
// The catalogue of events for people, and for checks of the manual and of runs.
#ifndef SOCKCTL_HELP_EVENT_LIST_H
#define SOCKCTL_HELP_EVENT_LIST_H

#include "help/word_kinds.h"

#include <stdbool.h>

// Adds all events, and then all fields, in lines of at most 80 columns.
void event_list(struct str *out);

// Returns whether there are events of that name, and adds each with its fields.
bool event_list_of(const char *name, struct str *out);

// Adds the names for completion.
void event_list_words(struct words *w);

// Adds an object of JSON for each event, one a line: name, level, meaning, and fields with name,
// type, meaning, and "optional" where an event may lack it.
void event_list_dump(struct str *out);

#endif

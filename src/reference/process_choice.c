// SPDX-License-Identifier: ISC
#include "reference/process_choice.h"

#include "base/mem.h"
#include "base/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// What is known of the processes that a word stands for.
struct process_found {
	bool is_there; // one at least
	bool is_open; // the sockets of one at least can be seen
};

void process_choice_init(struct process_choice *c, const struct strlist *words)
{
	*c = (struct process_choice){.words = words};
	c->found = xcalloc(words->count + 1, sizeof(*c->found));
}

void process_choice_fini(struct process_choice *c)
{
	free(c->found);
	*c = (struct process_choice){0};
}

// The kernel keeps so much of a name, and what is longer is meant to begin like it.
static bool is_meant(const char *word, pid_t pid, const char *name)
{
	uint64_t number;

	return strncmp(word, name, PROCESS_NAME - 1) == 0 ||
	       (parse_uint(word, &number) == 0 && number == (uint64_t)pid);
}

bool process_choice_has(const struct process_choice *c, const struct owner *o)
{
	for (size_t i = 0; i < c->words->count; i++)
		if (is_meant(c->words->items[i], o->pid, o->name))
			return true;
	return !c->words->count;
}

void process_choice_note(void *arg, const struct process *p)
{
	struct process_choice *c = arg;

	for (size_t i = 0; i < c->words->count; i++) {
		if (!is_meant(c->words->items[i], p->pid, p->name))
			continue;
		c->found[i].is_there = true;
		c->found[i].is_open |= p->is_open;
	}
}

int process_choice_report(const struct process_choice *c, struct app *app)
{
	int status = 0;

	for (size_t i = 0; i < c->words->count; i++) {
		const char *word = c->words->items[i];

		if (!c->found[i].is_there)
			status = app_failf(app, STATUS_NOT_FOUND, word, "no such process");
		else if (!c->found[i].is_open)
			status = app_failf(app, STATUS_LOCAL, word,
				"only its user and root can see the sockets of that process");
	}
	return status;
}

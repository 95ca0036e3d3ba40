// SPDX-License-Identifier: ISC
#include "sys/trace_c/c_marks.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

// Around a number: literals and comments have no such characters.
#define CHOSEN_PORT '\001'
#define DECLARATION '\002'
#define FORK '\003'

struct child {
	pid_t pid;
	bool is_killed;
	bool is_settled;
};

static struct {
	struct child *children; // in the order of their forks
	size_t count;
	bool *shared; // by number of a descriptor
	size_t shared_size;
} marks;

void c_marks_forget(void)
{
	free(marks.children);
	free(marks.shared);
	memset(&marks, 0, sizeof(marks));
}

static void add_mark(struct str *s, char mark, int number)
{
	str_addf(s, "%c%d%c", mark, number, mark);
}

void c_add_declaration(struct str *s, int fd)
{
	add_mark(s, DECLARATION, fd);
}

void c_add_chosen_port(struct str *s, int fd)
{
	add_mark(s, CHOSEN_PORT, fd);
}

void c_add_fork(struct str *s, pid_t pid)
{
	marks.children = xrealloc(marks.children, (marks.count + 1) * sizeof(*marks.children));
	marks.children[marks.count] = (struct child){.pid = pid};
	add_mark(s, FORK, (int)marks.count);
	marks.count++;
}

// The last one that had the number; NULL if there is none.
static struct child *find_child(pid_t pid)
{
	for (size_t i = marks.count; i-- > 0;)
		if (marks.children[i].pid == pid)
			return &marks.children[i];
	return NULL;
}

bool c_is_child(pid_t pid)
{
	return find_child(pid);
}

bool c_add_child(struct str *s, pid_t pid)
{
	struct child *c = find_child(pid);

	if (!c)
		return false;
	c->is_killed |= !c->is_settled;
	str_addf(s, "child%zu", (size_t)(c - marks.children) + 1);
	return c->is_killed;
}

// The first mark in P, or its end.
static const char *find_mark(const char *p)
{
	return p + strcspn(p, "\001\002\003");
}

static void add_fork(struct str *s, int number)
{
	struct child *c = &marks.children[number];

	c->is_settled = true;
	if (c->is_killed)
		str_addf(s, "pid_t child%d = fork();\n\tif (child%d == 0) {", number + 1,
			number + 1);
	else
		str_add(s, "if (fork() == 0) {");
}

static void add_settled(struct str *s, char mark, int number, int chosen)
{
	switch (mark) {
	case CHOSEN_PORT:
		str_add(s, number == chosen ? "port" : "0");
		break;
	case DECLARATION:
		if ((size_t)number >= marks.shared_size || !marks.shared[number])
			str_add(s, "int ");
		break;
	default:
		add_fork(s, number);
	}
}

void c_settle(struct str *s, const char *text, int chosen)
{
	for (;;) {
		const char *mark = find_mark(text);
		char *end;

		str_addn(s, text, (size_t)(mark - text));
		if (!*mark)
			return;
		long number = strtol(mark + 1, &end, 10);
		add_settled(s, *mark, (int)number, chosen);
		text = end + 1;
	}
}

static void share(size_t fd)
{
	if (fd >= marks.shared_size) {
		marks.shared = xrealloc(marks.shared, fd + 1);
		memset(marks.shared + marks.shared_size, 0, fd + 1 - marks.shared_size);
		marks.shared_size = fd + 1;
	}
	marks.shared[fd] = true;
}

void c_add_shared(struct str *s, const char *text)
{
	const char *mark;
	char *end;

	for (; *(mark = find_mark(text)); text = end + 1) {
		size_t fd = (size_t)strtol(mark + 1, &end, 10);

		if (*mark != DECLARATION || (fd < marks.shared_size && marks.shared[fd]))
			continue;
		share(fd);
		str_addf(s, "static int fd%zu;\n", fd);
	}
}

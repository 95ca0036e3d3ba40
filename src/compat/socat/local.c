// SPDX-License-Identifier: ISC
// What socat joins a socket to beside another one: descriptors, files and programs.
#include "base/mem.h"
#include "base/value.h"
#include "compat/socat/planning.h"
#include "sys/path.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOTHING "/dev/null"

// The descriptor that is read, or written.
static int descriptor(struct planning *p, const struct socat_address *a, bool is_written)
{
	uint64_t number = 0;

	if (a->type->detail == SOCAT_STDIO)
		return is_written ? STDOUT_FILENO : STDIN_FILENO;
	if (a->type->detail != SOCAT_NUMBERED)
		return a->type->detail;
	if ((parse_uint(a->params[0], &number) < 0 || number > INT16_MAX) && !plan_has_failed(p))
		bad_word(p->err, a->params[0], "is no number of a descriptor");
	return (int)number;
}

static const char *path_of(const struct socat_address *a)
{
	return a->params[0];
}

static bool is_there(const struct socat_address *a, struct stat *st)
{
	return sys_stat(path_of(a), st) == 0;
}

static void check_file(struct planning *p, const struct socat_address *a, bool is_made)
{
	struct stat st;

	if (is_made || is_there(a, &st) || plan_has_failed(p))
		return;
	str_add_object(p->err, path_of(a));
	str_add(p->err, ": No such file; creat makes one, and mkfifo(1) a pipe");
}

static void add_file_input(struct planning *p, struct socat_address *a)
{
	plan_flag(p, a, "rdonly");
	check_file(p, a, false);
	cmdline_redirect(p->out, STDIN_FILENO, REDIRECT_INPUT, path_of(a));
}

// What is in a file stays there where nothing else is said.
static void add_file_output(struct planning *p, struct socat_address *a)
{
	int detail = a->type->detail;
	bool is_emptied = plan_flag(p, a, "trunc") || detail & SOCAT_CREATES;
	bool is_appended = plan_flag(p, a, "append") || detail & SOCAT_GENERIC;
	bool is_made = plan_flag(p, a, "creat") || detail & (SOCAT_CREATES | SOCAT_GENERIC);
	struct stat st;
	bool is_regular = !is_there(a, &st) || S_ISREG(st.st_mode);

	plan_flag(p, a, "wronly");
	check_file(p, a, is_made);
	cmdline_redirect(p->out, STDOUT_FILENO,
		is_emptied || !is_regular ? REDIRECT_OUTPUT
		: is_appended             ? REDIRECT_APPEND
					  : REDIRECT_BOTH,
		path_of(a));
}

static void add_input(struct planning *p, struct socat_address *a)
{
	if (a->type->role == SOCAT_FILE)
		add_file_input(p, a);
	else
		cmdline_redirect_copy(p->out, STDIN_FILENO, descriptor(p, a, false));
}

static void add_output(struct planning *p, struct socat_address *a)
{
	if (a->type->role == SOCAT_FILE)
		add_file_output(p, a);
	else
		cmdline_redirect_copy(p->out, STDOUT_FILENO, descriptor(p, a, true));
}

// A file that is read and written is opened once: both have one position in it.
static void add_both(struct planning *p, struct socat_address *a)
{
	if (a->type->role != SOCAT_FILE || a->type->detail & SOCAT_GENERIC) {
		add_output(p, a);
		add_input(p, a);
		return;
	}
	check_file(p, a, plan_flag(p, a, "creat"));
	cmdline_redirect(p->out, STDIN_FILENO, REDIRECT_BOTH, path_of(a));
	cmdline_redirect_copy(p->out, STDOUT_FILENO, STDIN_FILENO);
}

void plan_redirections(struct planning *p)
{
	struct socat_word *local = p->local;
	struct socat_address *written = local->is_dual ? &local->write : &local->read;

	if (!(written->type->role & (SOCAT_STREAMS | SOCAT_FILE)) ||
		!(local->read.type->role & (SOCAT_STREAMS | SOCAT_FILE))) {
		plan_refuse(p, "'!!' is between descriptors and files");
		return;
	}
	if (p->sends && p->receives && !local->is_dual) {
		add_both(p, &local->read);
		return;
	}
	if (p->sends)
		add_input(p, &local->read);
	else
		cmdline_redirect(p->out, STDIN_FILENO, REDIRECT_INPUT, NOTHING);
	if (p->receives)
		add_output(p, written);
	else
		cmdline_redirect(p->out, STDOUT_FILENO, REDIRECT_OUTPUT, NOTHING);
}

// A terminal whose lines are left alone, and the key that leads out of it.
void plan_terminal(struct planning *p)
{
	struct socat_address *a = &p->local->read;
	const char *escape;
	char *rest;

	if (!is_plain_local(p))
		return;
	if (plan_flag(p, a, "raw")) {
		plan_add(p, "--raw-tty");
		if (plan_flag(p, a, "echo"))
			plan_refuse_option(p, a, "echo", "a raw terminal shows what comes back");
	}
	escape = plan_value(p, a, "escape");
	if (!escape)
		return;
	long key = strtol(escape, &rest, 0);

	if (*rest || key < 1 || key > 31)
		plan_refuse_option(p, a, "escape", "its value is a control character, 1 to 31");
	plan_add(p, "--escape");
	cmdline_addf(p->out, "^%c", '@' + (int)(key & 31));
}

// What a command is told by the original has other names here.
static void check_command(struct planning *p, const char *command)
{
	if (strstr(command, "SOCAT_"))
		plan_refuse(p, "the command looks for SOCAT_..., which sockctl does not set: "
			       "SOCKCTL_REMOTE_ADDRESS and its like say the same");
}

static void add_shell(struct planning *p, const struct socat_address *a, bool has_errors)
{
	plan_add(p, "--exec");
	cmdline_addf(p->out, "%s%s", has_errors ? "exec 2>&1; " : "", a->params[0]);
}

static void add_program(struct planning *p, const struct socat_address *a, bool has_errors)
{
	struct strlist words = {0};
	struct str why = {0};

	if (socat_split_command(a->params[0], &words, &why) < 0)
		plan_refuse(p, str_c(&why));
	else if (!words.count)
		plan_refuse(p, "EXEC needs a command");
	plan_add(p, "--exec-file");
	if (has_errors) {
		cmdline_add_pair(p->out, "sh", "-c");
		cmdline_add_pair(p->out, "exec \"$@\" 2>&1", "sh");
	}
	for (size_t i = 0; i < words.count; i++)
		plan_add(p, words.items[i]);
	socat_words_fini(&words);
	str_fini(&why);
}

void plan_program(struct planning *p)
{
	struct socat_address *a = &p->local->read;
	bool has_errors = plan_flag(p, a, "stderr");

	if (a->type->role == SOCAT_ECHO) {
		cmdline_add_pair(p->out, "--exec-file", "cat");
		return;
	}
	check_command(p, a->params[0]);
	if (a->type->detail & SOCAT_SHELL)
		add_shell(p, a, has_errors);
	else
		add_program(p, a, has_errors);
}

// SPDX-License-Identifier: ISC
#include "sys/trace_c/c_statement.h"

#include "sys/trace_c/c_known.h"
#include "sys/trace_c/c_marks.h"
#include "sys/trace_c/c_program.h"
#include "sys/trace_c/c_words.h"
#include "sys/trace_text.h"

static pid_t first_process;

void c_statement_begin(pid_t first)
{
	first_process = first;
}

// A backslash at the end would draw the next line into the comment.
static void end_comment(struct c_statement *t)
{
	if (t->text.data[t->text.len - 1] == '\\')
		str_addc(&t->text, '.');
	trace_add_caller(&t->text, t->call, first_process);
	str_addc(&t->text, '\n');
}

void c_end_line(struct c_statement *t)
{
	const struct trace_call *call = t->call;

	str_add(&t->text, " // = ");
	trace_format_result(&t->text, call);
	for (unsigned i = 0; i < call->nargs; i++) {
		const struct trace_arg *a = &call->args[i];

		if (call->result < 0 || (a->type != TRACE_ADDR_OUT && a->type != TRACE_DATA_OUT &&
						a->type != TRACE_OPTVAL_OUT))
			continue;
		str_addc(&t->text, ' ');
		trace_format_arg(&t->text, a);
	}
	end_comment(t);
}

void c_add_comment(struct c_statement *t, const char *why)
{
	str_add(&t->text, "// ");
	trace_format(&t->text, t->call);
	if (why)
		str_addf(&t->text, ": %s", why);
	end_comment(t);
}

void c_add_args(struct c_statement *t)
{
	for (unsigned i = 0; i < t->call->nargs; i++) {
		if (i)
			str_add(&t->text, ", ");
		c_add_arg(&t->text, &t->call->args[i]);
		if (t->call->args[i].type == TRACE_DATA_OUT)
			t->needs |= C_BUF;
	}
}

void c_add_failure_of(struct c_statement *t, const char *name)
{
	if (t->call->result < 0) {
		str_addf(&t->text, "\tperror(\"%s\");\n", name);
	} else {
		str_addf(&t->text, "\tfail(\"%s\");\n", name);
		t->needs |= C_FAIL;
	}
}

void c_add_failure(struct c_statement *t)
{
	c_add_failure_of(t, t->call->name);
}

void c_add_checked(struct c_statement *t)
{
	str_addf(&t->text, "if (%s(", t->call->name);
	c_add_args(t);
	str_add(&t->text, ") < 0)");
	c_end_line(t);
	c_add_failure(t);
}

void c_await(struct c_statement *t, int fd, const char *events)
{
	str_add(&t->text, "await(");
	c_add_fd(&t->text, fd);
	str_addf(&t->text, ", %s);\n", events);
	t->needs |= C_AWAIT;
}

static void declare_address(struct c_statement *t, int fd, int peer)
{
	struct c_fd *f = c_fd(fd);
	bool is_declared = peer < 0 ? f->has_name : f->peers > (unsigned)peer;
	struct str name = {0};

	t->needs |= C_NAME;
	c_add_address_name(&name, fd, peer);
	if (is_declared)
		str_addf(&t->text, "%s.length = sizeof(%s.address);\n", str_c(&name), str_c(&name));
	else
		str_addf(&t->text, "struct name %s = {.length = sizeof(%s.address)};\n",
			str_c(&name), str_c(&name));
	if (peer < 0)
		f->has_name = true;
	else if (!is_declared)
		f->peers = (unsigned)peer + 1;
	str_fini(&name);
}

void c_add_address_out(struct c_statement *t, struct str *args, int fd, int peer)
{
	struct str name = {0};

	declare_address(t, fd, peer);
	c_add_address_name(&name, fd, peer);
	str_addf(args, "(struct sockaddr *)&%s.address, &%s.length", str_c(&name), str_c(&name));
	str_fini(&name);
}

void c_add_fd_target(struct c_statement *t, int fd)
{
	struct c_fd *f = c_fd(fd);

	if (!f->has_variable && t->call->worker)
		str_add(&t->text, "int ");
	else if (!f->has_variable)
		c_add_declaration(&t->text, fd);
	str_addf(&t->text, "fd%d = ", fd);
	f->has_variable = true;
}

void c_add_opening(struct c_statement *t, const char *args)
{
	int fd = (int)t->call->result;

	c_fd_closed(fd);
	c_add_fd_target(t, fd);
	str_addf(&t->text, "%s(%s);", t->call->name, args);
	c_end_line(t);
	str_addf(&t->text, "if (fd%d < 0)\n", fd);
	c_add_failure(t);
}

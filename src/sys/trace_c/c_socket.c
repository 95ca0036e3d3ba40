// SPDX-License-Identifier: ISC
#include "sys/trace_c/c_socket.h"

#include "base/sockaddr.h"
#include "sys/sockopt/sockopts.h"
#include "sys/trace_c/c_known.h"
#include "sys/trace_c/c_program.h"
#include "sys/trace_c/c_words.h"

#include <errno.h>
#include <netinet/udp.h>
#include <string.h>

static void learn(const struct trace_call *call, int fd, int peer)
{
	const struct trace_arg *a = &call->args[1];
	struct sockaddr_any address;

	if (call->result < 0 || !a->ptr)
		return;
	sockaddr_set(&address, a->ptr, (socklen_t)a->len);
	c_address_returned(fd, peer, &address);
}

void c_add_accept(struct c_statement *t)
{
	int fd = (int)t->call->args[0].value;
	struct str args = {0};

	if (t->call->result >= 0)
		c_await(t, fd, "POLLIN");
	c_add_fd(&args, fd);
	str_add(&args, ", ");
	c_add_address_out(t, &args, fd, 0);
	str_add(&args, ", ");
	c_add_arg(&args, &t->call->args[2]);
	if (t->call->result < 0) {
		str_addf(&t->text, "if (accept4(%s) < 0)", str_c(&args));
		c_end_line(t);
		c_add_failure(t);
	} else {
		c_add_opening(t, str_c(&args));
		learn(t->call, fd, 0);
	}
	str_fini(&args);
}

// getsockname(), getpeername().
void c_add_get_address(struct c_statement *t)
{
	bool is_own = strcmp(t->call->name, "getsockname") == 0;
	int fd = (int)t->call->args[0].value;
	int peer = is_own ? -1 : 0;
	struct str args = {0};

	c_add_address_out(t, &args, fd, peer);
	str_addf(&t->text, "if (%s(", t->call->name);
	c_add_fd(&t->text, fd);
	str_addf(&t->text, ", %s) < 0)", str_c(&args));
	c_end_line(t);
	c_add_failure(t);
	str_fini(&args);
	if (!is_own || c_fd(fd)->is_chosen)
		learn(t->call, fd, peer);
	if (is_own && c_fd(fd)->is_chosen && t->call->result == 0) {
		struct sockaddr_any a;

		sockaddr_set(&a, t->call->args[1].ptr, (socklen_t)t->call->args[1].len);
		if (sockaddr_port(&a))
			c_program_chosen_port(fd, sockaddr_port(&a));
	}
}

// Whether the kernel is to choose the port or the name.
static bool is_to_be_chosen(const struct trace_arg *a)
{
	struct sockaddr_any address;

	sockaddr_set(&address, a->ptr, (socklen_t)a->len);
	if (address.sa.sa_family == AF_UNIX)
		return address.len <= offsetof(struct sockaddr_un, sun_path);
	return sockaddr_port(&address) == 0;
}

void c_add_bind(struct c_statement *t)
{
	const struct trace_arg *a = &t->call->args[1];
	int fd = (int)t->call->args[0].value;

	if (t->call->result < 0) {
		c_add_checked(t);
		return;
	}
	c_fd(fd)->is_chosen = is_to_be_chosen(a);
	str_add(&t->text, "if (bind(");
	c_add_fd(&t->text, fd);
	str_add(&t->text, ", ");
	c_add_bound_address(&t->text, a->ptr, (socklen_t)a->len, fd);
	str_add(&t->text, ") < 0)");
	c_end_line(t);
	c_add_failure(t);
}

void c_add_connect(struct c_statement *t)
{
	if (t->call->result != -EINPROGRESS) {
		c_add_checked(t);
		return;
	}
	str_add(&t->text, "if (connect(");
	c_add_args(t);
	str_add(&t->text, ") < 0 && errno != EINPROGRESS)");
	c_end_line(t);
	str_add(&t->text, "\tfail(\"connect\");\n");
	t->needs |= C_FAIL;
	c_fd((int)t->call->args[0].value)->is_connecting = true;
}

static bool is_option(const struct trace_arg *a, int level, int option)
{
	return trace_high(a) == level && trace_low(a) == option;
}

// Strings may be shorter than the room that they need.
static bool has_any_length(const struct trace_arg *a)
{
	const struct sockopt *o = sockopt_by_number(trace_high(a), trace_low(a));

	return o && o->type == SOCKOPT_STRING;
}

void c_add_getsockopt(struct c_statement *t)
{
	const struct trace_arg *value = &t->call->args[2];
	bool is_number = value->len == sizeof(int);
	bool is_error =
		value->ptr && is_number && is_option(&t->call->args[1], SOL_SOCKET, SO_ERROR);
	int error = 0;

	if (is_error)
		memcpy(&error, value->ptr, sizeof(error));
	if (error)
		c_await(t, (int)t->call->args[0].value, "0"); // POLLERR comes unasked
	if (is_number) {
		str_add(&t->text, "number = 0;\n");
		t->needs |= C_NUMBER;
	} else {
		str_add(&t->text, "memset(value, 0, sizeof(value));\n");
		t->needs |= C_VALUE;
	}
	str_add(&t->text, "if (getsockopt(");
	c_add_fd(&t->text, (int)t->call->args[0].value);
	str_add(&t->text, ", ");
	c_add_option(&t->text, &t->call->args[1]);
	if (is_number)
		str_add(&t->text, ", &number, &(socklen_t){sizeof(number)}) < 0)");
	else if (has_any_length(&t->call->args[1]))
		str_add(&t->text, ", value, &(socklen_t){sizeof(value)}) < 0)");
	else
		str_addf(&t->text, ", value, &(socklen_t){%zu}) < 0)", value->len);
	c_end_line(t);
	c_add_failure(t);
	if (!is_error)
		return;
	str_addf(&t->text,
		"if (number != 0) {\n"
		"\terrno = number;\n"
		"\t%s(\"SO_ERROR\");\n"
		"}\n",
		error ? "perror" : "fail");
	t->needs |= error ? 0 : C_FAIL;
}

// Left out where this program receives otherwise than sockctl did.
void c_add_setsockopt(struct c_statement *t)
{
	const struct trace_arg *value = &t->call->args[2];
	int number = 0;

	if (value->ptr && value->len == sizeof(number))
		memcpy(&number, value->ptr, sizeof(number));
	if (is_option(&t->call->args[1], SOL_UDP, UDP_GRO))
		c_add_comment(t, "each datagram is received by itself here");
	else if (is_option(&t->call->args[1], SOL_SOCKET, SO_RCVLOWAT) && number > 1)
		c_add_comment(t, "what comes is received at once here");
	else
		c_add_checked(t);
}

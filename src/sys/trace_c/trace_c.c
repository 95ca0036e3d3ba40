// SPDX-License-Identifier: ISC
#include "sys/trace_c/trace_c.h"

#include "sys/trace_c/c_known.h"
#include "sys/trace_c/c_lookup.h"
#include "sys/trace_c/c_marks.h"
#include "sys/trace_c/c_socket.h"
#include "sys/trace_c/c_statement.h"
#include "sys/trace_c/c_transfer.h"
#include "sys/trace_c/c_words.h"
#include "sys/trace_text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static struct {
	pthread_mutex_t lock;
	bool is_begun;
} trace = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool opens_descriptor(const struct trace_call *call)
{
	static const char *const names[] = {"socket", "accept4", "open", "dup", "dup2"};

	if (call->result <= 2) // a failure, or what every program has
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(call->name, names[i]) == 0)
			return true;
	return strcmp(call->name, "fcntl") == 0 &&
	       (call->args[1].value == F_DUPFD || call->args[1].value == F_DUPFD_CLOEXEC);
}

static void add_open(struct c_statement *t)
{
	struct c_statement args = {.call = t->call};

	c_add_args(&args);
	c_add_opening(t, str_c(&args.text));
	str_fini(&args.text);
}

// Calls that put two descriptors into an array.
static void add_pair(struct c_statement *t)
{
	c_add_checked(t);
	t->needs |= C_PAIR;
	for (unsigned i = 0; i < t->call->nargs; i++) {
		const struct trace_arg *a = &t->call->args[i];

		if (a->type != TRACE_FDS_OUT || t->call->result < 0)
			continue;
		c_fd_closed(trace_high(a));
		c_fd_closed(trace_low(a));
		c_add_fd_target(t, trace_high(a));
		str_add(&t->text, "pair[0];\n");
		c_add_fd_target(t, trace_low(a));
		str_add(&t->text, "pair[1];\n");
	}
}

// The sockets of a group share what comes as long as all are open.
static void add_close(struct c_statement *t)
{
	if (t->call->args[0].value >= 0 && c_fd((int)t->call->args[0].value)->is_shared)
		c_add_wait_for_end(&t->text);
	c_add_checked(t);
	if (t->call->args[0].value >= 0)
		c_fd_closed((int)t->call->args[0].value);
}

static void add_fcntl(struct c_statement *t)
{
	if (t->call->args[1].value != F_SETOWN || t->call->args[2].value != t->call->process) {
		c_add_checked(t);
		return;
	}
	str_add(&t->text, "if (fcntl(");
	c_add_fd(&t->text, (int)t->call->args[0].value);
	str_add(&t->text, ", F_SETOWN, getpid()) < 0)");
	c_end_line(t);
	c_add_failure(t);
}

// The program waits as long as it takes where the trace has not waited in vain.
static void add_poll(struct c_statement *t)
{
	const struct trace_arg *fds = &t->call->args[0];

	for (size_t i = 0; i < fds->len; i++)
		if (((const struct pollfd *)fds->ptr)[i].fd >= 0)
			c_fd(((const struct pollfd *)fds->ptr)[i].fd)->is_connecting = false;
	str_add(&t->text, "if (poll(");
	c_add_arg(&t->text, fds);
	str_addf(&t->text, ", %zu, ", fds->len);
	if (t->call->result > 0)
		str_add(&t->text, "-1");
	else
		c_add_arg(&t->text, &t->call->args[2]);
	str_add(&t->text, ") < 0)");
	c_end_line(t);
	c_add_failure(t);
}

static void add_select(struct c_statement *t)
{
	int fd = (int)t->call->args[1].value;

	t->needs |= C_FDS;
	str_add(&t->text, "FD_ZERO(&fds);\nFD_SET(");
	c_add_fd(&t->text, fd);
	str_add(&t->text, ", &fds);\nif (select(");
	c_add_fd(&t->text, fd);
	str_add(&t->text, " + 1, &fds, NULL, NULL, ");
	c_add_arg(&t->text, &t->call->args[4]);
	str_add(&t->text, ") < 0)");
	c_end_line(t);
	c_add_failure(t);
}

static void add_signals(struct c_statement *t)
{
	t->needs |= strcmp(t->call->name, "sigaction") == 0 ? C_HANDLER : C_SET;
	c_add_checked(t);
}

static void add_mmap(struct c_statement *t)
{
	str_add(&t->text, "if (mmap(");
	c_add_args(t);
	str_add(&t->text, ") == MAP_FAILED)");
	c_end_line(t);
	c_add_failure(t);
}

static void add_munmap(struct c_statement *t)
{
	c_add_comment(t, "the program lets it stand");
}

// A descriptor by its number in /proc has another number here.
static void add_chmod(struct c_statement *t)
{
	static const char folder[] = "/proc/self/fd/";
	const char *path = t->call->args[0].ptr;

	if (strncmp(path, folder, strlen(folder)) != 0) {
		c_add_checked(t);
		return;
	}
	c_forget_received();
	t->needs |= C_BUF;
	str_addf(&t->text, "snprintf(buf, sizeof(buf), \"%s%%d\", ", folder);
	c_add_fd(&t->text, (int)strtol(path + strlen(folder), NULL, 10));
	str_add(&t->text, ");\nif (chmod(buf, ");
	c_add_arg(&t->text, &t->call->args[1]);
	str_add(&t->text, ") < 0)");
	c_end_line(t);
	c_add_failure(t);
}

static void add_fork(struct c_statement *t)
{
	if (t->call->result < 0) {
		c_add_comment(t, NULL);
		return;
	}
	c_add_fork(&t->text, (pid_t)t->call->result);
	c_end_line(t);
	c_program_add_child(&t->text);
	str_clear(&t->text);
}

static void add_execve(struct c_statement *t)
{
	if (t->call->result < 0) { // told before, for nothing can be told of success
		c_add_comment(t, NULL);
		return;
	}
	str_add(&t->text, "execve(");
	c_add_args(t);
	str_add(&t->text, ");");
	c_end_line(t);
	str_add(&t->text, "fail(\"execve\");\n");
	t->needs |= C_FAIL;
}

// The numbers of processes are others here.
static void add_waitpid(struct c_statement *t)
{
	if (t->call->result <= 0) {
		c_add_comment(t, NULL);
		return;
	}
	if (!c_is_child((pid_t)t->call->result)) {
		c_add_comment(t, "a child has left this one, which another process inherits here");
		return;
	}
	str_add(&t->text, "if (waitpid(-1, NULL, 0) < 0)");
	c_end_line(t);
	c_add_failure(t);
}

// A child. In the trace it has a group, of which others may be left when it has ended.
static void add_kill(struct c_statement *t)
{
	struct str child = {0};

	if (t->call->args[0].value == 0 ||
		!c_add_child(&child, (pid_t)llabs(t->call->args[0].value))) {
		c_add_comment(t, "the process has another number here");
	} else {
		str_addf(&t->text, "if (kill(%s, ", str_c(&child));
		c_add_arg(&t->text, &t->call->args[1]);
		str_add(&t->text, ") < 0 && errno != ESRCH)");
		c_end_line(t);
		c_add_failure(t);
	}
	str_fini(&child);
}

// The call returns its error.
static void add_thread_call(struct c_statement *t)
{
	bool is_start = strcmp(t->call->name, "pthread_create") == 0;
	unsigned number = (unsigned)strtoul(strpbrk(t->call->args[0].ptr, "123456789"), NULL, 10);

	if (t->call->result < 0) {
		c_add_comment(t, NULL);
		return;
	}
	if (is_start && !c_program_thread(number)) {
		c_add_comment(t, NULL);
		str_add(&t->text,
			"fputs(\"a thread that begins so late cannot be replayed\\n\", stderr);\n"
			"exit(1);\n");
		return;
	}
	c_program_thread(0);
	c_known_thread(number); // before the first one opens more
	c_known_thread(0);
	if (!is_start)
		c_add_wait_for_end(&t->text);
	str_addf(&t->text, "errno = %s(", t->call->name);
	c_add_args(t);
	str_add(&t->text, ");");
	c_end_line(t);
	str_add(&t->text, "if (errno != 0)\n");
	c_add_failure(t);
}

// Calls that return no status.
static void add_value(struct c_statement *t)
{
	str_addf(&t->text, "(void)%s(", t->call->name);
	c_add_args(t);
	str_add(&t->text, ");");
	c_end_line(t);
}

// The same, and they write to buf.
static void add_value_to_buf(struct c_statement *t)
{
	t->needs |= C_BUF;
	c_forget_received();
	add_value(t);
}

static const struct {
	const char *name;
	void (*add)(struct c_statement *t);
} statements[] = {
	{"accept4", c_add_accept},
	{"bind", c_add_bind},
	{"chmod", add_chmod},
	{"close", add_close},
	{"connect", c_add_connect},
	{"execve", add_execve},
	{"fcntl", add_fcntl},
	{"fork", add_fork},
	{"getaddrinfo", c_add_getaddrinfo},
	{"getnameinfo", c_add_getnameinfo},
	{"getpeername", c_add_get_address},
	{"getsockname", c_add_get_address},
	{"getsockopt", c_add_getsockopt},
	{"if_indextoname", add_value_to_buf},
	{"inet_pton", add_value_to_buf},
	{"kill", add_kill},
	{"mmap", add_mmap},
	{"munmap", add_munmap},
	{"pipe2", add_pair},
	{"poll", add_poll},
	{"pread", c_add_read},
	{"pselect", add_signals},
	{"pthread_create", add_thread_call},
	{"pthread_join", add_thread_call},
	{"pwrite", c_add_write},
	{"read", c_add_read},
	{"recv", c_add_recv},
	{"recvfrom", c_add_recvfrom},
	{"recvmmsg", c_add_recvmmsg},
	{"select", add_select},
	{"send", c_add_send},
	{"sendmmsg", c_add_sendmmsg},
	{"sendmsg", c_add_sendmsg},
	{"sendto", c_add_sendto},
	{"setsockopt", c_add_setsockopt},
	{"sigaction", add_signals},
	{"sigprocmask", add_signals},
	{"socketpair", add_pair},
	{"waitpid", add_waitpid},
	{"write", c_add_write},
	{"writev", c_add_writev},
};

// Those whose result is no status, besides those that return a struct or a string.
static bool returns_value(const struct trace_call *call)
{
	static const char *const names[] = {"setservent", "endservent", "setprotoent",
		"endprotoent", "setnetent", "endnetent", "sethostent", "endhostent", "getegid",
		"geteuid", "getpid", "umask"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(call->name, names[i]) == 0)
			return true;
	return call->value;
}

static void add_statement(struct c_statement *t)
{
	if (opens_descriptor(t->call) && strcmp(t->call->name, "accept4") != 0) {
		add_open(t);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(statements); i++) {
		if (strcmp(t->call->name, statements[i].name) == 0) {
			statements[i].add(t);
			return;
		}
	}
	if (c_add_shown(t))
		return;
	if (returns_value(t->call))
		add_value(t);
	else
		c_add_checked(t);
}

static bool asks_for_error(const struct trace_call *call)
{
	return strcmp(call->name, "getsockopt") == 0 && trace_high(&call->args[1]) == SOL_SOCKET &&
	       trace_low(&call->args[1]) == SO_ERROR;
}

// What the program has been waiting for since the last call on the descriptor. It is closed at once
// where another attempt has won, or the time was over.
static void settle_connecting(struct c_statement *t)
{
	const struct trace_arg *a = &t->call->args[0];

	if (!t->call->nargs || a->type != TRACE_FD || a->value < 0 ||
		!c_fd((int)a->value)->is_connecting)
		return;
	c_fd((int)a->value)->is_connecting = false;
	if (strcmp(t->call->name, "close") == 0)
		return;
	if (asks_for_error(t->call) || t->call->result < 0) {
		c_await(t, (int)a->value, "POLLOUT");
		return;
	}
	str_add(&t->text, "await_connected(");
	c_add_fd(&t->text, (int)a->value);
	str_add(&t->text, ");\n");
	t->needs |= C_AWAIT_CONNECTED;
}

static void add(const struct trace_call *call)
{
	struct c_statement t = {.call = call};

	if (call->is_housekeeping) {
		c_add_comment(&t, NULL);
	} else if (call->result == -EAGAIN) {
		c_add_comment(&t, "nothing to do yet");
	} else {
		settle_connecting(&t);
		add_statement(&t);
	}
	c_program_add(&t.text, t.needs);
	str_fini(&t.text);
}

void trace_c_add(const struct trace_call *call)
{
	pthread_mutex_lock(&trace.lock);
	if (trace.is_begun && c_program_thread(call->worker)) {
		c_known_thread(call->worker);
		add(call);
		c_program_thread(0);
		c_known_thread(0);
	}
	pthread_mutex_unlock(&trace.lock);
}

void trace_c_add_tls(int fd)
{
	struct str text = {0};

	pthread_mutex_lock(&trace.lock);
	if (trace.is_begun && !c_fd(fd)->is_opaque) {
		c_fd(fd)->is_opaque = true;
		str_addf(&text,
			"// What follows on fd%d is TLS. Its keys are made anew for each "
			"connection, so\n"
			"// that what was sent, which is ciphertext, cannot be replayed.\n"
			"fputs(\"TLS: ciphertext cannot be replayed\\n\", stderr);\n"
			"exit(1);\n",
			fd);
		c_program_add(&text, 0);
	}
	pthread_mutex_unlock(&trace.lock);
	str_fini(&text);
}

void trace_c_before_fork(void)
{
	pthread_mutex_lock(&trace.lock); // the new process has no thread that would release it
	if (trace.is_begun)
		c_program_before_fork();
}

void trace_c_after_fork(bool is_child)
{
	if (trace.is_begun && is_child)
		c_program_in_child();
	pthread_mutex_unlock(&trace.lock);
}

void trace_c_begin(c_write_fn *write, void *arg, pid_t first)
{
	c_program_begin(write, arg);
	c_forget();
	c_statement_begin(first);
	trace.is_begun = true;
}

void trace_c_end(void)
{
	pthread_mutex_lock(&trace.lock);
	if (trace.is_begun)
		c_program_end();
	trace.is_begun = false;
	pthread_mutex_unlock(&trace.lock);
}

// SPDX-License-Identifier: ISC
#include "sys/trace_c/c_program.h"

#include "base/mem.h"
#include "sys/trace_c/c_marks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEPT_BYTES (4u << 20) // what is longer is written while it grows

// A thread that is not the first: the body of its function.
struct thread {
	struct str body;
	bool is_cut; // it has become too large to be kept
	bool has_waited; // for the end of the others
};

static struct program {
	c_write_fn *write; // NULL: there is no program
	void *arg;
	struct str body;
	unsigned needs;
	bool is_begun; // the head is written
	bool is_child;
	unsigned depth; // tabs
	int child[2]; // a pipe from a new process
	struct thread *threads; // the others
	unsigned thread_count;
	unsigned thread; // which one adds now; 0: the first, whose body is main()
	bool has_waited; // for the end of the others

	uint16_t port;
	bool has_port;
	bool is_chosen; // by the kernel
	int chosen_fd; // for this one
} program;

static void write_lines(const char *text)
{
	while (*text) {
		const char *end = strchrnul(text, '\n');

		program.write(program.arg, text, (size_t)(end - text));
		text = *end ? end + 1 : end;
	}
}

static void add_main(struct str *s)
{
	str_add(s, program.has_port ? "\nint main(int argc, char **argv)\n{\n"
				    : "\nint main(void)\n{\n");
	if (program.has_port)
		str_addf(s,
			"\tin_port_t port = htons(argc > 1 ? (in_port_t)atoi(argv[1]) : %u);\n\n",
			program.port);
	if (program.thread_count)
		str_addf(s, "\tpthread_barrier_init(&end, NULL, %u);\n", program.thread_count + 1);
}

static void settle(struct str *body)
{
	struct str settled = {0};

	c_settle(&settled, str_c(body),
		program.has_port && program.is_chosen ? program.chosen_fd : -1);
	str_fini(body);
	*body = settled;
}

// What threads share, and their functions, which stand behind main().
static void add_threads(struct str *s)
{
	if (!program.thread_count)
		return;
	str_addc(s, '\n');
	c_add_shared(s, str_c(&program.body));
	str_add(s, "static pthread_barrier_t end;\n");
	for (unsigned i = 1; i <= program.thread_count; i++)
		str_addf(s, "static pthread_t thread%u;\nstatic void *run%u(void *arg);\n", i, i);
}

static void begin(bool may_be_unused)
{
	struct str head = {0};

	str_add(&head, "#define _GNU_SOURCE\n");
	c_add_headers(&head);
	c_add_parts(&head, program.needs, may_be_unused, program.thread_count);
	add_threads(&head);
	add_main(&head);
	write_lines(str_c(&head));
	str_fini(&head);
	program.is_begun = true;
}

static void write_body(void)
{
	settle(&program.body);
	write_lines(str_c(&program.body));
	str_clear(&program.body);
}

void c_program_begin(c_write_fn *write, void *arg)
{
	program = (struct program){.write = write, .arg = arg, .depth = 1};
	c_marks_forget();
}

static void add_indented(const char *text)
{
	struct str *body =
		program.thread ? &program.threads[program.thread - 1].body : &program.body;

	while (*text) {
		const char *end = strchrnul(text, '\n');

		str_add_repeated(body, '\t', *text == '\n' ? 0 : program.depth);
		str_addn(body, text, (size_t)(end - text));
		str_addc(body, '\n');
		text = *end ? end + 1 : end;
	}
}

// What a new process hands over, followed by its text.
struct handed {
	unsigned needs;
	size_t len;
};

static void write_to_parent(const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(program.child[1], p, len);

		if (n < 0 && errno != EINTR)
			return; // the parent is gone
		p += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
}

// The parent reads until this process has become another program or has ended.
static void hand_over(void)
{
	struct handed head = {program.needs, program.body.len};

	write_to_parent(&head, sizeof(head));
	write_to_parent(program.body.data, program.body.len);
	str_clear(&program.body);
}

static void flush(void)
{
	if (!program.is_begun && program.body.len > KEPT_BYTES) {
		program.needs = ~0u;
		begin(true);
	}
	if (program.is_begun)
		write_body();
}

// Returns false for what comes after too much has come.
static bool may_add_to(struct thread *t)
{
	bool was_cut = t->is_cut;

	t->is_cut = t->body.len > KEPT_BYTES;
	if (t->is_cut && !was_cut)
		add_indented("fputs(\"the trace goes on, too long to be replayed\\n\", stderr);\n"
			     "exit(1);\n");
	return !t->is_cut;
}

void c_program_add(const struct str *lines, unsigned needs)
{
	program.needs |= needs;
	if (program.thread && !may_add_to(&program.threads[program.thread - 1]))
		return;
	add_indented(str_c(lines));
	if (program.is_child) {
		hand_over();
		return;
	}
	flush();
}

bool c_program_thread(unsigned number)
{
	if (number > program.thread_count && (program.is_begun || program.is_child))
		return false;
	if (number > program.thread_count)
		program.threads = xrealloc(program.threads, number * sizeof(*program.threads));
	while (number > program.thread_count)
		program.threads[program.thread_count++] = (struct thread){0};
	program.thread = number;
	return true;
}

void c_add_wait_for_end(struct str *s)
{
	bool *has_waited = program.thread ? &program.threads[program.thread - 1].has_waited
					  : &program.has_waited;

	if (!*has_waited)
		str_add(s, "pthread_barrier_wait(&end); // until all have come so far\n");
	*has_waited = true;
}

bool c_program_port(uint16_t number)
{
	if (!program.has_port && !program.is_begun && !program.is_child && !program.thread) {
		program.port = number;
		program.has_port = true;
	}
	return program.has_port && program.port == number && !program.thread;
}

void c_program_chosen_port(int fd, uint16_t number)
{
	if (program.has_port || program.is_begun || program.is_child)
		return;
	program.port = number;
	program.chosen_fd = fd;
	program.has_port = program.is_chosen = true;
}

void c_program_give_up_port(uint16_t number)
{
	if (program.is_chosen && program.port == number && !program.is_begun)
		program.has_port = program.is_chosen = false;
}

void c_program_before_fork(void)
{
	if (program.write && pipe2(program.child, O_CLOEXEC) < 0)
		program.child[0] = program.child[1] = -1;
}

void c_program_in_child(void)
{
	if (!program.write)
		return;
	close(program.child[0]);
	program.is_child = true;
	program.depth++;
	str_clear(&program.body);
}

static struct str read_from_child(void)
{
	struct str all = {0};
	char buf[4096];
	ssize_t n;

	close(program.child[1]);
	while ((n = read(program.child[0], buf, sizeof(buf))) > 0 || (n < 0 && errno == EINTR))
		str_addn(&all, buf, n > 0 ? (size_t)n : 0);
	close(program.child[0]);
	return all;
}

void c_program_add_child(const struct str *opening)
{
	struct str all = read_from_child();
	struct handed head;

	add_indented(str_c(opening));
	for (size_t at = 0; at + sizeof(head) <= all.len; at += sizeof(head) + head.len) {
		memcpy(&head, all.data + at, sizeof(head));
		if (head.len > all.len - at - sizeof(head))
			break; // it was ended while it wrote
		program.needs |= head.needs;
		str_addn(&program.body, all.data + at + sizeof(head), head.len);
	}
	add_indented("\t_exit(127);\n}\n");
	str_fini(&all);
	flush();
}

// The end of the function of the thread that adds now.
static void add_end(const char *statement)
{
	struct str lines = {0};

	if (program.thread_count)
		c_add_wait_for_end(&lines);
	str_add(&lines, statement);
	add_indented(str_c(&lines));
	str_fini(&lines);
}

static void write_thread(unsigned number)
{
	struct str *body = &program.threads[number - 1].body;
	struct str text = {0};

	program.thread = number;
	add_end("return NULL;\n");
	settle(body);
	str_addf(&text,
		"\n// What thread %u does.\nstatic void *run%u(void *arg)\n{\n\t(void)arg;\n%s}\n",
		number, number, str_c(body));
	write_lines(str_c(&text));
	str_fini(&text);
	str_fini(body);
}

void c_program_end(void)
{
	add_end("return 0;\n");
	str_add(&program.body, "}\n");
	if (!program.is_begun)
		begin(false);
	write_body();
	for (unsigned i = 1; i <= program.thread_count; i++)
		write_thread(i);
	free(program.threads);
	str_fini(&program.body);
	c_marks_forget();
	program.write = NULL;
}

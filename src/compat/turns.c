// SPDX-License-Identifier: ISC
#include "compat/turns.h"

#include "app.h"
#include "base/util.h"
#include "base/value.h"
#include "sys/process.h"
#include "sys/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct turns {
	struct cmdline *line;
	turns_run_fn *run;
	void *data;
	bool has_succeeded; // some run
	int failed; // the status of the last one that was not connected
	int cut_off; // of the first transfer that was, or of what a signal ended
};

// In the new process, which does not outlive the one that waits for it.
attr_noreturn static void run_here(const struct turns *t, const char *port, pid_t parent)
{
	sys_prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (sys_getppid() == parent) {
		cmdline_set_port(t->line, port);
		t->run(t->data, port);
	}
	_exit(STATUS_LOCAL);
}

static int status_of(int wait_status)
{
	return WIFSIGNALED(wait_status) ? STATUS_SIGNAL + WTERMSIG(wait_status)
					: WEXITSTATUS(wait_status);
}

static bool is_cut_off(int status)
{
	return status == STATUS_LOCAL || status == STATUS_BROKEN || status > STATUS_SIGNAL;
}

// Who is not there does not keep the others from their turn; nothing comes after a signal.
static bool is_over(struct turns *t, int status)
{
	if (!status)
		t->has_succeeded = true;
	else if (!is_cut_off(status))
		t->failed = status;
	else if (!t->cut_off)
		t->cut_off = status;
	return status > STATUS_SIGNAL;
}

// Returns 1 if no other port follows, 0, or a negative errno.
static int take_turn(struct turns *t, const char *port)
{
	pid_t parent = sys_getpid();
	pid_t pid = sys_fork();
	int status = 0;
	int r;

	if (pid < 0)
		return pid;
	if (pid == 0)
		run_here(t, port, parent);
	do
		r = sys_waitpid(pid, &status, 0);
	while (r == -EINTR);
	return r < 0 ? r : is_over(t, status_of(status));
}

// A word is a port, or a range of them.
static int take_turns(struct turns *t, const char *word)
{
	char number[sizeof("65535")];
	uint16_t low, high;
	int r = 0;

	if (parse_ports(word, &low, &high) < 0)
		return take_turn(t, word);
	for (unsigned port = low; port <= high && r == 0; port++) {
		snprintf(number, sizeof(number), "%u", port);
		r = take_turn(t, number);
	}
	return r;
}

int turns_run(struct cmdline *line, turns_run_fn *run, void *data)
{
	struct turns t = {.line = line, .run = run, .data = data};
	int r = 0;

	sys_sigaction(SIGCHLD, NULL); // ignored, it would leave no status
	for (size_t i = 0; i < line->port_count && r == 0; i++)
		r = take_turns(&t, line->ports[i]);
	if (r < 0)
		return r;
	return t.cut_off ? t.cut_off : t.has_succeeded ? STATUS_OK : t.failed;
}

// SPDX-License-Identifier: ISC
#include "io/child.h"

#include "base/mem.h"
#include "io/fd.h"
#include "sys/fd_calls.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/signals.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void free_child(struct child *c)
{
	struct children *set = c->children;

	list_remove(&c->link);
	if (list_empty(&set->list) && set->signal.number)
		uv_unref((uv_handle_t *)set->signal.async);
	timer_fini(&c->grace);
	free(c);
}

static void tell(struct child *c)
{
	if (c->on_change)
		c->on_change(c); // may release it
	else if (c->is_empty)
		free_child(c);
}

static void reap(struct children *set)
{
	int status;
	pid_t pid;

	while ((pid = sys_waitpid(-1, &status, WNOHANG)) > 0) {
		list_for_each (it, &set->list) {
			struct child *c = list_entry(it, struct child, link);

			if (c->pid != pid)
				continue;
			c->has_exited = true;
			c->status = status;
		}
	}
	list_for_each (it, &set->list) {
		struct child *c = list_entry(it, struct child, link);

		if (!c->has_exited || c->is_empty)
			continue;
		c->is_empty = sys_waitpid(-c->pid, &status, WNOHANG) == -ECHILD;
		tell(c);
	}
}

static void on_signal(void *data, int number)
{
	(void)number;
	reap(data);
}

int children_init(struct children *set, uv_loop_t *loop)
{
	int r;

	*set = (struct children){.loop = loop};
	list_init(&set->list);
	// Processes whose parents have exited are reported to us instead of to init.
	r = sys_prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (r < 0)
		return r;
	return signal_watch_init(&set->signal, loop, SIGCHLD, on_signal, set);
}

static void signal_all(struct children *set, int number)
{
	list_for_each (it, &set->list) {
		const struct child *c = list_entry(it, struct child, link);

		if (!c->is_empty)
			sys_kill(-c->pid, number);
	}
}

// Waits until all are gone or the time is over. Returns true if all are gone.
static bool wait_for_all(struct children *set, long ms)
{
	struct timespec now;
	struct timespec end;
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += ms / 1000;
	for (;;) {
		struct timespec left;

		reap(set);
		if (list_empty(&set->list))
			return true;
		clock_gettime(CLOCK_MONOTONIC, &now);
		left = (struct timespec){end.tv_sec - now.tv_sec, end.tv_nsec - now.tv_nsec};
		if (left.tv_nsec < 0) {
			left.tv_sec--;
			left.tv_nsec += 1000000000;
		}
		if (left.tv_sec < 0)
			return false;
		sys_sigtimedwait(&mask, &left);
	}
}

void children_fini(struct children *set)
{
	if (!set->signal.number)
		return;
	sys_block_signal(SIGCHLD, true);
	list_for_each (it, &set->list)
		child_release(list_entry(it, struct child, link));
	signal_all(set, SIGHUP);
	signal_all(set, SIGCONT);
	if (!wait_for_all(set, CHILD_GRACE_MS)) {
		signal_all(set, SIGKILL);
		wait_for_all(set, CHILD_GRACE_MS);
	}
	list_for_each (it, &set->list)
		free_child(list_entry(it, struct child, link));
	signal_watch_fini(&set->signal);
	sys_block_signal(SIGCHLD, false);
}

// In the new process: what it inherits from us is undone.
static void reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		sys_sigaction(number, NULL);
	sigemptyset(&none);
	sys_sigprocmask(SIG_SETMASK, &none, NULL);
}

// In the new process. Returns only when something fails, a negative errno.
static int become(const struct child_options *o, pid_t parent)
{
	int flags;
	int r;

	sys_setpgid(0, 0);
	sys_prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (sys_getppid() != parent)
		return -ESRCH; // it died before that was set
	fd_restore_limit();
	r = sys_dup2(o->fd, STDIN_FILENO);
	if (r >= 0)
		r = sys_dup2(o->fd, STDOUT_FILENO);
	if (r < 0)
		return r;
	flags = sys_fcntl(STDIN_FILENO, F_GETFL, 0);
	if (flags & O_NONBLOCK)
		sys_fcntl(STDIN_FILENO, F_SETFL, flags & ~O_NONBLOCK);
	sys_close_on_exec_from(STDERR_FILENO + 1);
	reset_signals();
	return sys_execve(o->path, o->argv, o->env);
}

// Starts a process that becomes the program or writes into REPORT why it cannot. No signal meets
// our handlers there, which would speak to this process by the descriptors they share.
static pid_t spawn(const struct child_options *o, int report)
{
	pid_t parent = sys_getpid();
	sigset_t all;
	sigset_t old;
	pid_t pid;

	sigfillset(&all);
	sys_sigprocmask(SIG_SETMASK, &all, &old);
	pid = sys_fork();
	if (pid == 0) {
		int error = become(o, parent);

		if (sys_write(report, &error, sizeof(error)) < 0)
			_exit(126);
		_exit(127);
	}
	sys_sigprocmask(SIG_SETMASK, &old, NULL);
	if (pid > 0)
		sys_setpgid(pid, pid); // whoever comes first
	return pid;
}

// Returns the process that runs the program, or a negative errno.
static pid_t start(const struct child_options *o)
{
	int report[2];
	int error = 0;
	pid_t pid;
	ssize_t n;
	int r = sys_pipe(report, O_CLOEXEC);

	if (r < 0)
		return r;
	pid = spawn(o, report[1]);
	sys_close(report[1]);
	if (pid > 0) {
		do {
			n = sys_read(report[0], &error, sizeof(error));
		} while (n == -EINTR);
		if (n > 0) { // nothing, if the program runs
			sys_waitpid(pid, &r, 0);
			pid = error;
		}
	}
	sys_close(report[0]);
	return pid;
}

static void on_grace(void *data)
{
	struct child *c = data;

	if (!c->is_empty)
		sys_kill(-c->pid, SIGKILL);
}

struct child *child_create(struct children *set, const struct child_options *options,
	child_fn *on_change, void *data, int *error)
{
	pid_t pid = start(options);
	struct child *c;

	assert(options->path && options->argv[0] && options->env);
	if (pid < 0) {
		*error = pid;
		return NULL;
	}
	c = xmalloc(sizeof(*c));
	*c = (struct child){.children = set, .pid = pid, .on_change = on_change, .data = data};
	timer_init(&c->grace, set->loop, on_grace, c);
	list_append(&set->list, &c->link);
	uv_ref((uv_handle_t *)set->signal.async); // the loop goes on while a program runs
	return c;
}

void child_hang_up(struct child *c)
{
	if (c->was_hung_up || c->is_empty)
		return;
	c->was_hung_up = true;
	sys_kill(-c->pid, SIGHUP);
	sys_kill(-c->pid, SIGCONT); // who is stopped would never know
	timer_start(&c->grace, CHILD_GRACE_MS);
}

bool child_holds(const struct child *c, const struct file_id *id)
{
	return !c->is_empty && group_holds(c->pid, id);
}

void child_release(struct child *c)
{
	c->on_change = NULL;
	if (c->is_empty)
		free_child(c);
}

// SPDX-License-Identifier: ISC
#include "io/terminal_mode.h"

#include "base/mem.h"
#include "base/util.h"
#include "io/fd.h"
#include "io/signal_watch.h"
#include "io/terminal.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/signals.h"
#include "sys/trace.h"
#include "sys/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

// What ends the process from outside the event loop.
static const int fatal_signals[] = {SIGABRT, SIGALRM, SIGBUS, SIGFPE, SIGILL, SIGIO, SIGPROF,
	SIGPWR, SIGSEGV, SIGSTKFLT, SIGSYS, SIGTRAP, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU};

static struct {
	int fd; // our own descriptor for it, or -1
	int end;
	enum terminal_mode mode;
	volatile sig_atomic_t is_changed;
	struct termios original;
	struct sigaction *previous; // of the fatal signals
	struct signal_watch stop, resume; // SIGTSTP, SIGCONT
} terminal = {.fd = -1};

// Then it is another's, who would be disturbed, and the kernel would stop us for trying.
static bool is_in_background(void)
{
	return !terminal_is_ours(terminal.fd);
}

static void adapt(struct termios *t)
{
	switch (terminal.mode) {
	case TERMINAL_LINES:
		if (terminal.end >= 0 && t->c_lflag & ICANON)
			t->c_cc[VEOL] = (cc_t)terminal.end;
		return;
	case TERMINAL_KEYS:
		t->c_lflag &= ~(tcflag_t)(ICANON | ECHO | ECHONL);
		break;
	case TERMINAL_RAW:
		cfmakeraw(t);
		break;
	}
	t->c_cc[VMIN] = 1;
	t->c_cc[VTIME] = 0;
}

static void apply(void)
{
	struct termios t;

	if (is_in_background())
		return;
	if (!terminal.is_changed && sys_tcgetattr(terminal.fd, &terminal.original) < 0)
		return;
	t = terminal.original;
	adapt(&t);
	terminal.is_changed = true;
	// Not after what is still to be shown: with Ctrl-S that may take for ever.
	sys_tcsetattr(terminal.fd, TCSANOW, &t);
}

// Called from signal handlers, too.
static void restore(void)
{
	if (terminal.is_changed && !is_in_background())
		sys_tcsetattr(terminal.fd, TCSANOW, &terminal.original);
	terminal.is_changed = false;
}

// Nothing is traced any more, for to write it takes memory, which a handler must not.
static void on_fatal_signal(int number)
{
	trace_set_sink(NULL, NULL);
	restore();
	for (size_t i = 0; i < ARRAY_SIZE(fatal_signals); i++)
		if (fatal_signals[i] == number)
			sys_sigaction_swap(number, &terminal.previous[i], NULL);
	sys_raise(number);
}

static void catch_fatal_signals(void)
{
	struct sigaction action = {.sa_handler = on_fatal_signal, .sa_flags = SA_NODEFER};

	terminal.previous = xcalloc(ARRAY_SIZE(fatal_signals), sizeof(*terminal.previous));
	for (size_t i = 0; i < ARRAY_SIZE(fatal_signals); i++) {
		sys_sigaction_swap(fatal_signals[i], &action, &terminal.previous[i]);
		if (terminal.previous[i].sa_handler == SIG_IGN)
			sys_sigaction_swap(fatal_signals[i], &terminal.previous[i], NULL);
	}
}

static void release_fatal_signals(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(fatal_signals); i++)
		sys_sigaction_swap(fatal_signals[i], &terminal.previous[i], NULL);
	free(terminal.previous);
	terminal.previous = NULL;
}

static void on_resume(void *data, int number)
{
	(void)data;
	(void)number;
	apply();
}

static void on_stop(void *data, int number)
{
	uv_loop_t *loop = data;

	restore();
	signal_watch_fini(&terminal.stop);
	sys_raise(number); // returns when the process is continued
	signal_watch_init(&terminal.stop, loop, number, on_stop, loop);
	apply();
}

int terminal_take(uv_loop_t *loop, int fd, int end, enum terminal_mode mode)
{
	struct fd_info info = {.kind = FD_TERMINAL, .readable = true, .writable = true};

	// One to write to, too; stdin may have been opened for reading only.
	terminal.fd = fd_reopen(fd, &info, O_RDWR);
	if (terminal.fd < 0)
		terminal.fd = fd_duplicate(fd); // it is another user's
	if (terminal.fd < 0)
		return terminal.fd;
	terminal.end = end;
	terminal.mode = mode;
	terminal.is_changed = false;
	catch_fatal_signals();
	signal_watch_init_unless_ignored(&terminal.stop, loop, SIGTSTP, on_stop, loop);
	signal_watch_init_unless_ignored(&terminal.resume, loop, SIGCONT, on_resume, loop);
	apply();
	return 0;
}

void terminal_set_mode(enum terminal_mode mode)
{
	if (terminal.fd < 0 || (terminal.is_changed && mode == terminal.mode))
		return;
	terminal.mode = mode;
	apply();
}

int terminal_read_key(void)
{
	unsigned char key;

	return sys_read(terminal.fd, &key, 1) == 1 ? key : -1;
}

void terminal_show(const char *text)
{
	if (terminal.fd >= 0)
		sys_write(terminal.fd, text, strlen(text));
}

void terminal_suspend(void)
{
	sys_kill(0, SIGTSTP);
}

void terminal_give_back(void)
{
	if (terminal.fd < 0)
		return;
	restore();
	release_fatal_signals();
	signal_watch_fini(&terminal.stop);
	signal_watch_fini(&terminal.resume);
	sys_close(terminal.fd);
	terminal.fd = -1;
}

// SPDX-License-Identifier: ISC
#include "attempt.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

int enter(const struct sandbox *s)
{
	struct sandbox_state state;

	return sandbox_enter(s, &state);
}

int attempt_after(enter_fn *enter_it, const struct sandbox *s, attempt_fn *attempt)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(setpgid(0, 0) < 0 || enter_it(s) < 0 ? NOT_ENTERED : attempt());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int result_of(long r)
{
	return r < 0 ? errno : 0;
}

int open_it(const char *path, int flags)
{
	return result_of(open(path, flags | O_CLOEXEC, 0600));
}

int read_hosts(void)
{
	return open_it("/etc/hosts", O_RDONLY);
}

int write_hosts(void)
{
	return open_it("/etc/hosts", O_WRONLY);
}

int read_memory(void)
{
	return open_it("/proc/self/mem", O_RDONLY);
}

int create_file(void)
{
	return open_it("/tmp/sockctl-sandbox-test", O_WRONLY | O_CREAT);
}

int run_program(void)
{
	char *argv[] = {(char *)"true", NULL};

	return result_of(execv("/bin/true", argv));
}

int signal_parent(void)
{
	return result_of(kill(getppid(), 0));
}

// SPDX-License-Identifier: ISC
#include "sys/process.h"

#include "sys/trace.h"
#include "sys/trace_c/trace_c.h"
#include "sys/trace_c/c_words.h"

#include <grp.h>
#include <limits.h>
#include <linux/close_range.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

pid_t sys_fork(void)
{
	TRACE_START();
	pid_t ret;

	trace_c_before_fork();
	ret = SYS_RESULT(fork());
	trace_c_after_fork(ret == 0);
	if (ret == 0)
		trace_forked(); // it has nothing to tell yet
	else
		TRACE("fork", ret, T_TEXT(""));
	return ret;
}

static void add_argv(struct str *s, char *const *argv, bool in_c)
{
	str_add(s, in_c ? "(char *[]){" : "[");
	for (size_t i = 0; argv[i]; i++) {
		if (i)
			str_add(s, ", ");
		c_add_bytes(s, argv[i], strlen(argv[i]));
	}
	str_add(s, in_c ? ", NULL}" : "]");
}

static void tell_execve(uint64_t trace_start_, const char *path, char *const *argv, int ret)
{
	struct str text = {0};
	struct str c = {0};

	add_argv(&text, argv, false);
	add_argv(&c, argv, true);
	if (ret)
		TRACE("execve", ret, T_STR(path), T_C(str_c(&text), str_c(&c)), T_TEXT("environ"));
	else
		TRACE_VALUE("execve", "?", T_STR(path), T_C(str_c(&text), str_c(&c)),
			T_TEXT("environ"));
	str_fini(&text);
	str_fini(&c);
}

int sys_execve(const char *path, char *const *argv, char *const *env)
{
	TRACE_START();
	int ret;

	// If all goes well this program is another afterwards.
	if (unlikely(trace_sink))
		tell_execve(trace_start_, path, argv, 0);
	ret = SYS_RESULT(execve(path, argv, env));
	if (unlikely(trace_sink))
		tell_execve(trace_start_, path, argv, ret);
	return ret;
}

int sys_thread_create_detached(void *(*run)(void *arg), void *arg)
{
	pthread_attr_t attr;
	pthread_t thread;
	int ret;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	TRACE_START();
	ret = -pthread_create(&thread, &attr, run, arg);
	TRACE_HOUSEKEEPING(true, "pthread_create", ret, T_TEXT("{...}"),
		T_TEXT("PTHREAD_CREATE_DETACHED"), T_TEXT("{...}"), T_TEXT("{...}"));
	pthread_attr_destroy(&attr);
	return ret;
}

static void *run_worker(void *arg)
{
	struct worker *w = arg;

	trace_set_worker(w->number);
	return w->run(w->arg);
}

static void tell_worker(const char *name, uint64_t trace_start_, int ret, const struct worker *w)
{
	struct str thread = {0};
	struct str address = {0};
	struct str run = {0};

	str_addf(&thread, "thread%u", w->number);
	str_addf(&address, "&%s", str_c(&thread));
	str_addf(&run, "run%u", w->number);
	if (strcmp(name, "pthread_create") == 0)
		TRACE(name, ret, T_C(str_c(&address), str_c(&address)), T_TEXT("NULL"),
			T_TEXT(str_c(&run)), T_TEXT("NULL"));
	else
		TRACE(name, ret, T_TEXT(str_c(&thread)), T_TEXT("NULL"));
	str_fini(&thread);
	str_fini(&address);
	str_fini(&run);
}

int sys_worker_start(struct worker *w, void *(*run)(void *arg), void *arg)
{
	static _Atomic unsigned count;
	int ret;

	*w = (struct worker){.number = ++count, .run = run, .arg = arg};
	TRACE_START();
	ret = -pthread_create(&w->thread, NULL, run_worker, w);
	if (unlikely(trace_sink))
		tell_worker("pthread_create", trace_start_, ret, w);
	return ret;
}

int sys_worker_join(const struct worker *w)
{
	TRACE_START();
	int ret = -pthread_join(w->thread, NULL);

	if (unlikely(trace_sink))
		tell_worker("pthread_join", trace_start_, ret, w);
	return ret;
}

pid_t sys_waitpid(pid_t pid, int *status, int flags)
{
	TRACE_START();
	pid_t ret = SYS_RESULT(waitpid(pid, status, flags));

	TRACE("waitpid", ret, T_INT(pid), T_TEXT("NULL"),
		T_TEXT(flags & WNOHANG ? "WNOHANG" : "0"));
	return ret;
}

int sys_kill(pid_t pid, int number)
{
	TRACE_START();
	int ret = SYS_RESULT(kill(pid, number));

	TRACE("kill", ret, T_INT(pid), T_NAME(names_signal, number));
	return ret;
}

int sys_setpgid(pid_t pid, pid_t group)
{
	TRACE_START();
	int ret = SYS_RESULT(setpgid(pid, group));

	TRACE_HOUSEKEEPING(true, "setpgid", ret, T_INT(pid), T_INT(group));
	return ret;
}

int sys_initgroups(const char *user, gid_t group)
{
	TRACE_START();
	int ret = SYS_RESULT(initgroups(user, group));

	TRACE("initgroups", ret, T_STR(user), T_UINT(group));
	return ret;
}

int sys_setgid(gid_t group)
{
	TRACE_START();
	int ret = SYS_RESULT(setgid(group));

	TRACE("setgid", ret, T_UINT(group));
	return ret;
}

int sys_setuid(uid_t user)
{
	TRACE_START();
	int ret = SYS_RESULT(setuid(user));

	TRACE("setuid", ret, T_UINT(user));
	return ret;
}

int sys_prctl(int option, unsigned long value)
{
	static const struct name_value names[] = {
		{"PR_SET_CHILD_SUBREAPER", PR_SET_CHILD_SUBREAPER},
		{"PR_SET_DUMPABLE", PR_SET_DUMPABLE},
		{"PR_SET_NO_NEW_PRIVS", PR_SET_NO_NEW_PRIVS},
		{"PR_SET_PDEATHSIG", PR_SET_PDEATHSIG},
		{""},
	};
	TRACE_START();
	int ret = SYS_RESULT(prctl(option, value, 0, 0, 0));

	TRACE_HOUSEKEEPING(true, "prctl", ret, T_NAME(names, option), T_UINT(value), T_INT(0),
		T_INT(0), T_INT(0));
	return ret;
}

pid_t sys_getpid(void)
{
	TRACE_START();
	pid_t ret = getpid();

	TRACE_HOUSEKEEPING(true, "getpid", ret, T_TEXT(""));
	return ret;
}

pid_t sys_getppid(void)
{
	TRACE_START();
	pid_t ret = getppid();

	TRACE_HOUSEKEEPING(true, "getppid", ret, T_TEXT(""));
	return ret;
}

pid_t sys_getpgid(pid_t pid)
{
	TRACE_START();
	pid_t ret = SYS_RESULT(getpgid(pid));

	TRACE_HOUSEKEEPING(true, "getpgid", ret, T_INT(pid));
	return ret;
}

uid_t sys_geteuid(void)
{
	TRACE_START();
	uid_t ret = geteuid();

	TRACE_HOUSEKEEPING(true, "geteuid", ret, T_TEXT(""));
	return ret;
}

gid_t sys_getegid(void)
{
	TRACE_START();
	gid_t ret = getegid();

	TRACE_HOUSEKEEPING(true, "getegid", ret, T_TEXT(""));
	return ret;
}

static void tell_limit(const char *name, uint64_t trace_start_, int ret, const struct rlimit *limit)
{
	struct str text = {0};

	str_addf(&text, "{%ju, %ju}", (uintmax_t)limit->rlim_cur, (uintmax_t)limit->rlim_max);
	TRACE_HOUSEKEEPING(true, name, ret, T_TEXT("RLIMIT_NOFILE"), T_TEXT(str_c(&text)));
	str_fini(&text);
}

int sys_get_descriptor_limit(struct rlimit *limit)
{
	TRACE_START();
	int ret = SYS_RESULT(getrlimit(RLIMIT_NOFILE, limit));

	if (unlikely(trace_sink))
		tell_limit("getrlimit", trace_start_, ret, limit);
	return ret;
}

int sys_set_descriptor_limit(const struct rlimit *limit)
{
	TRACE_START();
	int ret = SYS_RESULT(setrlimit(RLIMIT_NOFILE, limit));

	if (unlikely(trace_sink))
		tell_limit("setrlimit", trace_start_, ret, limit);
	return ret;
}

int sys_close_on_exec_from(unsigned first)
{
	TRACE_START();
	int ret = SYS_RESULT(close_range(first, UINT_MAX, CLOSE_RANGE_CLOEXEC));

	TRACE_HOUSEKEEPING(true, "close_range", ret, T_UINT(first), T_UINT(UINT_MAX),
		T_TEXT("CLOSE_RANGE_CLOEXEC"));
	return ret;
}

int sys_getrandom(void *buf, size_t len)
{
	TRACE_START();
	ssize_t ret = SYS_RESULT(getrandom(buf, len, 0));

	TRACE_HOUSEKEEPING(true, "getrandom", ret, T_TEXT("..."), T_UINT(len), T_INT(0));
	return ret < 0 ? (int)ret : 0;
}

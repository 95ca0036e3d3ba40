// SPDX-License-Identifier: ISC
#include "sys/signals.h"

#include "sys/trace.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

static const char *handler_name(const struct sigaction *action)
{
	return action->sa_handler == SIG_DFL   ? "SIG_DFL"
	       : action->sa_handler == SIG_IGN ? "SIG_IGN"
					       : "handler";
}

int sys_sigaction_swap(int number, const struct sigaction *action, struct sigaction *old)
{
	TRACE_START();
	int ret = SYS_RESULT(sigaction(number, action, old));

	if (unlikely(trace_sink)) {
		struct str text = {0};
		struct str c = {0};

		if (action) {
			str_addf(&text, "{%s}", handler_name(action));
			str_addf(&c, "&(struct sigaction){.sa_handler = %s, .sa_flags = ",
				handler_name(action));
			str_add(&c, action->sa_flags & SA_RESTART ? "SA_RESTART}" : "0}");
		} else {
			str_add(&text, "NULL");
			str_add(&c, "NULL");
		}
		TRACE_HOUSEKEEPING(true, "sigaction", ret, T_NAME(names_signal, number),
			T_C(str_c(&text), str_c(&c)),
			old ? (struct trace_arg)T_C("{...}", "&(struct sigaction){0}")
			    : (struct trace_arg)T_TEXT("NULL"));
		str_fini(&text);
		str_fini(&c);
	}
	return ret;
}

int sys_sigaction(int number, void (*handler)(int))
{
	struct sigaction action = {
		.sa_handler = handler ? handler : SIG_DFL,
		.sa_flags = SA_RESTART,
	};

	sigemptyset(&action.sa_mask);
	return sys_sigaction_swap(number, &action, NULL);
}

// How the set is built, in C: all signals and none are said in a word.
static void add_sigset(struct str *text, struct str *c, const sigset_t *set)
{
	bool is_full = sigismember(set, SIGHUP) && sigismember(set, SIGTERM);

	str_addf(c, "(%s(&set)", is_full ? "sigfillset" : "sigemptyset");
	str_add(text, is_full ? "~[" : "[");
	for (size_t i = 0; *names_signal[i].name && !is_full; i++) {
		if (!sigismember(set, (int)names_signal[i].value))
			continue;
		str_add(text, names_signal[i].name);
		str_addf(c, ", sigaddset(&set, %s)", names_signal[i].name);
	}
	str_addc(text, ']');
	str_add(c, ", &set)");
}

static void tell_mask(const char *name, uint64_t trace_start_, int ret, int how,
	const sigset_t *set, const sigset_t *old)
{
	struct str text = {0};
	struct str c = {0};

	add_sigset(&text, &c, set);
	TRACE_HOUSEKEEPING(true, name, ret,
		T_TEXT(how == SIG_BLOCK      ? "SIG_BLOCK"
			: how == SIG_UNBLOCK ? "SIG_UNBLOCK"
					     : "SIG_SETMASK"),
		T_C(str_c(&text), str_c(&c)),
		old ? (struct trace_arg)T_C("{...}", "&(sigset_t){0}")
		    : (struct trace_arg)T_TEXT("NULL"));
	str_fini(&text);
	str_fini(&c);
}

int sys_sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	TRACE_START();
	int ret = SYS_RESULT(sigprocmask(how, set, old));

	if (unlikely(trace_sink))
		tell_mask("sigprocmask", trace_start_, ret, how, set, old);
	return ret;
}

int sys_block_signal(int number, bool block)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	return sys_sigprocmask(block ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

int sys_thread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	TRACE_START();
	int ret = -pthread_sigmask(how, set, old);

	if (unlikely(trace_sink))
		tell_mask("pthread_sigmask", trace_start_, ret, how, set, old);
	return ret;
}

int sys_sigpending(sigset_t *set)
{
	TRACE_START();
	int ret = SYS_RESULT(sigpending(set));

	TRACE_HOUSEKEEPING(true, "sigpending", ret, T_TEXT("[...]"));
	return ret;
}

int sys_sigtimedwait(const sigset_t *set, const struct timespec *limit)
{
	TRACE_START();
	int ret = SYS_RESULT(sigtimedwait(set, NULL, limit));

	if (unlikely(trace_sink)) {
		struct str text = {0};
		struct str c = {0};
		struct str time = {0};

		add_sigset(&text, &c, set);
		str_addf(&time, "{%lld, %ld}", (long long)limit->tv_sec, limit->tv_nsec);
		TRACE_HOUSEKEEPING(true, "sigtimedwait", ret, T_TEXT(str_c(&text)), T_TEXT("NULL"),
			T_TEXT(str_c(&time)));
		str_fini(&text);
		str_fini(&c);
		str_fini(&time);
	}
	return ret;
}

int sys_raise(int number)
{
	TRACE_START();
	int ret = SYS_RESULT(raise(number));

	TRACE_HOUSEKEEPING(true, "raise", ret, T_NAME(names_signal, number));
	return ret;
}

// SPDX-License-Identifier: ISC
#include "sys/sandbox/sandbox.h"

#include "sys/process.h"
#include "sys/trace.h"

#include <errno.h>
#include <sys/prctl.h>
#include <time.h>

#ifdef SOCKCTL_SANITIZED
#include <sanitizer/lsan_interface.h>

static bool is_confined;

// LeakSanitizer asks before it looks for leaks at the end of the process. It reads the memory from
// a second process, by ptrace(2), which the sandbox refuses.
int __lsan_is_turned_off(void)
{
	return is_confined;
}
#endif

struct sandbox_state sandbox_available(void)
{
	return (struct sandbox_state){
		.landlock = sandbox_landlock_abi(), .seccomp = sandbox_has_filter()};
}

static int enter(const struct sandbox *s, struct sandbox_state *entered)
{
	int r;

	*entered = sandbox_available();
	if ((!entered->landlock && !entered->seccomp) ||
		(s->is_whole && !(entered->landlock && entered->seccomp)))
		return -EOPNOTSUPP;
	if (s->needs & SANDBOX_LOCAL_TIME)
		tzset(); // reads the file, once
#ifdef SOCKCTL_SANITIZED
	is_confined = true;
#endif
	r = sys_prctl(PR_SET_NO_NEW_PRIVS, 1);
	if (r == 0 && entered->landlock)
		r = sandbox_restrict_files(s, entered->landlock);
	if (r == 0 && entered->seccomp)
		r = sandbox_restrict_calls(s);
	return r;
}

int sandbox_enter(const struct sandbox *s, struct sandbox_state *entered)
{
	int r;

	trace_housekeeping(true);
	r = enter(s, entered);
	trace_housekeeping(false);
	return r;
}

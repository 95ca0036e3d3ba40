// SPDX-License-Identifier: ISC
#include "sys/sandbox/sandbox.h"

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

int sandbox_enter(const struct sandbox *s, struct sandbox_state *entered)
{
	int r = 0;

	*entered = sandbox_available();
	if (!entered->landlock && !entered->seccomp)
		return -EOPNOTSUPP;
	tzset(); // reads a file, once
#ifdef SOCKCTL_SANITIZED
	is_confined = true;
#endif
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	if (entered->landlock)
		r = sandbox_restrict_files(s, entered->landlock);
	if (r == 0 && entered->seccomp)
		r = sandbox_restrict_calls(s);
	return r;
}

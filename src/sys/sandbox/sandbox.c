// SPDX-License-Identifier: ISC
#include "sys/sandbox/sandbox.h"

#include <errno.h>
#include <sys/prctl.h>
#include <time.h>

struct sandbox_state sandbox_available(void)
{
	struct sandbox_state state = {0};

	if (SOCKCTL_SANDBOX) {
		state.landlock = sandbox_landlock_abi();
		state.seccomp = sandbox_has_filter();
	}
	return state;
}

int sandbox_enter(const struct sandbox *s, struct sandbox_state *entered)
{
	int r = 0;

	*entered = sandbox_available();
	if (!entered->landlock && !entered->seccomp)
		return -EOPNOTSUPP;
	tzset(); // reads a file, once
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	if (entered->landlock)
		r = sandbox_restrict_files(s, entered->landlock);
	if (r == 0 && entered->seccomp)
		r = sandbox_restrict_calls(s);
	return r;
}

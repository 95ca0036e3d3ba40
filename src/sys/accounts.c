// SPDX-License-Identifier: ISC
#include "sys/accounts.h"

#include "sys/trace.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

// Their entries as the files of them have them, without what only a person wants to know.
static void add_user(struct str *s, const struct passwd *entry)
{
	if (entry)
		str_addf(s, "{%s, %" PRIuMAX ", %" PRIuMAX "}", entry->pw_name,
			(uintmax_t)entry->pw_uid, (uintmax_t)entry->pw_gid);
	else
		str_add(s, "NULL");
}

const struct passwd *sys_getpwnam(const char *name)
{
	TRACE_START();
	const struct passwd *ret = getpwnam(name);

	if (unlikely(trace_sink)) {
		struct str text = {0};

		add_user(&text, ret);
		TRACE_VALUE("getpwnam", str_c(&text), T_STR(name));
		str_fini(&text);
	}
	return ret;
}

const struct passwd *sys_getpwuid(uid_t user)
{
	TRACE_START();
	const struct passwd *ret = getpwuid(user);

	if (unlikely(trace_sink)) {
		struct str text = {0};

		add_user(&text, ret);
		TRACE_VALUE("getpwuid", str_c(&text), T_UINT(user));
		str_fini(&text);
	}
	return ret;
}

const struct group *sys_getgrnam(const char *name)
{
	TRACE_START();
	const struct group *ret = getgrnam(name);

	if (unlikely(trace_sink)) {
		struct str text = {0};

		if (ret)
			str_addf(&text, "{%s, %" PRIuMAX "}", ret->gr_name, (uintmax_t)ret->gr_gid);
		else
			str_add(&text, "NULL");
		TRACE_VALUE("getgrnam", str_c(&text), T_STR(name));
		str_fini(&text);
	}
	return ret;
}

int sys_gethostname(char *name, size_t size)
{
	TRACE_START();
	int ret = SYS_RESULT(gethostname(name, size));

	TRACE_HOUSEKEEPING(true, "gethostname", ret, T_STR(ret < 0 ? NULL : name), T_UINT(size));
	return ret;
}

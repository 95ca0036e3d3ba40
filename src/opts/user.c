// SPDX-License-Identifier: ISC
#include "opts/user.h"

#include "base/value.h"
#include "sys/accounts.h"
#include "sys/process.h"

#include <errno.h>

bool user_find(const char *name, uid_t *id)
{
	const struct passwd *entry = sys_getpwnam(name);

	if (entry)
		*id = entry->pw_uid;
	return entry;
}

int user_check(struct user_config *c, struct str *err)
{
	const struct passwd *entry = c->name ? sys_getpwnam(c->name) : NULL;

	if (!c->name)
		return 0;
	if (!entry)
		return bad_value(err, "--user", c->name, "is no user of this system");
	c->uid = entry->pw_uid;
	c->gid = entry->pw_gid;
	if (sys_geteuid() == 0 || sys_geteuid() == c->uid)
		return 0;
	str_add(err, "--user: only root can go on as another user");
	return -EINVAL;
}

int user_become(struct app *app, const struct user_config *c)
{
	int r;

	if (!c->name || sys_geteuid() == c->uid)
		return 0;
	r = sys_initgroups(c->name, c->gid);
	if (r == 0)
		r = sys_setgid(c->gid);
	if (r == 0)
		r = sys_setuid(c->uid);
	return r < 0 ? app_fail(app, STATUS_LOCAL, c->name, r) : 0;
}

// SPDX-License-Identifier: ISC
#include "opts/listening.h"

#include "base/value.h"
#include "opts/socket_options.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define DAY_MS (24 * 3600 * 1000ull)
#define AT(field, type) OPT_AT(struct listening_config, field, type)

const struct opt listening_opts[] = {
	{"max-connections", 'm', OPT_UINT, AT(max_connections, uint64_t), "N",
		"maximum concurrent connections; others wait", .min = 1, .max = 1000000,
		.is_everyday = true},
	ACCESS_OPTIONS(AT(words.allow, struct strlist), AT(words.deny, struct strlist)),
	{"backlog", 0, OPT_UINT, AT(backlog, uint64_t), "N",
		"maximum connections waiting to be accepted (system maximum)", .min = 1,
		.max = INT32_MAX, .not_with = "joined-datagrams"},
	{"drain", 0, OPT_DURATION, AT(drain_ms, uint64_t), "TIME",
		"after the first SIGTERM or SIGINT, let connections finish for up to TIME (0)",
		.max = 365 * DAY_MS},
	{"mode", 0, OPT_OCTAL, AT(mode, uint64_t), "OCTAL", "permissions of the Unix socket (0600)",
		.max = 0777},
	UNIX_GROUP_OPTION(AT(group.word, const char *)),
	{""},
};

static int check_list(struct access *a, const struct strlist *words, const char *option,
	int (*add)(struct access *, const char *, struct str *), struct str *err)
{
	struct str why = {0};
	int r = 0;

	for (size_t i = 0; i < words->count && r == 0; i++)
		r = add(a, words->items[i], &why);
	if (r < 0)
		str_addf(err, "%s: %s", option, str_c(&why));
	str_fini(&why);
	return r;
}

// --mode and --group are for the path of a Unix socket.
static int check_file(struct listening_config *c, const struct endpoint *endpoint,
	const struct also_config *also, struct str *err)
{
	const char *option = c->group.word ? "--group" : "--mode";
	const struct endpoint *first = also_place(endpoint, also, 0);
	bool has_mode = c->mode != LISTENING_MODE_NOT_GIVEN;

	if (!has_mode)
		c->mode = c->group.word ? UNIX_GROUP_MODE : 0600;
	if (!has_mode && !c->group.word)
		return 0;
	if (!first)
		return bad_word(err, option, "is for a Unix socket that is made here");
	if (also_has_path(endpoint, also))
		return unix_group_check(&c->group, err);
	bad_word(err, first->name, "has no ");
	str_addf(err, "%s: %s is for the path of a Unix socket", option + strlen("--"), option);
	return -EINVAL;
}

int listening_check_access(struct access *a, const struct access_words *words,
	const struct endpoint *endpoint, const struct also_config *also, struct str *err)
{
	const struct endpoint *p;
	int r = check_list(a, &words->allow, "--allow", access_allow, err);

	if (r == 0)
		r = check_list(a, &words->deny, "--deny", access_deny, err);
	if (r < 0 || (!words->allow.count && !words->deny.count))
		return r;
	for (size_t i = 0; (p = also_place(endpoint, also, i)); i++)
		if (p->kind == ENDPOINT_UNIX)
			return bad_word(err, p->name,
				"has no clients with addresses for --allow and --deny; see --mode");
	return 0;
}

int listening_check(struct listening_config *c, const struct endpoint *endpoint,
	const struct also_config *also, struct str *err)
{
	int r = listening_check_access(&c->access, &c->words, endpoint, also, err);

	return r < 0 ? r : check_file(c, endpoint, also, err);
}

void listening_fini(struct listening_config *c)
{
	access_fini(&c->access);
}

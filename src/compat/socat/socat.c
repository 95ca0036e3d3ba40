// SPDX-License-Identifier: ISC
// socat (version 1.7.4), whose command line is two addresses.
#include "compat/socat/socat.h"

#include "base/util.h"
#include "compat/translate.h"

#include <errno.h>
#include <string.h>

#define AT(field, type) OPT_AT(struct socat_config, field, type)
#define YEAR_MS (365 * 86400000ull)

static const struct opt opts[] = {
	{"explain", 0, OPT_FLAG, AT(explain, bool), "",
		"show the command line of sockctl that does the same, and do nothing",
		.is_everyday = true},
	{"left-to-right", 'u', OPT_FLAG, AT(left_to_right, bool), "",
		"transfer from the first address to the second only", .is_everyday = true,
		.not_with = "right-to-left"},
	{"right-to-left", 'U', OPT_FLAG, AT(right_to_left, bool), "",
		"transfer from the second address to the first only", .is_everyday = true},
	{"wait", 't', OPT_STRING, AT(wait, const char *), "SECONDS",
		"after the end of the input, end when there was no answer for so long",
		.is_everyday = true},
	{"idle-timeout", 'T', OPT_DURATION, AT(idle_ms, uint64_t), "SECONDS",
		"end after so long without a byte in either direction", .max = YEAR_MS,
		.is_everyday = true},
	{"debug", 'd', OPT_LIST, AT(debug, struct strlist), "LEVEL",
		"report events; repeat for more", .is_optional = true, .is_everyday = true},
	{"text-dump", 'v', OPT_FLAG, AT(text_dump, bool), "",
		"show what is transferred on stderr, which is the dump of -x", .is_everyday = true},
	{"hex-dump", 'x', OPT_FLAG, AT(hex_dump, bool), "",
		"show what is transferred on stderr, in hex and as text", .is_everyday = true},
	{"ipv4", '4', OPT_FLAG, AT(ipv4, bool), "",
		"listen on IPv4 only where no address says otherwise"},
	{"ipv6", '6', OPT_FLAG, AT(ipv6, bool), "", "listen on IPv6 and IPv4, as without it"},
	{"log-file", 0, OPT_STRING, AT(log_file, const char *), "FILE",
		"append messages to FILE, as -lfFILE", .words = "file", .is_written = true},
	{"log-name", 0, OPT_STRING, AT(log_name, const char *), "NAME",
		"a name in messages, as -lpNAME, which changes nothing"},
	{"log", 'l', OPT_LIST, AT(log, struct strlist), "HOW",
		"where messages go: fFILE; s, u, h and pNAME change nothing"},
	{"buffer", 'b', OPT_SIZE, AT(buffer, uint64_t), "SIZE",
		"the size of buffers, which are large enough here", .min = 1, .max = INT32_MAX},
	{"analyze", 'D', OPT_FLAG, AT(vain, bool), "", "show descriptors; changes nothing"},
	{"any-option", 'g', OPT_FLAG, AT(vain, bool), "",
		"do not check options; here they are checked all the same"},
	{"dump-right", 'r', OPT_STRING, AT(refused, const char *), "FILE",
		"not here: dump one direction", .instead = "'--record FILE' has both directions"},
	{"dump-left", 'R', OPT_STRING, AT(refused, const char *), "FILE",
		"not here: dump one direction", .instead = "'--record FILE' has both directions"},
	{"sloppy", 's', OPT_FLAG, AT(refused_flag, bool), "", "not here: go on after errors",
		.instead = "data would be lost"},
	{"lock", 'L', OPT_STRING, AT(refused, const char *), "FILE", "not here: a lock file",
		.instead = "say 'flock --nonblock FILE sockctl ...'"},
	{"wait-lock", 'W', OPT_STRING, AT(refused, const char *), "FILE",
		"not here: wait for a lock file", .instead = "say 'flock FILE sockctl ...'"},
	{""},
};

static const struct opt_group groups[] = {{"Socat", opts, 0}, {0}};

// The everyday ones, for completion.
#define ADDRESS_WORDS \
	"=STDIO|=TCP:|=TCP-LISTEN:|=UNIX-CONNECT:|=UNIX-LISTEN:|=EXEC:|=SYSTEM:|=OPEN:|=PIPE|=" \
	"UDP:|=" \
	"UDP-LISTEN:|=UDP-SENDTO:|=UDP-RECV:|=UDP-RECVFROM:|=OPENSSL:|=OPENSSL-LISTEN:|=PROXY:|=" \
	"SOCKS4A:|file"

static const char *const examples[] = {
	"sockctl socat - TCP:example.org:80",
	"sockctl socat --explain TCP-LISTEN:8080,fork,reuseaddr TCP:192.0.2.1:80",
	NULL,
};

// The original says nothing of what goes well, and warnings are ours.
static bool add_event(const struct voice *v, const struct event *e, const struct field *fields,
	size_t n, struct str *line)
{
	(void)v;
	(void)fields;
	(void)n;
	(void)line;
	return e->level != REPORT_QUIET;
}

static bool add_error(const struct voice *v, int status, const struct sockaddr_any *remote,
	int error, struct str *line)
{
	(void)v;
	(void)status;
	(void)remote;
	(void)error;
	(void)line;
	return false;
}

// The password of a proxy is not shown by ps(1) for longer than it takes to read it.
static void wipe_secret(char *argument)
{
	static const char *const names[] = {"proxyauth=", "proxy-auth=", "proxy-authorization="};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *found = strcasestr(argument, names[i]);

		for (char *p = found ? strchr(found, '=') + 1 : NULL; p && *p && *p != ','; p++)
			*p = '*';
	}
}

static int translate(const struct cmd *cmd, void *config, int argc, char **argv,
	struct translation *t, struct str *err)
{
	const struct socat_config *c = config;
	struct socat_word words[2] = {0};
	struct socat_plan plan = {0};
	int r = 0;

	(void)cmd;
	for (int i = 0; i < argc && r == 0; i++)
		r = socat_word_parse(&words[i], argv[i], err);
	if (r == 0)
		r = socat_plan(c, &words[0], &words[1], &plan, err);
	for (int i = 0; i < argc; i++) {
		wipe_secret(argv[i]);
		socat_word_fini(&words[i]);
	}
	t->line = plan.line;
	t->is_to_explain = c->explain;
	if (plan.is_exposed)
		t->warning = "every host that can reach this machine can use the program";
	if (!c->debug.count)
		t->spoken.voice = (struct voice){add_event, add_error};
	return r;
}

const struct cmd cmd_socat = {
	.name = "socat",
	.summary = "Take the command line of socat and do what it says",
	.operands = "ADDRESS ADDRESS",
	.min_operands = 2,
	.max_operands = 2,
	.words = ADDRESS_WORDS " " ADDRESS_WORDS,
	.config_size = sizeof(struct socat_config),
	.groups = groups,
	.examples = examples,
	.translate = translate,
};

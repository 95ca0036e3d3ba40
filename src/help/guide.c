// SPDX-License-Identifier: ISC
#include "help/guide.h"

#include "cmd/table.h"
#include "help/event_list.h"
#include "help/lessons.h"
#include "help/translations.h"

#include <string.h>

static const char usage[] = "Usage: sockctl COMMAND [OPTION]... [ARGUMENT]...\n"
			    "Every call of the sockets API within reach of a shell.\n";

static const char endpoints[] =
	"An endpoint is the address that a command connects to or listens on:\n"
	"\n"
	"  HOST PORT          two arguments; the port is a number or a service\n"
	"  HOST:PORT          the same as one argument\n"
	"  [IPV6]:PORT        an IPv6 address may carry %INTERFACE\n"
	"  :PORT              this host\n"
	"  PORT               commands that listen only: every address, IPv6 and IPv4\n"
	"                     together where the system can\n"
	"  tls:HOST:PORT      connect, and --forward of listen: the same with TLS\n"
	"  tcp:HOST:PORT      --forward of listen: a stream, also from datagrams\n"
	"  udp:HOST:PORT      --forward of listen: datagrams, also from a stream\n"
	"  unix:PATH          a socket in the file system; so is any word with a slash\n"
	"                     that is no URL\n"
	"  unix:@NAME         a socket in the abstract name space\n"
	"  seqpacket:PATH     connect and listen: a Unix socket that keeps messages apart\n"
	"  fd:N               an inherited descriptor\n"
	"\n"
	"Port 0 on a command that listens lets the kernel choose; the choice is reported.\n";

static const char values[] =
	"Times are seconds (5, 0.5) or carry a unit (500ms, 10s, 2m, 1h, 30d).\n"
	"Sizes are bytes or carry a unit (64k, 1M, 2G), in powers of 1024.\n"
	"Options come before or after the arguments; -- ends them. The value of a long\n"
	"option is the next word or follows '=': --timeout 5, --timeout=5.\n";

static const char statuses[] =
	"  0      Done: everything was transferred, everything was found.\n"
	"  1      Local input or output failed (a full disk, a file that cannot be\n"
	"         read), or a program that was started failed, or an echo differed.\n"
	"  2      The command line is wrong.\n"
	"  3      Not found: the name, service, protocol, network, option or process does\n"
	"         not exist.\n"
	"  4      The name service failed for now; trying again may help.\n"
	"  5      Could not connect or listen: refused, unreachable, in use, not\n"
	"         permitted.\n"
	"  6      Timed out.\n"
	"  7      The connection broke: it was reset, or ended before everything was\n"
	"         transferred.\n"
	"  8      TLS: the certificate or the protocol.\n"
	"  9      The proxy refused.\n"
	"  128+N  Ended by signal N, after an orderly stop. A reader of standard output\n"
	"         that goes away ends the program quietly with 141. SIGHUP, SIGINT and\n"
	"         SIGQUIT that the parent ignores stay ignored, as nohup(1) and shells\n"
	"         with background jobs mean it; SIGTERM always ends the program, also\n"
	"         where the parent ignores or blocks it.\n";

static void add_examples(struct str *out)
{
	for (const struct cmd_group *g = cmd_groups; g->title; g++)
		for (const struct cmd *const *c = g->cmds; *c; c++)
			for (const char *const *e = (*c)->examples; e && *e; e++)
				str_addf(out, "  %s\n", *e);
}

const struct guide_topic guide_topics[] = {
	{"endpoints", "Syntax of endpoints: where to connect or listen", endpoints},
	{"values", "Syntax of times, sizes and options", values},
	{"status", "Meaning of the exit statuses", statuses},
	{"servers", "Iterative, forking and event-driven servers, call by call", lesson_servers},
	{"byte-order", "Network and host byte order", lesson_byte_order},
	{"events", "The events that are reported, with their fields", NULL, event_list},
	{"examples", "The examples of all commands", NULL, add_examples},
	{0},
};

void guide_overview(struct str *out)
{
	str_add(out, usage);
	str_addc(out, '\n');
	for (const struct cmd_group *g = cmd_groups; g->title; g++) {
		const char *separator = "";

		str_addf(out, "  %-17s  ", g->title);
		for (const struct cmd *const *c = g->cmds; *c; c++) {
			str_addf(out, "%s%s", separator, (*c)->name);
			separator = ", ";
		}
		str_addc(out, '\n');
	}
	str_add(out, "\nTry 'sockctl connect example.org 80', 'sockctl help' or 'man sockctl'.\n");
}

void guide_contents(struct str *out)
{
	str_add(out, usage);
	for (const struct cmd_group *g = cmd_groups; g->title; g++) {
		str_addf(out, "\n%s:\n", g->title);
		for (const struct cmd *const *c = g->cmds; *c; c++)
			str_addf(out, "  %-12s %s\n", (*c)->name, (*c)->summary);
	}
	str_add(out, "\ntopics:\n");
	for (const struct guide_topic *t = guide_topics; t->name; t++)
		str_addf(out, "  %-12s %s\n", t->name, t->summary);
	str_add(out, "\ntranslations from other tools:\n  ");
	translations_add_tools(out);
	str_add(out, "\n\n'sockctl help COMMAND' or 'sockctl help TOPIC' explains it, and\n"
		     "'sockctl help COMMAND OPTION' one option, a group of them, or all.\n");
}

static const struct guide_topic *find(const char *name)
{
	for (const struct guide_topic *t = guide_topics; t->name; t++)
		if (strcmp(t->name, name) == 0)
			return t;
	return NULL;
}

bool guide_has_topic(const char *name)
{
	return find(name) || translations_has(name);
}

bool guide_topic(const char *name, struct str *out)
{
	const struct guide_topic *t = find(name);

	if (!t && !translations_has(name))
		return false;
	if (!t) {
		translations_add(name, out);
		return true;
	}
	str_addf(out, "%s.\n\n", t->summary);
	if (t->text)
		str_add(out, t->text);
	else
		t->add(out);
	return true;
}

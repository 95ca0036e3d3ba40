// SPDX-License-Identifier: ISC
#include "datagram/datagram_opts.h"

#include "base/value.h"
#include "net/addr/interfaces.h"
#include "net/dgram/error_queue.h"
#include "net/dgram/multicast.h"
#include "net/names/database.h"
#include "net/names/suggestion.h"
#include "sys/trace.h"

#include <inttypes.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#define DAY_MS (24 * 3600 * 1000ull)
#define MAX_PROTOCOL 255

#define AT(field, type) OPT_AT(struct datagram_config, field, type)

const struct opt datagram_opts[] = {
	{"ipv4", '4', OPT_FLAG, AT(ipv4, bool), "", "use IPv4 only", .is_everyday = true},
	{"ipv6", '6', OPT_FLAG, AT(ipv6, bool), "", "use IPv6 only", .is_everyday = true,
		.not_with = "ipv4"},
	{"numeric", 'n', OPT_FLAG, AT(numeric, bool), "",
		"do not look up host names; accept addresses only"},
	{"interface", 0, OPT_STRING, AT(interface, const char *), "NAME",
		"use this network interface only", .words = "interface",
		.sets = "SO_BINDTODEVICE SO_BINDTOIFINDEX"},
	{"connected", 0, OPT_FLAG, AT(connected, bool), "",
		"connect the socket to one peer, which reports ICMP errors"},
	{"timeout", 'w', OPT_DURATION, AT(timeout_ms, uint64_t), "TIME",
		"maximum time for the whole operation", .min = 1, .max = 365 * DAY_MS,
		.is_everyday = true},
	{"stats", 0, OPT_FLAG, AT(stats, bool), "", "print statistics at the end"},
	{"recv-flag", 0, OPT_LIST, AT(recv_words, struct strlist), "FLAG",
		"flag for recv(2), such as MSG_PEEK", .words = "datagram-recv-flag"},
	{"progress", 0, OPT_FLAG, AT(progress, bool), "", "show progress"},
	{""},
};

int datagram_check(struct datagram_config *c, enum msg_use sends, struct str *err)
{
	int r = msg_flags_parse(sends, &c->send_words, &c->send_flags, err);

	if (r == 0)
		r = msg_flags_parse(MSG_RECV_DATAGRAM, &c->recv_words, &c->recv_flags, err);
	return r < 0 || !c->interface ? r : check_interface_name(c->interface, err);
}

int datagram_take_interface(struct datagram_config *c, struct endpoint *p, struct str *err)
{
	char *zone = p->host ? strchr(p->host, '%') : NULL;
	struct sockaddr_any group;

	if (!zone)
		return 0;
	*zone = '\0';
	if (!numeric_address(p->host, 0, &group) || group.sa.sa_family != AF_INET ||
		!is_multicast(&group)) {
		*zone = '%';
		return 0;
	}
	if (c->interface && strcmp(c->interface, zone + 1) != 0)
		return bad_word(err, zone + 1, "is another interface than that of --interface");
	c->interface = zone + 1;
	return 0;
}

int datagram_family(const struct datagram_config *c)
{
	return c->ipv4 ? AF_INET : c->ipv6 ? AF_INET6 : AF_UNSPEC;
}

static void take_number(void *arg, const struct protoent *entry)
{
	*(int *)arg = entry->p_proto;
}

static int fail_protocol(struct app *app, const char *word)
{
	struct suggestion s;

	suggestion_init(&s, word, strlen(word));
	protocols_suggest(&s);
	if (s.best)
		app_failf(app, STATUS_NOT_FOUND, word, "no such protocol; did you mean '%s'?",
			s.best);
	else
		app_failf(app, STATUS_NOT_FOUND, word,
			"no such protocol; 'sockctl protocols' lists them");
	suggestion_fini(&s);
	return app->status;
}

int datagram_protocol(struct app *app, const char *word, int *protocol)
{
	uint64_t number;
	int r = parse_uint(word, &number);

	if (r != -EINVAL && (r < 0 || number > MAX_PROTOCOL))
		return app_failf(app, STATUS_USAGE, word, "no protocol: 1 to %d", MAX_PROTOCOL);
	if (r == 0)
		*protocol = (int)number;
	else if (!protocols_find(word, take_number, protocol))
		return fail_protocol(app, word);
	if (*protocol)
		return 0;
	return app_failf(app, STATUS_USAGE, word,
		"a raw socket is for one protocol from 1 to %d, and this is 0; 'sockctl protocols' "
		"lists them",
		MAX_PROTOCOL);
}

void datagram_report_drops(struct app *app, const char *object, const struct datagram_stats *s)
{
	struct str count = {0};

	if (!s->dropped)
		return;
	str_add_count(&count, s->dropped, "datagrams");
	app_failf(app, STATUS_BROKEN, object, "the kernel dropped %s%s: the socket buffer was full",
		s->has_gro ? "at least " : "", str_c(&count));
	str_fini(&count);
}

void datagram_report_truncated(struct app *app, const char *object, const struct datagram_stats *s)
{
	if (s->truncated > DATAGRAM_TRUNCATED_TOLD)
		app_failf(app, STATUS_BROKEN, object,
			"datagrams that were truncated after these: %" PRIu64,
			s->truncated - DATAGRAM_TRUNCATED_TOLD);
	else if (s->truncated)
		app_fail_quietly(app, STATUS_BROKEN);
}

void str_add_told_error(struct str *s, int fd, int error)
{
	struct queued_error e;

	if (is_told_error(error) && error_queue_take(fd, &e) && e.error == error)
		str_add_queued_error(s, &e);
	else
		str_add(s, strerror(-error));
}

void datagram_fail(struct app *app, int status, const char *object, int fd, int error)
{
	struct str message = {0};

	str_add_told_error(&message, fd, error);
	report_error(&app->out, status, object, str_c(&message), error);
	app_fail_quietly(app, status);
	str_fini(&message);
}

void datagram_count(struct datagram_stats *s)
{
	s->ended = trace_now();
	if (!s->started)
		s->started = s->ended;
}

static uint64_t per_second(uint64_t count, uint64_t ns)
{
	return ns ? (uint64_t)((double)count * 1e9 / (double)ns) : 0;
}

void datagram_report(struct app *app, const struct datagram_config *c,
	const struct datagram_stats *s, bool sends, bool receives)
{
	struct event e = sends && receives ? ev_stats_datagrams
			 : sends           ? ev_stats_datagrams_sent
					   : ev_stats_datagrams_received;
	uint64_t ns = s->ended - s->started;
	const struct field fields[] = {
		F_SECONDS("duration", ns),
		F_UINT("sent_datagrams", s->sent),
		F_UINT("sent_bytes", s->sent_bytes),
		F_UINT("sent_rate", per_second(s->sent, ns)),
		F_UINT("received_datagrams", s->received),
		F_UINT("received_bytes", s->received_bytes),
		F_UINT("received_rate", per_second(s->received, ns)),
		F_UINT("truncated_datagrams", s->truncated),
		F_UINT("dropped", s->dropped),
		field_true_if("at_least", s->has_gro && s->dropped),
		F_SHOWN("least", s->has_gro && s->dropped ? "at least " : ""),
	};

	if (c->stats)
		e.level = REPORT_NORMAL;
	report_fields(&app->out, &e, fields, ARRAY_SIZE(fields));
}

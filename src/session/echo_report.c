// SPDX-License-Identifier: ISC
#include "session/echo_report.h"

#include "session/stats.h"
#include "io/terminal.h"
#include "out/histogram_text.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define MOST_LINES 10 // of results per second

static const struct {
	const char *name;
	double percent;
} percentiles[] = {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99.9", 99.9}};

bool echo_report_shows_results(const struct echo_config *c)
{
	return c->interval_ms && c->connections * 1000 <= MOST_LINES * c->interval_ms;
}

static int output(struct echo_report *r, struct str *text)
{
	int status = r->has_failed ? r->app->status : app_output(r->app, text);

	r->has_failed = status != 0;
	str_fini(text);
	return status;
}

int echo_report_begin(struct echo_report *r)
{
	struct str text = {0};
	struct str address = {0};
	const char *name = r->config->endpoint.name;

	if (r->config->common.json)
		return 0;
	str_add_sockaddr(&address, &r->remote.sa, r->remote.len);
	str_add(&text, "echo to ");
	str_add_escaped(&text, name, strlen(name));
	if (strcmp(name, str_c(&address)) != 0) {
		str_add(&text, " (");
		str_add_escaped(&text, str_c(&address), address.len);
		str_addc(&text, ')');
	}
	str_addf(&text, ", %s: %" PRIu64 " bytes\n", r->protocol, r->config->size);
	str_fini(&address);
	return output(r, &text);
}

static const char *const verdicts[] = {
	[ECHO_CLIENT_ANSWERED] = "answered",
	[ECHO_CLIENT_DUPLICATED] = "duplicate",
	[ECHO_CLIENT_DIFFERS] = "different",
	[ECHO_CLIENT_LOST] = "lost",
};

int echo_report_result(struct echo_report *r, const struct echo_client_result *result)
{
	bool is_lost = result->verdict == ECHO_CLIENT_LOST;
	const char *verdict = verdicts[result->verdict];
	struct str line = {0}, of = {0}, milliseconds = {0}, note = {0};

	if (r->config->connections > 1)
		str_addf(&of, " connection=%u", result->connection + 1);
	str_addf(&milliseconds, "%.3f", (double)result->rtt / 1e6);
	if (result->verdict == ECHO_CLIENT_DUPLICATED || result->verdict == ECHO_CLIENT_DIFFERS)
		str_addf(&note, " (%s)", verdict);
	// What was lost has taken no time.
	report_line(&r->app->out, is_lost ? &ev_reply_lost : &ev_reply, &line,
		F_ADDR("remote", &r->remote), F_UINT("connection", result->connection + 1),
		F_UINT("seq", result->number + 1), F_UINT("size", r->config->size),
		F_STR("result", verdict), field_seconds_if("rtt", !is_lost, result->rtt),
		F_SHOWN("of", str_c(&of)), F_SHOWN("milliseconds", str_c(&milliseconds)),
		F_SHOWN("note", str_c(&note)));
	str_fini(&of);
	str_fini(&milliseconds);
	str_fini(&note);
	return output(r, &line);
}

int echo_report_answer(struct echo_report *r, const struct str *answer, const struct echo_client *p)
{
	struct str text = {0};

	if (r->config->common.json) {
		// Only what was answered right has taken its time.
		report_line(&r->app->out, &ev_reply_word, &text, F_ADDR("remote", &r->remote),
			{"data", answer->len ? FIELD_BYTES : FIELD_STR, answer->len, str_c(answer)},
			field_seconds_if("rtt", p->counts.received, p->latencies.max));
		return output(r, &text);
	}
	str_addn(&text, answer->data, answer->len);
	str_addc(&text, '\n');
	return output(r, &text);
}

static double seconds_of(const struct echo_client *p)
{
	return p->ended > p->started ? (double)(p->ended - p->started) / 1e9 : 0;
}

static double rate_of(const struct echo_client *p)
{
	double seconds = seconds_of(p);

	return seconds > 0 ? (double)p->counts.received / seconds : 0;
}

static void add_counts(struct str *s, const struct echo_client *p)
{
	const struct echo_client_counts *c = &p->counts;

	str_addf(s, "%" PRIu64 " sent, %" PRIu64 " received, %" PRIu64 " lost (%.1f%%)", c->sent,
		c->received, c->lost, c->sent ? 100 * (double)c->lost / (double)c->sent : 0);
	if (p->under_way)
		str_addf(s, ", %" PRIu64 " under way", p->under_way);
	if (c->differing)
		str_addf(s, ", %" PRIu64 " different", c->differing);
	if (p->options.type == SOCK_DGRAM)
		str_addf(s, ", %" PRIu64 " out of order, %" PRIu64 " duplicated", c->out_of_order,
			c->duplicated);
	if (c->received)
		str_addf(s, ", %.3f s\n", seconds_of(p));
	else
		str_add(s, ", no answer\n");
}

static void add_times(struct str *s, const struct echo_client *p)
{
	const struct histogram *h = &p->latencies;

	str_addf(s, "round trip min/avg/max/mdev = %.3f/%.3f/%.3f/%.3f ms\n", (double)h->min / 1e6,
		h->mean / 1e6, (double)h->max / 1e6, histogram_deviation(h) / 1e6);
	for (size_t i = 0; i < ARRAY_SIZE(percentiles); i++)
		str_addf(s, "%s%s", i ? "/" : "percentiles ", percentiles[i].name);
	for (size_t i = 0; i < ARRAY_SIZE(percentiles); i++)
		str_addf(s, "%s%.3f", i ? "/" : " = ",
			(double)histogram_percentile(h, percentiles[i].percent) / 1e6);
	str_addf(s, " ms\n%.1f requests per second\n", rate_of(p));
}

static void add_summary(
	struct str *s, const struct echo_report *r, const struct echo_client *p, bool verbose)
{
	struct tcp_stats tcp = echo_client_tcp_stats(p);
	const char *name = r->config->endpoint.name;

	str_add(s, "--- ");
	str_add_escaped(s, name, strlen(name));
	str_add(s, " ---\n");
	add_counts(s, p);
	if (p->counts.received)
		add_times(s, p);
	if (verbose && tcp.count) {
		str_add_tcp_stats(s, &tcp);
		str_addc(s, '\n');
	}
	if (r->config->histogram)
		histogram_draw(&p->latencies, terminal_columns(STDOUT_FILENO), s);
}

#define PERCENTILE(i) \
	field_seconds_if( \
		percentiles[i].name, answered, histogram_percentile(h, percentiles[i].percent))

static void add_json_summary(
	struct str *s, const struct echo_report *r, const struct echo_client *p)
{
	const struct echo_client_counts *c = &p->counts;
	const struct histogram *h = &p->latencies;
	struct tcp_stats tcp = echo_client_tcp_stats(p);
	json_t *ranges = r->config->histogram ? histogram_json(h) : NULL;
	bool answered = c->received; // otherwise there are no times
	uint64_t mean = (uint64_t)(h->mean + 0.5);
	uint64_t deviation = (uint64_t)(histogram_deviation(h) + 0.5);
	double rate = rate_of(p);

	report_line(&r->app->out, &ev_stats_echo_client, s, F_ADDR("remote", &r->remote),
		F_STR("protocol", r->protocol), F_UINT("size", r->config->size),
		F_UINT("connections", r->config->connections), F_UINT("requests", c->sent),
		F_UINT("replies", c->received), F_UINT("lost", c->lost),
		F_UINT("under_way", p->under_way), F_UINT("different", c->differing),
		F_UINT("out_of_order", c->out_of_order), F_UINT("duplicated", c->duplicated),
		field_seconds_if("duration", answered, p->ended - p->started),
		field_seconds_if("min", answered, h->min), field_seconds_if("avg", answered, mean),
		field_seconds_if("max", answered, h->max),
		field_seconds_if("mdev", answered, deviation), PERCENTILE(0), PERCENTILE(1),
		PERCENTILE(2), PERCENTILE(3), F_REAL("rate", &rate), TCP_STATS_FIELDS(&tcp),
		F_JSON("histogram", ranges));
	json_decref(ranges);
}

int echo_report_summary(struct echo_report *r, const struct echo_client *p)
{
	struct str text = {0};

	if (r->config->common.json)
		add_json_summary(&text, r, p);
	else
		add_summary(&text, r, p, r->config->common.verbose);
	return output(r, &text);
}

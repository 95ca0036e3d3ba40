// SPDX-License-Identifier: ISC
#include "session/scan_report.h"

#define RANGES_SHOWN 20
#define MAX_REASONS 4 // told apart; the rest is summed up

static void add_open(struct str *s, const struct scan *scan)
{
	struct ports ports = {0};

	for (size_t i = 0; i < scan->count; i++)
		if (scan->ports[i].state == SCAN_OPEN)
			ports_add(&ports, scan->ports[i].port, scan->ports[i].port);
	str_add_ports(s, &ports, SIZE_MAX);
	ports_fini(&ports);
}

// The ports that the last try found closed for one reason: "81,90-99: Connection refused
// (ECONNREFUSED)".
static void add_closed_for(struct str *s, const struct scan *scan, int error)
{
	struct ports ports = {0};

	for (size_t i = 0; i < scan->count; i++)
		if (scan->ports[i].state != SCAN_OPEN && scan->ports[i].error == error)
			ports_add(&ports, scan->ports[i].port, scan->ports[i].port);
	str_add_ports(s, &ports, RANGES_SHOWN);
	ports_fini(&ports);
	str_add(s, ": ");
	if (error)
		str_add_error(s, error);
	else
		str_add(s, "no answer");
}

void scan_report_closed(struct str *s, const struct scan *scan)
{
	int reasons[MAX_REASONS];
	size_t count = 0;

	for (size_t i = 0; i < scan->count; i++) {
		const struct scan_port *p = &scan->ports[i];
		size_t known = 0;

		if (p->state == SCAN_OPEN)
			continue;
		while (known < count && reasons[known] != p->error)
			known++;
		if (known < count)
			continue;
		if (count == MAX_REASONS) {
			str_add(s, ", and more");
			return;
		}
		reasons[count++] = p->error;
		str_add(s, count > 1 ? ", " : "");
		add_closed_for(s, scan, p->error);
	}
}

void scan_report_summary(struct app *app, const char *host, const struct scan *s)
{
	struct str open = {0};

	add_open(&open, s);
	report(&app->out, s->open_count ? &ev_checked : &ev_checked_none, F_STR("name", host),
		F_UINT("open_count", s->open_count), F_UINT("asked", s->count),
		F_STR("open", str_c(&open)));
	str_fini(&open);
}

int scan_report_status(const struct scan *s)
{
	bool is_refused = false;
	bool is_silent = false;

	if (s->open_count == s->count || (s->options.any && s->open_count))
		return STATUS_OK;
	for (size_t i = 0; i < s->count; i++) {
		if (s->ports[i].state == SCAN_OPEN)
			continue;
		if (s->ports[i].error == -ETIMEDOUT)
			is_silent = true;
		else
			is_refused = true;
	}
	if (s->options.any)
		return is_silent ? STATUS_TIMEOUT : STATUS_CONNECT;
	return is_refused ? STATUS_CONNECT : STATUS_TIMEOUT;
}

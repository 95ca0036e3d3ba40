// SPDX-License-Identifier: ISC
#include "out/progress.h"

#include "out/fit.h"

#include <inttypes.h>
#include <string.h>

void str_add_bytes(struct str *out, double bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	size_t unit = 0;

	while (bytes >= 1024 && unit + 1 < ARRAY_SIZE(units)) {
		bytes /= 1024;
		unit++;
	}
	str_addf(out, unit ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
}

static void add_time(struct str *out, double seconds)
{
	unsigned long s = (unsigned long)(seconds + 0.5);

	if (s >= 3600)
		str_addf(out, "%lu:%02lu:%02lu", s / 3600, s / 60 % 60, s % 60);
	else
		str_addf(out, "%lu:%02lu", s / 60, s % 60);
}

void progress_add_left(struct str *out, uint64_t done, uint64_t total, uint64_t elapsed)
{
	double seconds = (double)elapsed / 1e9;
	double rate;

	done = MIN(done, total);
	rate = seconds > 0 ? (double)done / seconds : 0;
	str_addf(out, ", %" PRIu64 "%%", (uint64_t)((double)done * 100 / (double)total));
	if (rate > 0 && done < total) {
		str_add(out, ", ");
		add_time(out, (double)(total - done) / rate);
		str_add(out, " left");
	}
}

void progress_add(struct str *out, const struct progress *p)
{
	double seconds = (double)p->elapsed / 1e9;
	double rate = seconds > 0 ? (double)(p->sent + p->received) / seconds : 0;

	str_add_bytes(out, (double)p->sent);
	str_add(out, " sent, ");
	str_add_bytes(out, (double)p->received);
	str_add(out, " received, ");
	str_add_bytes(out, rate);
	str_add(out, "/s");
	if (p->total)
		progress_add_left(out, p->sent, p->total, p->elapsed);
}

void progress_fit(struct str *line, size_t columns)
{
	const char *text = str_c(line);
	const char *rest = text;

	if (!columns || fit_width(text, line->len) <= columns)
		return;
	// "… 45.2 MiB/s, 37%, 0:12 left"
	while (strlen(rest) + 2 > columns && strstr(rest, ", "))
		rest = strstr(rest, ", ") + 2;

	struct str fitted = {0};

	str_add(&fitted, "\xe2\x80\xa6 ");
	str_addn(&fitted, rest, MIN(strlen(rest), columns - MIN(columns, (size_t)2)));
	str_fini(line);
	*line = fitted;
}

void progress_add_count(
	struct str *out, const char *what, uint64_t count, uint64_t total, uint64_t elapsed)
{
	double seconds = (double)elapsed / 1e9;

	str_add_uint(out, count);
	if (total)
		str_addf(out, " of %" PRIu64, total);
	str_addf(out, " %s", what);
	if (total)
		progress_add_left(out, count, total, elapsed);
	else
		str_addf(out, ", %.0f/s", seconds > 0 ? (double)count / seconds : 0);
}

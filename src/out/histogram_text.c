// SPDX-License-Identifier: ISC
#include "out/histogram_text.h"

#include "base/root.h"

#include <inttypes.h>
#include <stdbool.h>

#define LINES 20
#define BAR 36 // columns
#define OTHERS 44 // columns of a line beside the bar
#define SHORT_OTHERS 22 // the same of a short line
#define SHORT_COLUMNS 60 // of a terminal that gets short lines

struct range {
	double from, to; // ns
	uint64_t count;
};

// As many as the values are worth (two for each doubling of their number), and no finer than they
// were counted.
static size_t line_count(const struct histogram *h)
{
	size_t buckets = histogram_bucket(h->max) - histogram_bucket(h->min) + 1;
	uint64_t count = MIN(h->count, UINT64_C(1) << LINES);
	size_t worth = 0;

	while (worth < LINES && UINT64_C(1) << worth < (count + 1) * (count + 1))
		worth++;
	return h->count ? MIN(MIN(worth, buckets), (size_t)LINES) : 0;
}

// Finds up to LINES ranges between the least and the greatest value. Returns how many.
static size_t find_ranges(const struct histogram *h, struct range *ranges)
{
	size_t n = line_count(h);
	double first = (double)MAX(h->min, (uint64_t)1);
	double factor = n ? nth_root((double)h->max / first, (unsigned)n) : 1;
	double to = first;
	size_t bucket = histogram_bucket(h->min);

	for (size_t i = 0; i < n; i++) {
		struct range *r = &ranges[i];
		bool is_last = i + 1 == n;

		r->from = i ? ranges[i - 1].to : (double)h->min;
		to *= factor;
		r->to = is_last ? (double)h->max : to;
		r->count = 0;
		while (bucket < HISTOGRAM_BUCKETS &&
			(is_last || (double)histogram_bucket_start(bucket) < r->to))
			r->count += h->buckets[bucket++];
	}
	return n;
}

static uint64_t greatest(const struct range *ranges, size_t n)
{
	uint64_t most = 0;

	for (size_t i = 0; i < n; i++)
		most = MAX(most, ranges[i].count);
	return most;
}

// On a narrow terminal the bar is shorter; where that is not enough the end of the range and the
// count are left out.
static void draw_line(
	const struct range *r, double share, double part, size_t columns, struct str *out)
{
	bool is_short = columns && columns < SHORT_COLUMNS;
	size_t others = is_short ? SHORT_OTHERS : OTHERS;
	size_t width = columns ? MIN((size_t)BAR, columns - MIN(columns, others)) : BAR;
	size_t bar = (size_t)(share * (double)width + 0.5);

	if (r->count && !bar)
		bar = 1; // what is rare is seen, too
	if (is_short)
		str_addf(out, "%9.3f ms |", r->from / 1e6);
	else
		str_addf(out, "%9.3f - %9.3f ms |", r->from / 1e6, r->to / 1e6);
	for (size_t c = 0; c < width; c++)
		str_addc(out, c < bar ? '#' : ' ');
	if (is_short)
		str_addf(out, "| %5.1f%%\n", 100 * part);
	else
		str_addf(out, "| %9" PRIu64 " %5.1f%%\n", r->count, 100 * part);
}

void histogram_draw(const struct histogram *h, size_t columns, struct str *out)
{
	struct range ranges[LINES];
	size_t n = find_ranges(h, ranges);
	uint64_t most = greatest(ranges, n);

	for (size_t i = 0; i < n; i++)
		draw_line(&ranges[i], (double)ranges[i].count / (double)most,
			(double)ranges[i].count / (double)h->count, columns, out);
}

json_t *histogram_json(const struct histogram *h)
{
	struct range ranges[LINES];
	size_t n = find_ranges(h, ranges);
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(
			list, json_pack("[ffI]", ranges[i].from / 1e9, ranges[i].to / 1e9,
				      (json_int_t)ranges[i].count));
	return list;
}

// SPDX-License-Identifier: ISC
#include "base/histogram.h"

#include "base/root.h"
#include "base/util.h"

#include <assert.h>

#define STEPS 128 // buckets from one power of two to the next
#define STEP_BITS 7

// Values below 256 have a bucket each; from there on, each power of two has as many buckets of
// twice the width.
size_t histogram_bucket(uint64_t value)
{
	unsigned bits;

	value = MIN(value, (UINT64_C(1) << HISTOGRAM_BITS) - 1);
	if (value < 2 * STEPS)
		return (size_t)value;
	bits = 63 - (unsigned)__builtin_clzll(value) - STEP_BITS;
	return bits * STEPS + (size_t)(value >> bits);
}

uint64_t histogram_bucket_start(size_t bucket)
{
	size_t bits;

	assert(bucket <= HISTOGRAM_BUCKETS);
	if (bucket < 2 * STEPS)
		return bucket;
	bits = bucket / STEPS - 1;
	return (uint64_t)(bucket - bits * STEPS) << bits;
}

void histogram_add(struct histogram *h, uint64_t value)
{
	double distance = (double)value - h->mean;

	h->min = h->count ? MIN(h->min, value) : value;
	h->max = MAX(h->max, value);
	h->count++;
	h->mean += distance / (double)h->count;
	h->spread += distance * ((double)value - h->mean);
	h->buckets[histogram_bucket(value)]++;
}

uint64_t histogram_percentile(const struct histogram *h, double percent)
{
	double exact = percent / 100 * (double)h->count;
	uint64_t rank = (uint64_t)exact;
	uint64_t seen = 0;

	assert(percent >= 0 && percent <= 100);
	if ((double)rank < exact)
		rank++;
	rank = MIN(MAX(rank, (uint64_t)1), h->count);
	for (size_t i = 0; i < HISTOGRAM_BUCKETS && rank; i++) {
		seen += h->buckets[i];
		if (seen >= rank) {
			uint64_t start = histogram_bucket_start(i);
			uint64_t middle = start + (histogram_bucket_start(i + 1) - start) / 2;

			return MIN(MAX(middle, h->min), h->max);
		}
	}
	return 0;
}

double histogram_deviation(const struct histogram *h)
{
	return h->count ? nth_root(h->spread / (double)h->count, 2) : 0;
}

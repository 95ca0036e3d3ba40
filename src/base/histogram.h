// SPDX-License-Identifier: ISC
// How a measure is distributed, in memory that does not grow: the values are counted in buckets
// whose width is less than 1/128 of where they are, so that a percentile is right within 0.8 %.
// Count, least, greatest, mean and deviation are those of the values themselves.
#ifndef SOCKCTL_BASE_HISTOGRAM_H
#define SOCKCTL_BASE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_BITS 41 // values of more bits count as the greatest that has as many
#define HISTOGRAM_BUCKETS ((HISTOGRAM_BITS - 6) * 128)

// Zeroed means empty.
struct histogram {
	uint64_t count;
	uint64_t min, max;
	double mean;
	double spread; // sum of the squared distances from the mean (Welford 1962)
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *h, uint64_t value);

// The value that PERCENT of all values do not exceed; 0 if there are none.
uint64_t histogram_percentile(const struct histogram *h, double percent);

// The standard deviation of the values, as they are all there are.
double histogram_deviation(const struct histogram *h);

// The bucket of a value, and the least value of a bucket; HISTOGRAM_BUCKETS is where they end.
size_t histogram_bucket(uint64_t value);
uint64_t histogram_bucket_start(size_t bucket);

#endif

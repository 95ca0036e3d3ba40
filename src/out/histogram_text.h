// SPDX-License-Identifier: ISC
// A histogram of times for people: a line for each range, with a bar.
#ifndef SOCKCTL_OUT_HISTOGRAM_TEXT_H
#define SOCKCTL_OUT_HISTOGRAM_TEXT_H

#include "base/histogram.h"
#include "base/str.h"

#include <jansson.h>

// Adds up to 20 lines of at most 80 columns, such as
//   0.031 - 0.042 ms |########################           |    51234  51.2%
// The values are nanoseconds. The ranges grow by the same factor from line to line, as what is
// slow differs by factors. Adds nothing for an empty histogram.
void histogram_draw(const struct histogram *h, size_t columns, struct str *out);

// The same as [[FROM, TO, COUNT], ...] in seconds.
json_t *histogram_json(const struct histogram *h);

#endif

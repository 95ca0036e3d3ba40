// SPDX-License-Identifier: ISC
#include "base/root.h"

#include "base/util.h"

static double power(double x, unsigned n)
{
	double product = 1;

	while (n--)
		product *= x;
	return product;
}

// By bisection, until no number is left between the two.
double nth_root(double x, unsigned n)
{
	double low = 0;
	double high = MAX(x, 1.0);

	if (x <= 0)
		return 0;
	for (;;) {
		double middle = low + (high - low) / 2;

		if (middle <= low || middle >= high)
			return high;
		if (power(middle, n) < x)
			low = middle;
		else
			high = middle;
	}
}

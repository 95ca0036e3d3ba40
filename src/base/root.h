// SPDX-License-Identifier: ISC
// The little mathematics that statistics need, without the library for it, which would be mapped at
// each start.
#ifndef SOCKCTL_BASE_ROOT_H
#define SOCKCTL_BASE_ROOT_H

// The Nth root of X, which is not negative; N is at least 1.
double nth_root(double x, unsigned n);

#endif

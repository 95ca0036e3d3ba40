// SPDX-License-Identifier: ISC
// Why one address of a name is tried before another: the rules of RFC 6724 section 6, by which the
// C library sorts, seen from here.
#ifndef SOCKCTL_NET_NAMES_ADDRSEL_H
#define SOCKCTL_NET_NAMES_ADDRSEL_H

#include "net/names/lookup.h"

#define ADDRSEL_LAST 10 // the rule that leaves the order as it was found

// Sets rules[i] to the number of the rule that puts item I before the next one; below zero if the
// rule of that number would have it the other way round. The last is 0.
void addrsel_explain(const struct address_list *l, int *rules);

// "higher precedence" ... for a rule from 1 to 10.
const char *addrsel_rule_name(int rule);

#endif

// SPDX-License-Identifier: ISC
// Small macros that every layer may use.
#ifndef SOCKCTL_BASE_UTIL_H
#define SOCKCTL_BASE_UTIL_H

#include <stddef.h>
#include <sys/param.h> // MIN, MAX

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

// The structure of TYPE whose MEMBER is at PTR.
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#define attr_printf(fmt, first) __attribute__((format(printf, fmt, first)))
#define attr_noreturn __attribute__((noreturn))
#define attr_cold __attribute__((cold))

#define unlikely(x) __builtin_expect(!!(x), 0)

#endif

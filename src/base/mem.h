// SPDX-License-Identifier: ISC
// Allocation that cannot fail: when memory is out the program ends with a message.
#ifndef SOCKCTL_BASE_MEM_H
#define SOCKCTL_BASE_MEM_H

#include "base/util.h"

#include <stddef.h>

// The caller owns what these return and frees it with free().
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *ptr, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t len);

// As xmalloc(), but begins a page: for large blocks that are filled from the pages of files. Large
// copies use "rep movsb", which on AMD's Zen takes up to fifty times as long where the destination
// is less than 32 bytes ahead of the source, modulo a page; malloc() returns large blocks just
// there.
void *xmalloc_pages(size_t size);

// From now on large blocks go back to the system when they are freed. The C library would learn
// from the first of them to keep as much again, which in a server stays for good after one burst.
void mem_keep_little(void);

// Writes TEXT to stderr if that goes without waiting, and ends the program with status 1, without
// running exit handlers. Async-signal-safe.
attr_noreturn void end_in_need(const char *text);

// Says so without allocating, and ends the program without running exit handlers.
attr_noreturn void out_of_memory(void);

#endif

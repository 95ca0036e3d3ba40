// SPDX-License-Identifier: ISC
#include "base/mem.h"

#include "base/util.h"

#include <malloc.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE (size_t)4096
#define LARGE (128 * 1024) // what the C library starts with; setting it keeps it there

attr_cold void end_in_need(const char *text)
{
	struct pollfd pfd = {.fd = STDERR_FILENO, .events = POLLOUT};

	// Nobody may be reading, and no signal would end the wait for them.
	if (poll(&pfd, 1, 0) == 1 && write(STDERR_FILENO, text, strlen(text)) < 0)
		_exit(1);
	_exit(1);
}

attr_cold void out_of_memory(void)
{
	end_in_need("sockctl: out of memory (ENOMEM)\n");
}

void mem_keep_little(void)
{
	mallopt(M_MMAP_THRESHOLD, LARGE);
}

static void *checked(void *ptr)
{
	if (!ptr)
		out_of_memory();
	return ptr;
}

void *xmalloc(size_t size)
{
	return checked(malloc(size ? size : 1));
}

void *xcalloc(size_t count, size_t size)
{
	return checked(calloc(count ? count : 1, size ? size : 1));
}

void *xrealloc(void *ptr, size_t size)
{
	return checked(realloc(ptr, size ? size : 1));
}

void *xmalloc_pages(size_t size)
{
	return checked(aligned_alloc(PAGE, (MAX(size, 1) + PAGE - 1) / PAGE * PAGE));
}

char *xstrdup(const char *s)
{
	return checked(strdup(s));
}

char *xstrndup(const char *s, size_t len)
{
	return checked(strndup(s, len));
}

// SPDX-License-Identifier: ISC
// What the fuzzers share. Each defines fuzz_one() and aborts when a promise is broken; libFuzzer
// or replay.c calls it.
#ifndef SOCKCTL_TESTS_FUZZ_FUZZ_H
#define SOCKCTL_TESTS_FUZZ_FUZZ_H

#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

#define FUZZ_MAX_WORDS 16

// The entry point that libFuzzer expects. Returns 0.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

// Ends the process with a message if COND does not hold; not left out by NDEBUG.
#define require(cond) \
	do { \
		if (!(cond)) \
			fuzz_broken(__FILE__, __LINE__, #cond); \
	} while (0)

attr_noreturn void fuzz_broken(const char *file, int line, const char *promise);

// The input as words, cut at newlines and NULs, each in memory of its own, so that reading past its
// end is noticed. argv[argc] is NULL.
struct fuzz_words {
	int argc;
	char *argv[FUZZ_MAX_WORDS + 1];
};

void fuzz_words_init(struct fuzz_words *w, const uint8_t *data, size_t len);
void fuzz_words_fini(struct fuzz_words *w);

// Requires that TEXT is fit for a terminal, and one or two lines at most.
void require_message(const char *text);

#endif

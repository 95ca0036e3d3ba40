// SPDX-License-Identifier: ISC
// Words that are values: a value that was read is read again from its plain form.
#include "fuzz.h"

#include "base/value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef int parse_fn(const char *word, uint64_t *value);

static void check(parse_fn *parse, const char *format, const char *word)
{
	uint64_t value = 0;
	uint64_t again = 0;
	char plain[32];
	int r = parse(word, &value);

	require(r == 0 || r == -EINVAL || r == -ERANGE || (r == -EDOM && parse == parse_duration));
	if (r < 0)
		return;
	require(strpbrk(word, " \t\r\v\f+-") == NULL);
	if (strcmp(format, "o") == 0)
		snprintf(plain, sizeof(plain), "%" PRIo64, value);
	else
		snprintf(plain, sizeof(plain), "%" PRIu64 "%s", value, format);
	require(parse(plain, &again) == 0 && again == value);
}

static void check_int(const char *word)
{
	int64_t value = 0;
	int64_t again = 0;
	char plain[32];

	if (parse_int(word, &value) < 0)
		return;
	snprintf(plain, sizeof(plain), "%" PRId64, value);
	require(parse_int(plain, &again) == 0 && again == value);
}

static void check_ports(const char *word)
{
	uint16_t low = 1;
	uint16_t high = 0;
	uint16_t again[2];
	char plain[32];

	if (parse_ports(word, &low, &high) < 0)
		return;
	require(low <= high);
	snprintf(plain, sizeof(plain), "%u-%u", low, high);
	require(parse_ports(plain, &again[0], &again[1]) == 0);
	require(again[0] == low && again[1] == high);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz_words w;

	fuzz_words_init(&w, data, len);
	for (int i = 0; i < w.argc; i++) {
		check(parse_uint, "", w.argv[i]);
		check(parse_octal, "o", w.argv[i]);
		check(parse_duration, "ms", w.argv[i]);
		check(parse_size, "", w.argv[i]);
		check_int(w.argv[i]);
		check_ports(w.argv[i]);
	}
	fuzz_words_fini(&w);
	return 0;
}

// SPDX-License-Identifier: ISC
// Settings of socket options: refused with a message, or written so that they are read the same.
#include "fuzz.h"

#include "net/sockopt.h"

#include <errno.h>
#include <linux/filter.h>
#include <string.h>

static void require_same_program(const struct sockopt_value *a, const struct sockopt_value *b)
{
	struct sock_fprog x;
	struct sock_fprog y;

	memcpy(&x, a->data, sizeof(x));
	memcpy(&y, b->data, sizeof(y));
	require(x.len == y.len);
	require(memcmp(x.filter, y.filter, x.len * sizeof(*x.filter)) == 0);
}

static void check_round_trip(const struct sockopt *o, const struct sockopt_value *value)
{
	struct sockopt_value again;
	struct str text = {0};

	str_add_sockopt_value(&text, o, value->data, value->len);
	if (o->type == SOCKOPT_STRING && strchr(str_c(&text), '\\')) {
		str_fini(&text); // escaped for the eye
		return;
	}
	require(sockopt_value_parse(&again, o, str_c(&text)) == 0);
	if (o->type == SOCKOPT_FILTER)
		require_same_program(&again, value);
	else
		require(again.len == value->len &&
			memcmp(again.data, value->data, value->len) == 0);
	sockopt_value_fini(&again);
	str_fini(&text);
}

// The search for what an unknown name was meant to be takes much longer than all else, so of those
// only the ones in quotation marks count.
static bool is_worth_while(const char *word)
{
	char name[64] = "";
	size_t len = strcspn(word, "=");

	if (len >= sizeof(name))
		return false;
	memcpy(name, word, len);
	return name[0] == '"' || sockopt_by_name(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz_words w;
	struct sockopt_settings settings = {0};

	fuzz_words_init(&w, data, len);
	for (int i = 0; i < w.argc; i++) {
		struct str err = {0};
		size_t before = settings.count;

		if (!is_worth_while(w.argv[i]))
			continue;
		int r = sockopt_settings_add(&settings, w.argv[i], &err);

		require(r == 0 || r == -ENOENT || r == -EINVAL);
		require(settings.count == before + (r == 0));
		if (r < 0)
			require_message(str_c(&err));
		else
			require(err.len == 0);
		str_fini(&err);
	}
	for (size_t i = 0; i < settings.count; i++)
		check_round_trip(settings.items[i].option, &settings.items[i].value);
	sockopt_settings_fini(&settings);
	fuzz_words_fini(&w);
	return 0;
}

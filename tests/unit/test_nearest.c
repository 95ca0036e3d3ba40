// SPDX-License-Identifier: ISC
#include "base/nearest.h"

#include "unit.h"

static const char *const names[] = {
	"timeout", "connect-timeout", "keep-open", "exec", "exec-file", "crlf", "hex", "json"};

static const char *suggestion(const char *word)
{
	struct nearest near;

	nearest_init(&near, word, strlen(word));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		nearest_offer(&near, names[i]);
	return near.best;
}

static void test_slips(void **state)
{
	static const struct {
		const char *word, *best;
	} cases[] = {
		{"timeout", "timeout"},
		{"tiemout", "timeout"}, // neighbours swapped
		{"timeot", "timeout"}, // one left out
		{"timmeout", "timeout"}, // one too many
		{"timeuut", "timeout"}, // one wrong
		{"TIMEOUT", "timeout"},
		{"conect-timeout", "connect-timeout"},
		{"keepopen", "keep-open"},
		{"keep_open", "keep-open"},
		{"exce", "exec"},
		{"jsno", "json"},
		{"hexx", "hex"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(suggestion(cases[i].word), cases[i].best);
}

static void test_abbreviations(void **state)
{
	(void)state;
	assert_string_equal(suggestion("tim"), "timeout");
	assert_string_equal(suggestion("conn"), "connect-timeout");
	assert_null(suggestion("ti"));
}

static void test_nothing_near(void **state)
{
	(void)state;
	assert_null(suggestion("bandwidth"));
	assert_null(suggestion("xy"));
	assert_null(suggestion("timxyzt")); // three slips in seven letters
	assert_string_equal(suggestion("timxyut"), "timeout");
	assert_null(suggestion(""));
	assert_null(suggestion("timeoutttttttttttttttttttttttttttttttttttttttttttttt"));
}

// Only the given length counts, as with "--tiemout=5".
static void test_length(void **state)
{
	struct nearest near;

	(void)state;
	nearest_init(&near, "tiemout=5", 7);
	nearest_offer(&near, "timeout");
	assert_string_equal(near.best, "timeout");
}

static void test_first_of_equals_and_better_later(void **state)
{
	struct nearest near;

	(void)state;
	nearest_init(&near, "udp-sent", 8);
	nearest_offer(&near, "udp-seat");
	assert_string_equal(near.best, "udp-seat");
	nearest_offer(&near, "udp-send");
	assert_string_equal(near.best, "udp-seat");
	nearest_offer(&near, "udp-sent");
	assert_string_equal(near.best, "udp-sent");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slips),
		cmocka_unit_test(test_abbreviations),
		cmocka_unit_test(test_nothing_near),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_first_of_equals_and_better_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

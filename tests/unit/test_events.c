// SPDX-License-Identifier: ISC
// The rows of the catalogue of events agree with each other, and what report() may be given.
#include "out/events.h"

#include "base/util.h"
#include "unit.h"

#include <ctype.h>
#include <string.h>

#define event_for_each(e) \
	for (const struct event *const *at_ = event_catalogue, *e; (e = *at_); at_++)

static void test_rows(void **state)
{
	(void)state;
	event_for_each(e)
	{
		size_t len = strlen(e->meaning);

		assert_int_equal(strspn(e->name, "abcdefghijklmnopqrstuvwxyz-"), strlen(e->name));
		assert_true(isupper((unsigned char)e->meaning[0]));
		assert_true(e->meaning[len - 1] == '.' || e->meaning[len - 1] == ')');
	}
}

static bool is_same(const struct event_key *a, const struct event_key *b)
{
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

static void test_each_key_is_declared_once(void **state)
{
	(void)state;
	event_for_each(e)
	{
		struct event_key key = {0};

		while (event_next_key(e->fields, &key)) {
			struct event_key later = key;

			if (!event_field_find(key.text, key.len))
				fail_msg("%s: no field %.*s", e->name, (int)key.len, key.text);
			while (event_next_key(e->fields, &later))
				assert_false(is_same(&key, &later));
		}
	}
}

// True if an event takes its field from this row.
static bool is_used(const struct event_field *row)
{
	event_for_each(e)
	{
		struct event_key key = {0};

		while (event_next_key(e->fields, &key))
			if (event_field_find(key.text, key.len) == row)
				return true;
	}
	return false;
}

static void test_each_field_is_used(void **state)
{
	(void)state;
	for (const struct event_field *f = event_fields; *f->key; f++)
		if (!is_used(f))
			fail_msg("no event has %s", f->key);
}

// So each has one type and one meaning.
static void test_each_field_stands_once_and_in_order(void **state)
{
	(void)state;
	for (const struct event_field *f = event_fields; *f[1].key; f++)
		if (strcmp(f->key, f[1].key) >= 0)
			fail_msg("%s stands before %s", f->key, f[1].key);
}

// The compiler lets a text fill its place in the row.
static void test_each_text_has_an_end(void **state)
{
	(void)state;
	for (const struct event_field *f = event_fields; *f->key; f++) {
		assert_true(strnlen(f->key, sizeof(f->key)) < sizeof(f->key));
		assert_true(strnlen(f->meaning, sizeof(f->meaning)) < sizeof(f->meaning));
	}
}

static void test_keys(void **state)
{
	struct event_key key = {0};

	(void)state;
	assert_true(event_next_key("a  bc? d.e", &key));
	assert_int_equal(key.len, 1);
	assert_false(key.is_optional);
	assert_true(event_next_key(NULL, &key));
	assert_memory_equal(key.text, "bc", 2);
	assert_int_equal(key.len, 2);
	assert_true(key.is_optional);
	assert_true(event_next_key(NULL, &key));
	assert_memory_equal(key.text, "d.e", 3);
	assert_false(event_next_key(NULL, &key));
}

static void test_what_is_allowed(void **state)
{
	static const struct event free = {"free", REPORT_NORMAL, "{anything}"};
	static const struct sockaddr_any none = {0};
	const struct field signal = F_SIGNAL("signal", 15);
	const struct field stopped[] = {signal, F_STR("doing", "")};
	const struct field unknown[] = {signal, F_STR("doing", ""), F_STR("unknown", "")};
	const struct field wrong[] = {F_UINT("signal", 15), F_STR("doing", "")};
	const struct field shown[] = {signal, F_STR("doing", ""), F_SHOWN("more", "")};
	const struct field local = F_ENDPOINT("local", &none);

	(void)state;
	assert_true(event_allows(&ev_stopped, stopped, ARRAY_SIZE(stopped)));
	assert_true(event_allows(&ev_stopped, shown, ARRAY_SIZE(shown)));
	assert_false(event_allows(&ev_stopped, unknown, ARRAY_SIZE(unknown)));
	assert_false(event_allows(&ev_stopped, wrong, ARRAY_SIZE(wrong)));
	assert_false(event_allows(&ev_stopped, &signal, 1)); // the text shows what is doing, too
	assert_true(event_allows(&ev_listening, &local, 1));
	assert_false(event_allows(&ev_refused, &local, 1));
	assert_true(event_allows(&free, unknown, ARRAY_SIZE(unknown)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_each_key_is_declared_once),
		cmocka_unit_test(test_each_field_is_used),
		cmocka_unit_test(test_each_text_has_an_end),
		cmocka_unit_test(test_each_field_stands_once_and_in_order),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_what_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: ISC
// The engines of a flow: which is chosen, and that each moves everything.
#include "relay/filter.h"
#include "relay/flow.h"
#include "rig.h"
#include "unit.h"

#include <fcntl.h>
#include <signal.h>

static const char *engine_for(enum kind src, enum kind dst, bool tap, bool filter)
{
	struct rig r;
	struct crlf_filter crlf;
	const char *name;

	rig_init(&r, src, dst);
	crlf_filter_init(&crlf);
	flow_own(&r.f)->filter = filter ? &crlf.filter : NULL;
	if (tap)
		force_copy(&r);
	flow_start(&r.f);
	name = r.f.engine->name;
	rig_fini(&r);
	return name;
}

static void test_choice_of_engine(void **state)
{
	(void)state;
	assert_string_equal(engine_for(SOCKET, SOCKET, false, false), "splice");
	assert_string_equal(engine_for(REGULAR, SOCKET, false, false), "splice");
	assert_string_equal(engine_for(PIPE, REGULAR, false, false), "splice");
	assert_string_equal(engine_for(SOCKET, APPEND, false, false), "copy");
	assert_string_equal(engine_for(SOCKET, SOCKET, true, false), "copy");
	assert_string_equal(engine_for(SOCKET, SOCKET, false, true), "copy");
}

#define BULK (3 * 1024 * 1024 + 17)

static char bulk[BULK];

// Writes what fits now, in pieces of any size. Returns true while there is more.
static bool feed_some(struct rig *r, size_t *fed, uint64_t *seed)
{
	size_t wanted = 1 + next_random(seed) % 100000;
	ssize_t n = write(r->feed, bulk + *fed, MIN(BULK - *fed, wanted));

	*fed += (size_t)MAX(n, 0);
	if (*fed < BULK)
		return true;
	end_feed(r);
	return false;
}

static void read_some(struct rig *r, struct str *got, uint64_t *seed)
{
	char buf[65536];
	ssize_t n = read(r->sink, buf, 1 + next_random(seed) % (sizeof(buf) - 1));

	if (n > 0)
		str_addn(got, buf, (size_t)n);
}

// A file holds everything from the start: nobody waits for more of it.
static void fill_file(struct rig *r)
{
	assert_int_equal(pwrite(r->feed, bulk, BULK, 0), BULK);
	end_feed(r);
}

static void ignore(void *data)
{
	(void)data;
}

static void check_bulk(
	enum kind src, enum kind dst, bool copy, uint32_t splice_after, uint64_t rate)
{
	struct rig r;
	struct str got = {0};
	uint64_t seed = 20240229;
	size_t fed = 0;
	bool feeding = src != REGULAR;
	bool sink_is_file = dst == REGULAR || dst == APPEND;

	rig_init(&r, src, dst);
	r.f.splice_after = splice_after;
	if (rate)
		flow_limit(&r.f, limit_create(&r.loop, rate, ignore, NULL));
	if (copy)
		force_copy(&r);
	flow_start(&r.f);
	if (src == REGULAR)
		fill_file(&r);
	else
		assert_int_equal(fcntl(r.feed, F_SETFL, O_NONBLOCK), 0);
	if (!sink_is_file)
		assert_int_equal(fcntl(r.sink, F_SETFL, O_NONBLOCK), 0);

	while (!flow_has_ended(&r.f)) {
		if (feeding && next_random(&seed) % 2)
			feeding = feed_some(&r, &fed, &seed);
		if (!sink_is_file && next_random(&seed) % 2)
			read_some(&r, &got, &seed);
		flow_step(&r.f);
		if (r.f.is_paused)
			uv_run(&r.loop, UV_RUN_ONCE);
	}
	if (r.f.state != FLOW_SHUT)
		fail_msg("%s to %s: %s", kind_names[src], kind_names[dst], strerror(-r.f.error));
	if (sink_is_file)
		assert_int_equal(lseek(r.sink, 0, SEEK_SET), 0);
	else
		assert_int_equal(fcntl(r.sink, F_SETFL, 0), 0);
	read_all(r.sink, &got);
	assert_int_equal(r.f.received, BULK);
	assert_int_equal(r.f.sent, BULK);
	assert_int_equal(flow_undelivered(&r.f), 0);
	assert_int_equal(got.len, BULK);
	assert_memory_equal(got.data, bulk, BULK);
	str_fini(&got);
	rig_fini(&r);
}

// Whatever is joined to whatever, and whichever engine moves it, all bytes arrive in order.
static void test_bulk(void **state)
{
	static const enum kind sources[] = {SOCKET, TCP, PIPE, REGULAR};
	static const enum kind sinks[] = {SOCKET, TCP, PIPE, REGULAR, APPEND};
	uint64_t seed = 1;

	(void)state;
	for (size_t i = 0; i < BULK; i++)
		bulk[i] = (char)next_random(&seed);
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(sinks); j++) {
			check_bulk(sources[i], sinks[j], true, 0, 0);
			check_bulk(sources[i], sinks[j], false, 0, 0);
			check_bulk(sources[i], sinks[j], false, 1000000, 0);
			check_bulk(sources[i], sinks[j], true, 0, 1 << 28);
			check_bulk(sources[i], sinks[j], false, 1000000, 1 << 28);
		}
	}
}

// A step takes no more than what is due, by either engine, from whatever source.
static void test_rate(void **state)
{
	static const enum kind sources[] = {SOCKET, TCP, PIPE, REGULAR};
	const uint64_t rate = 1000;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sources) * 2; i++) {
		struct rig r;

		rig_init(&r, sources[i / 2], SOCKET);
		flow_limit(&r.f, limit_create(&r.loop, rate, ignore, NULL));
		if (i % 2)
			force_copy(&r);
		flow_start(&r.f);
		assert_int_equal(pwrite(r.feed, bulk, 2 * rate, 0) < 0
					 ? write(r.feed, bulk, 2 * rate)
					 : (ssize_t)(2 * rate),
			2 * rate);
		flow_step(&r.f);
		assert_int_equal(r.f.received, rate / 10);
		while (!r.f.is_paused)
			flow_step(&r.f);
		assert_true(uv_loop_alive(&r.loop)); // it will call back
		rig_fini(&r);
	}
}

// A file that is set to append while it is written to refuses what the pipe between holds already.
static void test_refused_while_bytes_are_on_their_way(void **state)
{
	static const char text[] = "counted once";
	const size_t len = sizeof(text) - 1;
	struct rig r;
	struct str got = {0};

	(void)state;
	rig_init(&r, SOCKET, REGULAR);
	flow_start(&r.f);
	assert_int_equal(fcntl(r.sink, F_SETFL, O_APPEND), 0); // it shares its flags with the other
	assert_int_equal(write(r.feed, text, len), len);
	flow_step(&r.f);
	assert_string_equal(r.f.engine->name, "copy");
	end_feed(&r);
	while (!flow_has_ended(&r.f))
		flow_step(&r.f);
	assert_int_equal(r.f.state, FLOW_SHUT);
	assert_int_equal(r.f.received, len);
	assert_int_equal(r.f.sent, len);
	assert_int_equal(flow_undelivered(&r.f), 0);
	assert_int_equal(lseek(r.sink, 0, SEEK_SET), 0);
	read_all(r.sink, &got);
	assert_str_becomes(&got, text);
	str_fini(&got);
	rig_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choice_of_engine),
		cmocka_unit_test(test_bulk),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_refused_while_bytes_are_on_their_way),
	};

	signal(SIGPIPE, SIG_IGN); // as the program does
	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: ISC
// Queries that need no name service, one by one and in a queue.
#include "net/names/query.h"

#include "net/addr/endpoint.h"
#include "net/names/query_queue.h"
#include "unit.h"

static struct query make(enum query_via via, const char *word, const char *service)
{
	struct query q;

	query_init(&q, word, service);
	q.via = via;
	if (numeric_address(word, 0, &q.address))
		sockaddr_set_port(&q.address, 80);
	return q;
}

static void check_error(const struct query *q, enum query_outcome outcome, const char *text)
{
	struct str s = {0};

	assert_int_equal(query_outcome(q), outcome);
	str_add_query_error(&s, q);
	assert_str_becomes(&s, text);
	str_fini(&s);
}

static void test_getaddrinfo(void **state)
{
	struct query q = make(QUERY_GETADDRINFO, "192.0.2.1", "80");
	struct query any = make(QUERY_GETADDRINFO, "*", "80");

	(void)state;
	assert_true(query_is_immediate(&q) && query_is_immediate(&any));
	query_run(&q);
	assert_int_equal(query_outcome(&q), QUERY_FOUND);
	assert_non_null(q.list);
	query_fini(&q);
	query_run(&any);
	assert_int_equal(query_outcome(&any), QUERY_FOUND);
	query_fini(&any);
}

// Without a host and without a service the call still has what it wants.
static void test_no_host(void **state)
{
	struct query q = make(QUERY_GETADDRINFO, QUERY_NO_HOST, NULL);

	(void)state;
	assert_true(query_is_immediate(&q));
	query_run(&q);
	assert_int_equal(query_outcome(&q), QUERY_FOUND);
	query_fini(&q);
}

static void test_getifaddrs(void **state)
{
	struct query q = make(QUERY_GETIFADDRS, QUERY_NO_HOST, NULL);
	struct query none = make(QUERY_GETIFADDRS, QUERY_NO_HOST, NULL);

	(void)state;
	assert_true(query_is_immediate(&q));
	q.hints.ai_family = AF_INET;
	query_run(&q);
	assert_int_equal(query_outcome(&q), QUERY_FOUND);
	for (size_t i = 0; i < q.host.count; i++)
		assert_int_equal(q.host.addresses[i].sa.sa_family, AF_INET);
	query_fini(&q);
	none.hints.ai_family = AF_UNIX;
	query_run(&none);
	check_error(&none, QUERY_NOT_FOUND, "No address associated with hostname (EAI_NODATA)");
	query_fini(&none);
}

static void test_loose_addresses(void **state)
{
	static const char *const words[] = {"127.1", "0x7f000001", "2130706433", "0177.0.0.1"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		struct query q = make(QUERY_GETADDRINFO, words[i], NULL);
		struct query h = make(QUERY_GETHOSTBYNAME, words[i], NULL);

		assert_true(query_is_immediate(&q) && query_is_immediate(&h));
		query_run(&q);
		check_error(&q, QUERY_NOT_FOUND, "Name or service not known (EAI_NONAME)");
		query_fini(&q);
		query_run(&h);
		check_error(&h, QUERY_NOT_FOUND, "Unknown host (HOST_NOT_FOUND)");
		query_fini(&h);
	}
}

static void test_getnameinfo(void **state)
{
	struct query q = make(QUERY_GETNAMEINFO, "192.0.2.1", "80");

	(void)state;
	assert_false(query_is_immediate(&q));
	q.flags = NI_NUMERICHOST | NI_NUMERICSERV;
	assert_true(query_is_immediate(&q));
	query_run(&q);
	assert_int_equal(query_outcome(&q), QUERY_FOUND);
	assert_string_equal(q.name, "192.0.2.1");
	assert_string_equal(q.port_name, "80");
	query_fini(&q);
}

static void test_gethostbyname(void **state)
{
	struct query q = make(QUERY_GETHOSTBYNAME, "192.0.2.1", NULL);

	(void)state;
	query_run(&q);
	assert_int_equal(query_outcome(&q), QUERY_FOUND);
	assert_string_equal(q.host.name, "192.0.2.1");
	assert_int_equal(q.host.family, AF_INET);
	assert_int_equal(q.host.length, 4);
	assert_int_equal(q.host.count, 1);
	assert_null(q.host.aliases[0]);
	query_fini(&q);
}

static void test_outcomes(void **state)
{
	static const struct {
		int code, herr;
		enum query_outcome outcome;
	} cases[] = {
		{0, 0, QUERY_FOUND},
		{EAI_NONAME, 0, QUERY_NOT_FOUND},
		{EAI_NODATA, 0, QUERY_NOT_FOUND},
		{EAI_SERVICE, 0, QUERY_NOT_FOUND},
		{EAI_ADDRFAMILY, 0, QUERY_NOT_FOUND},
		{EAI_AGAIN, 0, QUERY_FAILED},
		{EAI_FAIL, 0, QUERY_FAILED},
		{EAI_SYSTEM, 0, QUERY_FAILED},
		{EAI_BADFLAGS, 0, QUERY_REFUSED},
		{EAI_SOCKTYPE, 0, QUERY_REFUSED},
		{0, HOST_NOT_FOUND, QUERY_NOT_FOUND},
		{0, NO_DATA, QUERY_NOT_FOUND},
		{0, TRY_AGAIN, QUERY_FAILED},
		{0, NO_RECOVERY, QUERY_FAILED},
		{0, NETDB_INTERNAL, QUERY_FAILED},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct query q = {.code = cases[i].code, .herr = cases[i].herr};

		if (query_outcome(&q) != cases[i].outcome)
			fail_msg("%d, %d: %d", q.code, q.herr, query_outcome(&q));
	}
}

// The queue and what came out of it.
struct fixture {
	struct query_queue queue;
	struct str answers;
	unsigned rooms;
};

static void on_answer(void *data, const struct query *q)
{
	struct fixture *f = data;

	str_addf(&f->answers, "%s ", q->word);
}

static void on_room(void *data)
{
	struct fixture *f = data;

	f->rooms++;
}

static void add(struct fixture *f, enum query_via via, const char *word)
{
	struct query q = make(via, word, NULL);

	q.flags = NI_NUMERICHOST; // asks nobody beyond this machine
	assert_int_equal(query_queue_add(&f->queue, &q), 0);
}

// Whatever answers first, the order is that of the questions.
static void test_queue(void **state)
{
	struct fixture f = {0};
	uv_loop_t *loop = uv_default_loop();
	struct str words = {0};

	(void)state;
	query_queue_init(&f.queue, loop, 2, on_answer, on_room, &f);
	add(&f, QUERY_GETADDRINFO, "192.0.2.1");
	assert_str_becomes(&f.answers, "192.0.2.1 ");
	add(&f, QUERY_GETNAMEINFO, "127.0.0.1"); // asks a thread
	add(&f, QUERY_GETADDRINFO, "192.0.2.2");
	assert_false(query_queue_is_full(&f.queue));
	add(&f, QUERY_GETNAMEINFO, "127.0.0.2");
	assert_true(query_queue_is_full(&f.queue));
	assert_str_becomes(&f.answers, "");
	query_queue_add_words(&f.queue, &words);
	assert_str_becomes(&words, "127.0.0.1, 127.0.0.2");
	query_queue_deliver_rest(&f.queue);
	assert_str_becomes(&f.answers, "192.0.2.2 ");
	uv_run(loop, UV_RUN_DEFAULT);
	assert_str_becomes(&f.answers, "127.0.0.1 127.0.0.2 ");
	assert_int_equal(f.rooms, 2);
	assert_int_equal(f.queue.count, 0);
	assert_int_equal(uv_loop_close(loop), 0);
	str_fini(&f.answers);
	str_fini(&words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_getaddrinfo),
		cmocka_unit_test(test_no_host),
		cmocka_unit_test(test_getifaddrs),
		cmocka_unit_test(test_loose_addresses),
		cmocka_unit_test(test_getnameinfo),
		cmocka_unit_test(test_gethostbyname),
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: ISC
#include "net/names/lookup.h"

#include "loop.h"
#include "sys/trace.h"
#include "unit.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>

// Shows what lookup_numeric() says: addresses, the name of the error, or "-" for "ask somebody".
static void check_numeric(
	const char *host, const char *service, int family, int flags, const char *want)
{
	struct address_list list;
	struct str s = {0};
	int code = -999;

	if (!lookup_numeric(host, service, family, flags, &code, &list)) {
		str_add(&s, "-");
		assert_int_equal(list.count, 0);
	} else if (code) {
		str_add(&s, gai_strerror(code));
		assert_int_equal(list.count, 0);
	}
	for (size_t i = 0; i < list.count; i++) {
		if (i)
			str_addc(&s, ' ');
		str_add_sockaddr(&s, &list.items[i].sa, list.items[i].len);
	}
	assert_string_equal(str_c(&s), want);
	address_list_fini(&list);
	str_fini(&s);
}

static void test_numeric(void **state)
{
	const char *no_family = gai_strerror(EAI_ADDRFAMILY);
	const char *no_name = gai_strerror(EAI_NONAME);

	(void)state;
	check_numeric("127.0.0.1", "80", AF_UNSPEC, 0, "127.0.0.1:80");
	check_numeric("::1", "0", AF_UNSPEC, 0, "[::1]:0");
	check_numeric("::1", "65535", AF_INET6, 0, "[::1]:65535");
	check_numeric("::1", "80", AF_INET, 0, no_family);
	check_numeric("127.0.0.1", "80", AF_INET6, 0, no_family);
	check_numeric("fe80::1%lo", "80", AF_UNSPEC, 0, "[fe80::1%lo]:80");
	check_numeric("localhost", "80", AF_UNSPEC, 0, "-");
	check_numeric("127.0.0.1", "http", AF_UNSPEC, 0, "-");
	check_numeric("127.0.0.1", "65536", AF_UNSPEC, 0, "-");
	check_numeric("127.1", "80", AF_UNSPEC, 0, no_name); // addresses to inet_aton() only
	check_numeric("0x7f000001", "80", AF_UNSPEC, 0, no_name);
	check_numeric("2130706433", "80", AF_UNSPEC, 0, no_name);
}

static void test_no_host(void **state)
{
	(void)state;
	check_numeric(NULL, "80", AF_UNSPEC, 0, "[::1]:80 127.0.0.1:80");
	check_numeric(NULL, "80", AF_INET, 0, "127.0.0.1:80");
	check_numeric(NULL, "80", AF_INET6, 0, "[::1]:80");
	check_numeric(NULL, "80", AF_UNSPEC, AI_PASSIVE, "[::]:80 0.0.0.0:80");
	check_numeric(NULL, "0", AF_INET, AI_PASSIVE, "0.0.0.0:0");
}

// What a look-up in a thread has answered.
struct answer {
	bool called;
	int code;
	struct address_list list;
};

static void on_answer(void *data, int code, int error, struct address_list list)
{
	struct answer *a = data;

	(void)error;
	assert_false(a->called);
	*a = (struct answer){true, code, list};
}

static struct lookup *start(struct answer *a, const char *host, const char *service, int flags)
{
	const struct lookup_words words = {
		host, service, {.ai_socktype = SOCK_STREAM, .ai_flags = flags}};
	struct lookup *l;
	int error = 0;

	*a = (struct answer){0};
	l = lookup_start(&loop, &words, on_answer, a, &error);
	assert_non_null(l);
	assert_int_equal(error, 0);
	assert_false(a->called); // never from within
	return l;
}

static void test_threads(void **state)
{
	struct answer a;
	struct answer b;

	(void)state;
	start(&a, "127.0.0.1", "80", AI_NUMERICHOST | AI_NUMERICSERV);
	start(&b, "nowhere", NULL, AI_NUMERICHOST);
	loop_until(&a.called);
	loop_until(&b.called);
	assert_int_equal(a.code, 0);
	assert_int_equal(a.list.count, 1);
	assert_int_equal(sockaddr_port(&a.list.items[0]), 80);
	assert_int_equal(b.code, EAI_NONAME);
	assert_int_equal(b.list.count, 0);
	address_list_fini(&a.list);
}

// What an endpoint stands for, where nobody has to be asked.
static void check_endpoint(char *word, const char *address)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct lookup *lookup = NULL;
	struct answer a = {0};
	struct str text = {0};
	struct endpoint p;

	assert_int_equal(endpoint_parse(&p, ENDPOINT_CONNECT, 1, &word, &text), 0);
	assert_int_equal(
		lookup_endpoint(&loop, &p, &hints, on_answer, &a, &lookup), address ? 0 : -EINVAL);
	assert_null(lookup);
	assert_int_equal(a.called, address != NULL);
	if (address) {
		assert_int_equal(a.code, 0);
		assert_int_equal(a.list.count, 1);
		str_add_sockaddr(&text, &a.list.items[0].sa, a.list.items[0].len);
		assert_string_equal(str_c(&text), address);
	}
	address_list_fini(&a.list);
	str_fini(&text);
	endpoint_fini(&p);
}

static void test_endpoints(void **state)
{
	char inet[] = "192.0.2.1:80";
	char path[] = "unix:/run/x";
	char name[] = "unix:@x";
	char fd[] = "fd:3";

	(void)state;
	check_endpoint(inet, "192.0.2.1:80");
	check_endpoint(path, "unix:/run/x");
	check_endpoint(name, "unix:@x");
	check_endpoint(fd, NULL); // a descriptor has no address to connect or bind to
}

// Nobody is called, and nothing of it stays on the loop.
static void test_cancel(void **state)
{
	struct answer a;
	struct lookup *l = start(&a, "127.0.0.1", "80", AI_NUMERICHOST);

	(void)state;
	lookup_cancel(l);
	loop_for(50);
	assert_false(a.called);
}

// Holds the threads that ask, by the trace of what they have asked.
static sem_t gate;
static atomic_uint held; // threads that have come to it, in all

static void on_call(const struct trace_call *call, void *arg)
{
	(void)arg;
	if (strcmp(call->name, "getaddrinfo") != 0)
		return;
	atomic_fetch_add(&held, 1);
	while (sem_wait(&gate) < 0)
		continue;
}

static int close_gate(void **state)
{
	atomic_store(&held, 0);
	sem_init(&gate, 0, 0);
	trace_set_sink(on_call, NULL);
	return loop_setup(state);
}

static int remove_gate(void **state)
{
	trace_set_sink(NULL, NULL);
	sem_destroy(&gate);
	return loop_teardown(state);
}

static void let_pass(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		sem_post(&gate);
}

static void wait_for_held(unsigned n)
{
	for (int i = 0; i < 10000 && atomic_load(&held) < n; i++)
		loop_for(1);
	assert_int_equal(atomic_load(&held), n);
}

static unsigned count_threads(void)
{
	unsigned n = 0;
	DIR *dir = opendir("/proc/self/task");

	assert_non_null(dir);
	for (const struct dirent *d; (d = readdir(dir));)
		n += d->d_name[0] != '.';
	closedir(dir);
	return n;
}

// Who asks the same at the same time is answered by one call.
static void test_shared(void **state)
{
	struct answer same[3];
	struct answer others[3];
	struct answer left;
	struct lookup *l;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		start(&same[i], "127.0.0.1", "80", AI_NUMERICHOST);
	l = start(&left, "127.0.0.1", "80", AI_NUMERICHOST);
	start(&others[0], "127.0.0.1", "81", AI_NUMERICHOST);
	start(&others[1], "127.0.0.2", "80", AI_NUMERICHOST);
	start(&others[2], "127.0.0.1", NULL, AI_NUMERICHOST);
	wait_for_held(4);
	lookup_cancel(l);
	let_pass(4);
	for (size_t i = 0; i < 3; i++) {
		loop_until(&same[i].called);
		loop_until(&others[i].called);
		assert_int_equal(same[i].list.count, 1);
		assert_int_equal(sockaddr_port(&same[i].list.items[0]), 80);
		address_list_fini(&same[i].list);
		address_list_fini(&others[i].list);
	}
	assert_false(left.called);
	assert_int_equal(atomic_load(&held), 4);

	let_pass(1); // asked later, it is asked anew
	start(&left, "127.0.0.1", "80", AI_NUMERICHOST);
	loop_until(&left.called);
	address_list_fini(&left.list);
	assert_int_equal(atomic_load(&held), 5);
}

#define MOST 32
#define MANY 100

// However many names are asked for, there are no more threads than that; the others come later.
static void test_bounded(void **state)
{
	static struct answer answers[MANY];
	struct lookup *lookups[MANY];
	char service[8];

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(service, sizeof(service), "%u", i);
		lookups[i] = start(&answers[i], "127.0.0.1", service, AI_NUMERICHOST);
	}
	wait_for_held(MOST);
	assert_in_range(count_threads(), MOST + 1, MOST + 8);
	lookup_cancel(lookups[0]); // a thread has it
	lookup_cancel(lookups[MANY - 1]); // none will
	let_pass(MANY);
	for (unsigned i = 1; i < MANY - 1; i++) {
		loop_until(&answers[i].called);
		assert_int_equal(sockaddr_port(&answers[i].list.items[0]), i);
		address_list_fini(&answers[i].list);
	}
	assert_false(answers[0].called || answers[MANY - 1].called);
	assert_int_equal(atomic_load(&held), MANY - 1);
}

// The first to be answered wants no other answer.
static struct lookup *unwanted;

static void on_first_answer(void *data, int code, int error, struct address_list list)
{
	on_answer(data, code, error, list);
	address_list_fini(&list);
	lookup_cancel(unwanted);
}

static void test_cancel_in_the_callback(void **state)
{
	const struct lookup_words words = {
		"127.0.0.1", "80", {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST}};
	struct answer first = {0};
	struct answer second;
	int error;

	(void)state;
	let_pass(1);
	lookup_start(&loop, &words, on_first_answer, &first, &error);
	unwanted = start(&second, "127.0.0.1", "80", AI_NUMERICHOST);
	loop_until(&first.called);
	loop_for(50);
	assert_false(second.called);
}

static void test_each_address_once(void **state)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST}; // of three socket types
	struct addrinfo *res;
	struct address_list list;

	(void)state;
	assert_int_equal(getaddrinfo("::1", "80", &hints, &res), 0);
	assert_non_null(res->ai_next);
	list = address_list_of(res);
	assert_int_equal(list.count, 1);
	address_list_fini(&list);
	freeaddrinfo(res);
	assert_int_equal(address_list_of(NULL).count, 0);
}

static void test_kinds_of_failure(void **state)
{
	(void)state;
	assert_true(lookup_is_not_found(EAI_NONAME));
	assert_true(lookup_is_not_found(EAI_SERVICE));
	assert_true(lookup_is_not_found(EAI_NODATA));
	assert_false(lookup_is_not_found(EAI_AGAIN));
	assert_false(lookup_is_not_found(EAI_FAIL));
	assert_false(lookup_is_not_found(EAI_SYSTEM));
	assert_false(lookup_is_not_found(0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numeric),
		cmocka_unit_test(test_no_host),
		loop_test(test_threads),
		loop_test(test_endpoints),
		loop_test(test_cancel),
		cmocka_unit_test_setup_teardown(test_shared, close_gate, remove_gate),
		cmocka_unit_test_setup_teardown(test_bounded, close_gate, remove_gate),
		cmocka_unit_test_setup_teardown(
			test_cancel_in_the_callback, close_gate, remove_gate),
		cmocka_unit_test(test_each_address_once),
		cmocka_unit_test(test_kinds_of_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

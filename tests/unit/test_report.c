// SPDX-License-Identifier: ISC
#include "out/report.h"

#include "out/write.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

static const struct event ev_opened = {
	"listening", REPORT_NORMAL, "listening on {local}, backlog {backlog}{note}"};
static const struct event ev_ended = {
	"closed", REPORT_VERBOSE, "closed {remote} after {elapsed}, clean: {clean}"};
static const struct event ev_silent = {"silent", REPORT_NORMAL, NULL};

static const struct sockaddr_any local = {
	.in = {.sin_family = AF_INET, .sin_port = 0x5000, .sin_addr = {0x0100007f}},
	.len = sizeof(struct sockaddr_in)};
static const struct sockaddr_any path = {
	.un = {.sun_family = AF_UNIX, .sun_path = "/run/\x1b"}, .len = sizeof(sa_family_t) + 7};
static const struct sockaddr_any none = {.len = 0};

// A reporter that writes into a pipe, and what came out of it.
struct fixture {
	struct reporter r;
	int fds[2];
	struct str out;
};

static void begin(struct fixture *f, enum report_level level, bool json)
{
	*f = (struct fixture){0};
	assert_int_equal(pipe(f->fds), 0);
	f->r = (struct reporter){.command = "listen",
		.level = level,
		.json = json,
		.fd = f->fds[1],
		.trace_fd = f->fds[1]};
}

static const char *written(struct fixture *f)
{
	close(f->fds[1]);
	read_all(f->fds[0], &f->out);
	close(f->fds[0]);
	return str_c(&f->out);
}

// The one JSON object that was written.
static json_t *written_json(struct fixture *f)
{
	const char *text = written(f);
	json_t *j = json_loads(text, 0, NULL);

	assert_true(json_is_object(j));
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	return j;
}

static void check_json_text(json_t *j, const char *key, const char *want)
{
	assert_string_equal(json_string_value(json_object_get(j, key)), want);
}

static void test_text(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, REPORT_NORMAL, false);
	report(&f.r, &ev_opened, F_ENDPOINT("local", &local), F_UINT("backlog", 4096));
	assert_string_equal(
		written(&f), "sockctl: listen: listening on 127.0.0.1:80, backlog 4096\n");
	str_fini(&f.out);

	begin(&f, REPORT_VERBOSE, false);
	report(&f.r, &ev_ended, F_ADDR("remote", &path), F_SECONDS("elapsed", 1500000000),
		F_BOOL("clean", true));
	report(&f.r, &ev_opened, F_STR("note", "\x1b[31m"), F_STR("local", NULL));
	assert_string_equal(written(&f),
		"sockctl: listen: closed unix:/run/\\x1b after 1.500 s, clean: yes\n"
		"sockctl: listen: listening on , backlog \\x1b[31m\n");
	str_fini(&f.out);
}

// A result stands on standard output alone, without the name of the program before it.
static void test_result(void **state)
{
	static const struct event ev_result = {
		"result", REPORT_RESULT, "{count} of {name}, {rate}"};
	const double rate = 0.25;
	json_t *ranges = json_pack("[[i]]", 7);
	struct fixture f;
	struct str line = {0};

	(void)state;
	for (int json = 0; json < 2; json++) {
		begin(&f, REPORT_QUIET, json);
		report_line(&f.r, &ev_result, &line, F_UINT("count", 2), F_STR("name", "\x1b"),
			F_REAL("rate", &rate), F_JSON("ranges", ranges), F_JSON("none", NULL));
		assert_string_equal(written(&f), "");
		str_fini(&f.out);
		if (!json)
			assert_string_equal(str_c(&line), "2 of \\x1b, 0.25\n");
		else
			assert_non_null(strstr(str_c(&line), ",\"count\":2,\"name\":\"\\u001B\","
							     "\"rate\":0.25,\"ranges\":[[7]]}\n"));
		str_fini(&line);
	}
	json_decref(ranges);
}

static void test_levels(void **state)
{
	static const enum report_level levels[] = {
		REPORT_QUIET, REPORT_NORMAL, REPORT_VERBOSE, REPORT_DEBUG};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		struct fixture f;

		begin(&f, levels[i], false);
		report(&f.r, &ev_opened, F_UINT("backlog", 1));
		report(&f.r, &ev_ended, F_BOOL("clean", false));
		report(&f.r, &ev_silent, F_BOOL("clean", false));

		const char *out = written(&f);

		assert_int_equal(!!strstr(out, "listening"), levels[i] >= REPORT_NORMAL);
		assert_int_equal(!!strstr(out, "closed"), levels[i] >= REPORT_VERBOSE);
		assert_null(strstr(out, "silent"));
		str_fini(&f.out);
	}
}

static void test_json(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, REPORT_NORMAL, true); // also what text would leave out at this level
	report(&f.r, &ev_ended, F_ENDPOINT("local", &local), F_ADDR("remote", &path),
		F_ADDR("nobody", &none), F_UINT("bytes", 1234567890123), F_BOOL("clean", false),
		F_SECONDS("elapsed", 1500000000), F_STR("name", "\xc3\xbc\n"), F_STR("not", NULL));

	json_t *j = written_json(&f);
	json_t *remote = json_object_get(j, "remote");

	check_json_text(j, "event", "closed");
	check_json_text(j, "command", "listen");
	assert_true(json_real_value(json_object_get(j, "time")) > 1e9);
	check_json_text(j, "family", "inet");
	check_json_text(j, "address", "127.0.0.1");
	assert_int_equal(json_integer_value(json_object_get(j, "port")), 80);
	check_json_text(remote, "family", "unix");
	check_json_text(remote, "path", "/run/\x1b");
	assert_null(json_object_get(remote, "port"));
	check_json_text(json_object_get(j, "nobody"), "family", "unspec");
	assert_int_equal(json_integer_value(json_object_get(j, "bytes")), 1234567890123);
	assert_true(json_is_false(json_object_get(j, "clean")));
	assert_true(json_real_value(json_object_get(j, "elapsed")) == 1.5);
	check_json_text(j, "name", "\xc3\xbc\n");
	assert_null(json_object_get(j, "not"));
	json_decref(j);
	str_fini(&f.out);
}

static double wall_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

// To the microsecond, which is as far as a number of JSON goes with the seconds since 1970.
static void test_json_times(void **state)
{
	const double exact = 1e-6;
	struct fixture f;
	double before = wall_clock();

	(void)state;
	begin(&f, REPORT_NORMAL, true);
	report(&f.r, &ev_ended, F_TIME("start", 1795979019123456000),
		F_SECONDS("elapsed", 123456000));
	double after = wall_clock();
	json_t *j = written_json(&f);
	double time = json_real_value(json_object_get(j, "time"));

	assert_true(before - exact < time && time < after + exact);
	assert_non_null(strstr(str_c(&f.out), "\"start\":1795979019.123456,"));
	assert_non_null(strstr(str_c(&f.out), "\"elapsed\":0.123456}"));
	json_decref(j);
	str_fini(&f.out);
}

static void test_json_is_silent_when_quiet(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, REPORT_QUIET, true);
	report(&f.r, &ev_opened, F_UINT("backlog", 1));
	assert_string_equal(written(&f), "");
	str_fini(&f.out);
}

// Whatever stands in a string, the line that a terminal may show is printable ASCII.
static void test_json_of_hostile_text(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"\x1b[31m", "\x1b[31m"},
		{"\xc2\x9b"
		 "31m",
			"\xc2\x9b"
			"31m"},
		{"\xe2\x80\xae", "\xe2\x80\xae"},
		{"a\"b\\c\n", "a\"b\\c\n"},
		{"not UTF-8: \xff\n", "not UTF-8: \\xff\\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fixture f;

		begin(&f, REPORT_NORMAL, true);
		report(&f.r, &ev_silent, F_STR("text", cases[i].in));

		json_t *j = written_json(&f);

		check_json_text(j, "text", cases[i].out);
		for (size_t at = 0; at + 1 < f.out.len; at++)
			assert_in_range(f.out.data[at], 0x20, 0x7e);
		json_decref(j);
		str_fini(&f.out);
	}
}

static void check_error(const char *object, const char *message, int error, const char *want)
{
	struct fixture f;

	begin(&f, REPORT_QUIET, false);
	report_error(&f.r, 5, object, message, error);
	assert_string_equal(written(&f), want);
	str_fini(&f.out);
}

static void test_errors_as_text(void **state)
{
	(void)state;
	check_error("127.0.0.1:1", NULL, -ECONNREFUSED,
		"sockctl: listen: 127.0.0.1:1: Connection refused (ECONNREFUSED)\n");
	check_error(NULL, NULL, -ENOMEM, "sockctl: listen: Cannot allocate memory (ENOMEM)\n");
	check_error("a\nb", "no such thing", 0, "sockctl: listen: a\\nb: no such thing\n");
	check_error(NULL, "own words", -EIO, "sockctl: listen: own words (EIO)\n");
	check_error(NULL, NULL, -524, "sockctl: listen: Unknown error 524\n");
}

static void test_errors_as_json(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, REPORT_QUIET, true); // errors come in any case
	report_error(&f.r, 5, "a\xff", NULL, -ECONNREFUSED);

	json_t *j = written_json(&f);

	check_json_text(j, "event", "error");
	check_json_text(j, "command", "listen");
	check_json_text(j, "object", "a\\xff");
	check_json_text(j, "message", "Connection refused");
	check_json_text(j, "errno", "ECONNREFUSED");
	assert_int_equal(json_integer_value(json_object_get(j, "status")), 5);
	json_decref(j);
	str_fini(&f.out);
}

static void test_error_before_the_command(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, REPORT_NORMAL, false);
	f.r.command = NULL;
	report_error(&f.r, 2, NULL, "no command 'x'", 0);
	assert_string_equal(written(&f), "sockctl: no command 'x'\n");
	str_fini(&f.out);
}

static void test_trace_line(void **state)
{
	struct fixture f;
	struct str line = {0};

	(void)state;
	begin(&f, REPORT_NORMAL, false);
	str_add(&line, "close(3) = 0");
	report_trace(&f.r, &line);
	assert_int_equal(line.len, 0);
	assert_null(line.data);
	assert_string_equal(written(&f), "close(3) = 0\n");
	str_fini(&f.out);
}

// More than a pipe holds, to a descriptor that somebody made non-blocking.
static void test_write_whole_waits(void **state)
{
	static char data[1 << 20];
	struct str got = {0};
	int fds[2];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * 31 >> 3);
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	assert_int_equal(fcntl(fds[0], F_SETFL, 0), 0);

	pid_t pid = fork();

	if (pid == 0) {
		close(fds[0]);
		_exit(write_whole(fds[1], data, sizeof(data)) == 0 ? 0 : 1);
	}
	assert_true(pid > 0);
	close(fds[1]);
	read_all(fds[0], &got);
	close(fds[0]);
	assert_int_equal(got.len, sizeof(data));
	assert_memory_equal(got.data, data, sizeof(data));
	str_fini(&got);

	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_write_whole_fails(void **state)
{
	int fds[2];
	int full = open("/dev/full", O_WRONLY);

	(void)state;
	assert_true(full >= 0);
	assert_int_equal(write_whole(full, "x", 1), -ENOSPC);
	assert_int_equal(write_whole(full, "", 0), 0);
	close(full);
	assert_int_equal(write_whole(full, "x", 1), -EBADF);

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	assert_int_equal(write_whole(fds[1], "x", 1), -EPIPE);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_result),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_times),
		cmocka_unit_test(test_json_is_silent_when_quiet),
		cmocka_unit_test(test_json_of_hostile_text),
		cmocka_unit_test(test_errors_as_text),
		cmocka_unit_test(test_errors_as_json),
		cmocka_unit_test(test_error_before_the_command),
		cmocka_unit_test(test_trace_line),
		cmocka_unit_test(test_write_whole_waits),
		cmocka_unit_test(test_write_whole_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

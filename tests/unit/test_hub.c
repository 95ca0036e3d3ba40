// SPDX-License-Identifier: ISC
// Many connections on one stdin and one stdout.
#include "relay/hub.h"

#include "loop.h"
#include "relay/relay.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>

// A member with the far end of its connection.
struct client {
	struct hub_member member;
	struct channel peer;
	struct relay relay;
	int far;
	bool done;
	bool cut_off;
};

struct bench {
	struct hub hub;
	int in, out; // the hub's
	int to_in, from_out; // the test's
	bool failed, input_failed;
	int error;
};

static void on_failed(struct hub *h, bool input, int error)
{
	struct bench *b = h->options.data;

	b->failed = true;
	b->input_failed = input;
	b->error = error;
}

static void on_behind(struct hub *h, struct hub_member *m)
{
	struct client *c = container_of(m, struct client, member);

	(void)h;
	c->cut_off = true;
	hub_leave(m);
}

static void on_drained(struct hub *h)
{
	(void)h;
}

static void on_done(struct relay *r)
{
	struct client *c = r->data;

	c->done = true;
}

static void open_bench_on(struct bench *b, int in)
{
	int fds[2];

	*b = (struct bench){.in = in, .to_in = -1};
	assert_int_equal(pipe(fds), 0);
	b->from_out = fds[0];
	b->out = fds[1];
	assert_int_equal(fcntl(b->from_out, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(hub_init(&b->hub, &(struct hub_options){.pool = &pool,
						   .in = b->in,
						   .out = b->out,
						   .on_failed = on_failed,
						   .on_behind = on_behind,
						   .on_drained = on_drained,
						   .data = b}),
		0);
}

static void open_bench(struct bench *b)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	open_bench_on(b, fds[0]);
	b->to_in = fds[1];
}

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void close_bench(struct bench *b)
{
	hub_fini(&b->hub);
	close_end(&b->in);
	close_end(&b->out);
	close_end(&b->to_in);
	close_end(&b->from_out);
}

static void join(struct client *c, struct bench *b)
{
	static const struct relay_policy policy = {.until = UNTIL_BOTH};
	int fds[2];

	*c = (struct client){0};
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	c->far = fds[1];
	channel_init_socket(&c->peer, &loop, fds[0], true);
	hub_join(&b->hub, &c->member, &c->relay);
	assert_int_equal(relay_init(&c->relay, &(struct relay_options){.pool = &pool,
						       .local = &c->member.channel,
						       .peer = &c->peer,
						       .policy = policy,
						       .done = on_done,
						       .data = c}),
		0);
	relay_start(&c->relay);
}

static void leave(struct client *c)
{
	if (!c->cut_off)
		hub_leave(&c->member);
	relay_fini(&c->relay);
	channel_fini(&c->member.channel);
	channel_fini(&c->peer);
	close_end(&c->far);
}

static void put(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

// Lets the loop run until LEN bytes have come from FD.
static void receive(int fd, struct str *got, size_t len)
{
	char buf[65536];

	for (int i = 0; i < 2000 && got->len < len; i++) {
		ssize_t n = read(fd, buf, sizeof(buf));

		if (n > 0)
			str_addn(got, buf, (size_t)n);
		else
			loop_for(1);
	}
	assert_int_equal(got->len, len);
}

static void expect(int fd, const char *text)
{
	struct str got = {0};

	receive(fd, &got, strlen(text));
	assert_string_equal(str_c(&got), text);
	str_fini(&got);
}

static void test_input_goes_to_all(void **state)
{
	struct bench b;
	struct client one;
	struct client two;

	(void)state;
	open_bench(&b);
	put(b.to_in, "early "); // waits for the first one
	loop_for(10);
	join(&one, &b);
	expect(one.far, "early ");
	join(&two, &b);
	put(b.to_in, "late");
	expect(one.far, "late");
	expect(two.far, "late");
	close_end(&b.to_in);
	close_end(&one.far);
	shutdown(two.far, SHUT_WR);
	loop_until(&one.done);
	loop_until(&two.done);
	assert_int_equal(two.relay.outcome, RELAY_DONE);
	leave(&one);
	leave(&two);
	close_bench(&b);
}

static void test_output_of_all(void **state)
{
	struct bench b;
	struct client one;
	struct client two;

	(void)state;
	open_bench(&b);
	join(&one, &b);
	join(&two, &b);
	put(one.far, "from one\n");
	expect(b.from_out, "from one\n");
	put(two.far, "from two\n");
	expect(b.from_out, "from two\n");
	leave(&one); // the output stays for the others
	put(two.far, "again\n");
	expect(b.from_out, "again\n");
	leave(&two);
	close_bench(&b);
}

// What one member sent at once stays together, also while the output is full.
static void test_reads_stay_whole(void **state)
{
	enum { LINE = 4096, LINES = 80 }; // more than the output takes, and whole reads
	struct bench b;
	struct client clients[2];
	struct str got = {0};
	char line[LINE];

	(void)state;
	open_bench(&b);
	join(&clients[0], &b);
	join(&clients[1], &b);
	for (int i = 0; i < LINES; i++) {
		memset(line, 'a' + i % 2, sizeof(line));
		assert_int_equal(write(clients[i % 2].far, line, LINE), LINE);
		loop_for(0);
	}
	assert_true(hub_is_busy(&b.hub));
	assert_true(fifo_len(&b.hub.pending) <= 64 * 1024); // the rest waits where it is
	receive(b.from_out, &got, (size_t)LINES * LINE);
	for (size_t at = 0; at < got.len; at += LINE)
		for (size_t i = 1; i < LINE; i++)
			assert_int_equal(got.data[at + i], got.data[at]);
	str_fini(&got);
	leave(&clients[0]);
	leave(&clients[1]);
	close_bench(&b);
}

// One that does not read is cut off when others wait for more; nothing that they are due is lost.
static void test_one_that_does_not_read(void **state)
{
	enum { TOTAL = 8 << 20 };
	static char block[65536];
	struct bench b;
	struct client reader;
	struct client sleeper;
	size_t fed = 0;
	size_t got = 0;

	(void)state;
	open_bench(&b);
	assert_int_equal(fcntl(b.to_in, F_SETFL, O_NONBLOCK), 0);
	join(&reader, &b);
	join(&sleeper, &b);
	for (int i = 0; i < 10000 && got < TOTAL; i++) {
		ssize_t n =
			fed < TOTAL ? write(b.to_in, block, MIN(sizeof(block), TOTAL - fed)) : 0;

		fed += (size_t)MAX(n, 0);
		while ((n = read(reader.far, block, sizeof(block))) > 0)
			got += (size_t)n;
		loop_for(1);
	}
	assert_int_equal(got, TOTAL);
	assert_true(sleeper.cut_off);
	assert_false(reader.cut_off);
	leave(&reader);
	leave(&sleeper);
	close_bench(&b);
}

// Each gets a file from its beginning, whenever it comes.
static void test_file_for_each(void **state)
{
	char path[] = "/tmp/sockctl-hub-XXXXXX";
	int fd = mkstemp(path);
	struct bench b;
	struct client one;
	struct client two;

	(void)state;
	unlink(path);
	put(fd, "the whole file");
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	open_bench_on(&b, fd);
	join(&one, &b);
	expect(one.far, "the whole file");
	join(&two, &b);
	expect(two.far, "the whole file");
	leave(&one);
	leave(&two);
	close_bench(&b);
}

static void test_reader_goes_away(void **state)
{
	struct bench b;
	struct client one;

	(void)state;
	open_bench(&b);
	join(&one, &b);
	close_end(&b.from_out);
	loop_until(&b.failed);
	assert_false(b.input_failed);
	assert_int_equal(b.error, -EPIPE);
	leave(&one);
	close_bench(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		loop_test(test_input_goes_to_all),
		loop_test(test_output_of_all),
		loop_test(test_reads_stay_whole),
		loop_test(test_one_that_does_not_read),
		loop_test(test_file_for_each),
		loop_test(test_reader_goes_away),
	};

	signal(SIGPIPE, SIG_IGN); // as the program does
	return cmocka_run_group_tests(tests, NULL, NULL);
}

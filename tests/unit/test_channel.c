// SPDX-License-Identifier: ISC
#include "io/channel.h"

#include "loop.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>

static void on_event(struct watch *w, unsigned events)
{
	(void)w;
	(void)events;
}

static void init_stdio(struct channel *e, int in, int out)
{
	assert_int_equal(channel_init_stdio(e, &loop, in, out), 0);
}

static bool is_blocking(int fd)
{
	return !(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

static void check_recv(struct channel *e, const char *want)
{
	char buf[16] = "";

	assert_int_equal(e->ops->recv(e, buf, sizeof(buf) - 1), strlen(want));
	assert_string_equal(buf, want);
}

static void check_nothing(struct channel *e)
{
	char c;

	assert_int_equal(e->ops->recv(e, &c, 1), -EAGAIN);
}

static void test_socket(void **state)
{
	struct channel e;
	int fds[2];
	char c;

	(void)state;
	tcp_pair(fds);
	channel_init_socket(&e, &loop, fds[0], true);
	check_nothing(&e);
	assert_int_equal(e.ops->send(&e, "x", 1), 1);
	assert_int_equal(read(fds[1], &c, 1), 1);
	assert_int_equal(write(fds[1], "abc", 3), 3);
	loop_for(1);
	check_recv(&e, "abc");
	assert_int_equal(e.ops->shut(&e, SHUT_WR), 0);
	assert_int_equal(read(fds[1], &c, 1), 0);
	close(fds[1]);
	loop_for(1);
	check_recv(&e, "");
	channel_fini(&e);
	assert_int_equal(fcntl(fds[0], F_GETFD), -1); // it was ours
}

// A socket that others may still use keeps its mode and stays open.
static void test_inherited_socket(void **state)
{
	struct channel e;
	int fds[2];

	(void)state;
	tcp_pair(fds);
	channel_init_socket(&e, &loop, fds[0], false);
	check_nothing(&e);
	assert_true(is_blocking(fds[0]));
	channel_fini(&e);
	assert_int_equal(fcntl(fds[0], F_GETFD), 0);
	close(fds[0]);
	close(fds[1]);
}

// The end is told also while another program holds the socket that is our stdout.
static void test_socket_as_stdio(void **state)
{
	struct channel e;
	int fds[2];
	int other;
	char c;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	other = dup(fds[0]);
	init_stdio(&e, fds[0], dup(fds[0]));
	check_nothing(&e);
	assert_true(is_blocking(fds[0]));
	assert_int_equal(e.ops->send(&e, "x", 1), 1);
	assert_int_equal(e.ops->shut(&e, SHUT_WR), 0);
	assert_int_equal(read(fds[1], &c, 1), 1);
	assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(read(fds[1], &c, 1), 0);
	channel_fini(&e);
	close(other);
	close(fds[0]);
	close(fds[1]);
}

// Pipes are never blocked on, and keep their mode.
static void test_pipes(void **state)
{
	static char block[65536];
	struct channel e;
	int in[2];
	int out[2];
	ssize_t n;

	(void)state;
	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	init_stdio(&e, in[0], out[1]);
	check_nothing(&e);
	while ((n = e.ops->send(&e, block, sizeof(block))) > 0)
		;
	assert_int_equal(n, -EAGAIN);
	assert_int_equal(write(in[1], "abc", 3), 3);
	check_recv(&e, "abc");
	close(in[1]);
	check_recv(&e, "");
	assert_true(is_blocking(in[0]) && is_blocking(out[1]));
	assert_int_equal(e.ops->shut(&e, SHUT_WR), 0);
	assert_int_equal(fcntl(out[1], F_GETFD), -1); // closing is how a pipe learns of the end
	channel_fini(&e);
	assert_int_equal(fcntl(in[0], F_GETFD), 0);
	close(in[0]);
	close(out[0]);
}

// It cannot be opened anew, so it is asked before each read.
static void test_named_pipe(void **state)
{
	char folder[] = "/tmp/sockctl-endpoint-XXXXXX";
	struct str path = {0};
	struct channel e;
	int null = open("/dev/null", O_WRONLY);
	int fd;

	(void)state;
	assert_non_null(mkdtemp(folder));
	str_addf(&path, "%s/fifo", folder);
	assert_int_equal(mkfifo(str_c(&path), 0600), 0);
	fd = open(str_c(&path), O_RDWR);
	init_stdio(&e, fd, null);
	assert_int_equal(e.rd_fd, fd);
	check_nothing(&e);
	assert_true(is_blocking(fd));
	assert_int_equal(write(fd, "abc", 3), 3);
	check_recv(&e, "abc");
	check_nothing(&e);
	channel_fini(&e);
	close(fd);
	close(null);
	unlink(str_c(&path));
	rmdir(folder);
	str_fini(&path);
}

// The offset belongs to everybody who has the file open.
static void test_file(void **state)
{
	char path[] = "/tmp/sockctl-endpoint-XXXXXX";
	struct channel e;
	int fd = mkstemp(path);

	(void)state;
	unlink(path);
	assert_int_equal(write(fd, "0123456789", 10), 10);
	assert_int_equal(lseek(fd, 2, SEEK_SET), 2);
	channel_init_file(&e, fd, &(struct fd_place){.position = 7});
	check_recv(&e, "789");
	check_recv(&e, "");
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 2);
	channel_fini(&e);
	assert_int_equal(fcntl(fd, F_GETFD), 0);
	close(fd);
}

static void test_full_disk(void **state)
{
	struct channel e;
	int null = open("/dev/null", O_RDONLY);
	int full = open("/dev/full", O_WRONLY);

	(void)state;
	init_stdio(&e, null, full);
	check_recv(&e, "");
	assert_int_equal(e.ops->send(&e, "x", 1), -ENOSPC);
	channel_fini(&e);
	close(null);
	close(full);
}

static void test_bad_descriptors(void **state)
{
	struct channel e;
	int fds[2];

	(void)state;
	assert_int_equal(channel_init_stdio(&e, &loop, -1, -1), -EBADF);
	channel_fini(&e);
	tcp_pair(fds);
	close(fds[0]);
	channel_init_socket(&e, &loop, fds[0], false);
	assert_int_equal(channel_watch(&e, on_event, NULL), -EBADF);
	channel_fini(&e);
	close(fds[1]);
}

static void test_zeroed(void **state)
{
	struct channel c = {0};

	(void)state;
	assert_int_equal(channel_socket(&c), -1);
	assert_int_equal(channel_splice_source(&c), -1);
	assert_int_equal(channel_splice_sink(&c), -1);
	assert_int_equal(channel_unacknowledged(&c), 0);
	assert_int_equal(c.rd_info.kind, FD_NONE);
	channel_fini(&c);
	assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0); // 0 is a descriptor of somebody else
}

// What the other side of a socket reads at the end.
static ssize_t read_end(bool is_whole)
{
	struct channel *c;
	int fds[2];
	char byte;
	ssize_t n;

	tcp_pair(fds);
	c = channel_create_socket(&loop, fds[0], true);
	assert_int_equal(c->ops->send(c, "x", 1), 1);
	assert_int_equal(read(fds[1], &byte, 1), 1);
	if (is_whole)
		channel_complete(c);
	channel_destroy(c);
	n = read(fds[1], &byte, 1);
	n = n < 0 ? -errno : n;
	close(fds[1]);
	return n;
}

static void test_end(void **state)
{
	(void)state;
	assert_int_equal(read_end(true), 0);
	assert_int_equal(read_end(false), -ECONNRESET);
}

// Messages of SOCK_SEQPACKET: whole or not at all, and nothing is spliced.
static void test_messages(void **state)
{
	struct channel *c;
	char text[8] = "";
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	c = channel_create_socket(&loop, fds[0], true);
	assert_int_equal(channel_splice_source(c), -1);
	assert_int_equal(channel_splice_sink(c), -1);
	assert_false(channel_keeps_boundaries(c)); // with an end, as a stream
	assert_int_equal(send(fds[1], "one", 3, 0), 3);
	assert_int_equal(send(fds[1], "much longer", 11, 0), 11);
	assert_int_equal(send(fds[1], "two", 3, 0), 3);
	check_recv(c, "one");
	assert_int_equal(c->ops->recv(c, text, sizeof(text)), -EMSGSIZE);
	check_recv(c, "two");
	check_nothing(c);
	assert_int_equal(c->ops->send(c, "three", 5), 5);
	assert_int_equal(c->ops->send(c, "four", 4), 4);
	assert_int_equal(c->ops->shut(c, SHUT_WR), 0);
	assert_int_equal(recv(fds[1], text, sizeof(text), 0), 5);
	assert_int_equal(recv(fds[1], text, sizeof(text), 0), 4);
	assert_int_equal(recv(fds[1], text, sizeof(text), 0), 0);
	assert_int_equal(shutdown(fds[1], SHUT_WR), 0);
	assert_int_equal(c->ops->recv(c, text, sizeof(text)), 0);
	channel_destroy(c);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		loop_test(test_zeroed),
		loop_test(test_end),
		loop_test(test_messages),
		loop_test(test_socket),
		loop_test(test_inherited_socket),
		loop_test(test_socket_as_stdio),
		loop_test(test_pipes),
		loop_test(test_named_pipe),
		loop_test(test_file),
		loop_test(test_full_disk),
		loop_test(test_bad_descriptors),
	};

	signal(SIGPIPE, SIG_IGN); // as the program does
	return cmocka_run_group_tests(tests, NULL, NULL);
}

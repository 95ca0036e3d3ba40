// SPDX-License-Identifier: ISC
#include "io/fd.h"

#include "loop.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>

static struct fd_info inspect(int fd)
{
	struct fd_info info;

	fd_inspect(fd, &info);
	return info;
}

static void test_files(void **state)
{
	char path[] = "/tmp/sockctl-fd-XXXXXX";
	int fd = mkstemp(path);
	int append = open(path, O_WRONLY | O_APPEND);
	struct fd_info info;

	(void)state;
	assert_int_equal(write(fd, "0123456789", 10), 10);
	assert_int_equal(lseek(fd, 4, SEEK_SET), 4);
	info = inspect(fd);
	assert_int_equal(info.kind, FD_FILE);
	assert_true(info.readable && info.writable && !info.append && !info.is_tcp);
	assert_int_equal(fd_place(fd).position, 4);
	assert_int_equal(fd_place(fd).left, 6);
	assert_int_equal(lseek(fd, 12, SEEK_SET), 12);
	assert_int_equal(fd_place(fd).left, 0);
	assert_int_equal(fd_reopen(fd, &info, O_RDONLY), -EOPNOTSUPP);

	info = inspect(append);
	assert_true(!info.readable && info.writable && info.append);
	close(append);
	close(fd);
	unlink(path);
}

static void test_sockets(void **state)
{
	int fds[2];
	int udp = socket(AF_INET, SOCK_DGRAM, 0);

	(void)state;
	tcp_pair(fds);
	assert_int_equal(inspect(fds[0]).kind, FD_SOCKET);
	assert_true(inspect(fds[0]).is_tcp);
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(inspect(fds[0]).kind, FD_SOCKET);
	assert_false(inspect(fds[0]).is_tcp);
	assert_true(inspect(fds[0]).readable && inspect(fds[0]).writable);
	close(fds[0]);
	close(fds[1]);
	assert_false(inspect(udp).is_tcp);
	close(udp);
}

static void test_devices_and_nothing(void **state)
{
	int null = open("/dev/null", O_RDONLY);
	int terminal = posix_openpt(O_RDWR | O_NOCTTY);

	(void)state;
	assert_int_equal(inspect(null).kind, FD_OTHER);
	assert_true(inspect(null).readable && !inspect(null).writable);
	close(null);
	assert_int_equal(inspect(null).kind, FD_BAD);
	assert_int_equal(inspect(-1).kind, FD_BAD);
	assert_true(terminal >= 0);
	assert_int_equal(inspect(terminal).kind, FD_TERMINAL);
	close(terminal);
}

// Another description of the same pipe, non-blocking, which leaves the mode of the first alone.
static void test_reopened_pipe(void **state)
{
	struct fd_info info;
	int fds[2];
	int again;
	char c;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	info = inspect(fds[0]);
	assert_int_equal(info.kind, FD_PIPE);
	assert_true(info.readable && !info.writable);
	assert_int_equal(fd_reopen(fds[0], &info, O_WRONLY), -EBADF); // not its other end
	again = fd_reopen(fds[0], &info, O_RDONLY);
	assert_true(again >= 0);
	assert_int_equal(fcntl(again, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	assert_int_equal(fcntl(again, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(fds[0], F_GETFL) & O_NONBLOCK, 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(read(again, &c, 1), 1);
	close(again);

	info = inspect(fds[1]);
	assert_true(!info.readable && info.writable);
	assert_int_equal(fd_reopen(fds[1], &info, O_RDONLY), -EBADF);
	again = fd_reopen(fds[1], &info, O_WRONLY);
	assert_int_equal(write(again, "y", 1), 1);
	assert_int_equal(read(fds[0], &c, 1), 1);
	close(again);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_devices_and_nothing),
		cmocka_unit_test(test_reopened_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

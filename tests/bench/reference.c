// SPDX-License-Identifier: ISC
/*
 * The yardstick of the stream benchmarks: the least a program has to do to move a stream, with
 * blocking system calls, no options and no event loop.
 *
 *   reference listen  PORT|PATH	one connection to stdout, by splice
 *   reference connect PORT|PATH	stdin to a connection, by sendfile or splice, then the
 * answer reference relay   PORT|PATH	stdin and stdout joined to a connection, by poll, read and
 * write
 *
 * PORT is on 127.0.0.1; a word with a slash is the path of a Unix domain socket.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	CHUNK = 1 << 20, // bytes asked of one splice or sendfile, and the size of every pipe
	BLOCK = 64 << 10, // bytes of one read where data has to be copied
};

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_un un;
};

static socklen_t parse_address(const char *word, union address *address)
{
	memset(address, 0, sizeof(*address));
	if (strchr(word, '/')) {
		size_t size = strlen(word) + 1;

		if (size > sizeof(address->un.sun_path))
			errx(2, "%s: path too long", word);
		address->un.sun_family = AF_UNIX;
		memcpy(address->un.sun_path, word, size);
		return sizeof(address->un);
	}
	address->in.sin_family = AF_INET;
	address->in.sin_port = htons((uint16_t)strtoul(word, NULL, 10));
	address->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return sizeof(address->in);
}

static int connect_to(const char *word)
{
	union address address;
	socklen_t length = parse_address(word, &address);
	int sock = socket(address.any.sa_family, SOCK_STREAM, 0);

	if (sock < 0 || connect(sock, &address.any, length))
		err(1, "connect: %s", word);
	return sock;
}

static int accept_on(const char *word)
{
	union address address;
	socklen_t length = parse_address(word, &address);
	int on = 1, sock, listener = socket(address.any.sa_family, SOCK_STREAM, 0);

	if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
		bind(listener, &address.any, length) || listen(listener, 1))
		err(1, "listen: %s", word);
	sock = accept(listener, NULL, NULL);
	if (sock < 0)
		err(1, "accept: %s", word);
	close(listener);
	return sock;
}

static bool is_type(int fd, mode_t type)
{
	struct stat status;

	if (fstat(fd, &status))
		err(1, "fstat");
	return (status.st_mode & S_IFMT) == type;
}

// A pipe takes what one call delivers; the kernel may refuse to grow it, which costs only speed.
static bool is_grown_pipe(int fd)
{
	return is_type(fd, S_IFIFO) &&
	       (fcntl(fd, F_SETPIPE_SZ, CHUNK) >= 0 || errno == EPERM || errno == EBUSY);
}

static void write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, data, size);

		if (n < 0)
			err(1, "write");
		data += n;
		size -= (size_t)n;
	}
}

// Moves one read's worth; returns the number of bytes, 0 at the end.
static size_t copy_once(int from, int to)
{
	static char block[BLOCK];
	ssize_t n = read(from, block, sizeof(block));

	if (n < 0)
		err(1, "read");
	write_all(to, block, (size_t)n);
	return (size_t)n;
}

static size_t splice_once(int from, int to, size_t size)
{
	ssize_t n = splice(from, NULL, to, NULL, size, SPLICE_F_MOVE);

	if (n < 0)
		err(1, "splice");
	return (size_t)n;
}

static void send_stdin(int sock)
{
	ssize_t n = 1;

	if (is_type(STDIN_FILENO, S_IFREG)) {
		while (n > 0)
			n = sendfile(sock, STDIN_FILENO, NULL, CHUNK);
		if (n < 0)
			err(1, "sendfile");
	} else if (is_grown_pipe(STDIN_FILENO)) {
		while (splice_once(STDIN_FILENO, sock, CHUNK) > 0)
			continue;
	} else {
		while (copy_once(STDIN_FILENO, sock) > 0)
			continue;
	}
}

static void receive_to_stdout(int sock)
{
	int hop[2];
	size_t filled;

	if (is_grown_pipe(STDOUT_FILENO)) {
		while (splice_once(sock, STDOUT_FILENO, CHUNK) > 0)
			continue;
		return;
	}
	if (pipe(hop) || !is_grown_pipe(hop[1]))
		err(1, "pipe");
	while ((filled = splice_once(sock, hop[1], CHUNK)) > 0)
		while (filled > 0)
			filled -= splice_once(hop[0], STDOUT_FILENO, filled);
}

static void relay(int sock)
{
	struct pollfd ends[] = {
		{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = sock, .events = POLLIN}};
	int on = 1;

	(void)setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); // fails on a Unix socket
	for (;;) {
		if (poll(ends, 2, -1) < 0)
			err(1, "poll");
		if (ends[0].revents && copy_once(STDIN_FILENO, sock) == 0) {
			shutdown(sock, SHUT_WR);
			ends[0].fd = -1;
		}
		if (ends[1].revents && copy_once(sock, STDOUT_FILENO) == 0)
			return;
	}
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc == 3 && !strcmp(argv[1], "listen")) {
		receive_to_stdout(accept_on(argv[2]));
	} else if (argc == 3 && !strcmp(argv[1], "connect")) {
		int sock = connect_to(argv[2]);

		send_stdin(sock);
		shutdown(sock, SHUT_WR);
		while (copy_once(sock, STDOUT_FILENO) > 0)
			continue;
	} else if (argc == 3 && !strcmp(argv[1], "relay")) {
		relay(connect_to(argv[2]));
	} else {
		errx(2, "usage: reference listen|connect|relay PORT|PATH");
	}
	return 0;
}

// SPDX-License-Identifier: ISC
/*
 * The ends that the benchmark of servers puts around a forwarder.
 *
 *   knock serve
 *       answers a byte with a byte and closes when the client does
 *   knock run PORT COUNT AT_ONCE
 *       COUNT connections that ask for a byte and close, AT_ONCE at a time; prints the seconds
 *   knock hold PORT COUNT
 *       asks for a byte on each of COUNT connections, prints "holding", and keeps them until its
 *       input ends
 *
 * The server listens on 127.0.0.1 and prints its port.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 256 };

static int poller;

static void poll_for(int fd, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.fd = fd};

	if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &ev) < 0)
		err(1, "epoll_ctl");
}

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void answer(int fd)
{
	char byte;

	if (recv(fd, &byte, 1, MSG_DONTWAIT) != 1 || send(fd, &byte, 1, MSG_NOSIGNAL) != 1)
		close(fd);
}

static void serve(void)
{
	struct sockaddr_in a = loopback(0);
	socklen_t len = sizeof(a);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (bind(listener, (struct sockaddr *)&a, len) < 0 || listen(listener, 4096) < 0 ||
		getsockname(listener, (struct sockaddr *)&a, &len) < 0)
		err(1, "listen");
	printf("%d\n", ntohs(a.sin_port));
	fflush(stdout);
	poll_for(listener, EPOLLIN);
	for (;;) {
		struct epoll_event events[EVENTS];
		int n = epoll_wait(poller, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;

			if (fd != listener) {
				answer(fd);
				continue;
			}
			while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0)
				poll_for(fd, EPOLLIN);
		}
	}
}

// Connects and asks; the answer is waited for by the poller.
static void ask(uint16_t port)
{
	struct sockaddr_in a = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		err(1, "connect");
	if (send(fd, "x", 1, 0) != 1)
		err(1, "send");
	poll_for(fd, EPOLLIN);
}

// Waits for answers. Calls LET_GO with each connection that has got one.
static void collect(long count, void (*let_go)(int fd, void *arg), void *arg)
{
	while (count > 0) {
		struct epoll_event events[EVENTS];
		int n = epoll_wait(poller, events, EVENTS, 60000);

		if (n <= 0)
			errx(1, "%ld connections have got no answer", count);
		for (int i = 0; i < n; i++, count--) {
			char byte;

			if (recv(events[i].data.fd, &byte, 1, 0) != 1)
				errx(1, "no answer");
			let_go(events[i].data.fd, arg);
		}
	}
}

struct run {
	uint16_t port;
	long left; // to be begun
};

static void next(int fd, void *arg)
{
	struct run *run = arg;

	close(fd);
	if (run->left-- > 0)
		ask(run->port);
}

static void run_all(uint16_t port, long count, long at_once)
{
	struct run run = {port, count - at_once};
	struct timespec start;
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (long i = 0; i < at_once; i++)
		ask(port);
	collect(count, next, &run);
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%.6f\n",
		(double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9);
}

static void keep(int fd, void *arg)
{
	(void)arg;
	epoll_ctl(poller, EPOLL_CTL_DEL, fd, NULL);
}

static void hold(uint16_t port, long count)
{
	for (long i = 0; i < count; i++) {
		ask(port);
		collect(1, keep, NULL);
	}
	printf("holding\n");
	fflush(stdout);
	while (getchar() != EOF)
		;
}

int main(int argc, char **argv)
{
	struct rlimit limit;
	uint16_t port = argc > 2 ? (uint16_t)strtoul(argv[2], NULL, 10) : 0;
	long count = argc > 3 ? strtol(argv[3], NULL, 10) : 0;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	poller = epoll_create1(0);
	if (argc == 2 && strcmp(argv[1], "serve") == 0)
		serve();
	else if (argc == 5 && strcmp(argv[1], "run") == 0)
		run_all(port, count, strtol(argv[4], NULL, 10));
	else if (argc == 4 && strcmp(argv[1], "hold") == 0)
		hold(port, count);
	else
		errx(2, "usage: knock serve | run PORT COUNT AT_ONCE | hold PORT COUNT");
	return 0;
}

// SPDX-License-Identifier: ISC
/*
 * The yardstick of the echo benchmarks: the least a server has to do, with epoll or recvmmsg and
 * nothing around them. It does not do what a real server must: keep what a client does not take.
 *
 *   echo_reference stream PORT		one loop of epoll_wait, recv, send
 *   echo_reference datagram PORT	one loop of recvmmsg, sendmmsg
 *
 * It listens on 127.0.0.1.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	EVENTS = 1024,
	BLOCK = 64 << 10,
	BATCH = 64,
};

static int bind_to(uint16_t port, int type)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int sock = socket(AF_INET, type, 0), on = 1;

	if (sock < 0 || setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
		bind(sock, (struct sockaddr *)&address, sizeof(address)))
		err(1, "bind");
	return sock;
}

static void watch(int epoll, int sock)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = sock};

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, sock, &event))
		err(1, "epoll_ctl");
}

static void accept_all(int epoll, int listener)
{
	int sock;

	while ((sock = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
		watch(epoll, sock);
}

static void echo(int sock)
{
	static char block[BLOCK];
	ssize_t n = recv(sock, block, sizeof(block), 0);

	if (n < 0 && errno == EAGAIN)
		return;
	// What does not fit the socket's buffer would have to be kept; here it ends the connection.
	if (n <= 0 || send(sock, block, (size_t)n, MSG_NOSIGNAL) != n)
		close(sock);
}

static void serve_streams(uint16_t port)
{
	static struct epoll_event events[EVENTS];
	int listener = bind_to(port, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); // inherited
	if (listen(listener, SOMAXCONN))
		err(1, "listen");
	watch(epoll, listener);
	for (;;) {
		int n = epoll_wait(epoll, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == listener)
				accept_all(epoll, listener);
			else
				echo(events[i].data.fd);
		}
	}
}

static void serve_datagrams(uint16_t port)
{
	static char blocks[BATCH][BLOCK];
	static struct sockaddr_in sources[BATCH];
	struct mmsghdr messages[BATCH];
	struct iovec pieces[BATCH];
	int sock = bind_to(port, SOCK_DGRAM), size = 4 << 20;

	setsockopt(sock, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	for (;;) {
		int n, sent = 0;

		for (int i = 0; i < BATCH; i++) {
			pieces[i] = (struct iovec){blocks[i], BLOCK};
			messages[i].msg_hdr = (struct msghdr){.msg_name = &sources[i],
				.msg_namelen = sizeof(sources[i]),
				.msg_iov = &pieces[i],
				.msg_iovlen = 1};
		}
		n = recvmmsg(sock, messages, BATCH, MSG_WAITFORONE, NULL);
		if (n < 0)
			err(1, "recvmmsg");
		for (int i = 0; i < n; i++)
			pieces[i].iov_len = messages[i].msg_len;
		while (sent < n) {
			int r = sendmmsg(sock, messages + sent, (unsigned)(n - sent), 0);

			if (r < 0)
				err(1, "sendmmsg");
			sent += r;
		}
	}
}

int main(int argc, char **argv)
{
	struct rlimit limit;

	prctl(PR_SET_PDEATHSIG, SIGKILL); // a driver that is killed leaves no server behind
	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	if (argc == 3 && !strcmp(argv[1], "stream"))
		serve_streams((uint16_t)strtoul(argv[2], NULL, 10));
	else if (argc == 3 && !strcmp(argv[1], "datagram"))
		serve_datagrams((uint16_t)strtoul(argv[2], NULL, 10));
	errx(2, "usage: echo_reference stream|datagram PORT");
}

// SPDX-License-Identifier: ISC
/*
 * Load for echo servers on 127.0.0.1, and the measure of how they take it.
 *
 *   echo_load stream PORT SECONDS CONNECTIONS PIPELINE SIZE	as many requests as answers come
 *   echo_load churn PORT SECONDS CONNECTIONS SIZE		a new connection for each request
 *   echo_load datagram PORT SECONDS SOCKETS PIPELINE SIZE	as stream, with datagrams
 *   echo_load idle PORT CONNECTIONS	one round trip on each, then "idle", until stdin ends
 *
 * Every byte that comes back is compared. Prints: requests, nanoseconds, lost, and the latency in
 * nanoseconds of the median and the 99th percentile, each exact.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	EVENTS = 1024,
	BLOCK = 1 << 20, // of the pattern that is sent and expected
	PERIOD = 251, // the pattern repeats after as many bytes
	BATCH = 64,
	MAX_SIZE = 64 << 10, // of a request
	LOST_MS = 200, // silence after which datagrams are taken for lost
};

enum kind { STREAM, CHURN, DATAGRAM };

struct peer {
	int sock;
	uint32_t to_send, to_receive; // bytes of the requests under way; datagrams: number of them
	uint64_t sent, received; // bytes so far, where in the pattern we are
	uint64_t began[BATCH]; // of requests under way, in their order
	unsigned first, under_way;
};

static struct {
	enum kind kind;
	struct sockaddr_in server;
	int epoll;
	uint32_t pipeline, size;
	uint64_t requests, lost, end;
	uint64_t *samples;
	size_t room;
} load;

static char pattern[BLOCK + PERIOD];
static char answer[BATCH * MAX_SIZE];

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void add_sample(uint64_t began, uint64_t ended)
{
	if (load.requests == load.room) {
		load.room = load.room ? 2 * load.room : 1 << 20;
		load.samples = realloc(load.samples, load.room * sizeof(*load.samples));
		if (!load.samples)
			err(1, "realloc");
	}
	load.samples[load.requests++] = ended - began;
}

static void begin(struct peer *p, uint64_t time)
{
	p->began[(p->first + p->under_way++) % BATCH] = time;
	p->to_send += load.size;
	p->to_receive += load.size;
}

static void finish(struct peer *p, uint64_t time)
{
	add_sample(p->began[p->first], time);
	p->first = (p->first + 1) % BATCH;
	p->under_way--;
}

static void watch(struct peer *p, int operation, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = p};

	if (epoll_ctl(load.epoll, operation, p->sock, &event))
		err(1, "epoll_ctl");
}

static void open_peer(struct peer *p)
{
	int type = load.kind == DATAGRAM ? SOCK_DGRAM : SOCK_STREAM, on = 1;

	p->sock = socket(AF_INET, type | SOCK_NONBLOCK, 0);
	if (p->sock < 0)
		err(1, "socket");
	if (load.kind == STREAM)
		setsockopt(p->sock, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(p->sock, (struct sockaddr *)&load.server, sizeof(load.server)) &&
		errno != EINPROGRESS)
		err(1, "connect");
	p->sent = p->received = 0;
	watch(p, EPOLL_CTL_ADD, load.kind == CHURN ? EPOLLOUT : EPOLLIN);
}

static void send_some(struct peer *p)
{
	while (p->to_send) {
		uint32_t want = p->to_send < BLOCK ? p->to_send : BLOCK;
		ssize_t n = send(p->sock, pattern + p->sent % PERIOD, want, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			watch(p, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
			return;
		}
		if (n < 0)
			err(1, "send");
		p->sent += (uint64_t)n;
		p->to_send -= (uint32_t)n;
	}
}

// Takes what has come, and compares it.
static void receive_some(struct peer *p)
{
	ssize_t n = recv(p->sock, answer, BLOCK, 0);
	uint64_t before = p->received / load.size, time;

	if (n < 0 && errno == EAGAIN)
		return;
	if (n < 0)
		err(1, "recv");
	if (n == 0)
		errx(1, "the server ended a connection");
	if (memcmp(answer, pattern + p->received % PERIOD, (size_t)n) != 0)
		errx(1, "a wrong answer");
	p->received += (uint64_t)n;
	p->to_receive -= (uint32_t)n;
	time = now();
	for (uint64_t i = before; i < p->received / load.size; i++)
		finish(p, time);
}

static void turn_stream(struct peer *p, uint32_t events)
{
	if (events & EPOLLIN)
		receive_some(p);
	if (now() < load.end) {
		uint64_t time = now();

		while (p->under_way < load.pipeline)
			begin(p, time);
	}
	if (events & EPOLLOUT)
		watch(p, EPOLL_CTL_MOD, EPOLLIN);
	send_some(p);
}

static void open_churn(struct peer *p)
{
	begin(p, now());
	open_peer(p);
}

static void turn_churn(struct peer *p, uint32_t events)
{
	if (events & EPOLLOUT) {
		send_some(p);
		watch(p, EPOLL_CTL_MOD, EPOLLIN);
		return;
	}
	receive_some(p);
	if (p->to_receive)
		return;
	close(p->sock);
	if (now() < load.end)
		open_churn(p);
}

static void send_datagrams(struct peer *p, unsigned count)
{
	struct iovec piece = {pattern, load.size};
	struct mmsghdr messages[BATCH];
	uint64_t time = now();
	int n;

	for (unsigned i = 0; i < count; i++)
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &piece, .msg_iovlen = 1};
	n = sendmmsg(p->sock, messages, count, 0);
	if (n < 0)
		err(1, "sendmmsg");
	for (int i = 0; i < n; i++)
		p->began[(p->first + p->under_way++) % BATCH] = time;
}

static unsigned receive_datagrams(struct peer *p)
{
	struct mmsghdr messages[BATCH];
	struct iovec pieces[BATCH];
	uint64_t time;
	int n;

	for (unsigned i = 0; i < load.pipeline; i++) {
		pieces[i] = (struct iovec){answer + i * load.size, load.size};
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &pieces[i], .msg_iovlen = 1};
	}
	n = recvmmsg(p->sock, messages, load.pipeline, MSG_DONTWAIT, NULL);
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n < 0)
		err(1, "recvmmsg");
	time = now();
	for (int i = 0; i < n; i++) {
		if (messages[i].msg_len != load.size ||
			memcmp(pieces[i].iov_base, pattern, load.size) != 0)
			errx(1, "a wrong answer");
		if (p->under_way)
			finish(p, time);
	}
	return (unsigned)n;
}

static void turn_datagram(struct peer *p, uint32_t events)
{
	unsigned n = receive_datagrams(p);

	(void)events;
	if (n && now() < load.end)
		send_datagrams(p, n);
}

// Nothing came for a while: what is under way is lost. Starts again.
static void replace_lost(struct peer *peers, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		load.lost += peers[i].under_way;
		peers[i].under_way = 0;
		if (now() < load.end)
			send_datagrams(&peers[i], load.pipeline);
	}
}

static bool is_busy(const struct peer *peers, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (peers[i].under_way)
			return true;
	return false;
}

static void run(struct peer *peers, unsigned count)
{
	static void (*const turns[])(struct peer *, uint32_t) = {
		turn_stream, turn_churn, turn_datagram};
	static struct epoll_event events[EVENTS];

	while (now() < load.end || is_busy(peers, count)) {
		int n = epoll_wait(
			load.epoll, events, EVENTS, load.kind == DATAGRAM ? LOST_MS : -1);

		for (int i = 0; i < n; i++)
			turns[load.kind](events[i].data.ptr, events[i].events);
		if (n == 0)
			replace_lost(peers, count);
	}
}

static struct peer *open_peers(unsigned count)
{
	struct peer *peers = calloc(count, sizeof(*peers));

	if (!peers)
		err(1, "calloc");
	for (unsigned i = 0; i < count; i++)
		(load.kind == CHURN ? open_churn : open_peer)(&peers[i]);
	return peers;
}

static void start(struct peer *peers, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (load.kind == STREAM)
			turn_stream(&peers[i], 0);
		else if (load.kind == DATAGRAM)
			send_datagrams(&peers[i], load.pipeline);
	}
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void measure(double seconds, unsigned count)
{
	struct peer *peers = open_peers(count);
	uint64_t begin_time = now(), elapsed;

	load.end = begin_time + (uint64_t)(seconds * 1e9);
	start(peers, count);
	run(peers, count);
	elapsed = now() - begin_time;
	qsort(load.samples, load.requests, sizeof(*load.samples), compare);
	if (!load.requests)
		errx(1, "no answers");
	printf("%llu %llu %llu %llu %llu\n", (unsigned long long)load.requests,
		(unsigned long long)elapsed, (unsigned long long)load.lost,
		(unsigned long long)load.samples[load.requests / 2],
		(unsigned long long)load.samples[load.requests * 99 / 100]);
}

static void idle(unsigned count)
{
	struct peer *peers;
	char end;

	load.size = 64;
	load.pipeline = 1;
	load.end = UINT64_MAX;
	peers = open_peers(count);
	for (unsigned i = 0; i < count; i++) {
		begin(&peers[i], now());
		send_some(&peers[i]);
	}
	while (is_busy(peers, count))
		for (unsigned i = 0; i < count; i++)
			if (peers[i].under_way)
				receive_some(&peers[i]);
	puts("idle");
	fflush(stdout);
	while (read(STDIN_FILENO, &end, 1) > 0)
		continue;
}

static unsigned number(const char *word)
{
	return (unsigned)strtoul(word, NULL, 10);
}

int main(int argc, char **argv)
{
	const char *job = argc > 1 ? argv[1] : "";
	struct rlimit limit;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = (char)(i % PERIOD);
	load.epoll = epoll_create1(EPOLL_CLOEXEC);
	load.server.sin_family = AF_INET;
	load.server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	load.server.sin_port = htons((uint16_t)(argc > 2 ? number(argv[2]) : 0));
	load.pipeline = 1;
	if (argc == 4 && !strcmp(job, "idle")) {
		idle(number(argv[3]));
		return 0;
	}
	if (argc == 6 && !strcmp(job, "churn")) {
		load.kind = CHURN;
	} else if (argc == 7 && (!strcmp(job, "stream") || !strcmp(job, "datagram"))) {
		load.kind = *job == 's' ? STREAM : DATAGRAM;
		load.pipeline = number(argv[5]);
	} else {
		errx(2, "usage: echo_load stream|datagram PORT SECONDS CONNECTIONS PIPELINE SIZE | "
			"churn PORT SECONDS CONNECTIONS SIZE | idle PORT CONNECTIONS");
	}
	load.size = number(argv[argc - 1]);
	if (!load.size || load.size > MAX_SIZE || !load.pipeline || load.pipeline > BATCH)
		errx(2, "a size or pipeline out of range");
	measure(strtod(argv[3], NULL), number(argv[4]));
	return 0;
}

// SPDX-License-Identifier: ISC
/*
 * The yardstick of the datagram benchmarks, and the far ends of what is measured. The least that a
 * program has to do, by blocking system calls in batches of 64, with no options and no event loop.
 *
 *   datagrams send    SIZE PORT		stdin in blocks of SIZE, by sendmmsg
 *   datagrams segment SIZE PORT		the same with UDP_SEGMENT
 *   datagrams recv    PORT			to stdout, by recvmmsg and writev, until a signal
 *   datagrams sink    PORT			counts them until a signal, then prints the count
 *   datagrams flood   SIZE COUNT PORT		as many as go, with UDP_SEGMENT; prints nanoseconds
 *   datagrams pace    SIZE COUNT RATE PORT	RATE a second, one by one; prints nanoseconds
 *
 * PORT is on 127.0.0.1. A flood comes from as many processes as there are processors, lest it be
 * the limit of what receives, and from one socket, for nc hears only the first that sends.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	BATCH = 64, // datagrams of one call
	MAX_SIZE = 65507,
	MAX_SEGMENTED = 65000, // bytes of one message with segments
	RECEIVE_BUFFER = 4 << 20,
	COUNT_BUFFER = 256 << 20, // more than a run has, where the system allows that
};

static char data[BATCH * (MAX_SIZE + 1)];

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static uint64_t parse(const char *word, uint64_t max)
{
	char *end;
	uint64_t value = strtoull(word, &end, 10);

	if (!value || *end || value > max)
		errx(2, "%s: not from 1 to %" PRIu64, word, max);
	return value;
}

static struct sockaddr_in loopback(const char *port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)parse(port, UINT16_MAX)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static int connect_to(const char *port)
{
	struct sockaddr_in to = loopback(port);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		err(1, "%s", port);
	return fd;
}

static int bind_to(const char *port)
{
	struct sockaddr_in to = loopback(port);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int size = RECEIVE_BUFFER;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) < 0 ||
		bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		err(1, "%s", port);
	return fd;
}

static void use_segments(int fd, size_t size)
{
	int segment = (int)size;

	if (setsockopt(fd, SOL_UDP, UDP_SEGMENT, &segment, sizeof(segment)) < 0)
		err(1, "UDP_SEGMENT");
}

// Sends LEN bytes in datagrams of SIZE, by messages of UNIT bytes each.
static void send_blocks(int fd, size_t len, size_t unit)
{
	struct mmsghdr messages[BATCH];
	struct iovec pieces[BATCH];

	for (size_t at = 0; at < len;) {
		unsigned n = 0;
		int sent;

		memset(messages, 0, sizeof(messages));
		for (size_t next = at; n < BATCH && next < len; n++, next += unit) {
			pieces[n].iov_base = data + next;
			pieces[n].iov_len = len - next < unit ? len - next : unit;
			messages[n].msg_hdr.msg_iov = &pieces[n];
			messages[n].msg_hdr.msg_iovlen = 1;
		}
		sent = sendmmsg(fd, messages, n, 0);
		if (sent < 0)
			err(1, "sendmmsg");
		at += (size_t)sent * unit;
	}
}

// How many bytes one message with segments of SIZE holds.
static size_t segmented_unit(size_t size)
{
	size_t segments = MAX_SEGMENTED / size;

	return size * (segments < 1 ? 1 : segments > BATCH ? BATCH : segments);
}

static void send_input(size_t size, const char *port, bool segments)
{
	int fd = connect_to(port);
	size_t unit = segments ? segmented_unit(size) : size;
	size_t chunk = (128 << 10) / size * size; // more would not stay in the cache
	ssize_t n;

	if (segments)
		use_segments(fd, size);
	while ((n = read(STDIN_FILENO, data, chunk ? chunk : size)) > 0)
		send_blocks(fd, (size_t)n, unit);
	if (n < 0)
		err(1, "stdin");
}

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	(void)number;
	stopped = 1;
}

static void stop_on_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
}

// Receives one batch into PIECES. Returns how many messages came; 0 after a signal.
static int receive(int fd, struct mmsghdr *messages, struct iovec *pieces)
{
	int n;

	for (int i = 0; i < BATCH; i++) {
		pieces[i] = (struct iovec){data + (size_t)i * (MAX_SIZE + 1), MAX_SIZE + 1};
		messages[i].msg_hdr.msg_iov = &pieces[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	n = stopped ? 0 : recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
	if (n < 0 && errno != EINTR)
		err(1, "recvmmsg");
	return n < 0 ? 0 : n;
}

static void receive_to_output(const char *port)
{
	struct mmsghdr messages[BATCH] = {0};
	struct iovec pieces[BATCH];
	int fd = bind_to(port);
	int n;

	stop_on_signals();
	while ((n = receive(fd, messages, pieces)) > 0) {
		for (int i = 0; i < n; i++)
			pieces[i].iov_len = messages[i].msg_len;
		if (writev(STDOUT_FILENO, pieces, n) < 0)
			err(1, "stdout");
	}
}

// The datagrams in a message that UDP_GRO may have put together.
static uint64_t count_of(struct mmsghdr *m)
{
	int segment = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m->msg_hdr); c; c = CMSG_NXTHDR(&m->msg_hdr, c))
		if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO)
			memcpy(&segment, CMSG_DATA(c), sizeof(segment));
	return segment ? (m->msg_len + (unsigned)segment - 1) / (unsigned)segment : 1;
}

static void count_datagrams(const char *port)
{
	struct mmsghdr messages[BATCH] = {0};
	struct iovec pieces[BATCH];
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control[BATCH];
	int fd = bind_to(port);
	int on = 1;
	int size = COUNT_BUFFER;
	uint64_t count = 0;
	int n;

	// It is not what is measured, and so what it drops would tell nothing.
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof(on));
	stop_on_signals();
	do {
		for (int i = 0; i < BATCH; i++) {
			messages[i].msg_hdr.msg_control = &control[i];
			messages[i].msg_hdr.msg_controllen = sizeof(control[i]);
		}
		n = receive(fd, messages, pieces);
		for (int i = 0; i < n; i++)
			count += count_of(&messages[i]);
	} while (n > 0);
	printf("%" PRIu64 "\n", count);
}

static void send_zeros(int fd, size_t size, uint64_t count)
{
	size_t unit = segmented_unit(size);
	size_t at_once = unit * 2;

	for (uint64_t left = count * size; left;) {
		size_t len = left < at_once ? (size_t)left : at_once;

		send_blocks(fd, len, unit);
		left -= len;
	}
}

static void flood(size_t size, uint64_t count, const char *port)
{
	uint64_t senders = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t begin = now();
	int fd = connect_to(port);
	int status;

	use_segments(fd, size);
	for (uint64_t i = 0; i < senders; i++) {
		pid_t pid = fork();

		if (pid < 0)
			err(1, "fork");
		if (pid == 0) {
			send_zeros(fd, size, count * (i + 1) / senders - count * i / senders);
			_exit(0);
		}
	}
	while (wait(&status) > 0)
		if (status)
			errx(1, "a sender failed");
	printf("%" PRIu64 "\n", now() - begin);
}

// Even distances, for which only spinning is precise enough. What is late, because others had the
// processor, goes by as few calls as can be.
static void pace(size_t size, uint64_t count, uint64_t rate, const char *port)
{
	int fd = connect_to(port);
	uint64_t begin = now();
	uint64_t sent = 0;

	while (sent < count) {
		uint64_t due = (now() - begin) * rate / 1000000000 + 1;

		if (due > count)
			due = count;
		if (due > sent + BATCH)
			due = sent + BATCH;
		if (due > sent)
			send_blocks(fd, (due - sent) * size, size);
		sent = due > sent ? due : sent;
	}
	printf("%" PRIu64 "\n", now() - begin);
}

int main(int argc, char **argv)
{
	const char *action = argc > 1 ? argv[1] : "";

	if (argc == 4 && strcmp(action, "send") == 0)
		send_input(parse(argv[2], MAX_SIZE), argv[3], false);
	else if (argc == 4 && strcmp(action, "segment") == 0)
		send_input(parse(argv[2], MAX_SIZE), argv[3], true);
	else if (argc == 3 && strcmp(action, "recv") == 0)
		receive_to_output(argv[2]);
	else if (argc == 3 && strcmp(action, "sink") == 0)
		count_datagrams(argv[2]);
	else if (argc == 5 && strcmp(action, "flood") == 0)
		flood(parse(argv[2], MAX_SIZE), parse(argv[3], UINT32_MAX), argv[4]);
	else if (argc == 6 && strcmp(action, "pace") == 0)
		pace(parse(argv[2], MAX_SIZE), parse(argv[3], UINT32_MAX),
			parse(argv[4], UINT32_MAX), argv[5]);
	else
		errx(2, "see the comment on top of the source");
	return 0;
}

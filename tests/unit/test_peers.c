// SPDX-License-Identifier: ISC
// The table of those who send datagrams to sockets that are bound.
#include "net/dgram/peers.h"

#include "base/mem.h"
#include "loop.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

#define CROWD 3000 // more than there are chains in the table
#define TEXT 16

struct server;

struct guest {
	struct server *server;
	struct channel *channel;
	struct sockaddr_any source;
	unsigned woken;
};

struct server {
	struct listener l;
	struct peers p;
	struct guest *guests;
	size_t count, room;
	size_t awaited; // of guests, or of times that they are woken
	unsigned woken;
	bool refuses;
	bool came; // what is awaited
};

static void look(struct server *s, size_t have)
{
	s->came = s->came || have >= s->awaited;
}

static void on_ready(struct watch *w, unsigned events)
{
	struct guest *g = w->data;

	if (events & WATCH_WRITE)
		assert_int_equal(g->channel->ops->send(g->channel, "y", 1), -EAGAIN);
	g->woken++;
	look(g->server, ++g->server->woken);
}

static void on_short(void *data, int error)
{
	(void)data;
	fail_msg("short of something: %d", error);
}

static void on_peer(void *data, struct channel *channel, const struct sockaddr_any *source)
{
	struct server *s = data;
	struct guest *g = &s->guests[s->count];

	assert_true(s->count < s->room);
	look(s, ++s->count);
	if (s->refuses) {
		channel_destroy(channel);
		return;
	}
	*g = (struct guest){s, channel, *source, 0};
	channel_watch(channel, on_ready, g);
}

static void on_accept(struct listener *l, int fd, const struct sockaddr_any *peer)
{
	(void)l;
	(void)peer;
	fail_msg("descriptor %d was accepted", fd);
}

static void on_trouble(struct listener *l, int error)
{
	(void)l;
	fail_msg("error %d of accepting", error);
}

static int prepare(void *data, int fd)
{
	(void)data;
	peers_prepare(fd);
	return 0;
}

static void server_init(struct server *s, const struct sockaddr_any *at, size_t most, size_t room)
{
	struct address_list list = {(struct sockaddr_any *)at, 1};
	struct listener_options options = {.type = SOCK_DGRAM, .mode = 0600, .prepare = prepare};
	struct sockaddr_any failed;
	enum step step = STEP_SOCKET;

	*s = (struct server){.guests = xcalloc(room, sizeof(*s->guests)), .room = room};
	listener_init(&s->l, &loop, on_accept, on_trouble, s);
	assert_int_equal(listener_open(&s->l, &list, &options, &failed, &step), 0);
	assert_int_equal(peers_start(&s->p, &(struct peers_options){.loop = &loop,
						    .listener = &s->l,
						    .most = most,
						    .on_peer = on_peer,
						    .on_short = on_short,
						    .data = s}),
		0);
}

static void server_fini(struct server *s)
{
	for (size_t i = 0; i < s->count; i++)
		channel_destroy(s->guests[i].channel);
	peers_fini(&s->p);
	listener_close(&s->l, NULL);
	free(s->guests);
}

// Waits until there have been COUNT guests.
static void wait_for_guests(struct server *s, size_t count)
{
	s->came = s->count >= count;
	s->awaited = count;
	if (!s->came)
		loop_until(&s->came);
	assert_int_equal(s->count, count);
}

// The same for a number that the table counts.
static void wait_for_count(const uint64_t *number, uint64_t count)
{
	for (int i = 0; i < 10000 && *number < count; i++)
		loop_for(1);
	assert_int_equal(*number, count);
}

static uint64_t *received_of(struct guest *g)
{
	return &container_of(g->channel, struct peer, channel)->received;
}

static struct sockaddr_any loopback(uint32_t last, uint16_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
		.sin_addr = {htonl(0x7f000000 + last)},
		.sin_port = htons(port)};
	struct sockaddr_any a;

	sockaddr_set(&a, (struct sockaddr *)&in, sizeof(in));
	return a;
}

static int udp_socket(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_any a = loopback(1, 0);

	assert_int_equal(bind(fd, &a.sa, a.len), 0);
	return fd;
}

// On all of 127.0.0.0/8.
static int udp_socket_of_all(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in in = {.sin_family = AF_INET};

	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	return fd;
}

static void send_text(struct server *s, int fd, const char *text)
{
	const struct sockaddr_any *to = &s->l.sockets[0].local;

	assert_int_equal(sendto(fd, text, strlen(text), 0, &to->sa, to->len), strlen(text));
}

// From 127.X.Y.Z of the socket, whatever it is bound to.
static void send_from(struct server *s, int fd, uint32_t last, const char *text)
{
	const struct sockaddr_any *to = &s->l.sockets[0].local;
	struct in_pktinfo info = {.ipi_spec_dst = {htonl(0x7f000000 + last)}};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(info))] = {0};
	struct iovec data = {(char *)(uintptr_t)text, strlen(text)};
	struct msghdr m = {.msg_name = (void *)(uintptr_t)&to->sa,
		.msg_namelen = to->len,
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	*c = (struct cmsghdr){CMSG_LEN(sizeof(info)), IPPROTO_IP, IP_PKTINFO};
	memcpy(CMSG_DATA(c), &info, sizeof(info));
	assert_int_equal(sendmsg(fd, &m, 0), strlen(text));
}

static void assert_received(struct guest *g, const char *text)
{
	char buf[256];
	ssize_t n = g->channel->ops->recv(g->channel, buf, sizeof(buf));

	assert_int_equal(n, strlen(text));
	assert_memory_equal(buf, text, strlen(text));
}

// Chains of the table hold several each; everybody has its own datagrams and gets its own answers.
static void test_a_crowd(void **state)
{
	struct sockaddr_any at = loopback(1, 0);
	int fd = udp_socket_of_all();
	char text[TEXT];
	char got[TEXT];
	struct server s;

	(void)state;
	server_init(&s, &at, CROWD, CROWD);
	for (unsigned turn = 0; turn < 2; turn++)
		for (uint32_t i = 0; i < CROWD; i++) {
			snprintf(text, sizeof(text), "%u of %u", turn, i);
			send_from(&s, fd, 0x10000 + i, text);
			if (turn == 0)
				wait_for_guests(&s, i + 1);
		}
	for (uint32_t i = 0; i < CROWD; i++) {
		struct guest *g = &s.guests[i];

		wait_for_count(received_of(g), 2);
		assert_int_equal(ntohl(g->source.in.sin_addr.s_addr), 0x7f010000 + i);
		for (unsigned turn = 0; turn < 2; turn++) {
			snprintf(text, sizeof(text), "%u of %u", turn, i);
			assert_received(g, text);
			assert_int_equal(g->channel->ops->send(g->channel, text, strlen(text)),
				strlen(text));
			assert_int_equal(recv(fd, got, sizeof(got), 0), strlen(text));
			assert_memory_equal(got, text, strlen(text));
		}
	}
	assert_int_equal(s.p.counts.lost + s.p.counts.crowded + s.p.counts.replaced, 0);
	server_fini(&s);
	close(fd);
}

static void test_leaves_and_comes_again(void **state)
{
	struct sockaddr_any at = loopback(1, 0);
	int fds[2] = {udp_socket(), udp_socket()};
	struct server s;

	(void)state;
	server_init(&s, &at, 2, 4);
	send_text(&s, fds[0], "one");
	wait_for_guests(&s, 1);
	send_text(&s, fds[1], "two");
	wait_for_guests(&s, 2);
	channel_destroy(s.guests[0].channel);
	s.guests[0].channel = NULL;
	send_text(&s, fds[0], "anew");
	wait_for_guests(&s, 3);
	assert_true(sockaddr_equal(&s.guests[2].source, &s.guests[0].source));
	assert_received(&s.guests[2], "anew");
	assert_received(&s.guests[1], "two");
	assert_int_equal(s.p.counts.replaced, 0);
	server_fini(&s);
	close(fds[0]);
	close(fds[1]);
}

// The oldest that has sent once only makes room; who has sent twice, or got an answer, does not.
static void test_bound(void **state)
{
	struct sockaddr_any at = loopback(1, 0);
	int fds[5];
	struct server s;
	char byte;

	(void)state;
	server_init(&s, &at, 3, 8);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = udp_socket();
	for (size_t i = 0; i < 3; i++) {
		send_text(&s, fds[i], "once");
		wait_for_guests(&s, i + 1);
	}
	assert_int_equal(s.guests[0].channel->ops->send(s.guests[0].channel, "x", 1), 1);
	send_text(&s, fds[3], "new");
	wait_for_guests(&s, 4);
	assert_int_equal(s.guests[1].woken, 1);
	assert_int_equal(s.guests[1].channel->ops->recv(s.guests[1].channel, &byte, 1), -ECANCELED);
	assert_int_equal(s.guests[0].woken + s.guests[2].woken, 0);
	channel_destroy(s.guests[1].channel);
	s.guests[1].channel = NULL;
	for (size_t i = 2; i < 4; i++)
		send_text(&s, fds[i], "twice");
	send_text(&s, fds[4], "nobody gives way");
	wait_for_count(&s.p.counts.crowded, 1);
	assert_int_equal(s.count, 4);
	assert_int_equal(s.p.counts.replaced, 1);
	server_fini(&s);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
}

static void test_refused_and_closed(void **state)
{
	struct sockaddr_any at = loopback(1, 0);
	int fd = udp_socket();
	struct server s;

	(void)state;
	server_init(&s, &at, 2, 4);
	s.refuses = true;
	for (size_t i = 0; i < 2; i++) {
		send_text(&s, fd, "no");
		wait_for_guests(&s, i + 1);
	}
	peers_close(&s.p);
	send_text(&s, fd, "too late");
	wait_for_count(&s.p.counts.others, 1);
	assert_int_equal(s.count, 2);
	s.count = 0; // whose channels are gone
	server_fini(&s);
	close(fd);
}

// What waits for a peer goes round in its buffer many times, and keeps its boundaries.
static void test_what_waits(void **state)
{
	static const char texts[TEXT + 1] = "of every length.";
	struct sockaddr_any at = loopback(1, 0);
	int fd = udp_socket();
	struct server s;
	unsigned sent = 0;
	unsigned taken = 0;

	(void)state;
	server_init(&s, &at, 1, 1);
	for (unsigned round = 0; round < 400; round++) {
		for (unsigned i = 0; i < 1 + round % 7; i++)
			send_text(&s, fd, &texts[sent++ % TEXT]);
		wait_for_guests(&s, 1);
		wait_for_count(received_of(&s.guests[0]), sent);
		for (unsigned i = 0; i < 1 + round % 5 && taken < sent; i++)
			assert_received(&s.guests[0], &texts[taken++ % TEXT]);
	}
	assert_true(taken < sent);
	server_fini(&s);
	close(fd);
}

static struct sockaddr_any unix_address(char name)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	socklen_t len = (socklen_t)(sizeof(sa_family_t) + 1);
	struct sockaddr_any a;

	len += (socklen_t)snprintf(un.sun_path + 1, sizeof(un.sun_path) - 1,
		"sockctl-test-peers-%d-%c", (int)getpid(), name);
	sockaddr_set(&a, (struct sockaddr *)&un, len);
	return a;
}

// A receiver that does not read is asked seldom, and keeps nobody else from being sent to.
static void test_a_deaf_one(void **state)
{
	struct sockaddr_any at = unix_address('s');
	int fds[2];
	struct server s;
	struct channel *deaf;
	char byte[2];
	unsigned n = 0;

	(void)state;
	server_init(&s, &at, 2, 2);
	for (size_t i = 0; i < 2; i++) {
		struct sockaddr_any name = unix_address((char)('0' + i));

		fds[i] = socket(AF_UNIX, SOCK_DGRAM, 0);
		assert_int_equal(bind(fds[i], &name.sa, name.len), 0);
		send_text(&s, fds[i], "x");
		wait_for_guests(&s, i + 1);
		assert_received(&s.guests[i], "x");
	}
	deaf = s.guests[0].channel;
	while (deaf->ops->send(deaf, "y", 1) == 1)
		n++;
	assert_in_range(n, 1, 100000);
	channel_want(deaf, false, true);
	loop_for(300);
	assert_in_range(s.guests[0].woken, 1, 20);
	assert_int_equal(s.guests[1].channel->ops->send(s.guests[1].channel, "z", 1), 1);
	assert_int_equal(recv(fds[1], byte, sizeof(byte), 0), 1);
	assert_int_equal(*byte, 'z');
	server_fini(&s);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		loop_test(test_a_crowd),
		loop_test(test_leaves_and_comes_again),
		loop_test(test_bound),
		loop_test(test_refused_and_closed),
		loop_test(test_what_waits),
		loop_test(test_a_deaf_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: ISC
// Datagrams as the kernel sends them about sockets (sock_diag(7)).
#include "net/inspect/diag.h"

#include "base/mem.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <stdlib.h>

#define LOOPBACK 1 // its interface has this number in each network namespace
#define ROOM 512

// A datagram, message by message.
struct reply {
	unsigned char bytes[ROOM];
	size_t len;
};

static void add_message(struct reply *r, unsigned type, const void *data, size_t len)
{
	struct nlmsghdr h = {
		.nlmsg_type = (uint16_t)type, .nlmsg_len = (uint32_t)NLMSG_LENGTH(len)};

	assert_true(r->len + NLMSG_SPACE(len) <= sizeof(r->bytes));
	memcpy(r->bytes + r->len, &h, sizeof(h));
	memcpy(r->bytes + r->len + NLMSG_HDRLEN, data, len);
	r->len += NLMSG_SPACE(len);
}

static void add_inet(struct reply *r, const char *local, const char *remote, unsigned interface)
{
	struct inet_diag_msg m = {.idiag_family = AF_INET6,
		.id = {.idiag_sport = htons(1), .idiag_dport = htons(2), .idiag_if = interface}};

	assert_int_equal(inet_pton(AF_INET6, local, m.id.idiag_src), 1);
	assert_int_equal(inet_pton(AF_INET6, remote, m.id.idiag_dst), 1);
	add_message(r, SOCK_DIAG_BY_FAMILY, &m, sizeof(m));
}

static void show(void *arg, const struct diag_socket *s)
{
	struct str *shown = arg;

	str_add_sockaddr(shown, &s->local.sa, s->local.len);
	str_addc(shown, ' ');
	str_add_sockaddr(shown, &s->remote.sa, s->remote.len);
	str_addc(shown, '\n');
}

static int read_reply(const struct reply *r, struct str *shown)
{
	void *exact = xmalloc(r->len ? r->len : 1); // for the address sanitizer to watch
	int result;

	memcpy(exact, r->bytes, r->len);
	result = diag_read(DIAG_TCP, exact, r->len, show, shown);
	free(exact);
	return result;
}

// The kernel has the scope of a link-local address only as the interface that the socket is bound
// to.
static void test_scopes(void **state)
{
	struct reply r = {0};
	struct str shown = {0};

	(void)state;
	add_inet(&r, "fe80::1", "fe80::2", LOOPBACK);
	add_inet(&r, "2001:db8::1", "fe80::2", LOOPBACK);
	add_inet(&r, "fe80::1", "2001:db8::2", 0);
	assert_int_equal(read_reply(&r, &shown), 0);
	assert_str_becomes(&shown, "[fe80::1%lo]:1 [fe80::2%lo]:2\n"
				   "[2001:db8::1]:1 [fe80::2%lo]:2\n"
				   "[fe80::1]:1 [2001:db8::2]:2\n");
	str_fini(&shown);
}

static void test_ends(void **state)
{
	static const struct {
		unsigned type;
		int error;
		int result;
	} ends[] = {
		{NLMSG_DONE, 0, 1}, {NLMSG_DONE, -ENOMEM, -ENOMEM}, {NLMSG_ERROR, -EPERM, -EPERM},
		{NLMSG_ERROR, 0, -EPROTO}, // an acknowledgement, which nobody has asked for
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		struct nlmsgerr body = {.error = ends[i].error};
		struct reply r = {0};
		struct str shown = {0};

		add_inet(&r, "::1", "::1", 0);
		add_message(&r, ends[i].type, &body, sizeof(body));
		add_inet(&r, "::2", "::2", 0); // nothing comes after the end
		assert_int_equal(read_reply(&r, &shown), ends[i].result);
		assert_str_becomes(&shown, "[::1]:1 [::1]:2\n");
		str_fini(&shown);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scopes),
		cmocka_unit_test(test_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: ISC
#include "proxy/socks.h"

#include "talk.h"
#include "unit.h"

#include <arpa/inet.h>

#define BEHIND "SSH-2.0-x\r\n" // the target's first bytes, with the reply in one piece

struct request {
	int version;
	const char *name, *ipv4, *ipv6;
	const char *user, *password;
};

static struct socks socks;

static struct dialogue *begin(const void *arg, enum dialogue_step *step)
{
	const struct request *r = arg;
	struct proxy_target t = {.name = r->name, .port = 0x1234};
	struct credentials c = {.user = (char *)r->user, .password = (char *)r->password};

	if (r->ipv4) {
		t.address.len = sizeof(t.address.in);
		t.address.in.sin_family = AF_INET;
		assert_int_equal(inet_pton(AF_INET, r->ipv4, &t.address.in.sin_addr), 1);
	} else if (r->ipv6) {
		t.address.len = sizeof(t.address.in6);
		t.address.in6.sin6_family = AF_INET6;
		assert_int_equal(inet_pton(AF_INET6, r->ipv6, &t.address.in6.sin6_addr), 1);
	}
	*step = (r->version == 4 ? socks4_init : socks5_init)(&socks, &t, &c, NULL);
	return &socks.dialogue;
}

#define REQUEST(...) \
	.begin = begin, .arg = &(struct request) \
	{ \
		__VA_ARGS__ \
	}
#define CHECK(...) talk_check(&(struct talk){__VA_ARGS__})

#define GRANTED_4 "\0\x5a\xff\xff\1\2\3\4"
#define GRANTED_5 "\5\0\0\1\1\2\3\4\x12\x34"

static void test_v4_requests(void **state)
{
	(void)state;
	CHECK(REQUEST(4, .ipv4 = "192.0.2.1"), TALK_SAID(GRANTED_4 BEHIND), .left = strlen(BEHIND),
		.want = DIALOGUE_DONE, TALK_SENT("\4\1\x12\x34\xc0\0\2\1\0"));
	CHECK(REQUEST(4, .ipv4 = "192.0.2.1", .user = "fred"), TALK_SAID(GRANTED_4),
		.want = DIALOGUE_DONE,
		TALK_SENT("\4\1\x12\x34\xc0\0\2\1"
			  "fred\0"));
	CHECK(REQUEST(4, .name = "example.org"), TALK_SAID(GRANTED_4), .want = DIALOGUE_DONE,
		TALK_SENT("\4\1\x12\x34\0\0\0\1\0"
			  "example.org\0"));
	CHECK(REQUEST(4, .ipv6 = "::ffff:192.0.2.1"), TALK_SAID(GRANTED_4), .want = DIALOGUE_DONE,
		TALK_SENT("\4\1\x12\x34\xc0\0\2\1\0"));
	CHECK(REQUEST(4, .ipv6 = "::1"), .want = DIALOGUE_FAILED, .fault = PROXY_USAGE,
		.hopeless = true,
		.failure = "cannot be asked for [::1]:4660: SOCKS4 has no IPv6 addresses; use "
			   "socks5:// or socks5h://");
	CHECK(REQUEST(4, .name = "x", .user = "u", .password = "p"), .want = DIALOGUE_FAILED,
		.fault = PROXY_USAGE, .hopeless = true,
		.failure = "has no passwords in SOCKS4; use socks5:// or socks5h://");
}

#define V4(said_, hopeless_, failure_) \
	CHECK(REQUEST(4, .ipv4 = "192.0.2.1"), TALK_SAID(said_), .want = DIALOGUE_FAILED, \
		.fault = PROXY_REFUSED, .hopeless = hopeless_, .other_address = !(hopeless_), \
		.failure = failure_, TALK_SENT("\4\1\x12\x34\xc0\0\2\1\0"))

static void test_v4_replies(void **state)
{
	(void)state;
	V4("\0\x5b\0\0\0\0\0\0", false,
		"rejected the request or could not connect (SOCKS4 reply 91)");
	V4("\0\x5c\0\0\0\0\0\0", true,
		"could not ask identd(8) of this machine who we are (SOCKS4 reply 92)");
	V4("\0\x5d\0\0\0\0\0\0", true, "knows another user name from identd(8) (SOCKS4 reply 93)");
	V4("\0\x5e\0\0\0\0\0\0", true, "gave SOCKS4 reply 94, which means nothing");
	V4("\0\0", true, "gave SOCKS4 reply 0, which means nothing");
	V4("\5\0", true,
		"does not speak SOCKS4: its answer begins with '\\x05'; is it a SOCKS5 proxy?");
	V4("HTTP/1.1 400 Bad Request\r\n", true,
		"does not speak SOCKS4: its answer begins with 'H'; is it an HTTP proxy?");
	V4("\x1b[2J", true, "does not speak SOCKS4: its answer begins with '\\x1b'");
	CHECK(REQUEST(4, .ipv4 = "192.0.2.1"), TALK_SAID("\0\x5a\0\0\0"), .ends = true,
		.want = DIALOGUE_FAILED, .fault = PROXY_BROKEN,
		.failure = "ended the connection before it had answered",
		TALK_SENT("\4\1\x12\x34\xc0\0\2\1\0"));
}

static void test_v5_requests(void **state)
{
	char name[256] = {0};
	char sent[3 + 5 + 255 + 2] = "\5\1\0\5\1\0\3\xff";

	(void)state;
	CHECK(REQUEST(5, .ipv4 = "192.0.2.1"), TALK_SAID("\5\0" GRANTED_5 BEHIND),
		.left = strlen(BEHIND), .want = DIALOGUE_DONE,
		TALK_SENT("\5\1\0\5\1\0\1\xc0\0\2\1\x12\x34"));
	CHECK(REQUEST(5, .ipv6 = "2001:db8::1"), TALK_SAID("\5\0" GRANTED_5), .want = DIALOGUE_DONE,
		TALK_SENT("\5\1\0\5\1\0\4 \1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1\x12\x34"));
	CHECK(REQUEST(5, .name = "example.org"), TALK_SAID("\5\0" GRANTED_5), .want = DIALOGUE_DONE,
		TALK_SENT("\5\1\0\5\1\0\3\x0b"
			  "example.org\x12\x34"));
	// The longest name.
	memset(name, 'a', 255);
	memset(sent + 8, 'a', 255);
	memcpy(sent + 8 + 255, "\x12\x34", 2);
	CHECK(REQUEST(5, .name = name), TALK_SAID("\5\0" GRANTED_5), .want = DIALOGUE_DONE,
		.sent = sent, .sent_len = sizeof(sent));
	// Credentials are offered, and given when they are asked for.
	CHECK(REQUEST(5, .ipv4 = "192.0.2.1", .user = "u", .password = "p:@%"),
		TALK_SAID("\5\0" GRANTED_5), .want = DIALOGUE_DONE,
		TALK_SENT("\5\2\0\2\5\1\0\1\xc0\0\2\1\x12\x34"));
	CHECK(REQUEST(5, .ipv4 = "192.0.2.1", .user = "u", .password = "p:@%"),
		TALK_SAID("\5\2\1\0" GRANTED_5 BEHIND), .left = strlen(BEHIND),
		.want = DIALOGUE_DONE, TALK_SENT("\5\2\0\2\1\1u\4p:@%\5\1\0\1\xc0\0\2\1\x12\x34"));
	CHECK(REQUEST(5, .ipv4 = "192.0.2.1", .user = "u"), TALK_SAID("\5\2\5\0" GRANTED_5),
		.want = DIALOGUE_DONE, TALK_SENT("\5\2\0\2\1\1u\0\5\1\0\1\xc0\0\2\1\x12\x34"));
}

static void test_v5_bound_addresses(void **state)
{
	char name[4 + 1 + 255 + 2 + 2] = "\5\0\5\0\0\3\xff";

	(void)state;
	CHECK(REQUEST(5, .ipv4 = "192.0.2.1"),
		TALK_SAID("\5\0\5\0\0\4................\x12\x34" BEHIND), .left = strlen(BEHIND),
		.want = DIALOGUE_DONE, TALK_SENT("\5\1\0\5\1\0\1\xc0\0\2\1\x12\x34"));
	CHECK(REQUEST(5, .ipv4 = "192.0.2.1"), TALK_SAID("\5\0\5\0\0\3\4name\x12\x34" BEHIND),
		.left = strlen(BEHIND), .want = DIALOGUE_DONE,
		TALK_SENT("\5\1\0\5\1\0\1\xc0\0\2\1\x12\x34"));
	CHECK(REQUEST(5, .ipv4 = "192.0.2.1"), TALK_SAID("\5\0\5\0\0\3\0\x12\x34" BEHIND),
		.left = strlen(BEHIND), .want = DIALOGUE_DONE,
		TALK_SENT("\5\1\0\5\1\0\1\xc0\0\2\1\x12\x34"));
	CHECK(REQUEST(5, .ipv4 = "192.0.2.1"), .said = name, .said_len = sizeof(name),
		.want = DIALOGUE_DONE, TALK_SENT("\5\1\0\5\1\0\1\xc0\0\2\1\x12\x34"));
	CHECK(REQUEST(5, .ipv4 = "192.0.2.1"), TALK_SAID("\5\0\5\0\0\2....\x12\x34"),
		.want = DIALOGUE_FAILED, .fault = PROXY_REFUSED, .hopeless = true,
		.failure = "grants the connection with an address of no known kind (0x02)",
		TALK_SENT("\5\1\0\5\1\0\1\xc0\0\2\1\x12\x34"));
}

static void test_v5_replies(void **state)
{
	static const struct {
		const char *text;
		enum proxy_fault fault;
		bool hopeless, other_address;
	} replies[] = {
		[1] = {"failed (SOCKS5 reply 1)", PROXY_REFUSED, false, true},
		[2] = {"does not allow this connection (SOCKS5 reply 2)", PROXY_REFUSED, true,
			true},
		[3] = {"cannot reach the target's network (SOCKS5 reply 3)", PROXY_TARGET, false,
			true},
		[4] = {"cannot reach the target (SOCKS5 reply 4)", PROXY_TARGET, false, true},
		[5] = {"was refused by the target (SOCKS5 reply 5)", PROXY_TARGET, false, true},
		[6] = {"timed out on the way to the target (SOCKS5 reply 6)", PROXY_TIMEOUT, false,
			true},
		[7] = {"does not know the command CONNECT (SOCKS5 reply 7)", PROXY_REFUSED, true,
			false},
		[8] = {"does not know this kind of address (SOCKS5 reply 8)", PROXY_REFUSED, true,
			true},
		[9] = {"gave SOCKS5 reply 9, which means nothing", PROXY_REFUSED, true, false},
	};

	(void)state;
	for (char code = 1; code < (char)ARRAY_SIZE(replies); code++) {
		char said[] = "\5\0\5?\0\1\0\0\0\0\0\0";

		said[3] = code;
		// Whole, or ended behind the code.
		for (size_t len = 4; len < sizeof(said); len += 8)
			CHECK(REQUEST(5, .ipv4 = "192.0.2.1"), .said = said, .said_len = len,
				.ends = true, .want = DIALOGUE_FAILED,
				.fault = replies[(int)code].fault,
				.hopeless = replies[(int)code].hopeless,
				.other_address = replies[(int)code].other_address,
				.failure = replies[(int)code].text,
				TALK_SENT("\5\1\0\5\1\0\1\xc0\0\2\1\x12\x34"));
	}
}

#define V5(said_, failure_) \
	CHECK(REQUEST(5, .ipv4 = "192.0.2.1"), TALK_SAID(said_), .want = DIALOGUE_FAILED, \
		.fault = PROXY_REFUSED, .hopeless = true, .failure = failure_, \
		TALK_SENT("\5\1\0"))
#define V5_WITH(said_, sent_, failure_) \
	CHECK(REQUEST(5, .ipv4 = "192.0.2.1", .user = "u", .password = "p"), TALK_SAID(said_), \
		.want = DIALOGUE_FAILED, .fault = PROXY_REFUSED, .hopeless = true, \
		.failure = failure_, TALK_SENT(sent_))

static void test_v5_methods(void **state)
{
	(void)state;
	V5("\5\xff", "takes no client without credentials; give them by --proxy-auth-file");
	V5("\5\2", "chose a way of authentication that was not offered to it (0x02)");
	V5("\5\1", "chose a way of authentication that was not offered to it (0x01)");
	V5("\0\x5b",
		"does not speak SOCKS5: its answer begins with '\\x00'; is it a SOCKS4 proxy?");
	V5("HTTP/1.1 400 Bad Request\r\n",
		"does not speak SOCKS5: its answer begins with 'H'; is it an HTTP proxy?");
	V5("SSH-2.0-x", "does not speak SOCKS5: its answer begins with 'S'");
	V5_WITH("\5\xff", "\5\2\0\2", "takes neither a password nor a client without one");
	V5_WITH("\5\2\1\1", "\5\2\0\2\1\1u\1p", "refused the user name or password");
	V5_WITH("\5\2?\0", "\5\2\0\2\1\1u\1p", "does not speak SOCKS5: its answer begins with '?'");
}

static void test_v5_ends(void **state)
{
	(void)state;
	CHECK(REQUEST(5, .ipv4 = "192.0.2.1"), TALK_SAID(""), .ends = true, .want = DIALOGUE_FAILED,
		.fault = PROXY_BROKEN, TALK_SENT("\5\1\0"),
		.failure = "ended the connection before it had answered");
	CHECK(REQUEST(5, .ipv4 = "192.0.2.1"), TALK_SAID("\5\0\5\0\0\1\0\0\0\0\0"), .ends = true,
		.want = DIALOGUE_FAILED, .fault = PROXY_BROKEN,
		.failure = "ended the connection before it had answered",
		TALK_SENT("\5\1\0\5\1\0\1\xc0\0\2\1\x12\x34"));
	CHECK(REQUEST(5, .ipv4 = "192.0.2.1", .user = "u", .password = "p"), TALK_SAID("\5\2\1"),
		.ends = true, .want = DIALOGUE_FAILED, .fault = PROXY_BROKEN,
		.failure = "ended the connection when it was given the user name and password",
		TALK_SENT("\5\2\0\2\1\1u\1p"));
}

static void test_impossible(void **state)
{
	char longer[257] = {0};

	(void)state;
	memset(longer, 'a', 256);
	CHECK(REQUEST(5, .name = longer), .want = DIALOGUE_FAILED, .fault = PROXY_USAGE,
		.hopeless = true, .failure = "cannot be asked for a name of more than 255 bytes");
	CHECK(REQUEST(5, .name = "x", .user = longer), .want = DIALOGUE_FAILED,
		.fault = PROXY_USAGE, .hopeless = true,
		.failure = "has in SOCKS5 user names of 1 to 255 bytes and passwords of at most "
			   "255");
	CHECK(REQUEST(5, .name = "x", .user = "", .password = "p"), .want = DIALOGUE_FAILED,
		.fault = PROXY_USAGE, .hopeless = true);
	CHECK(REQUEST(5, .name = "a\r\nb"), .want = DIALOGUE_FAILED, .fault = PROXY_USAGE,
		.hopeless = true, .failure = "cannot be asked for what is no name of a host");
	CHECK(REQUEST(4, .name = ""), .want = DIALOGUE_FAILED, .fault = PROXY_USAGE,
		.hopeless = true, .failure = "cannot be asked for what is no name of a host");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v4_requests),
		cmocka_unit_test(test_v4_replies),
		cmocka_unit_test(test_v5_requests),
		cmocka_unit_test(test_v5_bound_addresses),
		cmocka_unit_test(test_v5_replies),
		cmocka_unit_test(test_v5_methods),
		cmocka_unit_test(test_v5_ends),
		cmocka_unit_test(test_impossible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: ISC
#include "proxy/http.h"

#include "talk.h"
#include "unit.h"

#include <arpa/inet.h>

#define BEHIND "SSH-2.0-x\r\n" // the target's first bytes, with the reply in one piece

struct request {
	const char *name, *ipv4, *ipv6;
	const char *user, *password;
	bool with_credentials;
};

static struct http_connect http;
static bool with_credentials;

static struct dialogue *begin(const void *arg, enum dialogue_step *step)
{
	const struct request *r = arg;
	struct proxy_target t = {.name = r->name, .port = 443};
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
	with_credentials = r->with_credentials;
	*step = http_connect_init(&http, &t, &c, &with_credentials, NULL);
	return &http.dialogue;
}

#define REQUEST(...) \
	.begin = begin, .arg = &(struct request) \
	{ \
		__VA_ARGS__ \
	}
#define CHECK(...) talk_check(&(struct talk){__VA_ARGS__})

#define ASK "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n"
#define BASIC "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n" // RFC 7617 section 2
#define GRANTED "HTTP/1.1 200 OK\r\n\r\n"
#define OFFER "Proxy-Authenticate: Basic realm=\"a, b\"\r\n"
#define WITH .name = "h", .user = "Aladdin", .password = "open sesame"

static void test_requests(void **state)
{
	(void)state;
	CHECK(REQUEST("example.org"), TALK_SAID(GRANTED), .want = DIALOGUE_DONE,
		TALK_SENT("CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n"));
	CHECK(REQUEST(.ipv4 = "192.0.2.1"), TALK_SAID(GRANTED), .want = DIALOGUE_DONE,
		TALK_SENT("CONNECT 192.0.2.1:443 HTTP/1.1\r\nHost: 192.0.2.1:443\r\n\r\n"));
	CHECK(REQUEST(.ipv6 = "2001:db8::1"), TALK_SAID(GRANTED), .want = DIALOGUE_DONE,
		TALK_SENT("CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: [2001:db8::1]:443\r\n\r\n"));
	CHECK(REQUEST(WITH, .with_credentials = true), TALK_SAID(GRANTED), .want = DIALOGUE_DONE,
		TALK_SENT(ASK BASIC "\r\n"));
	CHECK(REQUEST("a\r\nX: y"), .want = DIALOGUE_FAILED, .fault = PROXY_USAGE, .hopeless = true,
		.failure = "cannot be asked for what is no name of a host");
	CHECK(REQUEST("h", .user = "a:b"), .want = DIALOGUE_FAILED, .fault = PROXY_USAGE,
		.hopeless = true, .failure = "has in HTTP no user names with a colon");
}

#define DONE(said_) \
	CHECK(REQUEST("h"), TALK_SAID(said_ BEHIND), .left = strlen(BEHIND), \
		.want = DIALOGUE_DONE, TALK_SENT(ASK "\r\n"))

static void test_granted(void **state)
{
	(void)state;
	DONE("HTTP/1.1 200 OK\r\n\r\n");
	DONE("HTTP/1.0 200 Connection established\r\nProxy-agent: x\r\n\r\n");
	DONE("HTTP/1.1 204 No Content\r\n\r\n");
	DONE("HTTP/1.1 299\r\n\r\n");
	DONE("HTTP/1.1 200 OK\n\n");
	DONE("HTTP/1.1 200 OK\nA: b\r\nC: d\n\r\n");
	// Such fields mean nothing here (RFC 9110 section 9.3.6).
	DONE("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n");
	DONE("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
	     "HTTP/1.1 200 OK\r\n\r\n");
}

static void test_preliminary(void **state)
{
	struct str said = {0};
	struct talk t = {REQUEST("h"), .want = DIALOGUE_DONE, TALK_SENT(ASK "\r\n")};

	(void)state;
	for (int i = 0; i < 8; i++)
		str_add(&said, "HTTP/1.1 100\n\n");
	str_add(&said, GRANTED);
	t.said = said.data;
	t.said_len = said.len;
	talk_check(&t);

	str_clear(&said);
	for (int i = 0; i < 9; i++)
		str_add(&said, "HTTP/1.1 100\n\n");
	t.said = said.data;
	t.said_len = said.len;
	t.want = DIALOGUE_FAILED;
	t.fault = PROXY_REFUSED;
	t.hopeless = true;
	t.failure = "gives more than 8 preliminary answers";
	talk_check(&t);
	str_fini(&said);
}

#define FAILS(said_, fault_, hopeless_, other_, failure_) \
	CHECK(REQUEST("h"), TALK_SAID(said_), .ends = true, .want = DIALOGUE_FAILED, \
		.fault = fault_, .hopeless = hopeless_, .other_address = other_, \
		.failure = failure_, TALK_SENT(ASK "\r\n"))

static void test_refused(void **state)
{
	(void)state;
	FAILS("HTTP/1.1 403 Forbidden\r\n\r\n", PROXY_REFUSED, true, false,
		"answers '403 Forbidden'");
	FAILS("HTTP/1.1 302 Found\r\nLocation: http://login/\r\n\r\n", PROXY_REFUSED, true, false,
		"answers '302 Found'");
	FAILS("HTTP/1.1 404\r\n\r\n", PROXY_REFUSED, true, false, "answers '404'");
	FAILS("HTTP/1.1 429 \r\n\r\n", PROXY_REFUSED, false, false, "answers '429'");
	FAILS("HTTP/1.1 500 Oops\r\n\r\n", PROXY_REFUSED, false, false, "answers '500 Oops'");
	FAILS("HTTP/1.1 501 No\r\n\r\n", PROXY_REFUSED, true, false, "answers '501 No'");
	FAILS("HTTP/1.1 502 Bad Gateway\r\n\r\n", PROXY_TARGET, false, true,
		"answers '502 Bad Gateway'");
	FAILS("HTTP/1.1 503 x\r\n\r\n", PROXY_TARGET, false, true, "answers '503 x'");
	FAILS("HTTP/1.1 504 x\r\n\r\n", PROXY_TIMEOUT, false, true, "answers '504 x'");
	FAILS("HTTP/1.1 403 \x1b[2J\xe2\x80\xae\r\n\r\n", PROXY_REFUSED, true, false,
		"answers '403 \\x1b[2J\\xe2\\x80\\xae'");
	FAILS("HTTP/1.1 403 "
	      "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggg\r\n\r\n",
		PROXY_REFUSED, true, false,
		"answers '403 "
		"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg...'");
	// The first line is enough.
	FAILS("HTTP/1.0 403 Forbidden\r\n", PROXY_REFUSED, true, false, "answers '403 Forbidden'");
	FAILS("HTTP/1.0 502 x\r\nServer:", PROXY_TARGET, false, true, "answers '502 x'");
}

static void test_garbage(void **state)
{
	struct str said = {0};

	(void)state;
	FAILS("\5\0", PROXY_REFUSED, true, false,
		"does not speak HTTP: its answer begins with '\\x05'");
	FAILS("HTTP/2 200\r\n\r\n", PROXY_REFUSED, true, false,
		"does not speak HTTP: its answer begins with 'HTTP/2'");
	FAILS("HTTP/1.x 200\r\n\r\n", PROXY_REFUSED, true, false,
		"does not speak HTTP: its answer begins with 'HTTP/1.x'");
	FAILS("\r\n\r\n", PROXY_REFUSED, true, false,
		"does not speak HTTP: its answer begins with '\\r'");
	FAILS("HTTP/1.1 20 OK\r\n\r\n", PROXY_REFUSED, true, false,
		"answers 'HTTP/1.1 20 OK', which has no status of HTTP");
	FAILS("HTTP/1.1 2000\r\n\r\n", PROXY_REFUSED, true, false,
		"answers 'HTTP/1.1 2000', which has no status of HTTP");
	FAILS("HTTP/1.1 200OK\r\n\r\n", PROXY_REFUSED, true, false,
		"answers 'HTTP/1.1 200OK', which has no status of HTTP");
	FAILS("HTTP/1.1  200 OK\r\n\r\n", PROXY_REFUSED, true, false,
		"answers 'HTTP/1.1  200 OK', which has no status of HTTP");
	FAILS("HTTP/1.1\r\n\r\n", PROXY_REFUSED, true, false,
		"answers 'HTTP/1.1', which has no status of HTTP");
	FAILS("HTTP/1.1 200 OK\r\nA\0: b\r\n\r\n", PROXY_REFUSED, true, false,
		"answers with a NUL byte in its head");
	FAILS("", PROXY_BROKEN, false, false, "ended the connection before it had answered");
	FAILS("HTTP/1.1 200 OK\r\n", PROXY_BROKEN, false, false,
		"ended the connection before it had answered");
	FAILS("HTTP/1.1 403 For", PROXY_BROKEN, false, false,
		"ended the connection before it had answered");

	str_add(&said, "HTTP/1.1 200 OK\r\nX: ");
	str_add_repeated(&said, 'x', HTTP_MAX_HEAD);
	for (size_t i = 0; i < 2; i++) { // two cuts: of every one, this would take minutes
		struct talk t = {REQUEST("h"), .said = said.data, .said_len = said.len,
			.want = DIALOGUE_FAILED, .fault = PROXY_REFUSED, .hopeless = true,
			.failure = "answers with a head of more than 16 KiB"};
		enum dialogue_step step;
		struct dialogue *d = begin(t.arg, &step);
		size_t taken;

		dialogue_sent(d, d->send.len);
		step = DIALOGUE_MORE;
		if (i)
			step = dialogue_read(d, said.data, 100, &taken);
		assert_int_equal(step, DIALOGUE_MORE);
		step = dialogue_read(d, said.data + i * 100, said.len - i * 100, &taken);
		assert_int_equal(step, DIALOGUE_FAILED);
		assert_int_equal(taken, HTTP_MAX_HEAD - i * 100);
		assert_string_equal(str_c(&d->failure.text), t.failure);
		dialogue_fini(d);
	}
	str_fini(&said);
}

#define AGAIN(said_, ends_) \
	CHECK(REQUEST(WITH), TALK_SAID(said_), .ends = ends_, .want = DIALOGUE_AGAIN, .left = 0, \
		TALK_SENT(ASK "\r\n")); \
	assert_true(with_credentials)

// Kept open, the answer's body is read over, and the request follows on the same connection.
static void test_kept_open(void **state)
{
	(void)state;
	CHECK(REQUEST(WITH),
		TALK_SAID(
			"HTTP/1.1 407 x\r\n" OFFER "Content-Length: 5\r\n\r\nHTTP/" GRANTED BEHIND),
		.left = strlen(BEHIND), .want = DIALOGUE_DONE,
		TALK_SENT(ASK "\r\n" ASK BASIC "\r\n"));
	assert_true(with_credentials);
	CHECK(REQUEST(WITH),
		TALK_SAID("HTTP/1.0 407\nProxy-Connection: Keep-Alive\nContent-Length:0\n" OFFER
			  "\n" GRANTED),
		.want = DIALOGUE_DONE, TALK_SENT(ASK "\r\n" ASK BASIC "\r\n"));
	// It ends for all that.
	CHECK(REQUEST(WITH), TALK_SAID("HTTP/1.1 407 x\r\n" OFFER "Content-Length: 0\r\n\r\n"),
		.ends = true, .want = DIALOGUE_AGAIN, TALK_SENT(ASK "\r\n" ASK BASIC "\r\n"));
}

static void test_closed(void **state)
{
	(void)state;
	AGAIN("HTTP/1.1 407 x\r\n" OFFER "Connection: x, Close\r\nContent-Length: 0\r\n\r\n",
		false);
	AGAIN("HTTP/1.0 407 x\r\n" OFFER "Content-Length: 0\r\n\r\n", false);
	AGAIN("HTTP/1.1 407 x\r\n" OFFER "\r\n", false);
	AGAIN("HTTP/1.1 407 x\r\n" OFFER "Transfer-Encoding: chunked\r\n\r\n", false);
	AGAIN("HTTP/1.1 407 x\r\n" OFFER "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", false);
	AGAIN("HTTP/1.1 407 x\r\n" OFFER "Content-Length: 0\r\nContent-Length: 2\r\n\r\n", false);
	AGAIN("HTTP/1.1 407 x\r\n" OFFER "Content-Length: -1\r\n\r\n", false);
	AGAIN("HTTP/1.1 407 x\r\n" OFFER "Content-Length: 65537\r\n\r\n", false);
	AGAIN("HTTP/1.1 407 x\r\n" OFFER, true);
	AGAIN("HTTP/1.1 407 x\r\n" OFFER "Content-Length: 9\r\n\r\nHTTP/1.1", true);
}

#define NO_AUTH(said_, failure_) \
	CHECK(REQUEST(WITH), TALK_SAID(said_), .want = DIALOGUE_FAILED, .fault = PROXY_REFUSED, \
		.hopeless = true, .failure = failure_, TALK_SENT(ASK "\r\n")); \
	assert_false(with_credentials)
#define OFFERS(lines) "HTTP/1.1 407 x\r\n" lines "\r\n"

static void test_challenges(void **state)
{
	(void)state;
	NO_AUTH(OFFERS("Proxy-Authenticate: Digest realm=\"Basic\", nonce=\"a, Basic x\\\", "
		       "Basic\"\r\n"
		       "Proxy-Authenticate: Negotiate, NTLM TlRM==\r\n"),
		"answers '407 x'; it offers Digest, Negotiate, NTLM, and only Basic is known here");
	NO_AUTH(OFFERS(""), "answers '407 x'; it offers no way to give credentials");
	NO_AUTH(OFFERS("WWW-Authenticate: Basic\r\n"),
		"answers '407 x'; it offers no way to give credentials");
	NO_AUTH(OFFERS("Proxy-Authenticate: X basic = 1, basic=2\r\n"),
		"answers '407 x'; it offers X, and only Basic is known here");
	AGAIN(OFFERS("Proxy-Authenticate: NTLM , basic\r\n"), false);
	AGAIN(OFFERS("Proxy-Authenticate: Digest qop=\"auth,auth-int\", a = \"b\" ,Basic "
		     "realm=x\r\n"),
		false);
	AGAIN(OFFERS("Proxy-Authenticate: Digest x=y\r\nproxy-authenticate:BASIC\r\n"), false);
	CHECK(REQUEST("h"), TALK_SAID(OFFERS(OFFER)), .want = DIALOGUE_FAILED,
		.fault = PROXY_REFUSED, .hopeless = true,
		.failure = "answers '407 x'; give credentials by --proxy-auth-file",
		TALK_SENT(ASK "\r\n"));
	CHECK(REQUEST(WITH, .with_credentials = true), TALK_SAID(OFFERS(OFFER)),
		.want = DIALOGUE_FAILED, .fault = PROXY_REFUSED, .hopeless = true,
		.failure = "answers '407 x' to the credentials", TALK_SENT(ASK BASIC "\r\n"));
	CHECK(REQUEST(WITH),
		TALK_SAID("HTTP/1.1 407 x\r\n" OFFER "Content-Length: 0\r\n\r\n" OFFERS(OFFER)),
		.want = DIALOGUE_FAILED, .fault = PROXY_REFUSED, .hopeless = true,
		.failure = "answers '407 x' to the credentials",
		TALK_SENT(ASK "\r\n" ASK BASIC "\r\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_granted),
		cmocka_unit_test(test_preliminary),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_kept_open),
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_challenges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

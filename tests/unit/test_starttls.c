// SPDX-License-Identifier: ISC
#include "tls/starttls/starttls.h"

#include "unit.h"

// What the server says and what is to be said then, in turns; ends with NULLs.
struct turn {
	const char *theirs, *ours;
};

// Holds the conversation, the server's words in pieces of SIZE bytes.
static enum starttls_state hold(
	struct starttls *s, const struct turn *turns, size_t size, bool is_checked)
{
	enum starttls_state state = STARTTLS_GOES_ON;

	for (const struct turn *t = turns; t->theirs; t++) {
		size_t len = strlen(t->theirs);

		for (size_t at = 0; at < len; at += size) {
			assert_true(state == STARTTLS_GOES_ON || !is_checked);
			state = starttls_hear(s, t->theirs + at, MIN(size, len - at));
		}
		if (is_checked)
			assert_string_equal(str_c(&s->say), t->ours);
		str_clear(&s->say);
	}
	return state;
}

static void check_good(enum starttls_protocol protocol, const char *first, const struct turn *turns)
{
	for (size_t size = 1; size < 300; size = size < 8 ? size + 1 : size * 4) {
		struct starttls s;

		starttls_init(&s, protocol, "a'b.test");
		assert_string_equal(str_c(&s.say), first);
		str_clear(&s.say);
		assert_int_equal(hold(&s, turns, size, true), STARTTLS_READY);
		starttls_fini(&s);
	}
}

static void check_bad(enum starttls_protocol protocol, const char *text, const char *line)
{
	const struct turn turns[] = {{text, NULL}, {0}};
	struct starttls s;

	starttls_init(&s, protocol, "localhost");
	str_clear(&s.say);
	assert_int_equal(hold(&s, turns, 1000, false), STARTTLS_FAILED);
	assert_string_equal(str_c(&s.failure), line);
	assert_string_equal(str_c(&s.say), "");
	assert_int_equal(starttls_hear(&s, "x", 1), STARTTLS_FAILED);
	starttls_fini(&s);
}

static void test_lines(void **state)
{
	(void)state;
	check_good(STARTTLS_SMTP, "",
		(struct turn[]){{"220-mail\r\n220 ESMTP\r\n", "EHLO [127.0.0.1]\r\n"},
			{"250-mail\r\n250-SIZE 100\r\n250-STARTTLS\r\n250 HELP\r\n",
				"STARTTLS\r\n"},
			{"220 go ahead\r\n", ""}, {0}});
	check_good(STARTTLS_LMTP, "",
		(struct turn[]){{"220 LMTP\r\n", "LHLO [127.0.0.1]\r\n"},
			{"250-mail\r\n250 STARTTLS\r\n", "STARTTLS\r\n"}, {"220 ok\r\n", ""}, {0}});
	check_good(STARTTLS_IMAP, "",
		(struct turn[]){{"* OK [CAPABILITY IMAP4rev1] hi\r\n", "a1 STARTTLS\r\n"},
			{"* 1 EXISTS\r\na1 OK begin\r\n", ""}, {0}});
	check_good(STARTTLS_POP3, "",
		(struct turn[]){{"+OK hi\r\n", "STLS\r\n"}, {"+OK begin\r\n", ""}, {0}});
	check_good(STARTTLS_FTP, "",
		(struct turn[]){{"220-Welcome\r\n any words\r\n220 ready\r\n", "AUTH TLS\r\n"},
			{"234 go\r\n", ""}, {0}});
	check_good(STARTTLS_XMPP,
		"<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
		"xmlns:stream='http://etherx.jabber.org/streams' to='a&#39;b.test' version='1.0'>",
		(struct turn[]){{"<?xml version='1.0'?><stream:stream id='1'><stream:features>"
				 "<starttls xmlns='urn:x'/></stream:features>",
					"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"},
			{"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", ""}, {0}});
}

static void test_refused(void **state)
{
	(void)state;
	check_bad(STARTTLS_SMTP, "554 go away\r\n",
		"the server does not offer TLS (smtp): '554 go away'");
	check_bad(STARTTLS_SMTP, "SSH-2.0-x\r\n", "the server does not speak smtp");
	check_bad(STARTTLS_IMAP, "* PREAUTH hello\r\n",
		"the server does not offer TLS (imap): '* PREAUTH hello'");
	check_bad(STARTTLS_POP3, "-ERR \033[2J\r\n",
		"the server does not offer TLS (pop3): '-ERR \\x1b[2J'");
	check_bad(STARTTLS_POSTGRES, "N", "the server does not offer TLS (postgres)");
	check_bad(STARTTLS_POSTGRES, "H", "the server does not speak postgres");
	check_bad(STARTTLS_LDAP, "hello", "the server does not speak ldap");
	check_bad(STARTTLS_XMPP, "<stream:stream><stream:features></stream:features>",
		"the server does not offer TLS (xmpp)");
	check_bad(STARTTLS_MYSQL, "HTTP/1.1 400", "the server does not speak mysql");
}

#define INJECTED \
	"the server sent more after its answer, unencrypted, possibly injected by an attacker"

// What comes with the go-ahead would be taken for what came protected.
static void test_injected(void **state)
{
	struct starttls s;

	(void)state;
	starttls_init(&s, STARTTLS_SMTP, NULL);
	assert_int_equal(starttls_hear(&s, "220 a\r\n", 7), STARTTLS_GOES_ON);
	assert_int_equal(starttls_hear(&s, "250 STARTTLS\r\n", 14), STARTTLS_GOES_ON);
	assert_int_equal(starttls_hear(&s, "220 ok\r\n250 me\r\n", 16), STARTTLS_FAILED);
	assert_string_equal(str_c(&s.failure), INJECTED);
	starttls_fini(&s);
	check_bad(STARTTLS_POSTGRES, "Sx", INJECTED);
	check_bad(STARTTLS_POP3, "+OK hi\r\n+OK begin\r\n", INJECTED);
}

static void test_no_offer(void **state)
{
	struct starttls s;

	(void)state;
	starttls_init(&s, STARTTLS_SMTP, NULL);
	starttls_hear(&s, "220 a\r\n", 7);
	assert_int_equal(starttls_hear(&s, "250-SIZE\r\n250 NOSTARTTLS\r\n", 26), STARTTLS_FAILED);
	assert_string_equal(str_c(&s.failure), "the server does not offer TLS (smtp)");
	starttls_fini(&s);
}

static void test_binary(void **state)
{
	static const char good[] = "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00";
	static const char refused[] = "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x35\x04\x00\x04\x00";
	static const char mysql[] = "\x16\x00\x00\x00\x0a"
				    "8.0\0"
				    "\1\2\3\4"
				    "12345678\0"
				    "\x00\x08\x00\x00";
	struct starttls s;

	(void)state;
	starttls_init(&s, STARTTLS_LDAP, NULL);
	assert_int_equal(s.say.len, 31);
	for (size_t i = 0; i < 13; i++)
		assert_int_equal(starttls_hear(&s, good + i, 1), STARTTLS_GOES_ON);
	assert_int_equal(starttls_hear(&s, good + 13, 1), STARTTLS_READY);
	starttls_fini(&s);
	starttls_init(&s, STARTTLS_LDAP, NULL);
	assert_int_equal(starttls_hear(&s, refused, 14), STARTTLS_FAILED);
	assert_string_equal(str_c(&s.failure), "the server does not offer TLS (ldap): 'result 53'");
	starttls_fini(&s);
	starttls_init(&s, STARTTLS_MYSQL, NULL);
	assert_int_equal(s.say.len, 0);
	for (size_t i = 0; i < 25; i++)
		assert_int_equal(starttls_hear(&s, mysql + i, 1), STARTTLS_GOES_ON);
	assert_int_equal(starttls_hear(&s, mysql + 25, 1), STARTTLS_READY);
	assert_int_equal(s.say.len, 36);
	starttls_fini(&s);
	starttls_init(&s, STARTTLS_POSTGRES, NULL);
	assert_memory_equal(s.say.data, "\0\0\0\x08\x04\xd2\x16\x2f", 8);
	assert_int_equal(starttls_hear(&s, "S", 1), STARTTLS_READY);
	starttls_fini(&s);
}

// No answer is kept without end.
static void test_bounded(void **state)
{
	(void)state;
	for (enum starttls_protocol p = STARTTLS_SMTP; p <= STARTTLS_MYSQL; p++) {
		enum starttls_state r = STARTTLS_GOES_ON;
		struct starttls s;

		starttls_init(&s, p, "localhost");
		for (size_t i = 0; i <= STARTTLS_MAX / 10 && r == STARTTLS_GOES_ON; i++)
			r = starttls_hear(&s, "220-<    \n", 10);
		assert_int_equal(r, STARTTLS_FAILED);
		starttls_fini(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_injected),
		cmocka_unit_test(test_no_offer),
		cmocka_unit_test(test_binary),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: ISC
// From a socket to TLS, step by step, with a server of OpenSSL's own in the same process.
#define OPENSSL_SUPPRESS_DEPRECATED // RAND_set_rand_method() is the way to be without

#include "tls/handshake.h"
#include "tls/self_signed.h"

#include "tls_authority.h"
#include "tls_peer.h"
#include "unit.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct run {
	struct peer peer;
	struct issued server;
	char *file;
	struct handshake handshake;
	int result;
};

static void begin(struct run *r, enum starttls_protocol protocol, bool is_check)
{
	const struct issued *chain[] = {&r->server};
	const char *trusted[1];

	r->server = issue(&(struct wish){.cn = "x", .san = "DNS:localhost"}, NULL);
	r->file = write_certificates(chain, 1);
	trusted[0] = r->file;
	peer_init(&r->peer, chain, 1);
	assert_int_equal(peer_join(&r->peer, &(struct tls_settings){.authorities = {trusted, 1}},
				 "localhost"),
		0);
	handshake_init(&r->handshake, r->peer.tls, protocol, is_check);
	r->result = handshake_step(&r->handshake);
	assert_int_equal(r->result, -EAGAIN);
}

static void end(struct run *r)
{
	handshake_fini(&r->handshake);
	peer_fini(&r->peer);
	issued_fini(&r->server);
	unlink(r->file);
	free(r->file);
}

// Lets both go on until ours is done.
static void go_on(struct run *r)
{
	for (int i = 0; i < 100 && r->result == -EAGAIN; i++) {
		ERR_clear_error();
		SSL_do_handshake(r->peer.ssl);
		r->result = handshake_step(&r->handshake);
	}
}

static void test_plain(void **state)
{
	struct run r = {0};

	(void)state;
	begin(&r, STARTTLS_NONE, false);
	go_on(&r);
	assert_int_equal(r.result, 0);
	end(&r);
}

// The server's side of the plain words.
static void say(struct run *r, const char *text, const char *answer)
{
	char buf[200] = "";
	ssize_t n = -1;

	assert_int_equal(handshake_wants(&r->handshake), TLS_WANTS_READ);
	assert_int_equal(write(r->peer.fds[1], text, strlen(text)), strlen(text));
	r->result = handshake_step(&r->handshake);
	if (!answer)
		return;
	n = read(r->peer.fds[1], buf, sizeof(buf) - 1);
	assert_int_equal(n, strlen(answer));
	assert_string_equal(buf, answer);
}

static void test_starttls(void **state)
{
	struct run r = {0};

	(void)state;
	begin(&r, STARTTLS_POP3, false);
	say(&r, "+OK hi\r\n", "STLS\r\n");
	say(&r, "+OK begin\r\n", NULL);
	go_on(&r);
	assert_int_equal(r.result, 0);
	end(&r);
}

static void test_starttls_refused(void **state)
{
	struct run r = {0};

	(void)state;
	begin(&r, STARTTLS_POP3, false);
	say(&r, "+OK hi\r\n", "STLS\r\n");
	say(&r, "-ERR no\r\n", NULL);
	assert_int_equal(r.result, -EPROTO);
	assert_string_equal(str_c(&tls_failure(r.peer.tls)->text),
		"the server does not offer TLS (pop3): '-ERR no'");
	assert_int_equal(read(r.peer.fds[1], &(char){0}, 1), -1); // nothing more went in plain
	end(&r);
}

// A TLS 1.3 server refuses a client without a certificate after the client's handshake.
static void test_check(void **state)
{
	(void)state;
	for (int wants_one = 0; wants_one < 2; wants_one++) {
		struct run r = {0};

		begin(&r, STARTTLS_NONE, true);
		if (wants_one)
			SSL_set_verify(r.peer.ssl,
				SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
		go_on(&r);
		assert_int_equal(r.result, wants_one ? -EPROTO : 0);
		end(&r);
	}
}

// A server that asks for a certificate, takes none as well, sends no tickets and waits.
static void test_check_of_silent_server(void **state)
{
	struct run r = {0};
	char byte;

	(void)state;
	begin(&r, STARTTLS_NONE, true);
	SSL_set_num_tickets(r.peer.ssl, 0);
	SSL_set_verify(r.peer.ssl, SSL_VERIFY_PEER, NULL);
	for (int i = 0; i < 100 && r.result == -EAGAIN; i++) {
		ERR_clear_error();
		if (SSL_is_init_finished(r.peer.ssl) && SSL_read(r.peer.ssl, &byte, 1) == 0)
			SSL_shutdown(r.peer.ssl);
		else
			SSL_do_handshake(r.peer.ssl);
		r.result = handshake_step(&r.handshake);
	}
	assert_int_equal(r.result, 0);
	end(&r);
}

static const RAND_METHOD no_randomness;

// It is nothing that the peer has done.
static void test_handshake_without_randomness(void **state)
{
	struct peer p;
	const struct tls_settings settings = {.is_insecure = true};

	(void)state;
	peer_init(&p, NULL, 0);
	assert_int_equal(peer_join(&p, &settings, "localhost"), 0);
	RAND_set_rand_method(&no_randomness);
	assert_int_equal(tls_handshake(p.tls), -EIO);
	RAND_set_rand_method(RAND_OpenSSL());
	assert_int_equal(tls_failure(p.tls)->kind, TLS_FAIL_LOCAL);
	peer_fini(&p);
}

// Nor is it a word of the command line.
static void test_certificate_without_randomness(void **state)
{
	const char *names[] = {"localhost"};
	struct identity id;
	struct str err = {0};

	(void)state;
	assert_int_equal(library_open(&err), 0);
	RAND_set_rand_method(&no_randomness);
	assert_int_equal(self_signed_make(&id, &(struct strlist){names, 1}, &err), -EIO);
	RAND_set_rand_method(RAND_OpenSSL());
	assert_non_null(strstr(str_c(&err), "OpenSSL cannot make a certificate"));
	str_fini(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_starttls),
		cmocka_unit_test(test_starttls_refused),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_check_of_silent_server),
		cmocka_unit_test(test_handshake_without_randomness),
		cmocka_unit_test(test_certificate_without_randomness),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

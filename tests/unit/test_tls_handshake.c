// SPDX-License-Identifier: ISC
// From a socket to TLS on the event loop, with a server of OpenSSL's own in the same process.
#include "tls/handshake.h"

#include "loop.h"
#include "tls_authority.h"
#include "tls_peer.h"
#include "unit.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct run {
	struct peer peer;
	struct issued server;
	char *file;
	struct handshake *handshake;
	bool is_done;
	int result;
};

static void on_done(struct handshake *h, int result, void *data)
{
	struct run *r = data;

	assert_ptr_equal(h, r->handshake);
	r->result = result;
	r->is_done = true;
}

static void begin(struct run *r, const struct handshake_options *options)
{
	const struct issued *chain[] = {&r->server};
	const char *trusted[1];
	int error;

	r->server = issue(&(struct wish){.cn = "x", .san = "DNS:localhost"}, NULL);
	r->file = write_certificates(chain, 1);
	trusted[0] = r->file;
	peer_init(&r->peer, chain, 1);
	assert_int_equal(peer_join(&r->peer, &(struct tls_settings){.authorities = {trusted, 1}},
				 "localhost"),
		0);
	r->handshake =
		handshake_create(&loop, r->peer.tls, r->peer.fds[0], options, on_done, r, &error);
	assert_non_null(r->handshake);
	assert_false(r->is_done);
}

static void end(struct run *r)
{
	handshake_destroy(r->handshake);
	peer_fini(&r->peer);
	issued_fini(&r->server);
	unlink(r->file);
	free(r->file);
}

// Lets both go on until ours is done.
static void go_on(struct run *r)
{
	for (int i = 0; i < 200 && !r->is_done; i++) {
		ERR_clear_error();
		SSL_do_handshake(r->peer.ssl);
		loop_for(1);
	}
	assert_true(r->is_done);
}

static void test_plain(void **state)
{
	struct run r = {0};

	(void)state;
	begin(&r, &(struct handshake_options){.limit_ms = 10000});
	go_on(&r);
	assert_int_equal(r.result, 0);
	end(&r);
}

static void test_silence(void **state)
{
	struct run r = {0};

	(void)state;
	begin(&r, &(struct handshake_options){.limit_ms = 20});
	loop_until(&r.is_done);
	assert_int_equal(r.result, -ETIMEDOUT);
	assert_string_equal(str_c(&tls_failure(r.peer.tls)->text),
		"no answer to the TLS handshake within 20ms (is it a TLS port?)");
	assert_true(tls_failure_may_pass(tls_failure(r.peer.tls)));
	end(&r);
}

// The server's side of the plain words.
static void say(struct run *r, const char *text, const char *answer)
{
	char buf[200] = "";
	ssize_t n = -1;

	assert_int_equal(write(r->peer.fds[1], text, strlen(text)), strlen(text));
	for (int i = 0; i < 200 && n < 0 && answer; i++) {
		loop_for(1);
		n = read(r->peer.fds[1], buf, sizeof(buf) - 1);
	}
	if (answer)
		assert_string_equal(buf, answer);
}

static void test_starttls(void **state)
{
	struct run r = {0};

	(void)state;
	begin(&r, &(struct handshake_options){.protocol = STARTTLS_POP3, .limit_ms = 10000});
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
	begin(&r, &(struct handshake_options){.protocol = STARTTLS_POP3, .limit_ms = 10000});
	say(&r, "+OK hi\r\n", "STLS\r\n");
	say(&r, "-ERR no\r\n", NULL);
	loop_until(&r.is_done);
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

		begin(&r, &(struct handshake_options){.is_check = true, .limit_ms = 10000});
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
	begin(&r, &(struct handshake_options){.is_check = true, .limit_ms = 10000});
	SSL_set_num_tickets(r.peer.ssl, 0);
	SSL_set_verify(r.peer.ssl, SSL_VERIFY_PEER, NULL);
	for (int i = 0; i < 200 && !r.is_done; i++) {
		ERR_clear_error();
		if (SSL_is_init_finished(r.peer.ssl) && SSL_read(r.peer.ssl, &byte, 1) == 0)
			SSL_shutdown(r.peer.ssl);
		else
			SSL_do_handshake(r.peer.ssl);
		loop_for(1);
	}
	assert_true(r.is_done);
	assert_int_equal(r.result, 0);
	end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		loop_test(test_plain),
		loop_test(test_silence),
		loop_test(test_starttls),
		loop_test(test_starttls_refused),
		loop_test(test_check),
		loop_test(test_check_of_silent_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

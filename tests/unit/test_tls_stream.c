// SPDX-License-Identifier: ISC
// A connection's bytes, ends and failures, against a server of OpenSSL's own.
#include "tls/tls.h"

#include "tls_authority.h"
#include "tls_peer.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE (size_t)(1 << 20)

static struct issued server; // signed by itself
static char *server_file;

static int make_server(void **state)
{
	const struct issued *all[] = {&server};

	(void)state;
	server = issue(&(struct wish){.cn = "server", .san = "DNS:localhost"}, NULL);
	server_file = write_certificates(all, 1);
	return 0;
}

static int free_server(void **state)
{
	(void)state;
	issued_fini(&server);
	unlink(server_file);
	free(server_file);
	return 0;
}

static void join_with(struct peer *p, struct tls_settings settings)
{
	const struct issued *chain[] = {&server};
	const char *trusted[] = {server_file};

	settings.authorities = (struct strlist){trusted, 1};
	peer_init(p, chain, 1);
	if (peer_join(p, &settings, "localhost") < 0)
		fail_msg("%s", str_c(&p->err));
}

// A connection whose handshake is done.
static void open_with(struct peer *p, struct tls_settings settings)
{
	join_with(p, settings);
	assert_int_equal(peer_shake(p), 0);
	SSL_do_handshake(p->ssl);
	assert_true(SSL_is_init_finished(p->ssl));
	ERR_clear_error();
}

static const struct tls_settings plain;

static void fill(unsigned char *data)
{
	for (size_t i = 0; i < SIZE; i++)
		data[i] = (unsigned char)(i * 7 + i / 256);
}

// Everything arrives in both directions at once, through buffers of the kernel that hold little.
static void test_both_ways(void **state)
{
	static unsigned char data[SIZE], ours[SIZE], theirs[SIZE];
	size_t sent = 0, got = 0, they_sent = 0, they_got = 0;
	const int small = 4096;
	struct peer p;

	(void)state;
	fill(data);
	open_with(&p, plain);
	setsockopt(p.fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	setsockopt(p.fds[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	while (sent < SIZE || got < SIZE || they_got < SIZE || tls_unsent(p.tls)) {
		ssize_t n = tls_send(p.tls, data + sent, SIZE - sent);
		size_t moved;

		if (n == 0 || n == -EAGAIN)
			assert_int_equal(tls_wants(p.tls, false), TLS_WANTS_WRITE);
		sent += n > 0 ? (size_t)n : 0;
		n = tls_recv(p.tls, ours + got, SIZE - got);
		assert_true(n > 0 || n == -EAGAIN || got == SIZE);
		got += n > 0 ? (size_t)n : 0;
		ERR_clear_error();
		SSL_set_mode(
			p.ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
		if (they_sent < SIZE &&
			SSL_write_ex(p.ssl, data + they_sent, SIZE - they_sent, &moved))
			they_sent += moved;
		if (they_got < SIZE &&
			SSL_read_ex(p.ssl, theirs + they_got, SIZE - they_got, &moved))
			they_got += moved;
		if (sent == SIZE)
			tls_flush(p.tls);
	}
	assert_memory_equal(data, ours, SIZE);
	assert_memory_equal(data, theirs, SIZE);
	assert_true(tls_wire_sent(p.tls) > SIZE && tls_wire_received(p.tls) > SIZE);
	peer_fini(&p);
}

// What is in the process already is told, for poll would not tell it: data, then the end.
static void test_has_more(void **state)
{
	char buf[64];
	struct peer p;

	(void)state;
	open_with(&p, plain);
	assert_int_equal(SSL_write(p.ssl, "first", 5), 5);
	assert_int_equal(SSL_write(p.ssl, "second", 6), 6);
	SSL_shutdown(p.ssl);
	assert_int_equal(tls_recv(p.tls, buf, 3), 3);
	assert_true(tls_has_more(p.tls));
	assert_int_equal(tls_recv(p.tls, buf + 3, 2), 2);
	assert_int_equal(tls_recv(p.tls, buf + 5, 50), 6);
	assert_true(tls_has_more(p.tls)); // the end
	assert_memory_equal(buf, "firstsecond", 11);
	assert_int_equal(tls_recv(p.tls, buf, sizeof(buf)), 0);
	assert_int_equal(tls_recv(p.tls, buf, sizeof(buf)), 0);
	// The other direction goes on.
	assert_int_equal(tls_send(p.tls, "late", 4), 4);
	assert_int_equal(SSL_read(p.ssl, buf, sizeof(buf)), 4);
	peer_fini(&p);
}

static void test_end(void **state)
{
	char buf[8];
	struct peer p;

	(void)state;
	open_with(&p, plain);
	assert_int_equal(tls_recv(p.tls, buf, sizeof(buf)), -EAGAIN);
	assert_false(tls_has_more(p.tls));
	assert_int_equal(tls_send(p.tls, "x", 1), 1);
	assert_int_equal(tls_end(p.tls), 0);
	assert_int_equal(tls_end(p.tls), 0);
	assert_int_equal(SSL_read(p.ssl, buf, sizeof(buf)), 1);
	assert_int_equal(SSL_read(p.ssl, buf, sizeof(buf)), 0);
	assert_int_equal(SSL_get_error(p.ssl, 0), SSL_ERROR_ZERO_RETURN);
	assert_int_equal(SSL_write(p.ssl, "answer", 6), 6);
	assert_int_equal(tls_recv(p.tls, buf, sizeof(buf)), 6);
	peer_fini(&p);
}

// Ends the peer's side, after COUNT bytes of a record that says it has more if COUNT is not 0.
static void cut(struct peer *p, size_t count)
{
	static const unsigned char record[] = {23, 3, 3, 0, 100, 1, 2, 3};

	assert_int_equal(SSL_write(p->ssl, "data", 4), 4);
	assert_int_equal(write(p->fds[1], record, count), count);
	shutdown(p->fds[1], SHUT_WR);
}

static void check_cut(size_t count, bool takes_any_end, int expected, const char *line)
{
	char buf[16];
	struct peer p;

	open_with(&p, (struct tls_settings){.takes_any_end = takes_any_end});
	cut(&p, count);
	assert_int_equal(tls_recv(p.tls, buf, sizeof(buf)), 4);
	// Whether the end was met yet is told by poll or by has_more.
	assert_int_equal(tls_recv(p.tls, buf, sizeof(buf)), expected);
	assert_string_equal(str_c(&tls_failure(p.tls)->text), line);
	assert_int_equal(tls_recv(p.tls, buf, sizeof(buf)), expected);
	if (expected < 0) {
		assert_int_equal(tls_failure(p.tls)->kind, TLS_FAIL_TRUNCATED);
		assert_int_equal(tls_end(p.tls), -ECONNABORTED);
	}
	// No alert about it: the peer may still read.
	assert_int_equal(SSL_read(p.ssl, buf, sizeof(buf)), -1);
	assert_int_equal(SSL_get_error(p.ssl, -1), SSL_ERROR_WANT_READ);
	peer_fini(&p);
}

#define NO_NOTIFY \
	"the peer ended without saying so (no close_notify): what was received may be cut off; " \
	"--tls-eof any accepts that"
#define IN_RECORD "the peer ended within a record: what was received is cut off"

// The buffer grows with much data and shrinks after it; nothing is lost or held back on the way.
static void test_much_and_little(void **state)
{
	static char data[3 * 128 * 1024], got[sizeof(data)];
	struct peer p;

	(void)state;
	open_with(&p, plain);
	for (int round = 0; round < 4; round++) {
		size_t size = round % 2 ? 5 : sizeof(data), sent = 0, here = 0;

		memset(data, 'a' + round, sizeof(data));
		while (here < size) {
			int n = sent < size ? SSL_write(p.ssl, data + sent, (int)(size - sent)) : 0;
			ssize_t r = tls_recv(p.tls, got + here, size - here);

			sent += (size_t)MAX(n, 0);
			assert_true(r > 0 || r == -EAGAIN);
			here += (size_t)MAX(r, 0);
		}
		assert_memory_equal(data, got, size);
		assert_int_equal(tls_recv(p.tls, got, sizeof(got)), -EAGAIN);
	}
	peer_fini(&p);
}

static void test_truncated(void **state)
{
	(void)state;
	check_cut(0, false, -ECONNABORTED, NO_NOTIFY);
	check_cut(0, true, 0, "");
	for (size_t count = 1; count <= 8; count++) {
		check_cut(count, false, -ECONNABORTED, IN_RECORD);
		check_cut(count, true, -ECONNABORTED, IN_RECORD);
	}
}

static void test_reset(void **state)
{
	char buf[16];
	struct peer p;

	(void)state;
	open_with(&p, plain);
	assert_int_equal(tls_send(p.tls, "unread", 6), 6);
	close(p.fds[1]);
	p.fds[1] = -1;
	assert_int_equal(tls_recv(p.tls, buf, sizeof(buf)), -ECONNRESET); // after the tickets
	assert_int_equal(tls_failure(p.tls)->kind, TLS_FAIL_ERRNO);
	assert_true(tls_failure_may_pass(tls_failure(p.tls)));
	peer_fini(&p);
}

// A handshake with somebody who says TEXT and ends.
static void check_words(const char *text, size_t len, enum tls_failure_kind kind, const char *line)
{
	struct peer p;

	join_with(&p, plain);
	assert_int_equal(tls_handshake(p.tls), -EAGAIN);
	assert_int_equal(write(p.fds[1], text, len), len);
	shutdown(p.fds[1], SHUT_WR);
	if (tls_handshake(p.tls) == -EAGAIN) // read a part; the end is met next
		tls_handshake(p.tls);
	assert_int_equal(
		tls_handshake(p.tls), kind == TLS_FAIL_TRUNCATED ? -ECONNABORTED : -EPROTO);
	assert_int_equal(tls_failure(p.tls)->kind, kind);
	assert_string_equal(str_c(&tls_failure(p.tls)->text), line);
	peer_fini(&p);
}

#define check_text(text, line) check_words(text, strlen(text), TLS_FAIL_NOT_TLS, line)
#define SAID "the peer does not speak TLS here: it said "

static void test_not_tls(void **state)
{
	(void)state;
	check_text("SSH-2.0-OpenSSH_9.2\r\n", SAID "'SSH-2.0-OpenSSH_9.2'");
	check_text("220 mail ESMTP\r\n", SAID "'220 mail ESMTP'; try --starttls smtp");
	check_text("220 vsFTPd\r\n", SAID "'220 vsFTPd'; try --starttls ftp");
	check_text("* OK IMAP4\r\n", SAID "'* OK IMAP4'; try --starttls imap");
	check_text("+OK ready\r\n", SAID "'+OK ready'; try --starttls pop3");
	check_text("\033[2Jhi", SAID "'\\x1b[2Jhi'");
	check_text("x", SAID "'x'");
	check_words("", 0, TLS_FAIL_TRUNCATED,
		"the peer ended the connection during the TLS handshake");
	check_words("\x16\x03\x03", 3, TLS_FAIL_TRUNCATED,
		"the peer ended the connection during the TLS handshake");
	check_words("\x15\x03\x03\x00\x02\x02\x28", 7, TLS_FAIL_ALERT,
		"the peer refused the handshake (handshake_failure): no version, cipher or group "
		"in "
		"common? we offer TLS 1.2-1.3");
	check_words("\x15\x03\x03\x00\x02\x02\x70", 7, TLS_FAIL_ALERT,
		"the server does not know the name localhost (unrecognized_name); --server-name");
	check_words("\x15\x03\x03\x00\x02\x02\xc8", 7, TLS_FAIL_ALERT,
		"the peer refused the handshake (alert 200)");
}

static void test_old_version(void **state)
{
	const struct issued *chain[] = {&server};
	const char *trusted[] = {server_file};
	const char *level[] = {"CipherString=DEFAULT@SECLEVEL=0"};
	struct tls_settings settings = {.authorities = {trusted, 1}};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct peer p;

		peer_init(&p, chain, 1);
		SSL_CTX_set_min_proto_version(p.ctx, TLS1_VERSION);
		SSL_CTX_set_max_proto_version(p.ctx, TLS1_VERSION);
		SSL_CTX_set_cipher_list(p.ctx, "DEFAULT@SECLEVEL=0");
		assert_int_equal(peer_join(&p, &settings, "localhost"), 0);
		assert_int_equal(peer_shake(&p), i ? 0 : -EPROTO);
		assert_string_equal(str_c(&tls_failure(p.tls)->text),
			i ? ""
			  : "the peer refused the handshake (protocol_version): no version, cipher "
			    "or "
			    "group in common? we offer TLS 1.2-1.3");
		peer_fini(&p);
		settings.min_version = TLS1_VERSION;
		settings.parameters = (struct strlist){level, 1};
	}
}

// A server that wants a certificate: what a client without one learns, and when.
static void test_client_certificate(void **state)
{
	char *key = write_key(&server, NULL);
	const char *certificates[] = {server_file}, *keys[] = {key};
	const struct tls_settings with = {.certificates = {certificates, 1}, .keys = {keys, 1}};

	(void)state;
	for (int i = 0; i < 4; i++) {
		bool is_old = i & 1, has_one = i & 2;
		struct tls_settings settings = has_one ? with : plain;
		struct peer p;
		int r;

		settings.max_version = is_old ? TLS1_2_VERSION : 0;
		join_with(&p, settings);
		X509_STORE_add_cert(SSL_CTX_get_cert_store(p.ctx), server.x509);
		SSL_set_verify(p.ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
		r = peer_shake(&p);
		if (has_one || !is_old)
			assert_int_equal(r, 0);
		if (r == 0) {
			assert_int_equal(tls_is_confirmed(p.tls), is_old);
			SSL_do_handshake(p.ssl);
			r = tls_confirm(p.tls);
		}
		assert_int_equal(r, has_one ? 0 : -EPROTO);
		if (!has_one)
			assert_string_equal(str_c(&tls_failure(p.tls)->text),
				is_old ? "the server wants a certificate from us "
					 "(handshake_failure): --cert, --key"
				       : "the server wants a certificate from us "
					 "(certificate_required): --cert, --key");
		peer_fini(&p);
	}
	unlink(key);
	free(key);
}

// Our own files: what is wrong with them is said before anything is connected to.
static void check_files(
	const char *certificate, const char *key, const char *password, int error, const char *line)
{
	struct tls_settings settings = {.certificates = {&certificate, 1},
		.keys = {&key, key ? 1 : 0},
		.key_password = password};
	struct tls_context *c = NULL;
	struct str notes = {0}, err = {0};

	assert_int_equal(tls_context_create(&c, &settings, &notes, &err), error);
	if (error < 0)
		assert_string_equal(
			str_c(&err) + (strncmp(str_c(&err), "the key", 7) ? 20 : 0), line);
	tls_context_destroy(c);
	str_fini(&notes);
	str_fini(&err);
}

static void test_own_files(void **state)
{
	struct issued other = issue(&(struct wish){.cn = "x"}, NULL);
	char *key = write_key(&server, NULL), *wrong = write_key(&other, NULL);
	char *locked = write_key(&server, "secret"), *password = write_key(&server, NULL);
	struct str line = {0};
	FILE *f = fopen(password, "w");

	(void)state;
	fputs("secret\n", f);
	fclose(f);
	check_files(server_file, key, NULL, 0, NULL);
	check_files(server_file, locked, password, 0, NULL);
	check_files(server_file, locked, key, -EBADMSG, " cannot be opened with this passphrase");
	check_files(server_file, password, NULL, -EBADMSG, " has no private key in PEM form");
	check_files(server_file, NULL, NULL, -EBADMSG,
		" has no private key in PEM form; --key FILE names the file that has it");
	check_files(key, key, NULL, -EBADMSG, " has no certificate");
	check_files(
		"/tmp/nowhere.test.tl", key, NULL, -ENOENT, ": No such file or directory (ENOENT)");
	str_addf(&line, "the key %s does not belong to the certificate %s", wrong, server_file);
	check_files(server_file, wrong, NULL, -EKEYREJECTED, str_c(&line));
	str_fini(&line);
	for (char **path = (char *[]){key, wrong, locked, password, NULL}; *path; path++) {
		unlink(*path);
		free(*path);
	}
	issued_fini(&other);
}

static void test_facts(void **state)
{
	struct tls_facts f;
	struct peer p;

	(void)state;
	open_with(&p, plain);
	tls_describe(p.tls, &f);
	assert_string_equal(f.version, "TLS 1.3");
	assert_non_null(f.cipher);
	assert_non_null(f.group);
	assert_string_equal(str_c(&f.server_name), "localhost");
	assert_string_equal(str_c(&f.peer), "localhost");
	assert_true(f.is_verified && !f.is_pinned && !f.is_resumed);
	assert_int_equal(f.certificate.not_after, f.expires);
	tls_facts_fini(&f);
	peer_fini(&p);
}

static void test_keylog(void **state)
{
	char path[] = "/tmp/test_keylog.XXXXXX";
	struct str text = {0};
	struct peer p;
	struct stat st;
	int fd = mkstemp(path);

	(void)state;
	unlink(path);
	open_with(&p, (struct tls_settings){.keylog = path});
	close(fd);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	fd = open(path, O_RDONLY);
	read_all(fd, &text);
	close(fd);
	assert_non_null(strstr(str_c(&text), "CLIENT_HANDSHAKE_TRAFFIC_SECRET "));
	str_fini(&text);
	peer_fini(&p);
	chmod(path, 0644);
	struct tls_context *c;
	struct tls_settings settings = {.keylog = path};

	assert_int_equal(tls_context_create(&c, &settings, &text, &text), -EPERM);
	assert_non_null(strstr(str_c(&text), "chmod 600"));
	str_fini(&text);
	unlink(path);
}

// A peer that changes its keys without end, and sends nothing else, is given up.
static void test_key_updates(void **state)
{
	char buf[8];
	struct peer p;
	int r = -EAGAIN;

	(void)state;
	open_with(&p, plain);
	for (int i = 0; i < 2000 && r == -EAGAIN; i++) {
		SSL_key_update(p.ssl, SSL_KEY_UPDATE_NOT_REQUESTED);
		SSL_do_handshake(p.ssl);
		r = (int)tls_recv(p.tls, buf, sizeof(buf));
	}
	assert_int_equal(r, -EPROTO);
	assert_string_equal(str_c(&tls_failure(p.tls)->text),
		"the peer changes keys without end and sends no data");
	peer_fini(&p);
}

// Words of the command line that OpenSSL does not take.
static void check_parameter(const char *word, const char *line)
{
	struct tls_settings settings = {.parameters = {&word, 1}};
	struct str text = {0};
	struct tls_context *c = NULL;

	assert_int_equal(tls_context_create(&c, &settings, &text, &text), -EINVAL);
	assert_string_equal(str_c(&text), line);
	str_fini(&text);
}

static void test_parameters(void **state)
{
	(void)state;
	check_parameter("Nonsense=1", "'Nonsense=1' is no setting of TLS that is known here "
				      "(SSL_CONF_cmd(3) lists them)");
	check_parameter("Groups", "'Groups' is no setting of TLS: NAME=VALUE");
	check_parameter("VerifyMode=None",
		"'VerifyMode=None' is not set this way: --insecure, --pin or --client-ca");
	check_parameter("CipherString=nothing",
		"'CipherString=nothing' has a value that OpenSSL refuses: no cipher match");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_has_more),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_much_and_little),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_not_tls),
		cmocka_unit_test(test_old_version),
		cmocka_unit_test(test_client_certificate),
		cmocka_unit_test(test_own_files),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_keylog),
		cmocka_unit_test(test_key_updates),
		cmocka_unit_test(test_parameters),
	};

	return cmocka_run_group_tests(tests, make_server, free_server);
}

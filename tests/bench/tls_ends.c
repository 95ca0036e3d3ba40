// SPDX-License-Identifier: ISC
/*
 * The ends of the benchmark of TLS servers, and the yardstick: the least that a server over OpenSSL
 * has to do, with the same cipher and settings for all.
 *
 *   tls_ends serve PEM
 *       secures all who come, drops what they send, and ends when they do
 *   tls_ends run PORT COUNT AT_ONCE new|resumed
 *       COUNT connections that are secured and end, AT_ONCE at a time
 *   tls_ends hold PORT COUNT
 *       secures COUNT connections, prints "holding", and keeps them until its input ends
 *   tls_ends send PORT MIB
 *       sends so much, ends, and waits for the end of the server
 *
 * All is on 127.0.0.1; the server prints its port.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	EVENTS = 256,
	PATIENCE = 30000, // ms
	BLOCK = 128 << 10,
};

static int poller;
static SSL_CTX *context;

static _Noreturn void fail(const char *what)
{
	ERR_print_errors_fp(stderr);
	errx(1, "%s", what);
}

static void create_context(const SSL_METHOD *method)
{
	context = SSL_CTX_new(method);
	if (!context || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
		SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256") != 1 ||
		SSL_CTX_set1_groups_list(context, "X25519:P-256") != 1)
		fail("settings");
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS);
}

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static SSL *create(int fd)
{
	SSL *ssl = SSL_new(context);

	if (!ssl || SSL_set_fd(ssl, fd) != 1)
		fail("SSL_new");
	return ssl;
}

static void poll_for(int fd, uint32_t events, SSL *ssl)
{
	struct epoll_event ev = {.events = events, .data.ptr = ssl};

	if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &ev) < 0)
		err(1, "epoll_ctl");
}

// The server.

static int listener;

static void drop(SSL *ssl)
{
	int fd = SSL_get_fd(ssl);

	SSL_free(ssl);
	close(fd);
}

static void step(SSL *ssl)
{
	static char buf[BLOCK];
	int n = 1;

	ERR_clear_error();
	while (n > 0)
		n = SSL_read(ssl, buf, sizeof(buf)); // with the handshake before it
	n = SSL_get_error(ssl, n);
	if (n == SSL_ERROR_WANT_READ)
		return;
	if (n == SSL_ERROR_ZERO_RETURN)
		SSL_shutdown(ssl);
	drop(ssl);
}

static void accept_all(void)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		SSL *ssl = create(fd);

		SSL_set_accept_state(ssl);
		poll_for(fd, EPOLLIN, ssl);
	}
}

static void serve(const char *pem)
{
	struct sockaddr_in a = loopback(0);
	socklen_t len = sizeof(a);

	create_context(TLS_server_method());
	SSL_CTX_set_num_tickets(context, 1);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	if (SSL_CTX_use_certificate_chain_file(context, pem) != 1 ||
		SSL_CTX_use_PrivateKey_file(context, pem, SSL_FILETYPE_PEM) != 1)
		fail(pem);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (bind(listener, (struct sockaddr *)&a, len) < 0 || listen(listener, 4096) < 0 ||
		getsockname(listener, (struct sockaddr *)&a, &len) < 0)
		err(1, "listen");
	printf("%d\n", ntohs(a.sin_port));
	fflush(stdout);
	poll_for(listener, EPOLLIN, NULL);
	for (;;) {
		struct epoll_event events[EVENTS];
		int n = epoll_wait(poller, events, EVENTS, -1);

		for (int i = 0; i < n; i++)
			if (events[i].data.ptr)
				step(events[i].data.ptr);
			else
				accept_all();
	}
}

// The clients.

static uint16_t port;
static SSL_SESSION *ticket; // the last that came

static int keep_ticket(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl;
	SSL_SESSION_free(ticket);
	ticket = session;
	return 1;
}

// The socket blocks until it is connected.
static SSL *knock(const SSL_SESSION *session)
{
	SSL_SESSION *own = session ? SSL_SESSION_dup(session) : NULL; // good for once
	struct sockaddr_in a = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	SSL *ssl;

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		err(1, "connect");
	ssl = create(fd);
	SSL_set_connect_state(ssl);
	if (own && SSL_set_session(ssl, own) != 1)
		fail("SSL_set_session");
	SSL_SESSION_free(own);
	return ssl;
}

// Secures a connection and waits for its ticket, after which the server has nothing left to do.
static SSL *join(void)
{
	SSL *ssl = knock(NULL);

	if (SSL_connect(ssl) != 1)
		fail("SSL_connect");
	SSL_SESSION_free(ticket);
	ticket = NULL;
	fcntl(SSL_get_fd(ssl), F_SETFL, O_NONBLOCK);
	while (!ticket) {
		struct epoll_event ev;
		char byte;
		int n;

		poll_for(SSL_get_fd(ssl), EPOLLIN, ssl);
		if (epoll_wait(poller, &ev, 1, PATIENCE) != 1)
			errx(1, "no ticket came");
		epoll_ctl(poller, EPOLL_CTL_DEL, SSL_get_fd(ssl), NULL);
		n = SSL_read(ssl, &byte, 1);
		if (!ticket && SSL_get_error(ssl, n) != SSL_ERROR_WANT_READ)
			fail("no ticket came");
	}
	return ssl;
}

static void begin(const SSL_SESSION *session)
{
	SSL *ssl = knock(session);
	int fd = SSL_get_fd(ssl);

	fcntl(fd, F_SETFL, O_NONBLOCK);
	SSL_do_handshake(ssl);
	poll_for(fd, EPOLLIN, ssl);
}

// Goes on with a connection: secured, it ends and waits for the end of the other side. Returns
// false when that has come.
static bool go_on(SSL *ssl, bool is_resumed)
{
	char buf[256];
	int n;

	ERR_clear_error();
	if (!(SSL_get_shutdown(ssl) & SSL_SENT_SHUTDOWN)) {
		n = SSL_do_handshake(ssl);
		if (n != 1 && SSL_get_error(ssl, n) == SSL_ERROR_WANT_READ)
			return true;
		if (n != 1)
			fail("handshake");
		if (!!SSL_session_reused(ssl) != is_resumed)
			errx(1, "the server resumes %s", is_resumed ? "nothing" : "anything");
		SSL_shutdown(ssl);
		shutdown(SSL_get_fd(ssl), SHUT_WR);
	}
	n = SSL_read(ssl, buf, sizeof(buf));
	return n > 0 || SSL_get_error(ssl, n) == SSL_ERROR_WANT_READ;
}

static void run_all(long count, long at_once, bool is_resumed)
{
	SSL_SESSION *session = NULL;
	long begun = 0;

	if (is_resumed) {
		SSL *first = join();

		SSL_shutdown(first); // or its ticket is worth nothing
		drop(first);
		session = ticket;
		SSL_SESSION_up_ref(session);
	}
	while (begun < at_once && begun++ < count)
		begin(session);
	for (long left = count; left > 0;) {
		struct epoll_event events[EVENTS];
		int n = epoll_wait(poller, events, EVENTS, PATIENCE);

		if (n <= 0)
			errx(1, "%ld connections do not end", left);
		for (int i = 0; i < n; i++) {
			if (go_on(events[i].data.ptr, is_resumed))
				continue;
			drop(events[i].data.ptr);
			left--;
			if (begun < count && begun++ < count)
				begin(session);
		}
	}
	SSL_SESSION_free(session);
}

static void hold(long count)
{
	for (long i = 0; i < count; i++) {
		SSL *ssl = join();

		SSL_set_quiet_shutdown(ssl, 1);
		SSL_free(ssl); // the socket stays
	}
	printf("holding\n");
	fflush(stdout);
	while (getchar() != EOF)
		;
}

static void send_all(long mib)
{
	static char buf[BLOCK];
	SSL *ssl = knock(NULL);

	SSL_clear_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE);
	if (SSL_connect(ssl) != 1)
		fail("SSL_connect");
	for (long left = mib << 20; left > 0; left -= BLOCK)
		if (SSL_write(ssl, buf, BLOCK) != BLOCK)
			fail("SSL_write");
	SSL_shutdown(ssl);
	shutdown(SSL_get_fd(ssl), SHUT_WR);
	while (SSL_read(ssl, buf, sizeof(buf)) > 0)
		;
	drop(ssl);
}

static bool is_role(int argc, char **argv, const char *role, int words)
{
	return argc == words && strcmp(argv[1], role) == 0;
}

int main(int argc, char **argv)
{
	long count = argc > 3 ? strtol(argv[3], NULL, 10) : 0;
	struct rlimit limit;

	signal(SIGPIPE, SIG_IGN);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	poller = epoll_create1(0);
	if (is_role(argc, argv, "serve", 3))
		serve(argv[2]);
	create_context(TLS_client_method());
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(context, keep_ticket);
	port = argc > 2 ? (uint16_t)strtoul(argv[2], NULL, 10) : 0;
	if (is_role(argc, argv, "run", 6))
		run_all(count, strtol(argv[4], NULL, 10), strcmp(argv[5], "resumed") == 0);
	else if (is_role(argc, argv, "hold", 4))
		hold(count);
	else if (is_role(argc, argv, "send", 4))
		send_all(count);
	else
		errx(2, "usage: tls_ends serve PEM | run PORT COUNT AT_ONCE new|resumed"
			" | hold PORT COUNT | send PORT MIB");
	return 0;
}

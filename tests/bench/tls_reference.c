// SPDX-License-Identifier: ISC
/*
 * The yardstick of the TLS benchmarks: the least a program over OpenSSL has to do, with blocking
 * calls, no options and no event loop. 128 KiB of data go with each call that sends, and as much is
 * read ahead.
 *
 *   tls_reference listen  PORT CERT	one connection to stdout
 *   tls_reference give    PORT CERT	stdin to one connection
 *   tls_reference connect PORT CA	stdin to a connection, then the answer to stdout
 *   tls_reference greet   SIZE CERT	sends each client SIZE bytes and closes; prints its port
 *
 * PORT is on 127.0.0.1, and the server is verified as localhost. CERT holds the chain and its key.
 * CA is a file, or a directory with names made of hashes.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	BLOCK = 128 << 10, // bytes of one read or write of data: eight records
	READ_AHEAD = 144 << 10,
	GATHERED = 256 << 10, // more than what one block becomes
	RECORD = 16 << 10,
};

#define CIPHER "TLS_AES_128_GCM_SHA256"

static char block[BLOCK];

static void fail(const char *what)
{
	fprintf(stderr, "tls_reference: %s: ", what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

static struct sockaddr_in address_of(const char *port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int listen_on(const char *port)
{
	struct sockaddr_in address = address_of(port);
	int on = 1, sock = socket(AF_INET, SOCK_STREAM, 0);

	if (sock < 0 || setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
		bind(sock, (struct sockaddr *)&address, sizeof(address)) || listen(sock, SOMAXCONN))
		err(1, "listen: %s", port);
	return sock;
}

static int accept_from(int listener)
{
	int on = 1, sock = accept(listener, NULL, NULL);

	if (sock < 0)
		err(1, "accept");
	setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return sock;
}

static int connect_to(const char *port)
{
	struct sockaddr_in address = address_of(port);
	int on = 1, sock = socket(AF_INET, SOCK_STREAM, 0);

	if (sock < 0 || connect(sock, (struct sockaddr *)&address, sizeof(address)))
		err(1, "connect: %s", port);
	setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return sock;
}

static SSL_CTX *context_of(const SSL_METHOD *method)
{
	SSL_CTX *context = SSL_CTX_new(method);

	if (!context || !SSL_CTX_set_ciphersuites(context, CIPHER))
		fail("context");
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(context, 1);
	SSL_CTX_set_default_read_buffer_len(context, READ_AHEAD);
	return context;
}

static SSL_CTX *server_context(const char *cert)
{
	SSL_CTX *context = context_of(TLS_server_method());

	if (SSL_CTX_use_certificate_chain_file(context, cert) != 1 ||
		SSL_CTX_use_PrivateKey_file(context, cert, SSL_FILETYPE_PEM) != 1)
		fail(cert);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(context, 1);
	SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF); // whatever end clients have
	return context;
}

static SSL_CTX *client_context(const char *ca)
{
	SSL_CTX *context = context_of(TLS_client_method());
	struct stat status;
	int ok;

	if (stat(ca, &status))
		err(1, "%s", ca);
	ok = S_ISDIR(status.st_mode) ? SSL_CTX_load_verify_dir(context, ca)
				     : SSL_CTX_load_verify_file(context, ca);
	if (!ok)
		fail(ca);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	return context;
}

// Joins TLS to a socket. What it sends is gathered until BIO_flush().
static SSL *join(SSL_CTX *context, int sock)
{
	SSL *ssl = SSL_new(context);
	BIO *in = BIO_new_socket(sock, BIO_CLOSE), *out = BIO_new(BIO_f_buffer());

	if (!ssl || !in || !out || !BIO_set_write_buffer_size(out, GATHERED))
		fail("connection");
	BIO_up_ref(in);
	SSL_set_bio(ssl, in, BIO_push(out, in));
	return ssl;
}

static SSL *serve_one(SSL_CTX *context, int listener)
{
	SSL *ssl = join(context, accept_from(listener));

	if (SSL_accept(ssl) != 1)
		fail("accept");
	return ssl;
}

static SSL *call(SSL_CTX *context, const char *port)
{
	SSL *ssl = join(context, connect_to(port));

	if (!SSL_set1_host(ssl, "localhost") || !SSL_set_tlsext_host_name(ssl, "localhost"))
		fail("name");
	if (SSL_connect(ssl) != 1)
		fail("connect");
	return ssl;
}

static void write_records(SSL *ssl, const char *data, size_t size)
{
	for (size_t done = 0; done < size;) {
		size_t left = size - done, n;

		if (!SSL_write_ex(ssl, data + done, left < RECORD ? left : RECORD, &n))
			fail("write");
		done += n;
	}
	BIO_flush(SSL_get_wbio(ssl));
}

// Fills the block as far as there is something at hand; returns the bytes, 0 at close_notify.
static size_t read_records(SSL *ssl)
{
	size_t got = 0, n;

	do {
		if (!SSL_read_ex(ssl, block + got, sizeof(block) - got, &n)) {
			if (SSL_get_error(ssl, 0) != SSL_ERROR_ZERO_RETURN)
				fail("read");
			break;
		}
		got += n;
	} while (got < sizeof(block) && SSL_has_pending(ssl));
	return got;
}

static void write_all(const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(STDOUT_FILENO, data, size);

		if (n < 0)
			err(1, "write");
		data += n;
		size -= (size_t)n;
	}
}

static void receive_to_stdout(SSL *ssl)
{
	for (size_t n; (n = read_records(ssl)) > 0;)
		write_all(block, n);
}

static void send_stdin(SSL *ssl)
{
	for (ssize_t n; (n = read(STDIN_FILENO, block, sizeof(block))) != 0;) {
		if (n < 0)
			err(1, "read");
		write_records(ssl, block, (size_t)n);
	}
}

static void end(SSL *ssl)
{
	SSL_shutdown(ssl);
	BIO_flush(SSL_get_wbio(ssl));
}

// Serves until killed, one client after the other.
static void greet(SSL_CTX *context, size_t size)
{
	struct sockaddr_in address;
	socklen_t length = sizeof(address);
	int listener = listen_on("0");

	if (getsockname(listener, (struct sockaddr *)&address, &length))
		err(1, "getsockname");
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
	prctl(PR_SET_PDEATHSIG, SIGKILL); // a driver that is killed leaves no server behind
	for (;;) {
		SSL *ssl = serve_one(context, listener);

		write_records(ssl, block, size);
		end(ssl);
		shutdown(SSL_get_rfd(ssl), SHUT_WR);
		while (SSL_read(ssl, block, sizeof(block)) > 0)
			continue;
		ERR_clear_error();
		SSL_free(ssl);
	}
}

int main(int argc, char **argv)
{
	const char *job = argc == 4 ? argv[1] : "";

	signal(SIGPIPE, SIG_IGN);
	if (!strcmp(job, "listen")) {
		SSL_CTX *context = server_context(argv[3]);
		SSL *ssl = serve_one(context, listen_on(argv[2]));

		receive_to_stdout(ssl);
		end(ssl);
	} else if (!strcmp(job, "give")) {
		SSL_CTX *context = server_context(argv[3]);
		SSL *ssl = serve_one(context, listen_on(argv[2]));

		send_stdin(ssl);
		end(ssl);
		shutdown(SSL_get_rfd(ssl), SHUT_WR);
		receive_to_stdout(ssl);
	} else if (!strcmp(job, "connect")) {
		SSL *ssl = call(client_context(argv[3]), argv[2]);

		send_stdin(ssl);
		end(ssl);
		receive_to_stdout(ssl);
	} else if (!strcmp(job, "greet")) {
		greet(server_context(argv[3]), strtoul(argv[2], NULL, 10));
	} else {
		errx(2, "usage: tls_reference listen|give PORT CERT | connect PORT CA | "
			"greet SIZE CERT");
	}
	return 0;
}

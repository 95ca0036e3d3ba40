// SPDX-License-Identifier: ISC
#include "net/addr/endpoint.h"

#include "net/addr/interfaces.h"
#include "net/addr/ports.h"
#include "unit.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>

// Parses one word, or two where SECOND is given.
static int parse(struct endpoint *p, enum endpoint_use use, const char *first, const char *second,
	struct str *err)
{
	char *argv[] = {(char *)first, (char *)second};
	int r = endpoint_parse(p, use, second ? 2 : 1, argv, err);

	assert_true(r == 0 || r == -EINVAL);
	assert_int_equal(r == 0, err->len == 0);
	assert_non_null(p->name);
	return r;
}

static void check_inet(enum endpoint_use use, const char *first, const char *second,
	const char *host, const char *service, const char *name)
{
	struct endpoint p;
	struct str err = {0};

	parse(&p, use, first, second, &err);
	assert_string_equal(str_c(&err), "");
	assert_int_equal(p.kind, ENDPOINT_INET);
	if (host)
		assert_string_equal(p.host, host);
	else
		assert_null(p.host);
	assert_string_equal(p.service, service);
	assert_string_equal(p.name, name);
	endpoint_fini(&p);
	str_fini(&err);
}

static void test_host_and_port(void **state)
{
	(void)state;
	check_inet(ENDPOINT_CONNECT, "example.org", "80", "example.org", "80", "example.org:80");
	check_inet(ENDPOINT_CONNECT, "example.org:80", NULL, "example.org", "80", "example.org:80");
	check_inet(
		ENDPOINT_CONNECT, "example.org", "http", "example.org", "http", "example.org:http");
	check_inet(ENDPOINT_CONNECT, "192.0.2.1", "65535", "192.0.2.1", "65535", "192.0.2.1:65535");
	check_inet(ENDPOINT_CONNECT, "::1", "80", "::1", "80", "[::1]:80");
	check_inet(ENDPOINT_CONNECT, "[::1]", "80", "::1", "80", "[::1]:80");
	check_inet(ENDPOINT_CONNECT, "[::1]:80", NULL, "::1", "80", "[::1]:80");
	check_inet(
		ENDPOINT_CONNECT, "[fe80::1%lo]:80", NULL, "fe80::1%lo", "80", "[fe80::1%lo]:80");
	check_inet(ENDPOINT_CONNECT, "fe80::1%1", "80", "fe80::1%1", "80", "[fe80::1%1]:80");
	check_inet(ENDPOINT_CONNECT, ":80", NULL, NULL, "80", ":80");
	check_inet(ENDPOINT_CONNECT, "a_b", "iso-tsap", "a_b", "iso-tsap", "a_b:iso-tsap");
	check_inet(ENDPOINT_CONNECT,
		"b\xc3\xbc"
		"cher.example",
		"80",
		"b\xc3\xbc"
		"cher.example",
		"80",
		"b\xc3\xbc"
		"cher.example:80");
}

static void test_listening(void **state)
{
	(void)state;
	check_inet(ENDPOINT_LISTEN, "8080", NULL, NULL, "8080", ":8080");
	check_inet(ENDPOINT_LISTEN, "0", NULL, NULL, "0", ":0");
	check_inet(ENDPOINT_LISTEN, "http", NULL, NULL, "http", ":http");
	check_inet(ENDPOINT_LISTEN, ":8080", NULL, NULL, "8080", ":8080");
	check_inet(ENDPOINT_LISTEN, "localhost", "0", "localhost", "0", "localhost:0");
	check_inet(ENDPOINT_LISTEN, "[::]:0", NULL, "::", "0", "[::]:0");
}

static void test_unix(void **state)
{
	static const struct {
		const char *word, *name;
	} cases[] = {
		{"unix:/run/x", "unix:/run/x"},
		{"unix:x", "unix:x"},
		{"/run/x", "unix:/run/x"},
		{"./x", "unix:./x"},
		{"a/b:80", "unix:a/b:80"},
		{"unix:@name", "unix:@name"},
		{"unix:fd:3", "unix:fd:3"},
		{"/tmp/\x1b", "unix:/tmp/\x1b"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct endpoint p;
		struct str err = {0};

		assert_int_equal(parse(&p, ENDPOINT_CONNECT, cases[i].word, NULL, &err), 0);
		assert_int_equal(p.kind, ENDPOINT_UNIX);
		assert_int_equal(p.unix_address.sa.sa_family, AF_UNIX);
		assert_string_equal(p.name, cases[i].name);
		endpoint_fini(&p);
	}
}

static void test_seqpacket(void **state)
{
	static const char *const words[] = {"seqpacket:/run/x", "seqpacket:x", "seqpacket:@name"};
	static const enum endpoint_use uses[] = {ENDPOINT_CONNECT, ENDPOINT_SERVE, ENDPOINT_CHECK};
	static const enum endpoint_use others[] = {ENDPOINT_LISTEN, ENDPOINT_PLAIN};
	struct endpoint p;
	struct str err = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		for (size_t use = 0; use < ARRAY_SIZE(uses); use++) {
			assert_int_equal(parse(&p, uses[use], words[i], NULL, &err), 0);
			assert_int_equal(p.kind, ENDPOINT_UNIX);
			assert_true(p.is_seqpacket);
			assert_string_equal(p.name, words[i]);
			assert_int_equal(endpoint_is_path(&p), !strchr(words[i], '@'));
			endpoint_fini(&p);
		}
		assert_int_equal(endpoint_word_count(words[i]), 1);
	}
	for (size_t use = 0; use < ARRAY_SIZE(others); use++) {
		assert_int_equal(parse(&p, others[use], words[0], NULL, &err), -EINVAL);
		assert_non_null(strstr(str_c(&err), "only connect, listen"));
		endpoint_fini(&p);
		str_clear(&err);
	}
	assert_int_equal(parse(&p, ENDPOINT_CONNECT, "seqpacket:", NULL, &err), -EINVAL);
	assert_non_null(strstr(str_c(&err), "write seqpacket:PATH"));
	endpoint_fini(&p);
	str_clear(&err);
	assert_int_equal(parse(&p, ENDPOINT_CONNECT, "seqpacket:x", "80", &err), -EINVAL);
	endpoint_fini(&p);
	str_clear(&err);
	assert_int_equal(parse(&p, ENDPOINT_CONNECT, "unix:x", NULL, &err), 0);
	assert_false(p.is_seqpacket);
	endpoint_fini(&p);
	str_fini(&err);
}

// A path keeps its NUL, an abstract name is exactly as long as it is, and both may fill the field.
static void test_unix_lengths(void **state)
{
	const size_t room = sizeof(((struct sockaddr_un *)0)->sun_path);
	char word[200];
	struct endpoint p;
	struct str err = {0};

	(void)state;
	parse(&p, ENDPOINT_CONNECT, "/ab", NULL, &err);
	assert_int_equal(p.unix_address.len, offsetof(struct sockaddr_un, sun_path) + 4);
	endpoint_fini(&p);

	parse(&p, ENDPOINT_CONNECT, "unix:@ab", NULL, &err);
	assert_int_equal(p.unix_address.len, offsetof(struct sockaddr_un, sun_path) + 3);
	assert_memory_equal(p.unix_address.un.sun_path, "\0ab", 3);
	endpoint_fini(&p);

	for (int abstract = 0; abstract < 2; abstract++) {
		size_t fits = abstract ? room : room - 1;

		for (size_t len = fits; len <= fits + 1; len++) {
			struct str text = {0};

			snprintf(word, sizeof(word), "unix:%c%0*d", abstract ? '@' : '/',
				(int)len - 1, 0);
			parse(&p, ENDPOINT_CONNECT, word, NULL, &err);
			if (len > fits) {
				str_addc(&text, '\'');
				str_add_word(&text, word, strlen(word));
				str_addf(&text,
					"' is too long for a socket: %zu bytes, at most %zu", len,
					fits);
			}
			assert_str_becomes(&err, str_c(&text));
			str_fini(&text);
			assert_true(p.unix_address.len <= sizeof(struct sockaddr_un));
			endpoint_fini(&p);
		}
	}
	str_fini(&err);
}

static void test_descriptor(void **state)
{
	struct endpoint p;
	struct str err = {0};

	(void)state;
	assert_int_equal(parse(&p, ENDPOINT_LISTEN, "fd:3", NULL, &err), 0);
	assert_int_equal(p.kind, ENDPOINT_FD);
	assert_int_equal(p.fd, 3);
	assert_string_equal(p.name, "fd:3");
	endpoint_fini(&p);
	str_fini(&err);
}

// Words that are no endpoint, and why.
struct refusal {
	const char *first, *second, *message;
};

static void check_refused(const struct refusal *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct endpoint p;
		struct str err = {0};

		parse(&p, ENDPOINT_CONNECT, cases[i].first, cases[i].second, &err);
		assert_str_becomes(&err, cases[i].message);
		endpoint_fini(&p);
		str_fini(&err);
	}
}

static void test_refused(void **state)
{
	static const struct refusal cases[] = {
		{"", NULL, "'' has no port; write HOST PORT or HOST:PORT"},
		{"host", NULL, "'host' has no port; write HOST PORT or HOST:PORT"},
		{"80", NULL, "'80' has no host; write HOST PORT, or :PORT for this machine"},
		{"host:", NULL, "'host:' has no port after the colon"},
		{"host", "", "'' is empty where a port is expected"},
		{"", "80", "'' is empty where a host is expected"},
		{"[]:80", NULL, "'[]' holds no address"},
		{"host", "0", "'0' is no port: 1 to 65535"},
		{"host", "65536", "'65536' is no port: 1 to 65535"},
		{"host", "65617", "'65617' is no port: 1 to 65535"},
		{"host", "99999999999999999999", "'99999999999999999999' is no port: 1 to 65535"},
		{"host", "80abc", "'80abc' is neither a port number nor the name of a service"},
		{"host", "+80", "'+80' is neither a port number nor the name of a service"},
		{"host", "-80", "'-80' is neither a port number nor the name of a service"},
		{"host", " 80", "' 80' is neither a port number nor the name of a service"},
		{"host", "80 ", "'80 ' is neither a port number nor the name of a service"},
		{"host", "ht tp", "'ht tp' is neither a port number nor the name of a service"},
		{"host", "\x1b", "'\\x1b' is neither a port number nor the name of a service"},
		{"::1", NULL, "'::1' has many colons; write an IPv6 address as [ADDRESS]:PORT"},
		{"::1:80", NULL,
			"'::1:80' has many colons; write an IPv6 address as [ADDRESS]:PORT"},
		{"[::1]", NULL, "'[::1]' has no port; write HOST PORT or HOST:PORT"},
		{"[::1", NULL, "'[::1' has no end of the address; write [ADDRESS]:PORT"},
		{"[::1]80", NULL, "'[::1]80' has no end of the address; write [ADDRESS]:PORT"},
		{"[host]:80", NULL, "'host' is no IPv6 address; brackets are for those"},
		{"[192.0.2.1]:80", NULL, "'192.0.2.1' is no IPv6 address; brackets are for those"},
		{"[::1::]:80", NULL, "'::1::' is no IPv6 address"},
		{"a:b", "80", "'a:b' is no host; write HOST PORT or HOST:PORT"},
		{"http://host/", NULL, "'http://host/' is a URL; write its HOST and PORT"},
		{"http://host", "80", "'http://host' is a URL; write its HOST and PORT"},
		{"ho st", "80", "'ho st' is no host name or address"},
		{"ho\nst", "80", "'ho\\nst' is no host name or address"},
		{"user@host", "80",
			"'user@host' is no host name or address; "
			"leave out the user before its @"},
	};

	(void)state;
	check_refused(cases, ARRAY_SIZE(cases));
}

static void test_refused_sockets(void **state)
{
	static const struct refusal cases[] = {
		{"unix://x", "80", "'80' is one word too many after a socket"},
		{"unix:", NULL, "'unix:' names no socket; write unix:PATH or unix:@NAME"},
		{"unix:@", NULL, "'unix:@' names no socket; write unix:PATH or unix:@NAME"},
		{"unix:/x", "80", "'80' is one word too many after a socket"},
		{"/x", "80", "'/x' has a slash and is the path of a socket, which has no port"},
		{"fd:3", "80", "'80' is one word too many after a socket"},
		{"fd:", NULL, "'fd:' names no descriptor; write fd: and its number"},
		{"fd:-1", NULL, "'fd:-1' names no descriptor; write fd: and its number"},
		{"fd:3x", NULL, "'fd:3x' names no descriptor; write fd: and its number"},
		{"fd:9999999", NULL, "'fd:9999999' names no descriptor; write fd: and its number"},
	};

	(void)state;
	check_refused(cases, ARRAY_SIZE(cases));
}

static void test_no_such_interface(void **state)
{
	static const char *const zones[] = {"nosuchif", "", "0", "4294967297"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(zones); i++) {
		struct endpoint p;
		struct str err = {0};
		struct str host = {0};
		struct str want = {0};

		str_addf(&host, "fe80::1%%%s", zones[i]);
		bad_interface(&want, str_c(&host));
		assert_int_equal(parse(&p, ENDPOINT_CONNECT, str_c(&host), "80", &err), -EINVAL);
		assert_str_becomes(&err, str_c(&want));
		endpoint_fini(&p);
		str_fini(&err);
		str_fini(&host);
		str_fini(&want);
	}
}

static void test_long_host(void **state)
{
	char host[255];
	struct endpoint p;
	struct str err = {0};

	(void)state;
	memset(host, 'h', sizeof(host));
	host[253] = '\0';
	assert_int_equal(parse(&p, ENDPOINT_CONNECT, host, "80", &err), 0);
	endpoint_fini(&p);
	host[253] = 'h';
	host[254] = '\0';
	parse(&p, ENDPOINT_CONNECT, host, "80", &err);
	assert_string_equal(str_c(&err), "a host name of 254 bytes is too long: at most 253");
	endpoint_fini(&p);
	str_fini(&err);
}

static void test_port_numbers(void **state)
{
	(void)state;
	assert_true(is_port_number("0", 0));
	assert_false(is_port_number("0", 1));
	assert_true(is_port_number("1", 1));
	assert_true(is_port_number("00080", 1));
	assert_true(is_port_number("65535", 0));
	assert_false(is_port_number("65536", 0));
	assert_false(is_port_number("4294967297", 0));
	assert_false(is_port_number("18446744073709551617", 0));
	assert_false(is_port_number("", 0));
	assert_false(is_port_number("+1", 0));
	assert_false(is_port_number("1 ", 0));
	assert_false(is_port_number("0x1", 0));
}

static void check_numeric(const char *host, const char *want)
{
	struct sockaddr_any a = {.len = 0};
	struct str s = {0};

	if (numeric_address(host, 80, &a))
		str_add_sockaddr(&s, &a.sa, a.len);
	assert_string_equal(str_c(&s), want ? want : "");
	str_fini(&s);
}

static void test_numeric_addresses(void **state)
{
	(void)state;
	check_numeric("127.0.0.1", "127.0.0.1:80");
	check_numeric("::1", "[::1]:80");
	check_numeric("fe80::1%lo", "[fe80::1%lo]:80");
	check_numeric("fe80::1%4294967295", "[fe80::1%4294967295]:80");
	check_numeric("fe80::1%4294967296", NULL);
	check_numeric("fe80::1%99999999999999999999", NULL);
	check_numeric("fe80::1%-1", NULL);
	check_numeric("127.1", NULL); // inet_aton() would take these
	check_numeric("0x7f000001", NULL);
	check_numeric("127.0.0.01", NULL);
	check_numeric("127.0.0.1%lo", NULL);
	check_numeric("127.0.0.256", NULL);
	check_numeric("1.2.3.4.5", NULL);
	check_numeric("", NULL);
	check_numeric("%lo", NULL);
	check_numeric("0000:0000:0000:0000:0000:0000:0000:0000:0000:0000", NULL);
	check_numeric("localhost", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host_and_port),
		cmocka_unit_test(test_listening),
		cmocka_unit_test(test_unix),
		cmocka_unit_test(test_seqpacket),
		cmocka_unit_test(test_unix_lengths),
		cmocka_unit_test(test_descriptor),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_refused_sockets),
		cmocka_unit_test(test_no_such_interface),
		cmocka_unit_test(test_long_host),
		cmocka_unit_test(test_port_numbers),
		cmocka_unit_test(test_numeric_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: ISC
#include "proxy/url.h"

#include "unit.h"

#include <errno.h>
#include <stdlib.h>

static const char *or_none(const char *s)
{
	return s ? s : "-";
}

// What WORD means: its name, user and password.
static void check(const char *word, const char *want)
{
	struct proxy_url u;
	struct str err = {0};
	struct str is = {0};

	if (proxy_url_parse(&u, word, &err) < 0)
		fail_msg("'%s' is refused: %s", word, str_c(&err));
	str_addf(&is, "%s %s %s", u.name, or_none(u.credentials.user),
		or_none(u.credentials.password));
	assert_str_becomes(&is, want);
	assert_string_equal(str_c(&err), "");
	proxy_url_fini(&u);
	str_fini(&is);
	str_fini(&err);
}

static void check_refused(const char *word, const char *want)
{
	struct proxy_url u;
	struct str err = {0};

	assert_int_equal(proxy_url_parse(&u, word, &err), -EINVAL);
	assert_str_becomes(&err, want);
	proxy_url_fini(&u);
	str_fini(&err);
}

static void test_schemes(void **state)
{
	(void)state;
	check("socks4://h", "socks4://h:1080 - -");
	check("socks4a://h", "socks4a://h:1080 - -");
	check("socks5://h", "socks5://h:1080 - -");
	check("socks5h://h", "socks5h://h:1080 - -");
	check("http://h", "http://h:3128 - -");
	check("https://h", "https://h:443 - -");
	check("HTTP://h/", "http://h:3128 - -");
	assert_false(proxy_scheme_asks_names(PROXY_SOCKS4));
	assert_false(proxy_scheme_asks_names(PROXY_SOCKS5));
	assert_true(proxy_scheme_asks_names(PROXY_SOCKS4A));
	assert_true(proxy_scheme_asks_names(PROXY_SOCKS5H));
	assert_true(proxy_scheme_asks_names(PROXY_HTTP));
	assert_true(proxy_scheme_asks_names(PROXY_HTTPS));
	assert_string_equal(proxy_scheme_name(PROXY_SOCKS5H), "socks5h");
}

static void test_hosts(void **state)
{
	(void)state;
	check("socks5://127.0.0.1:1", "socks5://127.0.0.1:1 - -");
	check("socks5://[::1]", "socks5://[::1]:1080 - -");
	check("socks5://[::1]:65535/", "socks5://[::1]:65535 - -");
	check("socks5://[fe80::1%25lo]:1", "socks5://[fe80::1%lo]:1 - -");
	check("socks5://[fe80::1%lo]:1", "socks5://[fe80::1%lo]:1 - -");
	check("http://unix:%2Frun%2fx.sock", "http://unix:/run/x.sock - -");
	check("http://u:p@unix:%2Frun%2Fx", "http://unix:/run/x u p");
	check("socks5h://unix:%40name", "socks5h://unix:@name - -");
}

static void test_credentials(void **state)
{
	(void)state;
	check("http://u@h", "http://h:3128 u -");
	check("http://u:@h", "http://h:3128 u ");
	check("http://:p@h", "http://h:3128  p");
	check("socks5://a%3Ab:p@h", "socks5://h:1080 a:b p");
	check("http://u:%3A%40%25%2f@h:1", "http://h:1 u :@%/");
	// What ought to be encoded and is not still is a password, and no host.
	check("http://u:p:q@h", "http://h:3128 u p:q");
	check("http://u:p@q@h", "http://h:3128 u p@q");
	check("http://u:p/q?r#s@h", "http://h:3128 u p/q?r#s");
	check("socks4://u@h", "socks4://h:1080 u -");
}

static void test_refused(void **state)
{
	(void)state;
	check_refused("127.0.0.1:1080",
		"'127.0.0.1:1080' has no scheme, and programs differ in what that means; write "
		"socks5h://HOST:PORT or http://HOST:PORT");
	check_refused("", "'' has no scheme, and programs differ in what that means; write "
			  "socks5h://HOST:PORT or http://HOST:PORT");
	check_refused("socks://h",
		"'socks://h' has no scheme of a proxy: socks4, socks4a, socks5, socks5h, http, "
		"https; did you mean socks5h://?");
	check_refused("sock5://h",
		"'sock5://h' has no scheme of a proxy: socks4, socks4a, socks5, socks5h, http, "
		"https; did you mean socks5://?");
	check_refused("ftp://h", "'ftp://h' has no scheme of a proxy: socks4, socks4a, socks5, "
				 "socks5h, http, https");
	check_refused("://h", "'://h' has no scheme of a proxy: socks4, socks4a, socks5, socks5h, "
			      "http, https");
	check_refused("http://", "'http://' names no host");
	check_refused("http://:1", "'http://:1' names no host");
	check_refused("http://h:0", "'http://h:0' has no port from 1 to 65535 after its colon");
	check_refused("http://h:", "'http://h:' has no port from 1 to 65535 after its colon");
	check_refused("http://h:http", "'http://h:http' has no port from 1 to 65535 after its "
				       "colon");
	check_refused("http://::1:80",
		"'http://::1:80' has many colons; write an IPv6 address as [ADDRESS]:PORT");
	check_refused("http://[::1",
		"'http://[::1' has many colons; write an IPv6 address as [ADDRESS]:PORT");
	check_refused("http://[::1]x:1",
		"'http://[::1]x:1' has no end of the address; write [ADDRESS]:PORT");
	check_refused("http://[h]:1", "'h' is no IPv6 address; brackets are for those");
	check_refused("http://h/path", "'http://h/path' has something behind its host and port");
	check_refused("http://h?q", "'http://h?q' has something behind its host and port");
	check_refused("http://h//", "'http://h//' has something behind its host and port");
	check_refused("http://unix:/run/x",
		"'http://unix:/run/x' has a / in the name of its socket; write it as %2F");
	check_refused("http://unix:%2", "'http://unix:%2' has a % that is no %XX; write %25 for "
					"it");
	check_refused("http://unix:%2Fa%00b", "'http://unix:%2Fa%00b' has a % that is no %XX; "
					      "write %25 for it");
	check_refused("http://unix:", "'unix:' names no socket; write unix:PATH or unix:@NAME");
	check_refused("http://unix:@name", "'http://<credentials>@name' has an @ before its "
					   "socket; write it as %40");
	check_refused("http://a b", "'a b' is no host name or address");
}

// Whatever else is wrong, what stands before the @ is not told.
static void test_hidden(void **state)
{
	(void)state;
	check_refused("u:secret@h:1",
		"'<credentials>@h:1' has no scheme, and programs differ in what that means; write "
		"socks5h://HOST:PORT or http://HOST:PORT");
	check_refused("ftq://u:secret@h/x",
		"'ftq://<credentials>@h/x' has no scheme of a proxy: socks4, socks4a, socks5, "
		"socks5h, http, https");
	check_refused("http://u:secret@", "'http://<credentials>@' names no host");
	check_refused("http://u:%zsecret@h", "'http://<credentials>@h' has credentials with a % "
					     "that is no %XX; write %25 for it");
	check_refused("http://u%3Ax:secret@h", "'http://<credentials>@h' has a colon in its user "
					       "name, which HTTP cannot say");
	check_refused("socks4a://u:secret@h",
		"'socks4a://<credentials>@h' has a password, which SOCKS4 does not know");
	check_refused("socks5://:secret@h", "'socks5://<credentials>@h' has no user name, without "
					    "which SOCKS5 knows no password");
}

static void test_long_credentials(void **state)
{
	struct str word = {0};
	struct proxy_url u;
	struct str err = {0};

	(void)state;
	for (size_t len = 255; len <= 256; len++) {
		str_clear(&word);
		str_add(&word, "socks5://u:");
		str_add_repeated(&word, 'p', len);
		str_add(&word, "@h");
		assert_int_equal(proxy_url_parse(&u, word.data, &err), len > 255 ? -EINVAL : 0);
		proxy_url_fini(&u);
	}
	assert_str_becomes(&err, "'socks5://<credentials>@h' has a user name or password of more "
				 "than 255 bytes, the most that SOCKS5 knows");
	str_fini(&word);
	str_fini(&err);
}

static void check_wiped(const char *word, const char *want)
{
	char *copy = strdup(word);

	proxy_url_wipe(copy);
	assert_string_equal(copy, want);
	free(copy);
}

static void test_wiped(void **state)
{
	(void)state;
	check_wiped("http://u:p@h:1", "http://***@h:1");
	check_wiped("http://u:p@q@h", "http://*****@h");
	check_wiped("u:p@h", "***@h");
	check_wiped("http://h:1", "http://h:1");
	check_wiped("http://@h", "http://@h");
	check_wiped("", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schemes),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_credentials),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_long_credentials),
		cmocka_unit_test(test_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

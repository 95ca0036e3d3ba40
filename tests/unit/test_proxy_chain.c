// SPDX-License-Identifier: ISC
#include "proxy/chain.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

static const char *const variables[] = {
	"SOCKCTL_PROXY", "SOCKCTL_PROXY_AUTH", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"};

static int clear(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		unsetenv(variables[i]);
	return 0;
}

#define MAX_WORDS 20

struct run {
	char *words[MAX_WORDS];
	struct proxy_settings settings;
	struct endpoint target;
	struct proxy_chain chain;
	struct str err;
	int result;
};

// What the words, which end with NULL, make for TARGET.
static void run(struct run *r, const char *target, const char *auth_file, const char *dns,
	const char *const *words)
{
	struct str err = {0};

	*r = (struct run){.settings = {.words = r->words, .auth_file = auth_file, .dns = dns}};
	for (; *words; words++)
		r->words[r->settings.count++] = strdup(*words);
	assert_int_equal(
		endpoint_parse(&r->target, ENDPOINT_CONNECT, 1, (char *[]){(char *)target}, &err),
		0);
	r->result = proxy_chain_init(&r->chain, &r->settings, &r->target, &r->err);
}
#define RUN(r, target, ...) run(r, target, NULL, NULL, (const char *const[]){__VA_ARGS__})

static void run_fini(struct run *r)
{
	for (size_t i = 0; i < r->settings.count; i++)
		free(r->words[i]);
	proxy_chain_fini(&r->chain);
	endpoint_fini(&r->target);
	str_fini(&r->err);
}

// The hops in one text: "socks5://h:1080 user password remote".
static void check_hops(struct run *r, const char *want)
{
	struct str is = {0};

	if (r->result < 0)
		fail_msg("refused: %s", str_c(&r->err));
	for (size_t i = 0; i < r->chain.count; i++) {
		const struct proxy_hop *h = &r->chain.hops[i];
		const struct credentials *c = &h->url.credentials;

		str_addf(&is, "%s%s", i ? ", " : "", h->url.name);
		if (c->user)
			str_addf(&is, " %s:%s", c->user, c->password ? c->password : "-");
		str_add(&is, h->asks_names ? " remote" : " local");
	}
	assert_str_becomes(&is, want);
	str_fini(&is);
	run_fini(r);
}

static void check_refused(struct run *r, int error, const char *want)
{
	assert_int_equal(r->result, error);
	assert_str_becomes(&r->err, want);
	run_fini(r);
}

static void test_words(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "h:1", NULL);
	check_hops(&r, "");
	RUN(&r, "h:1", "none", NULL);
	check_hops(&r, "");
	RUN(&r, "h:1", "socks5://a", "http://u:p@b:2", "socks4a://c", NULL);
	check_hops(&r, "socks5://a:1080 local, http://b:2 u:p remote, socks4a://c:1080 remote");
	RUN(&r, "h:1", "socks5://u:secret@a", "http://v@b", NULL);
	assert_string_equal(r.words[0], "socks5://********@a");
	assert_string_equal(r.words[1], "http://*@b");
	check_hops(&r, "socks5://a:1080 u:secret local, http://b:3128 v:- remote");
	run(&r, "h:1", NULL, "remote", (const char *const[]){"socks5://a", "socks4://b", NULL});
	check_hops(&r, "socks5://a:1080 remote, socks4://b:1080 remote");
	run(&r, "h:1", NULL, "local", (const char *const[]){"socks5h://a", "http://b", NULL});
	check_hops(&r, "socks5h://a:1080 local, http://b:3128 local");
	RUN(&r, "h:1", "http://unix:%2Fx", "http://b", NULL);
	check_hops(&r, "http://unix:/x remote, http://b:3128 remote");
}

static void test_refused(void **state)
{
	const char *many[CHAIN_MAX + 2] = {0};
	struct run r;

	(void)state;
	RUN(&r, "h:1", "env", "http://h", NULL);
	check_refused(&r, -EINVAL, "'env' stands for all of --proxy; give it alone");
	RUN(&r, "h:1", "http://a", "none", NULL);
	check_refused(&r, -EINVAL, "'none' stands for all of --proxy; give it alone");
	RUN(&r, "unix:/x", "http://a", NULL);
	check_refused(&r, -EINVAL,
		"http://a:3128: no proxy leads to a Unix socket or a descriptor: 'unix:/x' is no "
		"HOST and PORT");
	RUN(&r, "h:1", "http://a", "http://unix:%2Fx", NULL);
	check_refused(&r, -EINVAL,
		"http://a:3128: no proxy leads to a Unix socket or a descriptor: 'http://unix:/x' "
		"is no "
		"HOST and PORT");
	RUN(&r, "[::1]:1", "socks4a://a", NULL);
	check_refused(&r, -EINVAL,
		"socks4a://a:1080: cannot be asked for [::1]:1: SOCKS4 has no IPv6 addresses; use "
		"socks5:// or socks5h://");
	RUN(&r, "[fe80::1%lo]:1", "socks5://a", NULL);
	check_refused(&r, -EINVAL,
		"socks5://a:1080: knows no interface of this machine, as the "
		"target's address has one");
	// What follows a bad word is overwritten, too.
	RUN(&r, "h:1", "httq://u:p@a", "http://u:p@b", NULL);
	assert_string_equal(r.words[0], "httq://***@a");
	assert_string_equal(r.words[1], "http://***@b");
	run_fini(&r);
	for (size_t i = 0; i <= CHAIN_MAX; i++)
		many[i] = "http://a";
	run(&r, "h:1", NULL, NULL, many);
	check_refused(&r, -EINVAL, "there are more than 8 proxies");
}

static void test_our_proxy(void **state)
{
	struct run r;

	(void)state;
	setenv("SOCKCTL_PROXY", "socks5h://p:9", 1);
	RUN(&r, "h:1", NULL);
	check_hops(&r, "socks5h://p:9 remote");
	RUN(&r, "h:1", "none", NULL);
	assert_null(r.chain.why_direct);
	check_hops(&r, "");
	RUN(&r, "h:1", "http://q", NULL);
	check_hops(&r, "http://q:3128 remote");
	RUN(&r, "unix:/x", NULL);
	assert_string_equal(r.chain.why_direct, "SOCKCTL_PROXY is for TCP");
	check_hops(&r, "");
	setenv("NO_PROXY", "x, h", 1);
	RUN(&r, "h:1", NULL);
	assert_string_equal(r.chain.why_direct, "NO_PROXY excepts it");
	check_hops(&r, "");
	RUN(&r, "h:1", "http://q", NULL); // said by hand it holds
	check_hops(&r, "http://q:3128 remote");
	setenv("SOCKCTL_PROXY", "p:9", 1);
	RUN(&r, "other:1", NULL);
	check_refused(&r, -EINVAL,
		"SOCKCTL_PROXY: 'p:9' has no scheme, and programs differ in what that means; "
		"write socks5h://HOST:PORT or http://HOST:PORT");
	setenv("SOCKCTL_PROXY", "", 1);
	RUN(&r, "other:1", NULL);
	check_hops(&r, "");
}

static void test_our_credentials(void **state)
{
	struct run r;
	const char *value;

	(void)state;
	setenv("SOCKCTL_PROXY", "http://p", 1);
	setenv("SOCKCTL_PROXY_AUTH", "user:secret", 1);
	value = getenv("SOCKCTL_PROXY_AUTH");
	RUN(&r, "h:1", NULL);
	assert_string_equal(value, "");
	assert_null(getenv("SOCKCTL_PROXY_AUTH"));
	check_hops(&r, "http://p:3128 user:secret remote");
	// They are for no other proxy, and still nobody is to see them.
	setenv("SOCKCTL_PROXY_AUTH", "user:secret", 1);
	RUN(&r, "h:1", "http://q", NULL);
	assert_null(getenv("SOCKCTL_PROXY_AUTH"));
	check_hops(&r, "http://q:3128 remote");
	setenv("SOCKCTL_PROXY_AUTH", "secret", 1);
	RUN(&r, "h:1", NULL);
	assert_null(getenv("SOCKCTL_PROXY_AUTH"));
	check_refused(&r, -EINVAL, "credentials are not USER:PASSWORD (SOCKCTL_PROXY_AUTH)");
	// Those of the URL are its own.
	setenv("SOCKCTL_PROXY", "http://u:p@p", 1);
	setenv("SOCKCTL_PROXY_AUTH", "user:secret", 1);
	value = getenv("SOCKCTL_PROXY");
	RUN(&r, "h:1", NULL);
	assert_string_equal(value, "http://***@p");
	assert_null(getenv("SOCKCTL_PROXY"));
	check_hops(&r, "http://p:3128 u:p remote");
}

static void test_all_proxy(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "h:1", "env", NULL);
	assert_string_equal(r.chain.why_direct, "ALL_PROXY is not set");
	check_hops(&r, "");
	setenv("ALL_PROXY", "socks5://upper", 1);
	RUN(&r, "h:1", NULL); // nobody asked for it
	check_hops(&r, "");
	RUN(&r, "h:1", "env", NULL);
	check_hops(&r, "socks5://upper:1080 local");
	setenv("all_proxy", "http://lower", 1);
	RUN(&r, "h:1", "env", NULL);
	check_hops(&r, "http://lower:3128 remote");
	setenv("NO_PROXY", "h", 1);
	RUN(&r, "h:1", "env", NULL);
	assert_string_equal(r.chain.why_direct, "NO_PROXY excepts it");
	check_hops(&r, "");
	setenv("no_proxy", "x:2", 1);
	RUN(&r, "h:1", "env", NULL);
	check_hops(&r, "http://lower:3128 remote");
	RUN(&r, "x:2", "env", NULL);
	check_hops(&r, "");
	RUN(&r, "x:3", "env", NULL);
	check_hops(&r, "http://lower:3128 remote");
	setenv("all_proxy", "lower:8080", 1);
	RUN(&r, "h:1", "env", NULL);
	check_refused(&r, -EINVAL,
		"all_proxy: 'lower:8080' has no scheme, and programs differ in what that means; "
		"write socks5h://HOST:PORT or http://HOST:PORT");
}

static void test_auth_file(void **state)
{
	char path[] = "/tmp/sockctl-chain-XXXXXX";
	int fd = mkstemp(path);
	struct str want = {0};
	struct run r;

	(void)state;
	assert_int_equal(write(fd, "user:secret\n", 12), 12);
	run(&r, "h:1", path, NULL, (const char *const[]){"http://a", "http://b", NULL});
	check_hops(&r, "http://a:3128 remote, http://b:3128 user:secret remote");
	run(&r, "h:1", path, NULL, (const char *const[]){"http://a", "http://u:p@b", NULL});
	check_hops(&r, "http://a:3128 user:secret remote, http://b:3128 u:p remote");
	assert_int_equal(fchmod(fd, 0644), 0);
	run(&r, "h:1", path, NULL, (const char *const[]){"http://a", NULL});
	str_addf(&want, "%s: is open to others than its owner; use chmod 600 on it", path);
	check_refused(&r, -EACCES, str_c(&want));
	str_fini(&want);
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_words, clear),
		cmocka_unit_test_setup(test_refused, clear),
		cmocka_unit_test_setup(test_our_proxy, clear),
		cmocka_unit_test_setup(test_our_credentials, clear),
		cmocka_unit_test_setup(test_all_proxy, clear),
		cmocka_unit_test_setup(test_auth_file, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

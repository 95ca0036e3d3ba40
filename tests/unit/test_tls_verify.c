// SPDX-License-Identifier: ISC
// Whom a client believes, and what it says where it does not: certificates with one fault each,
// shown by a server of OpenSSL's own.
#include "tls/tls.h"

#include "tls_authority.h"
#include "tls_peer.h"
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define CA "critical,CA:TRUE"

struct world {
	struct issued root, other, middle, short_middle, limited;
	char *root_file;
};

static struct world world;

static int make_world(void **state)
{
	const struct issued *all[] = {&world.root};

	(void)state;
	world.root = issue(&(struct wish){.cn = "Test Root", .constraints = CA}, NULL);
	world.other = issue(&(struct wish){.cn = "Other Root", .constraints = CA}, NULL);
	world.middle =
		issue(&(struct wish){.cn = "Test Intermediate", .constraints = CA}, &world.root);
	world.short_middle = issue(&(struct wish){.cn = "Short Intermediate",
					   .constraints = "critical,CA:TRUE,pathlen:0"},
		&world.root);
	world.limited = issue(&(struct wish){.cn = "NC Intermediate",
				      .constraints = CA,
				      .name_constraints = "critical,permitted;DNS:example.test"},
		&world.root);
	world.root_file = write_certificates(all, 1);
	return 0;
}

static int free_world(void **state)
{
	(void)state;
	issued_fini(&world.root);
	issued_fini(&world.other);
	issued_fini(&world.middle);
	issued_fini(&world.short_middle);
	issued_fini(&world.limited);
	unlink(world.root_file);
	free(world.root_file);
	return 0;
}

// A handshake with a server that shows LEAF and MORE, by a client that expects NAME and trusts
// FILE. Checks that the reason is LINE, in which "*" stands for anything; NULL: that it is good.
struct trial {
	const char *name;
	const struct issued *leaf, *more;
	const char *trusted; // NULL: the test's root
	const char *line;
	int code; // X509_V_ERR_*
	struct tls_settings settings;
};

static void assert_matches(const char *text, const char *pattern)
{
	const char *star = strchr(pattern, '*');
	size_t before = star ? (size_t)(star - pattern) : strlen(pattern);
	size_t after = star ? strlen(star + 1) : 0;

	if (!star) {
		assert_string_equal(text, pattern);
		return;
	}
	if (strlen(text) < before + after || strncmp(text, pattern, before) != 0 ||
		strcmp(text + strlen(text) - after, star + 1) != 0)
		assert_string_equal(text, pattern);
}

static void try_one(const struct trial *trial)
{
	const struct issued *chain[] = {trial->leaf, trial->more};
	const char *trusted[] = {trial->trusted ? trial->trusted : world.root_file};
	struct tls_settings settings = trial->settings;
	struct peer p;
	int r;

	if (!settings.authorities.count && !settings.pins.count)
		settings.authorities = (struct strlist){trusted, 1};
	peer_init(&p, chain, trial->more ? 2 : 1);
	r = peer_join(&p, &settings, trial->name);
	assert_string_equal(str_c(&p.err), "");
	assert_int_equal(r, 0);
	r = peer_shake(&p);
	if (!trial->line || settings.is_insecure) {
		assert_string_equal(str_c(&tls_failure(p.tls)->text), "");
		assert_int_equal(r, 0);
	} else {
		assert_int_equal(r, -EPROTO);
		assert_matches(str_c(&tls_failure(p.tls)->text), trial->line);
		assert_int_equal(tls_failure(p.tls)->code, trial->code);
		assert_false(tls_failure_may_pass(tls_failure(p.tls)));
	}
	if (settings.is_insecure && trial->line) {
		struct tls_facts f;

		tls_describe(p.tls, &f);
		assert_false(f.is_verified);
		assert_matches(str_c(&f.unverified), trial->line);
		tls_facts_fini(&f);
	}
	peer_fini(&p);
}

// Both as it should be and with --insecure, which goes on and says the same.
static void try_both(struct trial trial)
{
	try_one(&trial);
	trial.settings.is_insecure = true;
	try_one(&trial);
}

static void try_wish(
	const char *name, struct wish wish, const struct issued *by, int code, const char *line)
{
	struct issued leaf = issue(&wish, by);

	try_both((struct trial){.name = name,
		.leaf = &leaf,
		.more = by == &world.root || by == &world.other ? NULL : by,
		.code = code,
		.line = line});
	issued_fini(&leaf);
}

static void test_good(void **state)
{
	(void)state;
	try_wish("localhost", (struct wish){.cn = "good", .san = "DNS:localhost"}, &world.root, 0,
		NULL);
	try_wish("localhost", (struct wish){.cn = "good", .san = "DNS:localhost"}, &world.middle, 0,
		NULL);
	try_wish("LOCALHOST.", (struct wish){.cn = "good", .san = "DNS:localhost"}, &world.root, 0,
		NULL);
	try_wish("127.0.0.1", (struct wish){.cn = "good", .san = "IP:127.0.0.1"}, &world.root, 0,
		NULL);
	try_wish("fe80::1%lo", (struct wish){.cn = "good", .san = "IP:fe80::1"}, &world.root, 0,
		NULL);
	try_wish("a.example.test", (struct wish){.cn = "x", .san = "DNS:*.example.test"},
		&world.root, 0, NULL);
	try_wish("localhost",
		(struct wish){.cn = "good", .san = "DNS:localhost", .eku = "serverAuth"},
		&world.root, 0, NULL);
}

static void test_dates(void **state)
{
	struct issued old;

	(void)state;
	try_wish("localhost",
		(struct wish){.cn = "old", .san = "DNS:localhost", .from = -100, .to = -50},
		&world.root, 10,
		"the certificate has expired on * (50 days ago); renew it on the server");
	try_wish("localhost",
		(struct wish){.cn = "new", .san = "DNS:localhost", .from = 50, .to = 100},
		&world.root, 9, "the certificate is valid only from *)");
	old = issue(
		&(struct wish){
			.cn = "Expired Intermediate", .constraints = CA, .from = -100, .to = -1},
		&world.root);
	try_wish("localhost", (struct wish){.cn = "good", .san = "DNS:localhost"}, &old, 10,
		"the certificate of the authority 'Expired Intermediate' has expired on * (1 day "
		"ago); the server should send a newer chain");
	issued_fini(&old);
}

static void test_unknown(void **state)
{
	struct issued leaf =
		issue(&(struct wish){.cn = "good", .san = "DNS:localhost"}, &world.middle);

	(void)state;
	try_wish("localhost", (struct wish){.cn = "self", .san = "DNS:localhost"}, NULL, 18,
		"the certificate is self-signed; if it is the right one, trust it with --pin "
		"sha256:* or --ca FILE");
	try_wish("localhost", (struct wish){.cn = "good", .san = "DNS:localhost"}, &world.other, 20,
		"the authority 'Other Root' that signed it is unknown, and the server did not send "
		"its certificate: the server should send the whole chain (or --ca FILE)");
	try_both((struct trial){.name = "localhost",
		.leaf = &leaf,
		.code = 20,
		.line = "the authority 'Test Intermediate' that signed it is unknown, and the "
			"server did not send its certificate: the server should send the whole "
			"chain (or --ca FILE)"});
	issued_fini(&leaf);
	leaf = issue(&(struct wish){.cn = "good", .san = "DNS:localhost"}, &world.other);
	try_both((struct trial){.name = "localhost",
		.leaf = &leaf,
		.more = &world.other,
		.code = 19,
		.line = "the authority 'Other Root' is not trusted here; give it with --ca FILE"});
	issued_fini(&leaf);
}

static void test_names(void **state)
{
	(void)state;
	try_wish("localhost",
		(struct wish){.cn = "localhost",
			.san = "DNS:other.test,DNS:*.example.test,IP:10.0.0.1,DNS:a.test,"
			       "email:me@a.test"},
		&world.root, 62,
		"the certificate is for other.test, *.example.test, 10.0.0.1 (2 more), not for "
		"localhost; --server-name NAME expects another");
	try_wish("localhost", (struct wish){.cn = "localhost"}, &world.root, 62,
		"the certificate names localhost only in its subject (CN), which does not count "
		"(RFC 9525); it needs a subjectAltName");
	try_wish("localhost", (struct wish){0}, &world.root, 62,
		"the certificate has no name, not for localhost; --server-name NAME expects "
		"another");
	try_wish("127.0.0.1", (struct wish){.cn = "x", .san = "DNS:localhost"}, &world.root, 64,
		"the certificate does not name the address 127.0.0.1 (it names localhost); connect "
		"by name, or --server-name localhost");
	try_wish("127.0.0.1", (struct wish){.cn = "x", .san = "DNS:127.0.0.1"}, &world.root, 64,
		"the certificate does not name the address 127.0.0.1 (it names *");
	try_wish("localhost",
		(struct wish){.cn = "x", .nul_san = "localhost\0.evil.test", .nul_san_len = 20},
		&world.root, 62,
		"the certificate is for localhost\\x00.evil.test, not for localhost; *");
	try_wish("a.b.example.test", (struct wish){.cn = "x", .san = "DNS:*.example.test"},
		&world.root, 62, "*; --server-name NAME expects another");
	try_wish("example.test", (struct wish){.cn = "x", .san = "DNS:*.example.test"}, &world.root,
		62, "*; --server-name NAME expects another");
	try_wish("a.test", (struct wish){.cn = "x", .san = "DNS:*.test"}, &world.root, 62,
		"*; --server-name NAME expects another");
	try_wish("left.example.test", (struct wish){.cn = "x", .san = "DNS:l*.example.test"},
		&world.root, 62, "*; --server-name NAME expects another");
}

static void test_authorities(void **state)
{
	struct issued no_authority;

	(void)state;
	no_authority = issue(
		&(struct wish){.cn = "good", .san = "DNS:localhost", .constraints = "CA:FALSE"},
		&world.root);
	try_wish("localhost", (struct wish){.cn = "x", .san = "DNS:localhost"}, &no_authority, 79,
		"'good' signed it and is no authority");
	issued_fini(&no_authority);
	try_wish("localhost", (struct wish){.cn = "x", .san = "DNS:localhost"}, &world.limited, 47,
		"the authority 'NC Intermediate' may not certify localhost (only example.test)");
	try_wish("localhost", (struct wish){.cn = "x", .san = "DNS:localhost", .eku = "clientAuth"},
		&world.root, 26, "the certificate is not for servers (its use: clientAuth)");
	try_wish("localhost",
		(struct wish){.cn = "x", .san = "DNS:localhost", .critical = "1.2.3.4.5"},
		&world.root, 34,
		"the certificate has a critical extension that is not understood (1.2.3.4.5)");
}

static void test_weak(void **state)
{
	(void)state;
	try_wish("localhost", (struct wish){.cn = "x", .san = "DNS:localhost", .rsa_bits = 1024},
		&world.root, 66,
		"its key is too short (RSA 1024); --tls-set CipherString=DEFAULT@SECLEVEL=1 "
		"accepts that");
	try_wish("localhost", (struct wish){.cn = "x", .san = "DNS:localhost", .is_sha1 = true},
		&world.root, 68,
		"the certificate is signed with a weak hash (ecdsa-with-SHA1); --tls-set "
		"CipherString=DEFAULT@SECLEVEL=0 accepts that");
}

// What the remedies of the lines say helps.
static void test_remedies(void **state)
{
	const char *level[] = {"CipherString=DEFAULT@SECLEVEL=1"};
	struct issued leaf = issue(
		&(struct wish){.cn = "x", .san = "DNS:localhost", .rsa_bits = 1024}, &world.root);

	(void)state;
	try_one(&(struct trial){
		.name = "localhost", .leaf = &leaf, .settings = {.parameters = {level, 1}}});
	issued_fini(&leaf);
}

static void test_revoked(void **state)
{
	struct issued leaf = issue(&(struct wish){.cn = "x", .san = "DNS:localhost"}, &world.root);
	const char *files[] = {write_revocations(&world.root, &leaf, 30),
		write_revocations(&world.root, NULL, -5), write_revocations(&world.other, NULL, 30),
		write_revocations(&world.root, NULL, 30)};
	const char *lines[] = {"it was revoked on * (keyCompromise)",
		"the list of 'Test Root' given with --crl is out of date since *",
		"--crl has no list of 'Test Root'", NULL};
	const int codes[] = {23, 12, 3, 0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		try_both((struct trial){.name = "localhost",
			.leaf = &leaf,
			.line = lines[i],
			.code = codes[i],
			.settings = {.revocations = {&files[i], 1}}});
		unlink(files[i]);
		free((char *)files[i]);
	}
	issued_fini(&leaf);
}

// Any certificate of the chain may be what is trusted.
static void test_partial_chains(void **state)
{
	struct issued leaf =
		issue(&(struct wish){.cn = "x", .san = "DNS:localhost"}, &world.middle);
	const struct issued *chains[] = {&leaf, &world.middle};

	(void)state;
	for (int i = 0; i < 2; i++) {
		char *file = write_certificates(&chains[i], 1);

		try_one(&(struct trial){.name = "localhost", .leaf = &leaf, .trusted = file});
		unlink(file);
		free(file);
	}
	issued_fini(&leaf);
}

// The words of a pin for what I shows.
static void add_pin(struct str *s, const struct issued *i)
{
	unsigned char *der = NULL;
	int len = i2d_X509(i->x509, &der);
	struct certificate c;

	assert_int_equal(certificate_parse(&c, der, (size_t)len), 0);
	str_addf(s, "sha256:%s", c.sha256);
	certificate_fini(&c);
	OPENSSL_free(der);
}

static void test_pins(void **state)
{
	struct issued old =
		issue(&(struct wish){.cn = "x", .san = "DNS:a.test", .from = -9, .to = -3}, NULL);
	struct str right = {0};
	const char *wrong =
		"sha256:0000000000000000000000000000000000000000000000000000000000000000";
	const char *both[2];

	(void)state;
	add_pin(&right, &old);
	both[0] = wrong;
	both[1] = right.data;
	try_one(&(struct trial){
		.name = "localhost", .leaf = &old, .settings = {.pins = {both, 2}}});
	try_one(&(struct trial){.name = NULL, .leaf = &old, .settings = {.pins = {both + 1, 1}}});
	try_one(&(struct trial){.name = "localhost",
		.leaf = &old,
		.code = X509_V_ERR_CERT_REJECTED,
		.line = "the key is sha256:*, not the pinned one: the connection is intercepted, "
			"or the "
			"server has a new key",
		.settings = {.pins = {&wrong, 1}}});
	// With an authority both must hold.
	try_one(&(struct trial){.name = "localhost",
		.leaf = &old,
		.code = 18,
		.line = "the certificate is self-signed*FILE",
		.settings = {.pins = {both + 1, 1},
			.authorities = {(const char *[]){world.root_file}, 1}}});
	str_fini(&right);
	issued_fini(&old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_authorities),
		cmocka_unit_test(test_weak),
		cmocka_unit_test(test_remedies),
		cmocka_unit_test(test_revoked),
		cmocka_unit_test(test_partial_chains),
		cmocka_unit_test(test_pins),
	};

	return cmocka_run_group_tests(tests, make_world, free_world);
}

// SPDX-License-Identifier: ISC
#include "tls/trust.h"

#include "io/secret.h"
#include "sys/path.h"
#include "tls/tls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SYSTEM "system"
#define CERT_FILE "SSL_CERT_FILE" // variables of the environment, as OpenSSL has them
#define CERT_DIR "SSL_CERT_DIR"

// Where the system's authorities are: the environment may say otherwise, unless the program has
// privileges that its caller lacks. Returns NULL where it says nothing.
static const char *from_environment(const char *name)
{
	const char *path = secure_getenv(name);

	return path && *path ? path : NULL;
}

static const char *system_file(void)
{
	return from_environment(CERT_FILE) ?: ossl.X509_get_default_cert_file();
}

static const char *system_dir(void)
{
	return from_environment(CERT_DIR) ?: ossl.X509_get_default_cert_dir();
}

bool tls_build(struct tls_build *build)
{
	*build = (struct tls_build){.origin = library_origin(),
		.version = OPENSSL_VERSION_STR,
		.directory = from_environment(CERT_DIR) ?: SOCKCTL_CERT_DIR,
		.file = from_environment(CERT_FILE) ?: SOCKCTL_CERT_FILE};
	return true;
}

int trust_cannot_read(struct str *err, const char *path, int r)
{
	str_add_object(err, path);
	str_add(err, ": ");
	str_add_error(err, r);
	return r;
}

// Takes the certificates and lists out of LEN bytes of PEM. Returns how many of what is WANTED.
static size_t add_pem(X509_STORE *store, const char *data, size_t len, bool is_for_lists)
{
	BIO *bio = ossl.BIO_new_mem_buf(data, (int)len);
	STACK_OF(X509_INFO) *all = ossl.PEM_X509_INFO_read_bio(bio, NULL, NULL, NULL);
	size_t count = 0;

	for (int i = 0; i < sk_X509_INFO_num(all); i++) {
		X509_INFO *info = sk_X509_INFO_value(all, i);

		if (is_for_lists && info->crl)
			count += ossl.X509_STORE_add_crl(store, info->crl) == 1;
		else if (!is_for_lists && info->x509)
			count += ossl.X509_STORE_add_cert(store, info->x509) == 1;
	}
	if (all)
		ossl.OPENSSL_sk_pop_free(
			(OPENSSL_STACK *)all, (OPENSSL_sk_freefunc)ossl.X509_INFO_free);
	ossl.BIO_free(bio);
	ossl.ERR_clear_error();
	return count;
}

// Says that a file holds nothing of the kind that was looked for, and how to convert it where its
// first byte is that of DER.
static int has_none(struct str *err, const char *path, const struct secret *file, bool is_for_lists)
{
	bool is_der = file->len && file->data[0] == 0x30;

	str_add_object(err, path);
	str_addf(err, " has no %s", is_for_lists ? "list of revoked certificates" : "certificate");
	if (is_der)
		str_addf(err, " in PEM form (it may be DER: openssl %s -inform DER converts it)",
			is_for_lists ? "crl" : "x509");
	return -EBADMSG;
}

static int add_file(struct trust *t, const char *path, bool is_for_lists, struct str *err)
{
	struct secret file = {0};
	int r = secret_read(&file, path);
	size_t count;

	if (r < 0)
		return trust_cannot_read(err, path, r);
	count = add_pem(t->store, file.data, file.len, is_for_lists);
	if (!count)
		r = has_none(err, path, &file, is_for_lists);
	if (!is_for_lists)
		t->count += count;
	secret_fini(&file);
	return r;
}

// Adds every certificate in the files of a directory; other files there are none of ours.
static int add_directory(struct trust *t, const char *path, struct str *err)
{
	size_t before = t->count;
	DIR *dir = sys_opendir(path);
	struct dirent *entry;
	struct str name = {0};

	if (!dir)
		return trust_cannot_read(err, path, -errno);
	while ((entry = sys_readdir(dir))) {
		struct secret file = {0};

		str_clear(&name);
		str_addf(&name, "%s/%s", path, entry->d_name);
		if (entry->d_name[0] != '.' && secret_read(&file, str_c(&name)) == 0)
			t->count += add_pem(t->store, file.data, file.len, false);
		secret_fini(&file);
	}
	sys_closedir(dir);
	str_fini(&name);
	if (t->count > before)
		return 0;
	str_add_object(err, path);
	str_add(err, " has no file with a certificate in PEM form");
	return -EBADMSG;
}

bool trust_read_bundle(struct trust *t)
{
	struct str ignored = {0};
	size_t before = t->count;

	if (!t->has_system || t->bundle_is_read)
		return false;
	t->bundle_is_read = true;
	if (add_file(t, system_file(), false, &ignored) < 0)
		str_clear(&ignored);
	str_fini(&ignored);
	return t->count > before;
}

bool trust_is_empty(const struct trust *t)
{
	struct dirent *entry;
	bool is_empty = true;
	DIR *dir;

	if (t->count)
		return false;
	dir = sys_opendir(system_dir());
	while (dir && is_empty && (entry = sys_readdir(dir)))
		is_empty = entry->d_name[0] == '.';
	if (dir)
		sys_closedir(dir);
	return is_empty;
}

// A system without a bundle may have the directory alone. One that has neither trusts nobody, which
// is said when a certificate is refused.
static void add_system(struct trust *t, bool is_whole)
{
	struct str ignored = {0};

	t->has_system = true;
	if (!is_whole)
		ossl.X509_STORE_load_path(t->store, system_dir());
	else if (!trust_read_bundle(t) && add_directory(t, system_dir(), &ignored) < 0)
		str_clear(&ignored);
	str_fini(&ignored);
}

static int add_word(struct trust *t, const char *word, bool is_whole, struct str *err)
{
	struct stat st;

	if (strcmp(word, SYSTEM) == 0) {
		add_system(t, is_whole);
		return 0;
	}
	if (sys_stat(word, &st) == 0 && S_ISDIR(st.st_mode))
		return add_directory(t, word, err);
	return add_file(t, word, false, err);
}

int trust_init(
	struct trust *t, SSL_CTX *ctx, const struct strlist *words, bool is_whole, struct str *err)
{
	int r = 0;

	*t = (struct trust){.store = ossl.SSL_CTX_get_cert_store(ctx)};
	if (!words->count)
		add_system(t, is_whole);
	for (size_t i = 0; i < words->count && r == 0; i++)
		r = add_word(t, words->items[i], is_whole, err);
	return r;
}

void trust_add_files(const struct trust *t, const struct strlist *words, struct strlist *files)
{
	for (size_t i = 0; i < words->count; i++)
		if (strcmp(words->items[i], SYSTEM) != 0)
			strlist_add(files, words->items[i]);
	if (!t->has_system)
		return;
	strlist_add(files, system_file());
	strlist_add(files, system_dir());
}

void trust_add_environment(const struct trust *t, struct str *s)
{
	static const char *const names[] = {CERT_FILE, CERT_DIR};

	for (size_t i = 0; t->has_system && i < ARRAY_SIZE(names); i++) {
		const char *path = from_environment(names[i]);

		if (path)
			str_addf(s, "%s%s=%s", s->len ? ", " : "", names[i], path);
	}
}

int trust_add_revocations(struct trust *t, const struct strlist *files, struct str *err)
{
	int r = 0;

	for (size_t i = 0; i < files->count && r == 0; i++)
		r = add_file(t, files->items[i], true, err);
	t->has_revocations = files->count > 0;
	return r;
}

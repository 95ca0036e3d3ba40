// SPDX-License-Identifier: ISC
#include "tls/library.h"

#include "base/mem.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#define RECORD (16 * 1024) // bytes of data in the largest: what is copied into and out of
#define SPARE_SIZE (size_t)(128 * 1024) // at least; what takes less is not worth keeping
#define LIBSSL "libssl.so.3" // brings libcrypto.so.3 with it, whose symbols are found through it

#if SOCKCTL_TLS_LINKED
#undef SSL_ctrl
#undef SSL_CTX_ctrl
#undef SSL_CTX_callback_ctrl
#undef OPENSSL_sk_num
#undef OPENSSL_sk_value
#define ORIGIN "linked"

struct ossl ossl = {
#define OSSL_LINKED(name) .name = name,
	OSSL_SYMBOLS(OSSL_LINKED)
#undef OSSL_LINKED
};

static int fill_table(struct str *err)
{
	(void)err;
	return 0;
}
#else
#define ORIGIN "opened on demand"

struct ossl ossl;

// One name behind the other, in the order of the table: pointers to them would be relocated in
// every run.
#define OSSL_NAME(name) #name "\0"
static const char symbols[] = OSSL_SYMBOLS(OSSL_NAME);
#undef OSSL_NAME

// Looks every symbol up. The library stays open until the process ends.
static int fill_table(struct str *err)
{
	// Bound lazily: libcrypto has thousands of references, a handshake needs hundreds.
	void *library = dlopen(LIBSSL, RTLD_LAZY | RTLD_LOCAL);
	void **slot = (void **)&ossl;

	if (!library) {
		str_addf(err,
			"TLS needs " LIBSSL " and libcrypto.so.3 (Debian: apt install libssl3): %s",
			dlerror());
		return -ELIBACC;
	}
	for (const char *name = symbols; *name; name += strlen(name) + 1) {
		*slot = dlsym(library, name);
		if (!*slot++) {
			str_addf(err, LIBSSL " lacks %s: TLS needs OpenSSL 3.0 or later", name);
			return -ELIBACC;
		}
	}
	return 0;
}
#endif

// The buffer that much data is read into is freed whenever nothing more is there, and asked for
// again soon. One is kept, whose pages the kernel need not make anew each time.
static void *spare;
static unsigned lent; // read buffers that the library has: who frees others need not ask their size

static bool is_read_buffer(size_t size)
{
	return size >= SPARE_SIZE && size < 2 * SPARE_SIZE;
}

// Returns NULL if it does not fit.
static void *take_spare(size_t size)
{
	void *ptr = spare;

	if (!ptr || !is_read_buffer(size) || malloc_usable_size(ptr) < size)
		return NULL;
	spare = NULL;
	return ptr;
}

// OpenSSL asks for nothing with malloc(0) and expects NULL then; the names of files and lines are
// for debugging it.
static void *on_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	if (size < RECORD)
		return size ? xmalloc(size) : NULL;
	if (size < SPARE_SIZE)
		return xmalloc_pages(size);
	lent += is_read_buffer(size);
	return take_spare(size) ?: xmalloc(size);
}

static void on_free(void *ptr, const char *file, int line)
{
	(void)file;
	(void)line;
	if (lent && ptr && is_read_buffer(malloc_usable_size(ptr))) {
		lent--;
		if (!spare) {
			spare = ptr;
			return;
		}
	}
	free(ptr);
}

static void *on_realloc(void *ptr, size_t size, const char *file, int line)
{
	if (size)
		return xrealloc(ptr, size);
	on_free(ptr, file, line);
	return NULL;
}

int library_open(struct str *err)
{
	static bool is_open;
	int r;

	if (is_open)
		return 0;
	r = fill_table(err);
	if (r < 0)
		return r;
	ossl.CRYPTO_set_mem_functions(on_malloc, on_realloc, on_free);
	// The program leaves by _exit(): handlers of the library would only run in its children.
	if (!ossl.OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT, NULL)) {
		str_add(err, "OpenSSL cannot start: is its configuration (openssl.cnf) valid?");
		return -ELIBACC;
	}
	is_open = true;
	return 0;
}

const char *library_origin(void)
{
	return ORIGIN;
}

// SPDX-License-Identifier: ISC
// Words that name endpoints: refused with a message, or understood again under the name they get.
#include "fuzz.h"

#include "net/addr/endpoint.h"

#include <errno.h>
#include <string.h>

static void check_endpoint(const struct endpoint *p)
{
	require(p->name);
	switch (p->kind) {
	case ENDPOINT_INET:
		require(p->service && *p->service && strlen(p->service) <= 32);
		require(!p->host || (*p->host && strlen(p->host) <= 253));
		break;
	case ENDPOINT_UNIX:
		require(p->unix_address.sa.sa_family == AF_UNIX);
		require(p->unix_address.len > sizeof(sa_family_t) + 1);
		require(p->unix_address.len <= sizeof(struct sockaddr_un));
		break;
	case ENDPOINT_FD:
		require(p->fd >= 0);
		break;
	}
}

// A host may be called "unix" or "fd", and a path in a name is escaped.
static bool name_is_ambiguous(const struct endpoint *p)
{
	if (p->kind == ENDPOINT_INET)
		return p->host && (strcmp(p->host, "unix") == 0 || strcmp(p->host, "fd") == 0 ||
					  strcmp(p->host, "seqpacket") == 0);
	return strchr(p->name, '\\');
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static void check_name(const struct endpoint *p, enum endpoint_use use)
{
	struct endpoint again;
	struct str err = {0};
	char *argv[] = {p->name};

	require(endpoint_parse(&again, use, 1, argv, &err) == 0);
	require(again.is_seqpacket == p->is_seqpacket);
	require(again.kind == p->kind && again.fd == p->fd);
	require(same_text(again.host, p->host) && same_text(again.service, p->service));
	require(sockaddr_equal(&again.unix_address, &p->unix_address));
	endpoint_fini(&again);
	str_fini(&err);
}

static void check(struct fuzz_words *w, int argc, enum endpoint_use use)
{
	struct endpoint p;
	struct str err = {0};
	int r = endpoint_parse(&p, use, argc, w->argv, &err);

	require(r == 0 || r == -EINVAL);
	require((r == 0) == (err.len == 0));
	if (r < 0) {
		require_message(str_c(&err));
	} else {
		check_endpoint(&p);
		if (!name_is_ambiguous(&p))
			check_name(&p, use);
	}
	endpoint_fini(&p);
	str_fini(&err);
}

// An endpoint without ports, as for raw sockets.
static void check_without_port(const char *host)
{
	struct endpoint p;
	struct str err = {0};
	int r = endpoint_parse_host(&p, host, &err);

	require((r == 0) == (err.len == 0));
	if (r < 0) {
		require_message(str_c(&err));
	} else {
		r = endpoint_check_family(&p, true, false, &err);
		require(r == 0 || r == -EINVAL);
		require((r == 0) == (err.len == 0));
	}
	endpoint_fini(&p);
	str_fini(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz_words w;

	fuzz_words_init(&w, data, len);
	check_without_port(w.argv[0]);
	require(endpoint_word_count(w.argv[0]) == 1 || endpoint_word_count(w.argv[0]) == 2);
	for (int argc = 1; argc <= MIN(w.argc, 2); argc++) {
		check(&w, argc, ENDPOINT_CONNECT);
		check(&w, argc, ENDPOINT_LISTEN);
		check(&w, argc, ENDPOINT_SERVE);
	}
	fuzz_words_fini(&w);
	return 0;
}

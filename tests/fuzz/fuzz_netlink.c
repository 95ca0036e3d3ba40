// SPDX-License-Identifier: ISC
// Datagrams of the kernel about sockets: read to the end or to an error, and nothing past the end.
#include "fuzz.h"

#include "base/mem.h"
#include "net/inspect/diag.h"

#include <stdlib.h>
#include <string.h>

static const unsigned kinds[] = {DIAG_TCP, DIAG_UDP, DIAG_RAW, DIAG_UNIX};

// Each byte is looked at, so that one that does not belong to the datagram is noticed.
static void touch(const void *data, size_t len)
{
	const volatile unsigned char *p = data;

	while (len--)
		p[len];
}

static void on_socket(void *arg, const struct diag_socket *s)
{
	const unsigned *kind = arg;
	struct str text = {0};

	require(s->kind == *kind);
	require(s->local.len <= sizeof(s->local) && s->remote.len <= sizeof(s->remote));
	require(memchr(s->congestion, '\0', sizeof(s->congestion)));
	require(!s->info_len || s->info);
	touch(s->info, s->info_len);
	str_add_sockaddr(&text, &s->local.sa, s->local.len);
	str_add_sockaddr(&text, &s->remote.sa, s->remote.len);
	str_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	unsigned kind;
	void *datagram;

	if (!len)
		return 0;
	kind = kinds[data[0] % ARRAY_SIZE(kinds)];
	datagram = xmalloc(len - 1); // where messages are aligned
	memcpy(datagram, data + 1, len - 1);
	require(diag_read(kind, datagram, len - 1, on_socket, &kind) <= 1);
	free(datagram);
	return 0;
}

// SPDX-License-Identifier: ISC
// Files as gai.conf(5) and the databases are, words in columns with comments: whatever is in one,
// each address has a value that the file or the defaults give.
#include "fuzz.h"

#include "net/names/gai_policy.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static void check(const struct gai_policy_list *l, const char *address)
{
	struct ip ip;
	int value;

	require(ip_parse(address, &ip));
	ip = ip_mapped(&ip);
	value = gai_policy_value(l, &ip);
	for (size_t i = 0; i < l->count; i++) {
		require(l->items[i].prefix.length <= 128 && l->items[i].value >= 0);
		if (l->items[i].value == value && ip_prefix_has(&l->items[i].prefix, &ip))
			return;
	}
	require(value == l->fallback);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const addresses[] = {
		"::", "::1", "::5", "2002::1", "2620:fe::fe", "fd00::1", "127.0.0.1", "192.0.2.1"};
	struct gai_policy p;
	char path[32];
	int fd = memfd_create("policy", MFD_CLOEXEC);

	require(fd >= 0 && write(fd, data, len) == (ssize_t)len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	gai_policy_init(&p, path);
	close(fd);
	require(p.labels.count && p.precedences.count && p.scopes.count);
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		check(&p.labels, addresses[i]);
		check(&p.precedences, addresses[i]);
		check(&p.scopes, addresses[i]);
	}
	gai_policy_fini(&p);
	return 0;
}

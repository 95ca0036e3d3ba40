// SPDX-License-Identifier: ISC
#include "net/addr/layout.h"

#include "sys/names.h"

#include <arpa/inet.h>
#include <inttypes.h>

// One run of sockaddr_layout().
struct layout {
	const struct sockaddr_any *a;
	const char *type;
	layout_fn *fn;
	void *arg;
};

static void add(const struct layout *l, const char *name, size_t offset, size_t size, size_t len,
	const struct str *value)
{
	l->fn(l->arg,
		&(struct layout_field){l->type, name, offset, size,
			(const char *)&l->a->storage + offset, len, value ? str_c(value) : NULL});
}

#define FIELD(l, type, name, value) \
	add(l, #name, offsetof(type, name), sizeof(((type *)0)->name), sizeof(((type *)0)->name), \
		value)

static void add_family(const struct layout *l, const char *name)
{
	struct str value = {0};

	str_add_name(&value, names_family, l->a->sa.sa_family);
	str_addf(&value, " (%d)", l->a->sa.sa_family);
	add(l, name, 0, sizeof(sa_family_t), sizeof(sa_family_t), &value);
	str_fini(&value);
}

static void add_port(const struct layout *l, const char *name)
{
	struct str value = {0};

	_Static_assert(
		offsetof(struct sockaddr_in, sin_port) == offsetof(struct sockaddr_in6, sin6_port),
		"the port is in the same place");
	str_addf(&value, "%u", sockaddr_port(l->a));
	add(l, name, offsetof(struct sockaddr_in, sin_port), sizeof(in_port_t), sizeof(in_port_t),
		&value);
	str_fini(&value);
}

static void add_in(const struct layout *l)
{
	struct str host = {0};

	str_add_sockaddr_host(&host, &l->a->sa, l->a->len);
	add_family(l, "sin_family");
	add_port(l, "sin_port");
	FIELD(l, struct sockaddr_in, sin_addr, &host);
	FIELD(l, struct sockaddr_in, sin_zero, NULL);
	str_fini(&host);
}

static void add_in6(const struct layout *l)
{
	const struct sockaddr_in6 *in6 = &l->a->in6;
	struct str host = {0};
	struct str flow = {0};
	struct str scope = {0};

	str_add_sockaddr_host(&host, &l->a->sa, l->a->len);
	str_addf(&flow, "%#" PRIx32, ntohl(in6->sin6_flowinfo));
	str_addf(&scope, "%" PRIu32, in6->sin6_scope_id);
	add_family(l, "sin6_family");
	add_port(l, "sin6_port");
	FIELD(l, struct sockaddr_in6, sin6_flowinfo, &flow);
	FIELD(l, struct sockaddr_in6, sin6_addr, &host);
	FIELD(l, struct sockaddr_in6, sin6_scope_id, &scope);
	str_fini(&host);
	str_fini(&flow);
	str_fini(&scope);
}

static void add_un(const struct layout *l)
{
	size_t offset = offsetof(struct sockaddr_un, sun_path);
	struct str host = {0};

	str_add_sockaddr_host(&host, &l->a->sa, l->a->len);
	add_family(l, "sun_family");
	add(l, "sun_path", offset, sizeof(l->a->un.sun_path), l->a->len - offset, &host);
	str_fini(&host);
}

void sockaddr_layout(const struct sockaddr_any *a, layout_fn *fn, void *arg)
{
	struct layout l = {a, "sockaddr", fn, arg};

	add_family(&l, "sa_family");
	FIELD(&l, struct sockaddr, sa_data, NULL);
	switch (a->sa.sa_family) {
	case AF_INET:
		l.type = "sockaddr_in";
		add_in(&l);
		break;
	case AF_INET6:
		l.type = "sockaddr_in6";
		add_in6(&l);
		break;
	default:
		l.type = "sockaddr_un";
		add_un(&l);
	}
}

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

// A field, or bytes of the structure that no field has.
static void add(const struct layout *l, const char *name, const char *c_type, size_t offset,
	size_t size, size_t len, const char *value)
{
	l->fn(l->arg, &(struct layout_field){.type = l->type,
			      .name = name,
			      .c_type = c_type,
			      .offset = offset,
			      .size = size,
			      .bytes = (const char *)&l->a->storage + offset,
			      .len = len,
			      .value = value});
}

#define FIELD(l, type, name, c_type, value) \
	add(l, #name, c_type, offsetof(type, name), sizeof(((type *)0)->name), \
		sizeof(((type *)0)->name), value)

// The structure as a whole, which the fields that follow belong to.
static void begin(
	struct layout *l, const char *type, const char *header, size_t size, const char *value)
{
	l->type = type;
	l->fn(l->arg, &(struct layout_field){
			      .type = type, .header = header, .size = size, .value = value});
}

// The structure that a program passes to the kernel, with the length that goes with it.
static void begin_family(struct layout *l, const char *type, const char *header, size_t size)
{
	struct str value = {0};

	str_addf(&value, "length %u", l->a->len);
	begin(l, type, header, size, str_c(&value));
	str_fini(&value);
}

static void add_family(const struct layout *l, const char *name)
{
	struct str value = {0};

	str_add_name(&value, names_family, l->a->sa.sa_family);
	str_addf(&value, " (%d)", l->a->sa.sa_family);
	add(l, name, "sa_family_t", 0, sizeof(sa_family_t), sizeof(sa_family_t), str_c(&value));
	str_fini(&value);
}

static void add_port(const struct layout *l, const char *name)
{
	struct str value = {0};

	_Static_assert(
		offsetof(struct sockaddr_in, sin_port) == offsetof(struct sockaddr_in6, sin6_port),
		"the port is in the same place");
	str_addf(&value, "%u", sockaddr_port(l->a));
	add(l, name, "in_port_t", offsetof(struct sockaddr_in, sin_port), sizeof(in_port_t),
		sizeof(in_port_t), str_c(&value));
	str_fini(&value);
}

static void add_in(struct layout *l)
{
	struct str host = {0};
	struct str number = {0};

	str_add_sockaddr_host(&host, &l->a->sa, l->a->len);
	str_addf(&number, "%#" PRIx32 " in host order", ntohl(l->a->in.sin_addr.s_addr));
	begin_family(l, "sockaddr_in", "<netinet/in.h>", sizeof(struct sockaddr_in));
	add_family(l, "sin_family");
	add_port(l, "sin_port");
	FIELD(l, struct sockaddr_in, sin_addr, "struct in_addr", str_c(&host));
	FIELD(l, struct sockaddr_in, sin_addr.s_addr, "in_addr_t", str_c(&number));
	FIELD(l, struct sockaddr_in, sin_zero, "unsigned char[8]", "padding");
	str_fini(&host);
	str_fini(&number);
}

static void add_in6(struct layout *l)
{
	const struct sockaddr_in6 *in6 = &l->a->in6;
	struct str host = {0};
	struct str flow = {0};
	struct str scope = {0};

	str_add_sockaddr_host(&host, &l->a->sa, l->a->len);
	str_addf(&flow, "%#" PRIx32, ntohl(in6->sin6_flowinfo));
	str_addf(&scope, "%" PRIu32, in6->sin6_scope_id);
	begin_family(l, "sockaddr_in6", "<netinet/in.h>", sizeof(*in6));
	add_family(l, "sin6_family");
	add_port(l, "sin6_port");
	FIELD(l, struct sockaddr_in6, sin6_flowinfo, "uint32_t", str_c(&flow));
	FIELD(l, struct sockaddr_in6, sin6_addr, "struct in6_addr", str_c(&host));
	add(l, "sin6_addr.s6_addr", "unsigned char[16]", offsetof(struct sockaddr_in6, sin6_addr),
		sizeof(in6->sin6_addr), sizeof(in6->sin6_addr), NULL);
	FIELD(l, struct sockaddr_in6, sin6_scope_id, "uint32_t", str_c(&scope));
	str_fini(&host);
	str_fini(&flow);
	str_fini(&scope);
}

static void add_un(struct layout *l)
{
	size_t offset = offsetof(struct sockaddr_un, sun_path);
	struct str host = {0};

	str_add_sockaddr_host(&host, &l->a->sa, l->a->len);
	begin_family(l, "sockaddr_un", "<sys/un.h>", sizeof(struct sockaddr_un));
	add_family(l, "sun_family");
	add(l, "sun_path", "char[108]", offset, sizeof(l->a->un.sun_path), l->a->len - offset,
		str_c(&host));
	str_fini(&host);
}

// Its other fields have no names that programs may use: they are padding.
static void add_storage(struct layout *l)
{
	size_t size = sizeof(struct sockaddr_storage);

	begin(l, "sockaddr_storage", "<sys/socket.h>", size, NULL);
	add_family(l, "ss_family");
	add(l, NULL, NULL, sizeof(sa_family_t), size - sizeof(sa_family_t), 0, "padding");
}

void sockaddr_layout(const struct sockaddr_any *a, layout_fn *fn, void *arg)
{
	struct layout l = {.a = a, .fn = fn, .arg = arg};

	begin(&l, "sockaddr", "<sys/socket.h>", sizeof(struct sockaddr), NULL);
	add_family(&l, "sa_family");
	FIELD(&l, struct sockaddr, sa_data, "char[14]", NULL);
	switch (a->sa.sa_family) {
	case AF_INET:
		add_in(&l);
		break;
	case AF_INET6:
		add_in6(&l);
		break;
	default:
		add_un(&l);
	}
	add_storage(&l);
}

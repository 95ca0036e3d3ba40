// SPDX-License-Identifier: ISC
#include "net/names/addrsel.h"

#include "base/mem.h"
#include "base/value.h"
#include "net/names/gai_policy.h"
#include "sys/file.h"
#include "sys/resolver.h"
#include "sys/socket.h"

#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DISCARD_PORT 9 // for addresses without a port

// Scopes by number, RFC 4291 section 2.7.
#define SCOPE_LINK 2
#define SCOPE_SITE 5
#define SCOPE_GLOBAL 14

// What is known of our own addresses.
struct local {
	struct gai_policy policy;
	struct ifaddrs *interfaces;
	struct str flags; // /proc/net/if_inet6
};

// An address to be tried, and the source address that the kernel would choose for it. IPv4 is
// mapped into IPv6, as the policy table wants it.
struct destination {
	struct ip ip, source;
	bool is_ipv4;
	bool usable; // there is a source
	unsigned scope, source_scope;
	int label, source_label;
	int precedence;
	bool deprecated, home; // the source
	bool tunnel;
	unsigned common; // bits at the front of both addresses
};

static void read_file(const char *path, struct str *text)
{
	char buf[4096];
	ssize_t n;
	int fd = sys_open(path, O_RDONLY | O_CLOEXEC, 0);

	if (fd < 0)
		return;
	while ((n = sys_read(fd, buf, sizeof(buf))) > 0)
		str_addn(text, buf, (size_t)n);
	sys_close(fd);
}

static bool is_tunnel(const char *interface)
{
	char path[sizeof("/sys/class/net//type") + IF_NAMESIZE];
	struct str text = {0};
	unsigned long type;

	snprintf(path, sizeof(path), "/sys/class/net/%s/type", interface);
	read_file(path, &text);
	type = strtoul(str_c(&text), NULL, 10);
	str_fini(&text);
	return type == ARPHRD_TUNNEL || type == ARPHRD_TUNNEL6 || type == ARPHRD_SIT ||
	       type == ARPHRD_IPGRE;
}

static unsigned scope_of(const struct gai_policy *p, const struct ip *ip)
{
	const char *class = ip_class(ip);

	if (strcmp(class, "mapped") == 0)
		return (unsigned)gai_policy_value(&p->scopes, ip);
	if (strcmp(class, "multicast") == 0)
		return ip->bytes[1] & 0xf;
	if (strcmp(class, "loopback") == 0 || strcmp(class, "link-local") == 0)
		return SCOPE_LINK;
	return strcmp(class, "site-local") == 0 ? SCOPE_SITE : SCOPE_GLOBAL;
}

static unsigned common_bits(const struct ip *a, const struct ip *b)
{
	unsigned n = 0;

	while (n < 128 && !((a->bytes[n / 8] ^ b->bytes[n / 8]) & 0x80 >> n % 8))
		n++;
	return n;
}

// Asks the kernel by connecting a datagram socket, which sends nothing.
static bool find_source(const struct sockaddr_any *to, struct sockaddr_any *source)
{
	struct sockaddr_any a = *to;
	int fd = sys_socket(a.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return false;
	if (!sockaddr_port(&a))
		sockaddr_set_port(&a, DISCARD_PORT);
	r = sys_connect(fd, &a.sa, a.len);
	if (r == 0)
		r = sys_getsockname(fd, source);
	sys_close(fd);
	return r == 0;
}

static const struct ifaddrs *find_interface(const struct local *local, const struct sockaddr_any *a)
{
	for (const struct ifaddrs *i = local->interfaces; i; i = i->ifa_next) {
		struct sockaddr_any mine;

		if (!i->ifa_addr || i->ifa_addr->sa_family != a->sa.sa_family)
			continue;
		sockaddr_set(&mine, i->ifa_addr, a->len);

		struct ip left = ip_of(&mine);
		struct ip right = ip_of(a);

		if (common_bits(&left, &right) == 128)
			return i;
	}
	return NULL;
}

// A line has an address in hexadecimal, the number of its interface, the length of its prefix, its
// scope, its flags (linux/if_addr.h) and the name of the interface.
static void read_flags(struct destination *d, const char *if_inet6)
{
	struct str hex = {0};
	char *at;

	str_add_ip_hex(&hex, &d->source);
	at = strstr(if_inet6, str_c(&hex) + strlen("0x"));
	if (at) {
		unsigned long flags = 0;

		at += 32;
		for (int field = 0; field < 4; field++)
			flags = strtoul(at, &at, 16);
		d->home = flags & 0x10;
		d->deprecated = flags & 0x20;
	}
	str_fini(&hex);
}

// Outside of its subnet the bits of an IPv4 address have no order, so none count as common.
static unsigned common_ipv4_bits(const struct destination *d, const struct ifaddrs *i)
{
	struct sockaddr_any mask;
	unsigned common = common_bits(&d->ip, &d->source);

	if (!i || !i->ifa_netmask)
		return 0;
	sockaddr_set(&mask, i->ifa_netmask, sizeof(mask.in));

	unsigned subnet = 96 + (unsigned)__builtin_popcount(mask.in.sin_addr.s_addr);

	return common >= subnet ? common : 0;
}

static void inspect(struct destination *d, const struct sockaddr_any *a, const struct local *local)
{
	const struct gai_policy *p = &local->policy;
	struct ip ip = ip_of(a);
	struct sockaddr_any source;

	*d = (struct destination){
		.ip = ip_mapped(&ip), .is_ipv4 = ip.family == AF_INET, .source_label = -1};
	d->scope = scope_of(p, &d->ip);
	d->label = gai_policy_value(&p->labels, &d->ip);
	d->precedence = gai_policy_value(&p->precedences, &d->ip);
	d->usable = find_source(a, &source);
	if (!d->usable)
		return;

	const struct ifaddrs *i = find_interface(local, &source);

	ip = ip_of(&source);
	d->source = ip_mapped(&ip);
	d->source_scope = scope_of(p, &d->source);
	d->source_label = gai_policy_value(&p->labels, &d->source);
	d->tunnel = i && is_tunnel(i->ifa_name);
	if (d->is_ipv4) {
		d->common = common_ipv4_bits(d, i);
	} else {
		d->common = common_bits(&d->ip, &d->source);
		read_flags(d, str_c(&local->flags));
	}
}

// Above zero if a rule prefers A, below if it prefers B: by what each of them is good for.
static int prefer(int a, int b)
{
	return (a > b) - (a < b);
}

static int compare(const struct destination *a, const struct destination *b)
{
	const int votes[ADDRSEL_LAST] = {
		prefer(a->usable, b->usable),
		prefer(a->scope == a->source_scope, b->scope == b->source_scope),
		prefer(!a->deprecated, !b->deprecated),
		prefer(a->home, b->home),
		prefer(a->label == a->source_label, b->label == b->source_label),
		prefer(a->precedence, b->precedence),
		prefer(!a->tunnel, !b->tunnel),
		-prefer((int)a->scope, (int)b->scope),
		a->is_ipv4 == b->is_ipv4 ? prefer((int)a->common, (int)b->common) : 0,
		1,
	};
	int rule = 0;

	while (!votes[rule])
		rule++;
	return (rule + 1) * votes[rule];
}

void addrsel_explain(const struct address_list *l, int *rules)
{
	struct destination *all = xcalloc(l->count, sizeof(*all));
	struct local local = {0};

	gai_policy_init(&local.policy, "/etc/gai.conf");
	read_file("/proc/net/if_inet6", &local.flags);
	if (sys_getifaddrs(&local.interfaces) < 0)
		local.interfaces = NULL;
	for (size_t i = 0; i < l->count; i++)
		inspect(&all[i], &l->items[i], &local);
	for (size_t i = 0; i < l->count; i++)
		rules[i] = i + 1 < l->count ? compare(&all[i], &all[i + 1]) : 0;
	gai_policy_fini(&local.policy);
	str_fini(&local.flags);
	if (local.interfaces)
		freeifaddrs(local.interfaces);
	free(all);
}

const char *addrsel_rule_name(int rule)
{
	static const char *const names[ADDRSEL_LAST] = {
		"usable destination",
		"matching scope",
		"no deprecated source",
		"home address",
		"matching label",
		"higher precedence",
		"native transport",
		"smaller scope",
		"longest prefix",
		"order unchanged",
	};

	return names[rule - 1];
}

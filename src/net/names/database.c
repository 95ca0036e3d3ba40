// SPDX-License-Identifier: ISC
#include "net/names/database.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/value.h"
#include "net/addr/ip.h"
#include "net/addr/endpoint.h"
#include "net/names/hosts_file.h"
#include "net/names/kept.h"
#include "sys/inet.h"
#include "sys/netdb.h"
#include "sys/file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define FEW_LOOK_UPS 4 // that cost no more than to take in all entries

// What is in memory between a hold and its release.
static struct kept kept_services, kept_protocols, kept_networks;

// The calls that open a database and list it do not say whether they could; only errno tells. There
// it is what a system call says, or what a source of names other than files left behind.
static int reading_error(void)
{
	switch (errno) {
	case EINTR:
	case EIO:
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return -errno;
	default:
		return 0;
	}
}

// The entry as the calls return it, for the time until the next.
static const struct servent *as_service(const struct kept_entry *e)
{
	static struct servent entry;

	entry = (struct servent){
		.s_name = e->name,
		.s_aliases = e->aliases,
		.s_port = htons((uint16_t)e->number),
		.s_proto = e->protocol,
	};
	return &entry;
}

static int read_services(int stay_open, service_fn *fn, void *arg)
{
	const struct servent *e;
	int count = 0;
	int r;

	errno = 0;
	sys_setservent(stay_open);
	r = reading_error();
	for (errno = 0; r == 0 && (e = sys_getservent()); errno = 0) {
		fn(arg, e);
		count++;
	}
	if (r == 0)
		r = reading_error();
	return r < 0 ? r : count;
}

int services_list(service_fn *fn, void *arg)
{
	int count;

	for (size_t i = 0; i < kept_services.count; i++)
		fn(arg, as_service(&kept_services.entries[i]));
	if (kept_services.count)
		return (int)kept_services.count;
	count = read_services(0, fn, arg);
	sys_endservent();
	return count;
}

static void keep_service(void *arg, const struct servent *e)
{
	kept_add(arg, e->s_name, e->s_aliases, ntohs((uint16_t)e->s_port), e->s_proto);
}

void services_hold(size_t look_ups)
{
	if (look_ups <= FEW_LOOK_UPS)
		sys_setservent(1);
	else if (read_services(1, keep_service, &kept_services) < 0)
		kept_fini(&kept_services); // then each look-up tells
}

void services_release(void)
{
	kept_fini(&kept_services);
	sys_endservent();
}

// The entry as the calls return it, for the time until the next.
static const struct protoent *as_protocol(const struct kept_entry *e)
{
	static struct protoent entry;

	entry = (struct protoent){
		.p_name = e->name,
		.p_aliases = e->aliases,
		.p_proto = (int)e->number,
	};
	return &entry;
}

static int read_protocols(int stay_open, protocol_fn *fn, void *arg)
{
	const struct protoent *e;
	int count = 0;
	int r;

	errno = 0;
	sys_setprotoent(stay_open);
	r = reading_error();
	for (errno = 0; r == 0 && (e = sys_getprotoent()); errno = 0) {
		fn(arg, e);
		count++;
	}
	if (r == 0)
		r = reading_error();
	return r < 0 ? r : count;
}

int protocols_list(protocol_fn *fn, void *arg)
{
	int count;

	for (size_t i = 0; i < kept_protocols.count; i++)
		fn(arg, as_protocol(&kept_protocols.entries[i]));
	if (kept_protocols.count)
		return (int)kept_protocols.count;
	count = read_protocols(0, fn, arg);
	sys_endprotoent();
	return count;
}

static void keep_protocol(void *arg, const struct protoent *e)
{
	kept_add(arg, e->p_name, e->p_aliases, (uint32_t)e->p_proto, NULL);
}

void protocols_hold(size_t look_ups)
{
	if (look_ups <= FEW_LOOK_UPS)
		sys_setprotoent(1);
	else if (read_protocols(1, keep_protocol, &kept_protocols) < 0)
		kept_fini(&kept_protocols); // then each look-up tells
}

void protocols_release(void)
{
	kept_fini(&kept_protocols);
	sys_endprotoent();
}

// The entry as the calls return it, for the time until the next.
static const struct netent *as_network(const struct kept_entry *e)
{
	static struct netent entry;

	entry = (struct netent){
		.n_name = e->name,
		.n_aliases = e->aliases,
		.n_addrtype = AF_INET,
		.n_net = e->number,
	};
	return &entry;
}

static int read_networks(int stay_open, network_fn *fn, void *arg)
{
	const struct netent *e;
	int count = 0;
	int r;

	errno = 0;
	sys_setnetent(stay_open);
	r = reading_error();
	for (errno = 0; r == 0 && (e = sys_getnetent()); errno = 0) {
		fn(arg, e);
		count++;
	}
	if (r == 0)
		r = reading_error();
	return r < 0 ? r : count;
}

int networks_list(network_fn *fn, void *arg)
{
	int count;

	for (size_t i = 0; i < kept_networks.count; i++)
		fn(arg, as_network(&kept_networks.entries[i]));
	if (kept_networks.count)
		return (int)kept_networks.count;
	count = read_networks(0, fn, arg);
	sys_endnetent();
	return count;
}

static void keep_network(void *arg, const struct netent *e)
{
	kept_add(arg, e->n_name, e->n_aliases, e->n_net, NULL);
}

void networks_hold(size_t look_ups)
{
	if (look_ups <= FEW_LOOK_UPS)
		sys_setnetent(1);
	else if (read_networks(1, keep_network, &kept_networks) < 0)
		kept_fini(&kept_networks); // then each look-up tells
}

void networks_release(void)
{
	kept_fini(&kept_networks);
	sys_endnetent();
}

// gethostent(3) tells IPv4 addresses alone.
int hosts_list(host_fn *fn, void *arg)
{
	const struct hostent *e;
	int count = 0;
	int r;

	errno = 0;
	sys_sethostent(0);
	r = reading_error();
	for (errno = 0; r == 0 && (e = sys_gethostent()); errno = 0) {
		fn(arg, e);
		count++;
	}
	if (r == 0)
		r = reading_error();
	sys_endhostent();
	if (r == 0)
		r = hosts_file_list(HOSTS_FILE, fn, arg);
	return r < 0 ? r : count + r;
}

int database_try_file(const char *path)
{
	char byte;
	int fd = sys_open(path, O_RDONLY | O_CLOEXEC, 0);
	ssize_t n = fd < 0 ? fd : sys_read(fd, &byte, sizeof(byte));

	if (fd >= 0)
		sys_close(fd);
	return (int)MIN(n, 0);
}

void hosts_hold(size_t look_ups)
{
	(void)look_ups;
	sys_sethostent(1);
}

void hosts_release(void)
{
	sys_endhostent();
}

static const struct servent *find_kept_service(const char *name, const char *protocol)
{
	const struct kept_entry *e;
	uint64_t port;

	if (parse_uint(name, &port) == 0 && port <= UINT16_MAX)
		e = kept_find_number(&kept_services, (uint32_t)port, protocol);
	else
		e = kept_find_name(&kept_services, name, protocol);
	return e ? as_service(e) : NULL;
}

static const struct servent *ask_for_service(const char *name, const char *protocol)
{
	uint64_t port;

	if (parse_uint(name, &port) == 0 && port <= UINT16_MAX)
		return sys_getservbyport(htons((uint16_t)port), protocol);
	return sys_getservbyname(name, protocol);
}

static const struct servent *find_service(const char *name, const char *protocol)
{
	const struct servent *e = find_kept_service(name, protocol);

	return e ? e : ask_for_service(name, protocol);
}

static bool find_services(const char *name, service_fn *fn, void *arg)
{
	static const char *const protocols[] = {"tcp", "udp"};
	const struct servent *e = find_kept_service(name, NULL);
	bool is_kept = e; // the source that lists one lists the others

	if (!e)
		e = ask_for_service(name, NULL);
	if (!e)
		return false;

	char *first = xstrdup(e->s_proto); // the next look-up overwrites the entry

	fn(arg, e);
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (strcmp(first, protocols[i]) == 0)
			continue;
		e = is_kept ? find_kept_service(name, protocols[i])
			    : ask_for_service(name, protocols[i]);
		if (e)
			fn(arg, e);
	}
	free(first);
	return true;
}

bool services_find(const char *word, const char *protocol, service_fn *fn, void *arg)
{
	const char *slash = strchr(word, '/');
	const struct servent *e;

	if (!slash && !protocol)
		return find_services(word, fn, arg);
	if (slash) {
		char *name = xstrndup(word, (size_t)(slash - word));

		e = find_service(name, slash + 1);
		free(name);
	} else {
		e = find_service(word, protocol);
	}
	if (e)
		fn(arg, e);
	return e;
}

bool protocols_find(const char *word, protocol_fn *fn, void *arg)
{
	const struct kept_entry *kept;
	const struct protoent *e;
	uint64_t number;

	if (parse_uint(word, &number) == 0 && number <= INT_MAX) {
		kept = kept_find_number(&kept_protocols, (uint32_t)number, NULL);
		e = kept ? as_protocol(kept) : sys_getprotobynumber((int)number);
	} else {
		kept = kept_find_name(&kept_protocols, word, NULL);
		e = kept ? as_protocol(kept) : sys_getprotobyname(word);
	}
	if (e)
		fn(arg, e);
	return e;
}

static bool parse_network(const char *word, uint32_t *number)
{
	struct in_addr address;
	struct str text = {0};
	size_t dots = 0;

	if (word[strspn(word, "0123456789.")])
		return false;
	for (const char *p = word; *p; p++)
		dots += *p == '.';
	str_add(&text, word);
	for (; dots < 3; dots++)
		str_add(&text, ".0");

	bool ok = sys_inet_pton(AF_INET, str_c(&text), &address) == 1;

	str_fini(&text);
	*number = ok ? ntohl(address.s_addr) : 0;
	return ok;
}

bool networks_find(const char *word, network_fn *fn, void *arg)
{
	const struct kept_entry *kept;
	const struct netent *e;
	uint32_t number;

	if (parse_network(word, &number)) {
		kept = kept_find_number(&kept_networks, number, NULL);
		e = kept ? as_network(kept) : sys_getnetbyaddr(number, AF_INET);
	} else {
		kept = kept_find_name(&kept_networks, word, NULL);
		e = kept ? as_network(kept) : sys_getnetbyname(word);
	}
	if (e)
		fn(arg, e);
	return e;
}

static int error_of(int herr)
{
	return herr == HOST_NOT_FOUND || herr == NO_DATA ? -ENOENT : -EAGAIN;
}

static int find_address(const struct sockaddr_any *a, host_fn *fn, void *arg)
{
	struct ip ip = ip_of(a);
	int herr;
	const struct hostent *e =
		sys_gethostbyaddr(ip.bytes, ip_bits(ip.family) / 8, ip.family, &herr);

	if (!e)
		return error_of(herr);
	fn(arg, e);
	return 0;
}

int hosts_find(const char *word, int family, host_fn *fn, void *arg)
{
	static const int families[] = {AF_INET6, AF_INET};
	struct sockaddr_any a;
	int result = -ENOENT;

	if (numeric_address(word, 0, &a))
		return find_address(&a, fn, arg);
	if (is_loose_address(word))
		return -ENOENT;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		const struct hostent *e;
		int herr;

		if (family != AF_UNSPEC && family != families[i])
			continue;
		e = sys_gethostbyname2(word, families[i], &herr);
		if (e)
			fn(arg, e);
		if (e)
			result = 0;
		else if (result < 0 && error_of(herr) == -EAGAIN)
			result = -EAGAIN;
	}
	return result;
}

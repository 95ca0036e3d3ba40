// SPDX-License-Identifier: ISC
#include "net/names/database.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/value.h"
#include "net/addr/ip.h"
#include "net/addr/endpoint.h"
#include "net/names/hosts_file.h"
#include "sys/inet.h"
#include "sys/netdb.h"
#include "sys/file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

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

int services_list(service_fn *fn, void *arg)
{
	const struct servent *e;
	int count = 0;
	int r;

	errno = 0;
	sys_setservent(0);
	r = reading_error();
	for (errno = 0; r == 0 && (e = sys_getservent()); errno = 0) {
		fn(arg, e);
		count++;
	}
	if (r == 0)
		r = reading_error();
	sys_endservent();
	return r < 0 ? r : count;
}

int protocols_list(protocol_fn *fn, void *arg)
{
	const struct protoent *e;
	int count = 0;
	int r;

	errno = 0;
	sys_setprotoent(0);
	r = reading_error();
	for (errno = 0; r == 0 && (e = sys_getprotoent()); errno = 0) {
		fn(arg, e);
		count++;
	}
	if (r == 0)
		r = reading_error();
	sys_endprotoent();
	return r < 0 ? r : count;
}

int networks_list(network_fn *fn, void *arg)
{
	const struct netent *e;
	int count = 0;
	int r;

	errno = 0;
	sys_setnetent(0);
	r = reading_error();
	for (errno = 0; r == 0 && (e = sys_getnetent()); errno = 0) {
		fn(arg, e);
		count++;
	}
	if (r == 0)
		r = reading_error();
	sys_endnetent();
	return r < 0 ? r : count;
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

void services_hold(void)
{
	sys_setservent(1);
}

void services_release(void)
{
	sys_endservent();
}

void protocols_hold(void)
{
	sys_setprotoent(1);
}

void protocols_release(void)
{
	sys_endprotoent();
}

void networks_hold(void)
{
	sys_setnetent(1);
}

void networks_release(void)
{
	sys_endnetent();
}

void hosts_hold(void)
{
	sys_sethostent(1);
}

void hosts_release(void)
{
	sys_endhostent();
}

static const struct servent *find_service(const char *name, const char *protocol)
{
	uint64_t port;

	if (parse_uint(name, &port) == 0 && port <= UINT16_MAX)
		return sys_getservbyport(htons((uint16_t)port), protocol);
	return sys_getservbyname(name, protocol);
}

static bool find_services(const char *name, service_fn *fn, void *arg)
{
	static const char *const protocols[] = {"tcp", "udp"};
	const struct servent *e = find_service(name, NULL);

	if (!e)
		return false;

	char *first = xstrdup(e->s_proto); // the next look-up overwrites the entry

	fn(arg, e);
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (strcmp(first, protocols[i]) == 0)
			continue;
		e = find_service(name, protocols[i]);
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
	const struct protoent *e;
	uint64_t number;

	if (parse_uint(word, &number) == 0 && number <= INT_MAX)
		e = sys_getprotobynumber((int)number);
	else
		e = sys_getprotobyname(word);
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
	const struct netent *e;
	uint32_t number;

	if (parse_network(word, &number))
		e = sys_getnetbyaddr(number, AF_INET);
	else
		e = sys_getnetbyname(word);
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

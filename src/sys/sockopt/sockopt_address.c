// SPDX-License-Identifier: ISC
// Values that are addresses, interfaces, groups and port ranges.
#include "sys/sockopt/sockopt_codec.h"

#include "base/sockaddr.h"
#include "base/value.h"
#include "sys/resolver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>

// The parts of "GROUP%interface,SOURCE,LOCAL"; what is left out is empty.
struct word_list {
	char address[INET6_ADDRSTRLEN];
	unsigned ifindex;
	char more[2][INET6_ADDRSTRLEN];
};

static int copy_word(char *to, size_t size, const char *from, size_t len)
{
	if (len >= size)
		return -EINVAL;
	memcpy(to, from, len);
	to[len] = '\0';
	return 0;
}

// An interface by name or by number; 0 is none in particular.
static int find_interface(const char *name, unsigned *ifindex)
{
	uint64_t n;

	if (parse_uint(name, &n) == 0 && n <= INT32_MAX) {
		*ifindex = (unsigned)n;
		return 0;
	}
	*ifindex = sys_if_nametoindex(name);
	return *ifindex ? 0 : -ENODEV;
}

static int split(struct word_list *w, const char *word)
{
	size_t len = strcspn(word, "%,");
	int r = copy_word(w->address, sizeof(w->address), word, len);

	w->ifindex = 0;
	w->more[0][0] = w->more[1][0] = '\0';
	word += len;
	if (r == 0 && *word == '%') {
		char name[IF_NAMESIZE];

		len = strcspn(++word, ",");
		r = copy_word(name, sizeof(name), word, len);
		if (r == 0)
			r = find_interface(name, &w->ifindex);
		word += len;
	}
	for (int i = 0; r == 0 && i < 2 && *word == ','; i++) {
		len = strcspn(++word, ",");
		r = copy_word(w->more[i], sizeof(w->more[i]), word, len);
		word += len;
	}
	return r == 0 && *word ? -EINVAL : r;
}

static int get_in(const char *text, struct in_addr *in)
{
	return inet_pton(AF_INET, text, in) == 1 ? 0 : -EINVAL;
}

static int get_in6(const char *text, struct in6_addr *in6)
{
	return inet_pton(AF_INET6, text, in6) == 1 ? 0 : -EINVAL;
}

static int get_storage(const char *text, struct sockaddr_storage *storage)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

	memset(storage, 0, sizeof(*storage));
	if (get_in(text, &in.sin_addr) == 0)
		memcpy(storage, &in, sizeof(in));
	else if (get_in6(text, &in6.sin6_addr) == 0)
		memcpy(storage, &in6, sizeof(in6));
	else
		return -EINVAL;
	return 0;
}

int sockopt_parse_ifindex(struct sockopt_value *v, const struct sockopt *o, const char *word)
{
	unsigned ifindex;
	int r = find_interface(word, &ifindex);

	if (r < 0)
		return r;
	if (o->type == SOCKOPT_IFINDEX_NET)
		ifindex = htonl(ifindex);
	return sockopt_set_bytes(v, &ifindex, sizeof(ifindex));
}

int sockopt_parse_port_range(struct sockopt_value *v, const struct sockopt *o, const char *word)
{
	char low_word[8];
	size_t len = strcspn(word, "-");
	uint64_t low;
	uint64_t high;

	(void)o;
	if (word[len] != '-' || copy_word(low_word, sizeof(low_word), word, len) < 0 ||
		parse_uint(low_word, &low) < 0 || parse_uint(word + len + 1, &high) < 0)
		return -EINVAL;
	if (low > UINT16_MAX || high > UINT16_MAX)
		return -ERANGE;
	uint32_t range = (uint32_t)(low | high << 16);
	return sockopt_set_bytes(v, &range, sizeof(range));
}

int sockopt_parse_in_if(struct sockopt_value *v, const struct sockopt *o, const char *word)
{
	struct ip_mreqn mreq = {0};
	unsigned ifindex = 0;

	(void)o;
	if (get_in(word, &mreq.imr_address) < 0) {
		int r = find_interface(word, &ifindex);

		if (r < 0)
			return r;
		mreq.imr_ifindex = (int)ifindex;
	}
	return sockopt_set_bytes(v, &mreq, sizeof(mreq));
}

int sockopt_parse_in_mreq(struct sockopt_value *v, const struct sockopt *o, const char *word)
{
	struct word_list w;
	struct ip_mreqn mreq = {0};
	int r = split(&w, word);

	(void)o;
	if (r < 0)
		return r;
	mreq.imr_ifindex = (int)w.ifindex;
	if (get_in(w.address, &mreq.imr_multiaddr) < 0 || *w.more[1] ||
		(*w.more[0] && get_in(w.more[0], &mreq.imr_address) < 0))
		return -EINVAL;
	return sockopt_set_bytes(v, &mreq, sizeof(mreq));
}

int sockopt_parse_in6_mreq(struct sockopt_value *v, const struct sockopt *o, const char *word)
{
	struct word_list w;
	struct ipv6_mreq mreq = {0};
	int r = split(&w, word);

	(void)o;
	if (r < 0)
		return r;
	mreq.ipv6mr_interface = w.ifindex;
	if (get_in6(w.address, &mreq.ipv6mr_multiaddr) < 0 || *w.more[0])
		return -EINVAL;
	return sockopt_set_bytes(v, &mreq, sizeof(mreq));
}

int sockopt_parse_in_source(struct sockopt_value *v, const struct sockopt *o, const char *word)
{
	struct word_list w;
	struct ip_mreq_source mreq = {0};
	int r = split(&w, word);

	(void)o;
	if (r < 0)
		return r;
	if (w.ifindex || get_in(w.address, &mreq.imr_multiaddr) < 0 ||
		get_in(w.more[0], &mreq.imr_sourceaddr) < 0 ||
		(*w.more[1] && get_in(w.more[1], &mreq.imr_interface) < 0))
		return -EINVAL;
	return sockopt_set_bytes(v, &mreq, sizeof(mreq));
}

int sockopt_parse_group(struct sockopt_value *v, const struct sockopt *o, const char *word)
{
	struct word_list w;
	struct group_req req = {0};
	int r = split(&w, word);

	(void)o;
	if (r < 0)
		return r;
	req.gr_interface = w.ifindex;
	if (get_storage(w.address, &req.gr_group) < 0 || *w.more[0])
		return -EINVAL;
	return sockopt_set_bytes(v, &req, sizeof(req));
}

int sockopt_parse_group_source(struct sockopt_value *v, const struct sockopt *o, const char *word)
{
	struct word_list w;
	struct group_source_req req = {0};
	int r = split(&w, word);

	(void)o;
	if (r < 0)
		return r;
	req.gsr_interface = w.ifindex;
	if (get_storage(w.address, &req.gsr_group) < 0 ||
		get_storage(w.more[0], &req.gsr_source) < 0 || *w.more[1])
		return -EINVAL;
	return sockopt_set_bytes(v, &req, sizeof(req));
}

int sockopt_parse_in6_pktinfo(struct sockopt_value *v, const struct sockopt *o, const char *word)
{
	struct word_list w;
	struct in6_pktinfo info = {0};
	int r = split(&w, word);

	(void)o;
	if (r < 0)
		return r;
	info.ipi6_ifindex = w.ifindex;
	if (get_in6(w.address, &info.ipi6_addr) < 0 || *w.more[0])
		return -EINVAL;
	return sockopt_set_bytes(v, &info, sizeof(info));
}

static void add_in(struct str *s, const struct in_addr *in)
{
	char text[INET_ADDRSTRLEN] = "?";

	inet_ntop(AF_INET, in, text, sizeof(text));
	str_add(s, text);
}

static void add_in6(struct str *s, const struct in6_addr *in6)
{
	char text[INET6_ADDRSTRLEN] = "?";

	inet_ntop(AF_INET6, in6, text, sizeof(text));
	in6_undot(in6, text);
	str_add(s, text);
}

static void add_interface(struct str *s, unsigned ifindex)
{
	char name[IF_NAMESIZE];

	if (ifindex && if_indextoname(ifindex, name))
		str_add(s, name);
	else
		str_addf(s, "%u", ifindex);
}

static void add_scope(struct str *s, unsigned ifindex)
{
	if (!ifindex)
		return;
	str_addc(s, '%');
	add_interface(s, ifindex);
}

void sockopt_format_ifindex(struct str *s, const struct sockopt *o, const void *value, size_t len)
{
	unsigned ifindex;

	(void)len;
	memcpy(&ifindex, value, sizeof(ifindex));
	add_interface(s, o->type == SOCKOPT_IFINDEX_NET ? ntohl(ifindex) : ifindex);
}

void sockopt_format_port_range(
	struct str *s, const struct sockopt *o, const void *value, size_t len)
{
	uint32_t range;

	(void)o;
	(void)len;
	memcpy(&range, value, sizeof(range));
	str_addf(s, "%u-%u", range & UINT16_MAX, range >> 16);
}

void sockopt_format_in_if(struct str *s, const struct sockopt *o, const void *value, size_t len)
{
	struct ip_mreqn mreq = {0};

	(void)o;
	if (len >= sizeof(mreq))
		memcpy(&mreq, value, sizeof(mreq));
	else
		memcpy(&mreq.imr_address, value, sizeof(mreq.imr_address));
	if (mreq.imr_ifindex)
		add_interface(s, (unsigned)mreq.imr_ifindex);
	else
		add_in(s, &mreq.imr_address);
}

void sockopt_format_in_mreq(struct str *s, const struct sockopt *o, const void *value, size_t len)
{
	struct ip_mreqn mreq;

	(void)o;
	(void)len;
	memcpy(&mreq, value, sizeof(mreq));
	add_in(s, &mreq.imr_multiaddr);
	add_scope(s, (unsigned)mreq.imr_ifindex);
	if (mreq.imr_address.s_addr) {
		str_addc(s, ',');
		add_in(s, &mreq.imr_address);
	}
}

void sockopt_format_in6_mreq(struct str *s, const struct sockopt *o, const void *value, size_t len)
{
	struct ipv6_mreq mreq;

	(void)o;
	(void)len;
	memcpy(&mreq, value, sizeof(mreq));
	add_in6(s, &mreq.ipv6mr_multiaddr);
	add_scope(s, mreq.ipv6mr_interface);
}

void sockopt_format_in_source(struct str *s, const struct sockopt *o, const void *value, size_t len)
{
	struct ip_mreq_source mreq;

	(void)o;
	(void)len;
	memcpy(&mreq, value, sizeof(mreq));
	add_in(s, &mreq.imr_multiaddr);
	str_addc(s, ',');
	add_in(s, &mreq.imr_sourceaddr);
	if (mreq.imr_interface.s_addr) {
		str_addc(s, ',');
		add_in(s, &mreq.imr_interface);
	}
}

void sockopt_format_group(struct str *s, const struct sockopt *o, const void *value, size_t len)
{
	struct group_req req;

	(void)o;
	(void)len;
	memcpy(&req, value, sizeof(req));
	str_add_sockaddr_host(s, (struct sockaddr *)&req.gr_group, sizeof(req.gr_group));
	add_scope(s, req.gr_interface);
}

void sockopt_format_group_source(
	struct str *s, const struct sockopt *o, const void *value, size_t len)
{
	struct group_source_req req;

	(void)o;
	(void)len;
	memcpy(&req, value, sizeof(req));
	str_add_sockaddr_host(s, (struct sockaddr *)&req.gsr_group, sizeof(req.gsr_group));
	add_scope(s, req.gsr_interface);
	str_addc(s, ',');
	str_add_sockaddr_host(s, (struct sockaddr *)&req.gsr_source, sizeof(req.gsr_source));
}

void sockopt_format_in6_pktinfo(
	struct str *s, const struct sockopt *o, const void *value, size_t len)
{
	struct in6_pktinfo info;

	(void)o;
	(void)len;
	memcpy(&info, value, sizeof(info));
	add_in6(s, &info.ipi6_addr);
	add_scope(s, info.ipi6_ifindex);
}

void sockopt_format_sockaddr(struct str *s, const struct sockopt *o, const void *value, size_t len)
{
	struct sockaddr_any a;

	(void)o;
	sockaddr_set(&a, value, (socklen_t)len);
	str_add_shown_sockaddr(s, &a.sa, a.len);
}

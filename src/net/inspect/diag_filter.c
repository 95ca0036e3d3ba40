// SPDX-License-Identifier: ISC
#include "net/inspect/diag_filter.h"

#include "base/mem.h"
#include "base/nearest.h"
#include "base/value.h"
#include "net/names/database.h"
#include "sys/names.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#define BIT(state) (1U << (state))

// States by the names that people know them by; '-' and '_' do not count.
static const struct {
	const char *name;
	uint32_t states;
} state_words[] = {
	{"established", BIT(TCP_ESTABLISHED)},
	{"estab", BIT(TCP_ESTABLISHED)},
	{"syn-sent", BIT(TCP_SYN_SENT)},
	{"syn-received", BIT(TCP_SYN_RECV)},
	{"syn-recv", BIT(TCP_SYN_RECV)},
	{"fin-wait-1", BIT(TCP_FIN_WAIT1)},
	{"fin-wait-2", BIT(TCP_FIN_WAIT2)},
	{"time-wait", BIT(TCP_TIME_WAIT)},
	{"closed", BIT(TCP_CLOSE)},
	{"unconnected", BIT(TCP_CLOSE)},
	{"unconn", BIT(TCP_CLOSE)},
	{"close-wait", BIT(TCP_CLOSE_WAIT)},
	{"last-ack", BIT(TCP_LAST_ACK)},
	{"listen", BIT(TCP_LISTEN)},
	{"listening", BIT(TCP_LISTEN)},
	{"closing", BIT(TCP_CLOSING)},
	{"connected", DIAG_ALL_STATES & ~(BIT(TCP_LISTEN) | BIT(TCP_CLOSE))},
	{"all", DIAG_ALL_STATES},
};

void diag_filter_fini(struct diag_filter *f)
{
	free(f->ports);
	free(f->addresses);
	for (size_t i = 0; i < f->path_count; i++)
		free(f->paths[i]);
	free(f->paths);
	*f = (struct diag_filter){0};
}

static bool same_word(const char *a, size_t len, const char *b)
{
	const char *end = a + len;

	for (;; a++, b++) {
		while (a < end && (*a == '-' || *a == '_'))
			a++;
		while (*b == '-')
			b++;
		if (a == end || !*b)
			return a == end && !*b;
		if (tolower((unsigned char)*a) != *b)
			return false;
	}
}

const char *diag_filter_state_word(size_t i)
{
	return i < ARRAY_SIZE(state_words) ? state_words[i].name : NULL;
}

static uint32_t states_of(const char *word, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(state_words); i++)
		if (same_word(word, len, state_words[i].name))
			return state_words[i].states;
	return 0;
}

static int unknown_state(const char *word, size_t len, struct str *err)
{
	struct nearest near;

	nearest_init(&near, word, len);
	for (size_t i = 0; i < ARRAY_SIZE(state_words); i++)
		nearest_offer(&near, state_words[i].name);
	str_add(err, "no state '");
	str_add_word(err, word, len);
	if (near.best)
		str_addf(err, "'; did you mean '%s'?", near.best);
	else
		str_add(err, "'; established, listen, time-wait and unconnected are some");
	return -EINVAL;
}

int diag_filter_add_states(struct diag_filter *f, const char *word, struct str *err)
{
	for (;;) {
		size_t len = strcspn(word, ",");
		uint32_t states = states_of(word, len);

		if (!states)
			return unknown_state(word, len, err);
		f->states |= states;
		if (!word[len])
			return 0;
		word += len + 1;
	}
}

static void add_range(struct diag_filter *f, uint16_t low, uint16_t high)
{
	f->ports = xrealloc(f->ports, (f->port_count + 1) * sizeof(*f->ports));
	f->ports[f->port_count++] = (struct port_range){low, high};
}

static void on_service(void *arg, const struct servent *entry)
{
	uint16_t port = ntohs((uint16_t)entry->s_port);

	add_range(arg, port, port);
}

static int add_port(struct diag_filter *f, const char *word, struct str *err)
{
	const char *port = word + (word[0] == ':'); // as addresses have it
	uint16_t low;
	uint16_t high;

	if (parse_ports(port, &low, &high) == 0)
		add_range(f, low, high);
	else if (isdigit((unsigned char)*port) || !services_find(port, NULL, on_service, f))
		return bad_word(err, word,
			"is no port from 0 to 65535, no range such as 20-25 and no service");
	return 0;
}

int diag_filter_add_ports(struct diag_filter *f, const char *list, struct str *err)
{
	char *words = xstrdup(list);
	int r = 0;

	for (char *word = words, *next; r == 0 && word; word = next) {
		next = strchr(word, ',');
		if (next)
			*next++ = '\0';
		r = add_port(f, word, err);
	}
	free(words);
	return r;
}

int diag_filter_add_address(struct diag_filter *f, const char *word, struct str *err)
{
	struct ip_range range;
	int r;

	if (*word && strchr("@/.", *word)) {
		f->paths = xrealloc(f->paths, (f->path_count + 1) * sizeof(*f->paths));
		f->paths[f->path_count++] = xstrdup(word);
		return 0;
	}
	r = ip_range_parse(word, &range, err);
	if (r < 0) {
		const char *colon = strchr(word, ':');

		str_add(err, colon && !strchr(colon + 1, ':') ? "; --port takes the port" : "");
		return r;
	}
	f->addresses = xrealloc(f->addresses, (f->address_count + 1) * sizeof(*f->addresses));
	f->addresses[f->address_count++] = range;
	return 0;
}

static bool has_port(const struct diag_filter *f, uint16_t port)
{
	for (size_t i = 0; i < f->port_count; i++)
		if (port >= f->ports[i].low && port <= f->ports[i].high)
			return true;
	return false;
}

static bool has_address(const struct diag_filter *f, const struct sockaddr_any *a)
{
	for (size_t i = 0; i < f->address_count; i++)
		if (ip_range_has(&f->addresses[i], a))
			return true;
	return false;
}

static bool has_path(const struct diag_filter *f, const struct diag_socket *s)
{
	struct str name = {0};
	bool found = false;

	str_add_sockaddr_host(&name, &s->local.sa, s->local.len);
	for (size_t i = 0; i < f->path_count && !found; i++)
		found = strcmp(str_c(&name), f->paths[i]) == 0;
	str_fini(&name);
	return found;
}

bool diag_filter_passes(const struct diag_filter *f, const struct diag_socket *s)
{
	bool is_unix = s->kind == DIAG_UNIX;

	if (f->port_count && (is_unix || (!has_port(f, sockaddr_port(&s->local)) &&
						 !has_port(f, sockaddr_port(&s->remote)))))
		return false;
	if (!f->address_count && !f->path_count)
		return true;
	if (is_unix)
		return has_path(f, s);
	return has_address(f, &s->local) || has_address(f, &s->remote);
}

const char *diag_state_name(const struct diag_socket *s)
{
	const char *name = name_of(names_tcp_state, s->state);

	if (s->state == TCP_CLOSE && s->kind != DIAG_TCP)
		return "UNCONNECTED";
	return name ? name : "UNKNOWN";
}

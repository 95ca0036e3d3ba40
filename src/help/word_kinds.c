// SPDX-License-Identifier: ISC
#include "help/word_kinds.h"

#include "opts/msg_flags.h"
#include "net/names/database.h"
#include "net/inspect/diag_filter.h"
#include "net/names/error_table.h"
#include "net/addr/ifaddrs.h"
#include "sys/path.h"
#include "sys/sockopt/sockopts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

void words_add(struct words *w, const char *word, const char *description)
{
	str_add(w->out, str_c(&w->prefix));
	str_add_escaped(w->out, word, strlen(word));
	str_addf(w->out, "\t%s\n", description ? description : "");
}

static void add_aliases(struct words *w, char **aliases, const char *description)
{
	for (char **a = aliases; *a; a++)
		words_add(w, *a, description);
}

static void on_service(void *w, const struct servent *entry)
{
	words_add(w, entry->s_name, entry->s_proto);
	add_aliases(w, entry->s_aliases, entry->s_proto);
}

static void on_protocol(void *w, const struct protoent *entry)
{
	words_add(w, entry->p_name, "protocol");
}

static void on_network(void *w, const struct netent *entry)
{
	words_add(w, entry->n_name, "network");
}

static void on_host(void *w, const struct hostent *entry)
{
	words_add(w, entry->h_name, "host");
	add_aliases(w, entry->h_aliases, "host");
}

static void on_error(void *w, const struct error_entry *entry)
{
	words_add(w, entry->name, entry->text);
}

static void add_services(struct words *w)
{
	services_list(on_service, w);
}

static void add_protocols(struct words *w)
{
	protocols_list(on_protocol, w);
}

static void add_networks(struct words *w)
{
	networks_list(on_network, w);
}

static void add_hosts(struct words *w)
{
	hosts_list(on_host, w);
}

static void add_errors(struct words *w)
{
	errors_list(on_error, w);
}

static void add_states(struct words *w)
{
	const char *name;

	for (size_t i = 0; (name = diag_filter_state_word(i)); i++)
		words_add(w, name, "state");
}

static void add_flags(struct words *w)
{
	for (const struct name_value *n = names_ai; *n->name; n++)
		words_add(w, n->name, "getaddrinfo");
	for (const struct name_value *n = names_ni; *n->name; n++)
		words_add(w, n->name, "getnameinfo");
}

static void add_msg_flags(struct words *w, enum msg_use use)
{
	const char *name;

	for (size_t i = 0; (name = msg_flag_name(use, i)); i++)
		words_add(w, name, "flag");
}

static void add_stream_send_flags(struct words *w)
{
	add_msg_flags(w, MSG_SEND_STREAM);
}

static void add_stream_recv_flags(struct words *w)
{
	add_msg_flags(w, MSG_RECV_STREAM);
}

static void add_datagram_send_flags(struct words *w)
{
	add_msg_flags(w, MSG_SEND_DATAGRAM);
}

static void add_datagram_recv_flags(struct words *w)
{
	add_msg_flags(w, MSG_RECV_DATAGRAM);
}

static void add_sockopts(struct words *w)
{
	sockopt_for_each (o)
		words_add(w, o->name, o->meaning);
}

static void add_sockopt_values(struct words *w, const struct sockopt *o)
{
	if (o->type == SOCKOPT_BOOL) {
		words_add(w, "on", o->meaning);
		words_add(w, "off", o->meaning);
	}
	for (const struct name_value *n = sockopt_names(o); n && *n->name; n++)
		words_add(w, n->name, o->meaning);
}

// "NAME=" for options that can be set, and the values behind it where these have names.
static void add_settings(struct words *w)
{
	size_t len = strcspn(w->current, "=");
	struct str name = {0};

	if (!w->current[len]) {
		sockopt_for_each (o)
			if (o->access & SOCKOPT_SET)
				str_addf(w->out, "%s%s=\t%s\n", str_c(&w->prefix), o->name,
					o->meaning);
		return;
	}
	str_addn(&name, w->current, len);
	str_addn(&w->prefix, w->current, len + 1);

	const struct sockopt *o = sockopt_by_name(str_c(&name));

	str_fini(&name);
	if (o)
		add_sockopt_values(w, o);
}

static void on_address(void *arg, const struct sockaddr_any *a, const char *interface)
{
	struct str text = {0};

	str_add_sockaddr_host(&text, &a->sa, a->len);
	words_add(arg, str_c(&text), interface);
	str_fini(&text);
}

static void add_addresses(struct words *w)
{
	ifaddrs_list(on_address, w);
}

// The fields of a line of /proc/net/unix, "Num: RefCount Protocol Flags Type St Inode Path".
static bool parse_unix_socket(char *line, unsigned long *flags, unsigned long *type)
{
	char *path = strchr(line, '/');
	char *field = line;

	for (int i = 0; path && i < 3; i++) {
		field += strcspn(field, " ");
		field += strspn(field, " ");
	}
	*flags = strtoul(field, &field, 16);
	*type = strtoul(field, NULL, 16);
	return path;
}

// The sockets in the file system that somebody has bound, of a type, and on which somebody listens
// (__SO_ACCEPTCON) if they are those of connections.
static void add_unix_sockets(struct words *w, unsigned long wanted, const char *scheme)
{
	FILE *table = sys_fopen("/proc/net/unix");
	unsigned long flags, type;
	char *line = NULL;
	size_t size = 0;

	while (table && sys_getline(&line, &size, table) > 0) {
		struct str word = {0};

		if (!parse_unix_socket(line, &flags, &type) || type != wanted ||
			(wanted != SOCK_DGRAM && !(flags & 0x10000)))
			continue;
		line[strcspn(line, "\n")] = '\0';
		str_addf(&word, "%s%s", scheme, strchr(line, '/'));
		words_add(w, str_c(&word), "socket");
		str_fini(&word);
	}
	free(line);
	if (table)
		sys_fclose(table);
}

static const char *unix_scheme(const struct words *w)
{
	return w->current[0] == '/' ? "" : "unix:";
}

static void add_stream_sockets(struct words *w)
{
	add_unix_sockets(w, SOCK_STREAM, unix_scheme(w));
}

static void add_datagram_sockets(struct words *w)
{
	add_unix_sockets(w, SOCK_DGRAM, unix_scheme(w));
}

static void add_seqpacket_sockets(struct words *w)
{
	add_unix_sockets(w, SOCK_SEQPACKET, "seqpacket:");
}

// Kinds that the program knows; the others are the shell's.
static const struct {
	const char *name;
	void (*add)(struct words *w);
	bool shell; // has words of that kind, too
} kinds[] = {
	{"address", add_addresses, false},
	{"command", NULL, true},
	{"datagram-recv-flag", add_datagram_recv_flags, false},
	{"datagram-send-flag", add_datagram_send_flags, false},
	{"error", add_errors, false},
	{"file", NULL, true},
	{"flag", add_flags, false},
	{"group", NULL, true},
	{"host", add_hosts, true},
	{"interface", NULL, true},
	{"network", add_networks, false},
	{"process", NULL, true},
	{"protocol", add_protocols, false},
	{"seqpacket", add_seqpacket_sockets, false},
	{"service", add_services, false},
	{"setting", add_settings, false},
	{"sockopt", add_sockopts, false},
	{"state", add_states, false},
	{"stream-recv-flag", add_stream_recv_flags, false},
	{"stream-send-flag", add_stream_send_flags, false},
	{"unix", add_stream_sockets, false},
	{"unix-datagram", add_datagram_sockets, false},
	{"user", NULL, true},
};

// Adds the words of the kind that NAME[0..LEN) names. Returns whether there is such a kind.
static bool add_kind(struct words *w, const char *name, size_t len)
{
	struct str word = {0};
	bool known = *name == '=';

	str_addn(&word, known ? name + 1 : name, known ? len - 1 : len);
	if (known && w)
		words_add(w, str_c(&word), NULL);
	for (size_t i = 0; !known && i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(kinds[i].name, str_c(&word)) != 0)
			continue;
		known = true;
		if (w && kinds[i].add)
			kinds[i].add(w);
		if (w && kinds[i].shell)
			str_addf(w->out, ":%s\t%s\n", kinds[i].name, str_c(&w->prefix));
		break;
	}
	str_fini(&word);
	return known;
}

// Goes through the kinds of one place and returns whether all exist. W may be NULL.
static bool add_place(struct words *w, const char *kind)
{
	bool known = true;

	while (*kind && *kind != ' ' && *kind != '.') {
		size_t len = strcspn(kind, "| .");

		known &= add_kind(w, kind, len);
		kind += len;
		kind += *kind == '|';
	}
	return known;
}

void words_add_kinds(struct words *w, const char *list, int before)
{
	for (; *list; list += strcspn(list, " "), list += *list == ' ') {
		bool repeated = list[strcspn(list, " .")] == '.';

		if (before-- <= 0 || repeated) {
			add_place(w, list);
			return;
		}
	}
}

bool words_are_kinds(const char *list)
{
	for (; *list; list += strcspn(list, " "), list += *list == ' ')
		if (!add_place(NULL, list))
			return false;
	return true;
}

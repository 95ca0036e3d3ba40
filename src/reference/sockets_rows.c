// SPDX-License-Identifier: ISC
#include "reference/sockets_rows.h"

#include "io/terminal.h"
#include "net/inspect/diag_filter.h"
#include "sys/accounts.h"
#include "sys/tcp_info.h"

#include <inttypes.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#define STATE_COLUMN 1
#define MAX_OWNERS 64 // processes shown of one socket
#define MAX_INFO 64 // fields of struct tcp_info

static const struct rows_column columns[] = {
	{"PROTO", "{protocol}"},
	{"STATE", "{state}"},
	{"RECV-Q", "{receive_queue}"},
	{"SEND-Q", "{send_queue}"},
	{"LOCAL", "{local}"},
	{"REMOTE", "{remote}"},
	{"USER", "{user}"},
};
static const struct rows_column process_column = {"PROCESS", "{process}"};
static const struct rows_column details_column = {"DETAILS", "{details}"};

static const char *type_name(const struct diag_socket *s)
{
	return s->type == SOCK_DGRAM ? "dgram" : s->type == SOCK_SEQPACKET ? "seqpacket" : "stream";
}

// As ss(8) shortens it.
static const char *protocol_text(const struct diag_socket *s)
{
	if (s->kind != DIAG_UNIX)
		return diag_kind_name(s->kind);
	return s->type == SOCK_DGRAM ? "u_dgr" : s->type == SOCK_SEQPACKET ? "u_seq" : "u_str";
}

static void add_host(struct str *s, const struct diag_socket *d, const struct sockaddr_any *a)
{
	char interface[IF_NAMESIZE];
	bool scoped = a->sa.sa_family == AF_INET6 && a->in6.sin6_scope_id;

	if (d->takes_ipv4) { // then the peer is unspecified as well
		str_addc(s, '*');
		return;
	}
	if (a->sa.sa_family == AF_INET6)
		str_addc(s, '[');
	str_add_sockaddr_host(s, &a->sa, a->len);
	if (a->sa.sa_family == AF_INET6)
		str_addc(s, ']');
	if (!scoped && a == &d->local && diag_interface(d, interface))
		str_addf(s, "%%%s", interface);
}

static void add_inet_address(struct str *s, const struct sockets_view *view,
	const struct diag_socket *d, const struct sockaddr_any *a)
{
	uint16_t port = sockaddr_port(a);
	const char *name =
		d->kind == DIAG_RAW ? NULL : port_name(view->ports, d->kind == DIAG_UDP, port);

	add_host(s, d, a);
	str_addc(s, ':');
	if (!port)
		str_addc(s, '*');
	else if (name)
		str_add(s, name);
	else
		str_add_uint(s, port);
}

// The name, which few have, and the inode, by which each can be told.
static void add_unix_address(struct str *s, const struct sockaddr_any *a, uint32_t inode)
{
	size_t before = s->len;

	if (!inode)
		return;
	if (a->len)
		str_add_sockaddr_host(s, &a->sa, a->len);
	if (s->len == before)
		str_addc(s, '*');
	str_addc(s, ' ');
	str_add_uint(s, inode);
}

// The kernel's few users of many sockets are asked for once in a row.
static const char *user_name(uid_t uid)
{
	static uid_t last = (uid_t)-1;
	static char name[64];

	if (uid != last) {
		const struct passwd *entry = sys_getpwuid(uid);

		snprintf(name, sizeof(name), "%s", entry ? entry->pw_name : "");
		if (!entry)
			snprintf(name, sizeof(name), "%u", (unsigned)uid);
		last = uid;
	}
	return name;
}

static void add_owners(struct str *s, const struct owner *owners, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		str_add(s, i ? "," : "");
		str_add(s, owners[i].name);
		str_addf(s, "(pid=%d,fd=%d)", (int)owners[i].pid, owners[i].fd);
	}
}

static void add_details(struct str *s, const struct diag_socket *d)
{
	if (*d->congestion) {
		str_add(s, d->congestion);
		str_addc(s, ' ');
	}
	if (d->info)
		str_add_tcp_info(s, d->info, d->info_len);
}

static void add_text(
	struct rows *rows, const struct sockets_view *view, const struct diag_socket *d)
{
	struct str local = {0};
	struct str remote = {0};
	struct str process = {0};
	struct str details = {0};
	size_t count = 0;
	const struct owner *owners =
		view->owners && d->inode ? owner_find(view->owners, d->inode, &count) : NULL;

	if (d->kind == DIAG_UNIX) {
		add_unix_address(&local, &d->local, d->inode);
		add_unix_address(&remote, &d->remote, d->peer_inode);
	} else {
		add_inet_address(&local, view, d, &d->local);
		add_inet_address(&remote, view, d, &d->remote);
	}
	add_owners(&process, owners, count);
	add_details(&details, d);
	rows_add(rows, F_STR("protocol", protocol_text(d)), F_STR("state", diag_state_name(d)),
		F_UINT("receive_queue", d->recv_queue), F_UINT("send_queue", d->send_queue),
		F_SHOWN("local", str_c(&local)), F_SHOWN("remote", str_c(&remote)),
		F_STR("user", d->has_uid ? user_name(d->uid) : NULL),
		F_STR("process", str_c(&process)), F_STR("details", str_c(&details)));
	str_fini(&local);
	str_fini(&remote);
	str_fini(&process);
	str_fini(&details);
}

// The fields of struct tcp_info that the kernel has told.
static size_t fill_info(struct field fields[MAX_INFO], const struct diag_socket *d)
{
	size_t n = 0;
	uint64_t value;

	for (const struct tcp_info_field *f = tcp_info_fields; *f->name && n < MAX_INFO; f++)
		if (d->info && tcp_info_get(f, d->info, d->info_len, &value) &&
			!tcp_info_is_unlimited(f, value) && value <= INT64_MAX)
			fields[n++] = (struct field)F_UINT(tcp_info_name(f, d->info), value);
	return n;
}

static size_t fill_owners(struct field_group groups[MAX_OWNERS], struct field fields[MAX_OWNERS][3],
	const struct owner *owners, size_t count)
{
	count = MIN(count, (size_t)MAX_OWNERS);
	for (size_t i = 0; i < count; i++) {
		fields[i][0] = (struct field)F_STR("name", owners[i].name);
		fields[i][1] = (struct field)F_INT("pid", owners[i].pid);
		fields[i][2] = (struct field)F_INT("fd", owners[i].fd);
		groups[i] = (struct field_group){fields[i], 3};
	}
	return count;
}

static void add_json(
	struct rows *rows, const struct sockets_view *view, const struct diag_socket *d)
{
	struct field info_fields[MAX_INFO];
	struct field owner_fields[MAX_OWNERS][3];
	struct field_group groups[MAX_OWNERS];
	struct field_group info = {info_fields, fill_info(info_fields, d)};
	struct field fields[16];
	size_t count = 0;
	size_t n = 0;
	const struct owner *owners =
		view->owners && d->inode ? owner_find(view->owners, d->inode, &count) : NULL;
	char interface[IF_NAMESIZE];

	fields[n++] = (struct field)F_STR("protocol", diag_kind_name(d->kind));
	if (d->kind == DIAG_UNIX)
		fields[n++] = (struct field)F_STR("type", type_name(d));
	fields[n++] = (struct field)F_STR("state", diag_state_name(d));
	fields[n++] = (struct field)F_UINT("receive_queue", d->recv_queue);
	fields[n++] = (struct field)F_UINT("send_queue", d->send_queue);
	fields[n++] = (struct field)F_ADDR("local", &d->local);
	if (d->kind != DIAG_UNIX || d->peer_inode)
		fields[n++] = (struct field)F_ADDR("remote", &d->remote);
	if (d->has_uid) {
		fields[n++] = (struct field)F_UINT("uid", d->uid);
		fields[n++] = (struct field)F_STR("user", user_name(d->uid));
	}
	fields[n++] = (struct field)F_UINT("inode", d->inode);
	if (d->peer_inode)
		fields[n++] = (struct field)F_UINT("peer_inode", d->peer_inode);
	if (diag_interface(d, interface))
		fields[n++] = (struct field)F_STR("interface", interface);
	if (view->owners)
		fields[n++] = (struct field)F_OBJECTS(
			"processes", groups, fill_owners(groups, owner_fields, owners, count));
	if (*d->congestion)
		fields[n++] = (struct field)F_STR("congestion", d->congestion);
	if (d->info)
		fields[n++] = (struct field)F_OBJECT("tcp_info", &info);
	rows_add_fields(rows, fields, n);
}

// The names of states that should not last have a hyphen.
static enum colour colour_of(size_t column, const char *text)
{
	if (column != STATE_COLUMN)
		return COLOUR_NONE;
	return strcmp(text, "LISTEN") == 0 ? COLOUR_GOOD
	       : strchr(text, '-')         ? COLOUR_PASSING
					   : COLOUR_NONE;
}

void sockets_rows_init(struct rows *rows, bool json, struct sockets_view *view)
{
	size_t n = ARRAY_SIZE(columns);

	memcpy(view->columns, columns, sizeof(columns));
	if (view->owners)
		view->columns[n++] = process_column;
	if (view->details)
		view->columns[n++] = details_column;
	view->columns[n] = (struct rows_column){0};
	rows_init(rows, json, view->columns);
	if (!json && colour_is_wanted(terminal_is(STDOUT_FILENO)))
		rows->colour_of = colour_of;
	rows->has_header = true;
}

void sockets_rows_add(
	struct rows *rows, const struct sockets_view *view, const struct diag_socket *s)
{
	if (rows->json)
		add_json(rows, view, s);
	else
		add_text(rows, view, s);
}

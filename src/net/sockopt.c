// SPDX-License-Identifier: ISC
#include "net/sockopt.h"

#include "base/mem.h"
#include "base/nearest.h"
#include "base/value.h"
#include "net/addr/interfaces.h"
#include "sys/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

void sockopt_settings_fini(struct sockopt_settings *l)
{
	for (size_t i = 0; i < l->count; i++)
		sockopt_value_fini(&l->items[i].value);
	free(l->items);
	*l = (struct sockopt_settings){0};
}

// The option that NAME was meant to be, perhaps without its prefix: "rcvbuf" is SO_RCVBUF.
static const char *nearest_option(const char *name)
{
	struct nearest whole;
	struct nearest rest;

	nearest_init(&whole, name, strlen(name));
	nearest_init(&rest, name, strlen(name));
	sockopt_for_each (o) {
		nearest_offer(&whole, o->name);
		nearest_offer(&rest, strchr(o->name, '_') + 1);
	}
	if (rest.best && rest.distance < whole.distance)
		sockopt_for_each (o)
			if (strchr(o->name, '_') + 1 == rest.best)
				return o->name;
	return whole.best;
}

int sockopt_find(const char *name, const struct sockopt **option, struct str *err)
{
	*option = sockopt_by_name(name);
	if (*option)
		return 0;

	const char *near = nearest_option(name);

	str_add(err, "no socket option '");
	str_add_word(err, name, strlen(name));
	if (near)
		str_addf(err, "'; did you mean '%s'?", near);
	else
		str_add(err, "'; 'sockctl options' lists them");
	return -ENOENT;
}

int sockopt_find_readable(const char *name, const struct sockopt **option, struct str *err)
{
	int r = sockopt_find(name, option, err);

	if (r < 0 || (*option)->access & SOCKOPT_GET)
		return r;
	str_addf(err, "%s can only be set", (*option)->name);
	return -EINVAL;
}

void str_add_sockopt_form(struct str *s, const struct sockopt *o)
{
	const char *separator = " (";

	str_add(s, sockopt_value_form(o));
	if (!o->names)
		return;
	for (const struct name_value *n = sockopt_names(o); *n->name; n++) {
		str_addf(s, "%s%s", separator, n->name);
		separator = ", ";
	}
	str_addc(s, ')');
}

static int explain(struct str *err, const struct sockopt *o, const char *word, int error)
{
	struct str why = {0};

	if (error == -ERANGE) {
		str_addf(&why, "is out of range: %s", sockopt_value_range(o));
	} else if (error == -ENODEV) {
		str_add(&why, "is no network interface");
	} else if (error == -E2BIG) {
		str_addf(&why, "is longer than %d bytes", SOCKOPT_VALUE_MAX);
	} else {
		str_add(&why, "is not ");
		str_add_sockopt_form(&why, o);
	}
	str_addf(err, "%s: ", o->name);
	int r = bad_word(err, word, str_c(&why));

	if (error == -ENODEV)
		str_add_interfaces(err);
	str_fini(&why);
	return r;
}

// An option of both families goes by the family of the group that it names.
static const struct sockopt *by_family(const struct sockopt *o, const struct sockopt_value *v)
{
	struct group_req req; // a struct group_source_req begins alike

	if (o->type != SOCKOPT_GROUP && o->type != SOCKOPT_GROUP_SOURCE)
		return o;
	memcpy(&req, v->data, sizeof(req));
	return sockopt_by_number(
		req.gr_group.ss_family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP, o->option);
}

static int parse_setting(
	struct sockopt_setting *s, const char *name, const char *value, struct str *err)
{
	const struct sockopt *o;
	int r = sockopt_find(name, &o, err);

	if (r < 0)
		return r;
	if (!(o->access & SOCKOPT_SET)) {
		str_addf(err, "%s can only be read", o->name);
		return -EINVAL;
	}
	if (!value && o->type != SOCKOPT_BOOL) {
		str_addf(err, "%s needs a value, ", o->name);
		str_add_sockopt_form(err, o);
		return -EINVAL;
	}
	r = sockopt_value_parse(&s->value, o, value ? value : "on");
	if (r < 0)
		return explain(err, o, value, r);
	s->option = by_family(o, &s->value);
	return 0;
}

int sockopt_settings_add(struct sockopt_settings *l, const char *word, struct str *err)
{
	const char *equals = strchr(word, '=');
	char *name = xstrndup(word, equals ? (size_t)(equals - word) : strlen(word));

	l->items = xrealloc(l->items, (l->count + 1) * sizeof(*l->items));
	int r = parse_setting(&l->items[l->count], name, equals ? equals + 1 : NULL, err);
	if (r == 0)
		l->count++;
	free(name);
	return r;
}

static int apply(struct sockopt_settings *l, int fd, bool connected)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct sockopt_setting *s = &l->items[i];
		const struct sockopt *o = s->option;

		if ((o->when == SOCKOPT_AFTER) != connected)
			continue;
		int r = sys_setsockopt(fd, o->level, o->option, s->value.data, s->value.len);
		if (r < 0) {
			l->failed = s;
			return r;
		}
	}
	return 0;
}

int sockopt_settings_prepare(struct sockopt_settings *l, int fd)
{
	return apply(l, fd, false);
}

int sockopt_settings_complete(struct sockopt_settings *l, int fd)
{
	return apply(l, fd, true);
}

bool sockopt_settings_has(const struct sockopt_settings *l, int level, int option)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->items[i].option->level == level && l->items[i].option->option == option)
			return true;
	return false;
}

// The kernel hands some structures out only to those who ask for their exact length.
static socklen_t length_to_ask(int fd, const struct sockopt *o)
{
	struct sockaddr_any peer;

	if (o->type == SOCKOPT_SOCKADDR && sys_getpeername(fd, &peer) == 0)
		return peer.len;
	if (o->type == SOCKOPT_U64)
		return sizeof(uint64_t);
	if (o->level == IPPROTO_TCP && o->option == TCP_REPAIR_WINDOW)
		return sizeof(struct tcp_repair_window);
	return SOCKOPT_VALUE_MAX;
}

int sockopt_read(int fd, const struct sockopt *o, struct sockopt_value *v)
{
	*v = (struct sockopt_value){.len = length_to_ask(fd, o)};
	int r = sys_getsockopt(fd, o->level, o->option, v->data, &v->len);

	if (r < 0)
		return r == -ERANGE ? -EMSGSIZE : r;
	return v->len >= sizeof(v->data) ? -EMSGSIZE : 0;
}

// SPDX-License-Identifier: ISC
// sockctl address: addresses and numbers in all the forms that the sockets API gives them. See
// sockctl-address(1).
#include "app.h"
#include "base/value.h"
#include "reference/subject.h"
#include "reference/table.h"
#include "net/addr/convert.h"
#include "net/addr/layout.h"

#include <stdio.h>
#include <string.h>

struct address_config {
	struct common_config common;
	bool layout;
	struct strlist in;
};

static const struct opt opts[] = {
	{"sockaddr", 's', OPT_FLAG, OPT_AT(struct address_config, layout, bool), "",
		"show the fields of the sockaddr structure"},
	{"in", 'i', OPT_LIST, OPT_AT(struct address_config, in, struct strlist), "CIDR",
		"test whether addresses are in this range; repeat for more",
		.not_with = "sockaddr"},
	{""},
};

static const struct opt_group groups[] = {{"Showing", opts, 0}, COMMON_GROUP, {0}};

static const struct rows_column member_columns[] = {
	{"ADDRESS", "{address}"}, {"RANGE", "{in}"}, {0}};

static const struct rows_column layout_columns[] = {{"STRUCTURE", "{struct}"}, {"FIELD", "{field}"},
	{"TYPE", "{c_type}{header}"}, {"OFFSET", "{offset}"}, {"SIZE", "{size}"},
	{"BYTES", "{bytes}"}, {"VALUE", "{value}"}, {0}};

// The texts of one record, freed together.
struct texts {
	struct str items[12];
	size_t count;
};

static struct str *new_text(struct texts *t)
{
	return &t->items[t->count++];
}

static void texts_fini(struct texts *t)
{
	while (t->count)
		str_fini(&t->items[--t->count]);
}

// Bytes in the order of memory: "7f 00 00 01".
static const char *bytes_of(struct texts *t, const void *data, size_t len)
{
	const unsigned char *p = data;
	struct str *s = new_text(t);

	for (size_t i = 0; i < len; i++)
		str_addf(s, "%s%02x", i ? " " : "", p[i]);
	return str_c(s);
}

static const char *text_of(
	struct texts *t, void (*add)(struct str *, const struct ip *), const struct ip *ip)
{
	struct str *s = new_text(t);

	add(s, ip);
	return str_c(s);
}

static const char *family_of(const struct ip *ip)
{
	return ip->family == AF_INET6 ? "inet6" : "inet";
}

static void add_number(struct rows *rows, const struct subject *s)
{
	uint32_t n = s->number;
	struct texts t = {0};
	struct number_forms f;
	char hex[16];

	convert_number(n, &f);
	snprintf(hex, sizeof(hex), "%#x", n);

	struct ip ip = {.family = AF_INET};

	memcpy(ip.bytes, &f.htonl, sizeof(f.htonl));

	rows_add(rows, F_UINT("number", n), F_STR("hex", n ? hex : "0x0"),
		F_STR("bytes", bytes_of(&t, &n, sizeof(n))), F_UINT("htonl", f.htonl),
		F_STR("htonl_bytes", bytes_of(&t, &f.htonl, sizeof(f.htonl))),
		F_UINT("ntohl", f.ntohl), F_STR("address", text_of(&t, str_add_ip, &ip)),
		field_uint_if("htons", f.is_short, f.htons),
		F_STR("htons_bytes", f.is_short ? bytes_of(&t, &f.htons, sizeof(f.htons)) : NULL),
		field_uint_if("ntohs", f.is_short, f.ntohs));
	texts_fini(&t);
}

static void add_ipv4(struct rows *rows, const struct subject *s)
{
	const struct ip *ip = &s->prefix.ip;
	struct ip mapped = ip_mapped(ip);
	struct texts t = {0};
	struct ipv4_forms f;
	const char *address = text_of(&t, str_add_ip, ip);

	convert_ipv4(address, ip, &f);

	rows_add(rows, F_STR("address", address), F_STR("family", family_of(ip)),
		F_STR("class", ip_class(ip)), F_STR("hex", text_of(&t, str_add_ip_hex, ip)),
		F_STR("bytes", bytes_of(&t, ip->bytes, 4)), F_UINT("number", f.host_order),
		F_UINT("htonl", f.network_order), F_UINT("inet_addr", f.inet_addr),
		F_STR("inet_ntoa", f.inet_ntoa),
		F_STR("reverse", text_of(&t, str_add_ip_reverse, ip)),
		F_STR("mapped", text_of(&t, str_add_ip, &mapped)),
		field_uint_if("port", s->has_port, sockaddr_port(&s->address)));
	texts_fini(&t);
}

static void add_ipv6(struct rows *rows, const struct subject *s)
{
	const struct ip *ip = &s->prefix.ip;
	struct ip v4;
	struct texts t = {0};
	const char *zone = strchr(s->word, '%');
	struct str *name = zone ? new_text(&t) : NULL;

	if (zone)
		str_addn(name, zone + 1, strcspn(zone + 1, "]"));

	rows_add(rows, F_STR("address", text_of(&t, str_add_ip, ip)),
		F_STR("zone", zone ? str_c(name) : NULL), F_STR("family", family_of(ip)),
		F_STR("class", ip_class(ip)), F_STR("scope", ip_multicast_scope(ip)),
		F_STR("embedded", ip_embedded(ip, &v4) ? text_of(&t, str_add_ip, &v4) : NULL),
		F_STR("expanded", text_of(&t, str_add_ip_expanded, ip)),
		F_STR("hex", text_of(&t, str_add_ip_hex, ip)),
		F_STR("bytes", bytes_of(&t, ip->bytes, 16)),
		F_STR("reverse", text_of(&t, str_add_ip_reverse, ip)),
		field_uint_if("port", s->has_port, sockaddr_port(&s->address)));
	texts_fini(&t);
}

// In IPv4 the least and the greatest address name the network and everybody in it, unless there
// are no others (RFC 3021).
static void add_prefix(struct rows *rows, const struct subject *s)
{
	const struct ip_prefix *p = &s->prefix;
	bool has_broadcast = p->ip.family == AF_INET && p->length < 31;
	struct ip mask = ip_mask(p->ip.family, p->length);
	struct ip least = ip_prefix_least(p);
	struct ip greatest = ip_prefix_greatest(p);
	struct ip first = has_broadcast ? ip_next(&least, 1) : least;
	struct ip last = has_broadcast ? ip_next(&greatest, -1) : greatest;
	struct texts t = {0};
	struct str *count = new_text(&t);

	str_add_ip_count(count, p);
	rows_add(rows, F_STR("address", text_of(&t, str_add_ip, &p->ip)),
		F_STR("family", family_of(&p->ip)), F_STR("class", ip_class(&least)),
		F_UINT("prefix", p->length), F_STR("netmask", text_of(&t, str_add_ip, &mask)),
		F_STR("network", text_of(&t, str_add_ip, &least)),
		F_STR("first", text_of(&t, str_add_ip, &first)),
		F_STR("last", text_of(&t, str_add_ip, &last)),
		F_STR("broadcast", has_broadcast ? text_of(&t, str_add_ip, &greatest) : NULL),
		F_STR("count", str_c(count)));
	texts_fini(&t);
}

static void add_unix(struct rows *rows, const struct subject *s)
{
	const struct sockaddr_un *un = &s->address.un;
	size_t len = s->address.len - offsetof(struct sockaddr_un, sun_path);
	struct texts t = {0};
	struct str *path = new_text(&t);

	str_addn(path, un->sun_path, len);
	if (!un->sun_path[0])
		path->data[0] = '@';
	rows_add(rows, F_STR("path", str_c(path)), F_STR("family", "unix"),
		F_STR("class", un->sun_path[0] ? "pathname" : "abstract"),
		F_UINT("length", s->address.len), F_STR("bytes", bytes_of(&t, un->sun_path, len)));
	texts_fini(&t);
}

static void add_layout_row(void *arg, const struct layout_field *f)
{
	struct texts t = {0};

	rows_add((struct rows *)arg, F_STR("struct", f->type), F_STR("field", f->name),
		F_STR("c_type", f->c_type), F_STR("header", f->header), F_UINT("offset", f->offset),
		F_UINT("size", f->size),
		F_STR("bytes", f->len ? bytes_of(&t, f->bytes, f->len) : NULL),
		F_STR("value", f->value));
	texts_fini(&t);
}

static void add_subject(struct rows *rows, const struct subject *s, bool layout)
{
	if (layout)
		sockaddr_layout(&s->address, add_layout_row, rows);
	else if (s->kind == SUBJECT_NUMBER)
		add_number(rows, s);
	else if (s->kind == SUBJECT_UNIX)
		add_unix(rows, s);
	else if (s->kind == SUBJECT_PREFIX)
		add_prefix(rows, s);
	else if (s->prefix.ip.family == AF_INET6)
		add_ipv6(rows, s);
	else
		add_ipv4(rows, s);
}

// Adds the row of what is in one of the ranges. Returns whether it is.
static bool add_member(struct rows *rows, const struct strlist *ranges, const struct subject *s)
{
	struct ip least = ip_prefix_least(&s->prefix);
	struct ip greatest = ip_prefix_greatest(&s->prefix);
	struct str ignored = {0};
	struct ip_prefix range;

	for (size_t i = 0; i < ranges->count; i++) {
		ip_prefix_parse(ranges->items[i], &range, &ignored);
		if (!ip_prefix_has(&range, &least) || !ip_prefix_has(&range, &greatest))
			continue;
		rows_add(rows, F_STR("address", s->word), F_STR("family", family_of(&least)),
			F_STR("in", ranges->items[i]));
		return true;
	}
	return false;
}

static int check_subject(
	const struct address_config *config, const struct subject *s, struct str *err)
{
	if (config->in.count && s->kind != SUBJECT_IP && s->kind != SUBJECT_PREFIX)
		return bad_word(err, s->word, "is no address that --in could look for in a range");
	if (config->layout && s->kind != SUBJECT_IP && s->kind != SUBJECT_UNIX)
		return bad_word(err, s->word, "is no address that --sockaddr could lay out");
	return 0;
}

static int check(void *arg, int argc, char **argv, struct str *err)
{
	const struct address_config *config = arg;
	struct ip_prefix range;
	struct subject s;
	int r = 0;

	for (size_t i = 0; i < config->in.count && r == 0; i++)
		r = ip_prefix_parse(config->in.items[i], &range, err);
	for (int i = 0; i < argc && r == 0; i++) {
		r = subject_parse(&s, argv[i], err);
		if (r == 0)
			r = check_subject(config, &s, err);
	}
	return r;
}

static int run(struct app *app, void *arg, int argc, char **argv)
{
	const struct address_config *config = arg;
	const struct rows_column *columns = NULL;
	struct str ignored = {0};
	struct rows rows;
	struct subject s;

	if (config->in.count)
		columns = member_columns;
	else if (config->layout)
		columns = layout_columns;
	rows_init(&rows, config->common.json, columns);
	for (int i = 0; i < argc; i++) {
		subject_parse(&s, argv[i], &ignored);
		if (!config->in.count)
			add_subject(&rows, &s, config->layout);
		else if (!add_member(&rows, &config->in, &s))
			app_failf(app, STATUS_NOT_FOUND, argv[i], "in no range of --in");
	}
	table_print(app, &rows);
	rows_fini(&rows);
	return app->status;
}

static const char *const examples[] = {
	"sockctl address 192.0.2.1 ::1        # all forms of two addresses",
	"sockctl address 192.0.2.0/24         # what the range holds",
	"sockctl address --in 10.0.0.0/8 10.1.2.3 && echo ours",
	NULL,
};

const struct cmd cmd_address = {
	.name = "address",
	.summary = "Show an address, an address range or a number in all formats",
	.operands = "ADDRESS[:PORT]|ADDRESS/LENGTH|PATH|NUMBER...",
	.words = "address...",
	.min_operands = 1,
	.max_operands = -1,
	.config_size = sizeof(struct address_config),
	.groups = groups,
	.examples = examples,
	.check = check,
	.run = run,
};

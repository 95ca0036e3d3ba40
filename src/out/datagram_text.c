// SPDX-License-Identifier: ISC
#include "out/datagram_text.h"

#include "base/hex.h"
#include "out/field.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <time.h>

void datagram_writer_init(struct datagram_writer *w, enum framing framing, size_t columns)
{
	*w = (struct datagram_writer){.framing = framing, .dump_width = hex_dump_width(columns)};
}

void datagram_writer_fini(struct datagram_writer *w)
{
	iovecs_fini(&w->pieces);
	str_fini(&w->text);
}

static const char *ip_text(struct in_addr address, char text[INET_ADDRSTRLEN])
{
	return inet_ntop(AF_INET, &address, text, INET_ADDRSTRLEN);
}

static void json_add_ip(json_t *j, const struct datagram *d)
{
	const struct ipv4_header *h = d->ip;
	char source[INET_ADDRSTRLEN];
	char destination[INET_ADDRSTRLEN];
	json_t *ip = json_object();
	const struct field fields[] = {
		F_STR("source_address", ip_text(h->source, source)),
		F_STR("destination_address", ip_text(h->destination, destination)),
		F_UINT("ttl", h->ttl),
		F_UINT("protocol_number", h->protocol),
		F_STR("protocol", d->protocol),
		F_UINT("header_length", h->len),
		F_UINT("total_length", h->total_len),
		F_UINT("tos", h->tos),
		F_UINT("id", h->id),
		F_BOOL("dont_fragment", h->dont_fragment),
		F_BOOL("more_fragments", h->more_fragments),
		F_UINT("fragment_offset", h->fragment_offset),
		F_UINT("checksum", h->checksum),
	};

	json_add_fields(ip, fields, ARRAY_SIZE(fields));
	json_object_set_new(j, "ip", ip);
}

static void json_add_data(json_t *j, const struct datagram *d)
{
	json_t *text = json_stringn(d->data, d->len);
	struct str hex = {0};

	if (text) {
		json_object_set_new(j, "data", text);
		return;
	}
	str_add_hex(&hex, d->data, d->len);
	json_object_set_new(j, "hex", json_string(str_c(&hex)));
	str_fini(&hex);
}

static void add_json(struct str *s, const struct datagram *d)
{
	json_t *j = json_object();

	if (d->source)
		json_add_fields(j, (const struct field[]){F_ADDR("source", d->source)}, 1);
	if (d->destination)
		json_add_fields(
			j, (const struct field[]){F_ADDR("destination", d->destination)}, 1);
	json_object_set_new(j, "length", json_integer((json_int_t)d->real_len));
	if (d->time)
		json_object_set_new(j, "time", json_real((double)d->time / 1e9));
	if (d->hops >= 0)
		json_object_set_new(j, "hops", json_integer(d->hops));
	if (d->real_len > d->len)
		json_object_set_new(j, "truncated", json_true());
	if (d->ip)
		json_add_ip(j, d);
	json_add_data(j, d);
	str_add_json(s, j);
	str_addc(s, '\n');
}

static void add_time(struct str *s, uint64_t time)
{
	time_t seconds = (time_t)(time / 1000000000);
	struct tm tm;
	char text[32];

	localtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%H:%M:%S", &tm);
	str_addf(s, "%s.%06" PRIu64 " ", text, time % 1000000000 / 1000);
}

static void add_ip_comment(struct str *s, const struct ipv4_header *h)
{
	str_addf(s, "# IPv4 header of %zu bytes: total length %u, id %u, TOS %#x", h->len,
		h->total_len, h->id, h->tos);
	if (h->dont_fragment)
		str_add(s, ", don't fragment");
	if (h->more_fragments)
		str_add(s, ", more fragments");
	if (h->fragment_offset)
		str_addf(s, ", fragment at %u", h->fragment_offset);
	str_addf(s, ", checksum %#06x\n", h->checksum);
}

// Raw sockets have no ports to show.
static void add_address(struct str *s, const struct sockaddr_any *a)
{
	if (a->sa.sa_family == AF_UNIX || sockaddr_port(a))
		str_add_shown_sockaddr(s, &a->sa, a->len);
	else
		str_add_sockaddr_host(s, &a->sa, a->len);
}

static void add_comment(struct str *s, const struct datagram *d)
{
	str_add(s, "# ");
	if (d->time)
		add_time(s, d->time);
	if (d->source)
		add_address(s, d->source);
	if (d->destination) {
		str_add(s, " > ");
		add_address(s, d->destination);
	}
	if (d->ip && d->protocol)
		str_addf(s, " %s", d->protocol);
	else if (d->ip)
		str_addf(s, " protocol %u", d->ip->protocol);
	if (d->hops >= 0)
		str_addf(s, " %s %d", d->ip ? "TTL" : "hops", d->hops);
	str_addf(s, " length %zu", d->real_len);
	if (d->real_len > d->len)
		str_addf(s, ", truncated to %zu", d->len);
	str_addc(s, '\n');
	if (d->ip)
		add_ip_comment(s, d->ip);
}

void datagram_writer_add(struct datagram_writer *w, const struct datagram *d)
{
	switch (w->framing) {
	case FRAMING_LINE:
		iovecs_add(&w->pieces, d->data, d->len);
		iovecs_add(&w->pieces, "\n", 1);
		break;
	case FRAMING_BLOCK:
	case FRAMING_WHOLE:
		iovecs_add(&w->pieces, d->data, d->len);
		break;
	case FRAMING_HEX:
		add_comment(&w->text, d);
		str_add_hex_dump(&w->text, d->data, d->len, w->dump_width);
		break;
	case FRAMING_JSON:
		add_json(&w->text, d);
		break;
	}
}

struct str *datagram_writer_text(struct datagram_writer *w)
{
	return &w->text;
}

const struct iovecs *datagram_writer_take(struct datagram_writer *w)
{
	iovecs_add(&w->pieces, str_c(&w->text), w->text.len);
	return &w->pieces;
}

void datagram_writer_clear(struct datagram_writer *w)
{
	iovecs_clear(&w->pieces);
	str_clear(&w->text);
}

// SPDX-License-Identifier: ISC
// Reading a PROXY header.
#include "proxy/header.h"

#include "base/crc32c.h"
#include "base/value.h"
#include "proxy/header_wire.h"
#include "proxy/tlv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#define V1_FIELDS 4 // of TCP4 and TCP6: two addresses, two ports

// The block of version 2 that follows its head: addresses, then extensions.
struct block {
	const unsigned char *data;
	size_t len; // bytes
	size_t addresses; // bytes of them that are addresses
};

static attr_printf(2, 3) int refuse(struct str *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(err, fmt, ap);
	va_end(ap);
	return -EPROTO;
}

static int refuse_word(struct str *err, const char *word, size_t len, const char *why)
{
	str_add(err, "its PROXY header has '");
	str_add_escaped(err, word, len);
	return refuse(err, "' %s", why);
}

// Checks the last byte that was read against the signature that the first one announced.
static int check_signature(const struct proxy_header *h, struct str *err)
{
	size_t at = h->wire.len - 1;
	const char *signature = h->version == 1 ? V1_SIGNATURE : V2_SIGNATURE;
	size_t len = h->version == 1 ? strlen(V1_SIGNATURE) : V2_SIGNATURE_LEN;

	if (at >= len || h->wire.data[at] == signature[at])
		return 0;
	str_add(err, "begins with '");
	str_add_escaped(err, h->wire.data, h->wire.len);
	return refuse(err, "', which is no PROXY header");
}

static int read_address(
	int family, const char *word, struct sockaddr_any *a, const char *what, struct str *err)
{
	struct str why = {0};
	int r = 0;

	*a = (struct sockaddr_any){.sa.sa_family = (sa_family_t)family};
	a->len = family == AF_INET ? sizeof(a->in) : sizeof(a->in6);
	if (inet_pton(family, word,
		    family == AF_INET ? (void *)&a->in.sin_addr : (void *)&a->in6.sin6_addr) != 1) {
		str_addf(&why, "as its %s, which is no IPv%d address", what,
			family == AF_INET ? 4 : 6);
		r = refuse_word(err, word, strlen(word), str_c(&why));
	}
	str_fini(&why);
	return r;
}

static int read_port(const char *word, struct sockaddr_any *a, struct str *err)
{
	uint64_t port;

	if (parse_uint(word, &port) < 0 || port > UINT16_MAX || (*word == '0' && word[1]))
		return refuse_word(err, word, strlen(word), "where a port is expected");
	sockaddr_set_port(a, (uint16_t)port);
	return 0;
}

// "SOURCE DESTINATION SOURCEPORT DESTINATIONPORT", one space between two of them.
static int read_v1_fields(struct proxy_header *h, int family, char *text, struct str *err)
{
	char *fields[V1_FIELDS] = {text};
	int r;

	for (size_t i = 1; i < V1_FIELDS; i++) {
		char *space = strchr(fields[i - 1], ' ');

		if (!space)
			return refuse(err, "its PROXY header lacks an address or a port");
		*space = '\0';
		fields[i] = space + 1;
	}
	h->type = SOCK_STREAM;
	r = read_address(family, fields[0], &h->source, "source", err);
	if (r == 0)
		r = read_address(family, fields[1], &h->destination, "destination", err);
	if (r == 0)
		r = read_port(fields[2], &h->source, err);
	if (r == 0)
		r = read_port(fields[3], &h->destination, err);
	return r;
}

// Understands the whole line. What follows UNKNOWN is to be ignored (section 2.1).
static int finish_v1(struct proxy_header *h, struct str *err)
{
	char line[PROXY_V1_MAX + 1];
	size_t len = h->wire.len - 2;
	const char *protocol = line + strlen(V1_SIGNATURE);

	if (h->wire.data[len] != '\r')
		return refuse(err, "its PROXY header ends with LF where CRLF is expected");
	memcpy(line, h->wire.data, len);
	line[len] = '\0';
	if (strncmp(protocol, "UNKNOWN", 7) == 0 && (protocol[7] == ' ' || protocol[7] == '\0'))
		return 1;
	if (strlen(line) != len)
		return refuse(err, "its PROXY header contains a NUL byte");

	bool is_ipv4 = strncmp(protocol, "TCP4 ", 5) == 0;

	if (!is_ipv4 && strncmp(protocol, "TCP6 ", 5) != 0)
		return refuse_word(err, protocol, strcspn(protocol, " "),
			"where TCP4, TCP6 or UNKNOWN is expected");

	int r = read_v1_fields(
		h, is_ipv4 ? AF_INET : AF_INET6, line + strlen(V1_SIGNATURE) + 5, err);

	return r < 0 ? r : 1;
}

// Reads to the end of the line.
static int read_v1(
	struct proxy_header *h, const char *data, size_t len, size_t *taken, struct str *err)
{
	while (*taken < len) {
		str_addc(&h->wire, data[(*taken)++]);

		int r = check_signature(h, err);

		if (r < 0)
			return r;
		if (h->wire.data[h->wire.len - 1] == '\n')
			return finish_v1(h, err);
		if (h->wire.len == PROXY_V1_MAX)
			return refuse(
				err, "its PROXY header has no end within %d bytes", PROXY_V1_MAX);
	}
	return 0;
}

// How many bytes the addresses take that byte 13 announces, or -1 if there is no such kind.
static int v2_addresses(unsigned char kind)
{
	switch (kind) {
	case V2_UNSPEC:
		return 0;
	case V2_INET | V2_STREAM:
	case V2_INET | V2_DGRAM:
		return 2 * (sizeof(struct in_addr) + sizeof(in_port_t));
	case V2_INET6 | V2_STREAM:
	case V2_INET6 | V2_DGRAM:
		return 2 * (sizeof(struct in6_addr) + sizeof(in_port_t));
	case V2_UNIX | V2_STREAM:
	case V2_UNIX | V2_DGRAM:
		return 2 * V2_UNIX_PATH;
	default:
		return -1;
	}
}

static void set_unix(struct sockaddr_any *a, const unsigned char *path)
{
	size_t len = V2_UNIX_PATH;

	// An abstract name may hold zeros, but not at its end, where they are filling.
	while (len && path[len - 1] == '\0')
		len--;
	if (len && path[0])
		len = strnlen((const char *)path, len);
	*a = (struct sockaddr_any){.sa.sa_family = AF_UNIX};
	memcpy(a->un.sun_path, path, len);
	a->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len +
			     (len && path[0] && len < V2_UNIX_PATH));
}

static void set_inet(
	struct sockaddr_any *a, int family, const unsigned char *address, const unsigned char *port)
{
	*a = (struct sockaddr_any){.sa.sa_family = (sa_family_t)family};
	a->len = family == AF_INET ? sizeof(a->in) : sizeof(a->in6);
	if (family == AF_INET)
		memcpy(&a->in.sin_addr, address, sizeof(a->in.sin_addr));
	else
		memcpy(&a->in6.sin6_addr, address, sizeof(a->in6.sin6_addr));
	sockaddr_set_port(a, (uint16_t)(port[0] << 8 | port[1]));
}

static void set_addresses(struct proxy_header *h, unsigned char kind, const unsigned char *p)
{
	bool is_ipv4 = (kind & 0xf0) == V2_INET;
	size_t size = is_ipv4 ? sizeof(struct in_addr) : sizeof(struct in6_addr);
	const unsigned char *ports = p + 2 * size;

	h->type = (kind & 0x0f) == V2_DGRAM ? SOCK_DGRAM : SOCK_STREAM;
	if ((kind & 0xf0) == V2_UNIX) {
		set_unix(&h->source, p);
		set_unix(&h->destination, p + V2_UNIX_PATH);
	} else {
		set_inet(&h->source, is_ipv4 ? AF_INET : AF_INET6, p, ports);
		set_inet(&h->destination, is_ipv4 ? AF_INET : AF_INET6, p + size, ports + 2);
	}
}

// Compares the checksum at VALUE, inside the header, with that of the header.
static int check_crc(struct proxy_header *h, const struct tlv *t, struct str *err)
{
	const unsigned char *v = t->value;
	uint32_t said = (uint32_t)v[0] << 24 | (uint32_t)v[1] << 16 | (uint32_t)v[2] << 8 | v[3];
	char *inside = h->wire.data + (v - (const unsigned char *)h->wire.data);
	char saved[CRC_LEN];

	memcpy(saved, inside, CRC_LEN);
	memset(inside, 0, CRC_LEN);

	uint32_t is = crc32c(h->wire.data, h->wire.len);

	memcpy(inside, saved, CRC_LEN);
	h->has_crc = true;
	if (is != said)
		return refuse(err, "its PROXY header is damaged: checksum %08x, announced as %08x",
			is, said);
	return 0;
}

// Walks the extensions, and takes them over unless there is something wrong. What stands in the
// block of LOCAL is to be discarded, so that only a checksum in it can be wrong.
static int read_tlvs(struct proxy_header *h, const struct block *b, struct str *err)
{
	struct tlv t;
	struct tlv crc = {0};
	size_t at = b->addresses;
	int r;

	while ((r = tlv_next(b->data, b->len, &at, &t)) == 1) {
		if (t.type != TLV_CRC32C)
			continue;
		if (crc.value || t.len != CRC_LEN)
			break;
		crc = t;
	}
	if (r != 0 && h->is_local)
		return 0;
	if (r < 0)
		return refuse(err, "its PROXY header has an extension that is cut short");
	if (r > 0)
		return refuse(err, "its PROXY header has a checksum that is none");
	if (crc.value) {
		r = check_crc(h, &crc, err);
		if (r < 0)
			return r;
	}
	str_addn(&h->tlvs, b->data + b->addresses, b->len - b->addresses);
	return 0;
}

// Understands the whole header.
static int finish_v2(struct proxy_header *h, struct str *err)
{
	const unsigned char *head = (const unsigned char *)h->wire.data;
	struct block b = {.data = head + PROXY_V2_HEAD, .len = h->wire.len - PROXY_V2_HEAD};
	int addresses = v2_addresses(head[13]);
	int r;

	if (h->is_local && (addresses < 0 || (size_t)addresses > b.len))
		return 1;
	if ((size_t)addresses > b.len)
		return refuse(err, "its PROXY header has %zu bytes where addresses take %d", b.len,
			addresses);
	b.addresses = (size_t)addresses;
	r = read_tlvs(h, &b, err);
	if (r < 0)
		return r;
	if (addresses && !h->is_local)
		set_addresses(h, head[13], b.data);
	return 1;
}

// Checks what stands in the head of version 2 once it is complete.
static int check_v2_head(struct proxy_header *h, size_t length, struct str *err)
{
	const unsigned char *head = (const unsigned char *)h->wire.data;

	if (head[12] != (V2_VERSION | V2_LOCAL) && head[12] != (V2_VERSION | V2_PROXY))
		return refuse(err,
			"its PROXY header is of no known version and command (byte 0x%02x)",
			head[12]);
	h->is_local = head[12] == (V2_VERSION | V2_LOCAL);
	if (!h->is_local && v2_addresses(head[13]) < 0)
		return refuse(err, "its PROXY header has addresses of no known kind (byte 0x%02x)",
			head[13]);
	if (length > PROXY_V2_MAX_LENGTH)
		return refuse(err, "its PROXY header announces %zu bytes; at most %d are taken",
			length, PROXY_V2_MAX_LENGTH);
	return 0;
}

// Reads the head, and then as many bytes as it announces.
static int read_v2(
	struct proxy_header *h, const char *data, size_t len, size_t *taken, struct str *err)
{
	int r = 0;

	while (h->wire.len < PROXY_V2_HEAD) {
		if (*taken == len)
			return 0;
		str_addc(&h->wire, data[(*taken)++]);
		r = check_signature(h, err);
		if (r < 0)
			return r;
	}

	const unsigned char *head = (const unsigned char *)h->wire.data;
	size_t length = (size_t)(head[14] << 8 | head[15]);
	size_t missing = PROXY_V2_HEAD + length - h->wire.len;
	size_t n = MIN(missing, len - *taken);

	if (h->wire.len == PROXY_V2_HEAD)
		r = check_v2_head(h, length, err);
	if (r < 0)
		return r;
	str_addn(&h->wire, data + *taken, n);
	*taken += n;
	return n == missing ? finish_v2(h, err) : 0;
}

int proxy_header_read(
	struct proxy_header *h, const void *data, size_t len, size_t *taken, struct str *err)
{
	*taken = 0;
	if (len == 0)
		return 0;
	if (h->wire.len == 0)
		h->version = *(const char *)data == V2_SIGNATURE[0] ? 2 : 1;
	return h->version == 1 ? read_v1(h, data, len, taken, err)
			       : read_v2(h, data, len, taken, err);
}

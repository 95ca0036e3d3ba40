// SPDX-License-Identifier: ISC
#include "proxy/header.h"

#include "proxy/tlv.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define BEHIND "SSH-2.0-x\r\n" // what follows a header, and belongs to somebody else

static struct sockaddr_any ipv4(const char *host, uint16_t port)
{
	struct sockaddr_any a = {.in = {.sin_family = AF_INET}, .len = sizeof(a.in)};

	assert_int_equal(inet_pton(AF_INET, host, &a.in.sin_addr), 1);
	sockaddr_set_port(&a, port);
	return a;
}

static struct sockaddr_any ipv6(const char *host, uint16_t port)
{
	struct sockaddr_any a = {.in6 = {.sin6_family = AF_INET6}, .len = sizeof(a.in6)};

	assert_int_equal(inet_pton(AF_INET6, host, &a.in6.sin6_addr), 1);
	sockaddr_set_port(&a, port);
	return a;
}

static struct sockaddr_any unix_path(const char *path, size_t len)
{
	struct sockaddr_any a = {.un = {.sun_family = AF_UNIX}};

	memcpy(a.un.sun_path, path, len);
	a.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	return a;
}

// Reads LEN bytes that come in two pieces. Returns as proxy_header_read() does, with what it took
// of both; each piece is memory of its own, so that reading past its end is noticed.
static int read_split(struct proxy_header *h, const char *data, size_t len, size_t cut,
	size_t *taken, struct str *err)
{
	size_t n = 0;
	char *first = malloc(cut);
	char *second = malloc(len - cut);
	int r;

	*h = (struct proxy_header){0};
	*taken = 0;
	memcpy(first, data, cut);
	memcpy(second, data + cut, len - cut);
	r = proxy_header_read(h, first, cut, taken, err);
	if (r == 0) {
		assert_int_equal(*taken, cut);
		r = proxy_header_read(h, second, len - cut, &n, err);
		*taken += n;
	}
	free(first);
	free(second);
	return r;
}

// A text of the result that two readings can be compared by.
static void describe(const struct proxy_header *h, struct str *s)
{
	str_addf(s, "v%d%s%s %d ", h->version, h->is_local ? " local" : "",
		h->has_crc ? " crc" : "", h->type);
	if (h->source.len)
		str_add_sockaddr(s, &h->source.sa, h->source.len);
	str_add(s, " ");
	if (h->destination.len)
		str_add_sockaddr(s, &h->destination.sa, h->destination.len);
	str_addf(s, " %zu", h->tlvs.len);
}

// A good header, cut at every byte, with bytes of somebody else behind it.
static void check_read(const char *data, size_t len, const char *want)
{
	struct str wire = {0};

	str_addn(&wire, data, len);
	str_add(&wire, BEHIND);
	for (size_t cut = 0; cut <= wire.len; cut++) {
		struct proxy_header h;
		struct str err = {0};
		struct str is = {0};
		size_t taken;
		int r = read_split(&h, wire.data, wire.len, cut, &taken, &err);

		if (r != 1)
			fail_msg("cut at %zu: %d %s", cut, r, str_c(&err));
		assert_int_equal(taken, len);
		assert_memory_equal(h.wire.data, data, len);
		describe(&h, &is);
		assert_str_becomes(&is, want);
		str_fini(&is);
		proxy_header_fini(&h);
	}
	// And however little is there of it, it is not complete.
	for (size_t less = 0; less < len; less++) {
		struct proxy_header h;
		struct str err = {0};
		size_t taken;

		assert_int_equal(read_split(&h, data, less, less / 2, &taken, &err), 0);
		assert_int_equal(taken, less);
		proxy_header_fini(&h);
	}
	str_fini(&wire);
}
#define CHECK_READ(literal, want) check_read(literal, sizeof(literal) - 1, want)

// A bad one, cut at every byte.
static void check_refused(const char *data, size_t len, const char *want)
{
	for (size_t cut = 0; cut <= len; cut++) {
		struct proxy_header h;
		struct str err = {0};
		size_t taken;

		assert_int_equal(read_split(&h, data, len, cut, &taken, &err), -EPROTO);
		assert_str_becomes(&err, want);
		str_fini(&err);
		proxy_header_fini(&h);
	}
}
#define CHECK_REFUSED(literal, want) check_refused(literal, sizeof(literal) - 1, want)

static void test_v1(void **state)
{
	(void)state;
	CHECK_READ("PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n",
		"v1 1 192.0.2.1:56324 198.51.100.2:443 0");
	CHECK_READ("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n",
		"v1 1 255.255.255.255:65535 255.255.255.255:65535 0");
	CHECK_READ("PROXY TCP6 2001:DB8::1 ::1 0 1\r\n", "v1 1 [2001:db8::1]:0 [::1]:1 0");
	CHECK_READ("PROXY UNKNOWN\r\n", "v1 0   0");
	// The longest one of the specification: 107 bytes.
	CHECK_READ("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		   "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
		"v1 0   0");
	CHECK_READ("PROXY UNKNOWN \0\x80\r?\r\n", "v1 0   0");
}

static void test_v1_refused(void **state)
{
	struct str longer = {0};

	(void)state;
	CHECK_REFUSED("GET / HTTP/1.1\r\n", "begins with 'G', which is no PROXY header");
	CHECK_REFUSED("PRI * HTTP/2.0\r\n", "begins with 'PRI', which is no PROXY header");
	CHECK_REFUSED("\x1b[2J", "begins with '\\x1b', which is no PROXY header");
	CHECK_REFUSED("PROXY\r\n", "begins with 'PROXY\\r', which is no PROXY header");
	CHECK_REFUSED("PROXY TCP5 1.1.1.1 1.1.1.1 1 1\r\n",
		"its PROXY header has 'TCP5' where TCP4, TCP6 or UNKNOWN is expected");
	CHECK_REFUSED(
		"PROXY \r\n", "its PROXY header has '' where TCP4, TCP6 or UNKNOWN is expected");
	CHECK_REFUSED("PROXY UNKNOWNS\r\n",
		"its PROXY header has 'UNKNOWNS' where TCP4, TCP6 or UNKNOWN is expected");
	CHECK_REFUSED("PROXY TCP4 1.1.1.1 1.1.1.1 1 1\n",
		"its PROXY header ends with LF where CRLF is expected");
	CHECK_REFUSED("PROXY \n", "its PROXY header ends with LF where CRLF is expected");
	CHECK_REFUSED(
		"PROXY TCP4 1.1.1.1 1.1.1.1 1\r\n", "its PROXY header lacks an address or a port");
	CHECK_REFUSED(
		"PROXY TCP4 1.1.1.1\0 1.1.1.1 1 1\r\n", "its PROXY header contains a NUL byte");
	CHECK_REFUSED("PROXY TCP4 ::1 1.1.1.1 1 1\r\n",
		"its PROXY header has '::1' as its source, which is no IPv4 address");
	CHECK_REFUSED("PROXY TCP6 ::1 1.1.1.1 1 1\r\n",
		"its PROXY header has '1.1.1.1' as its destination, which is no IPv6 address");
	CHECK_REFUSED("PROXY TCP4 1.1.1.1  1.1.1.1 1 1\r\n",
		"its PROXY header has '' as its destination, which is no IPv4 address");
	CHECK_REFUSED("PROXY TCP4 1.1.1.1 1.1.1.1 65536 1\r\n",
		"its PROXY header has '65536' where a port is expected");
	CHECK_REFUSED("PROXY TCP4 1.1.1.1 1.1.1.1 1 \r\n",
		"its PROXY header has '' where a port is expected");
	CHECK_REFUSED("PROXY TCP4 1.1.1.1 1.1.1.1 1 01\r\n",
		"its PROXY header has '01' where a port is expected");
	CHECK_REFUSED("PROXY TCP4 1.1.1.1 1.1.1.1 1 1 \r\n",
		"its PROXY header has '1 ' where a port is expected");
	CHECK_REFUSED("PROXY TCP4 1.1.1.1 1.1.1.1 +1 1\r\n",
		"its PROXY header has '+1' where a port is expected");
	str_add(&longer, "PROXY UNKNOWN ");
	str_add_repeated(&longer, 'x', PROXY_V1_MAX);
	check_refused(longer.data, longer.len, "its PROXY header has no end within 107 bytes");
	str_clear(&longer);
	// One byte more than the longest.
	str_add(&longer, "PROXY UNKNOWN ");
	str_add_repeated(&longer, 'x', PROXY_V1_MAX - longer.len - 1);
	str_add(&longer, "\r\n");
	check_refused(longer.data, longer.len, "its PROXY header has no end within 107 bytes");
	str_fini(&longer);
}

static void test_v2(void **state)
{
	(void)state;
	CHECK_READ(SIGNATURE "\x21\x11\x00\x0c\xc0\x00\x02\x01\xc6\x33\x64\x02\xdc\x04\x01\xbb",
		"v2 1 192.0.2.1:56324 198.51.100.2:443 0");
	CHECK_READ(SIGNATURE "\x21\x12\x00\x0c\xc0\x00\x02\x01\xc6\x33\x64\x02\xdc\x04\x01\xbb",
		"v2 2 192.0.2.1:56324 198.51.100.2:443 0");
	CHECK_READ(SIGNATURE "\x21\x21\x00\x24"
			     " \x01\r\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
			     "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\x10\x00\x00\x50",
		"v2 1 [2001:db8::1]:4096 [::1]:80 0");
	// Nothing is known, and something is: a type (NOOP) with two bytes.
	CHECK_READ(SIGNATURE "\x21\x00\x00\x00", "v2 0   0");
	CHECK_READ(SIGNATURE "\x21\x00\x00\x05\x04\x00\x02\xff\xff", "v2 0   5");
	CHECK_READ(SIGNATURE "\x20\x00\x00\x00", "v2 local 0   0");
	// What LOCAL brings along is discarded, whatever it is.
	CHECK_READ(SIGNATURE "\x20\x11\x00\x0c\xc0\x00\x02\x01\xc6\x33\x64\x02\xdc\x04\x01\xbb",
		"v2 local 0   0");
	CHECK_READ(SIGNATURE "\x20\x11\x00\x01?", "v2 local 0   0");
	CHECK_READ(SIGNATURE "\x20\x99\x00\x02??", "v2 local 0   0");
	CHECK_READ(SIGNATURE "\x20\x00\x00\x02??", "v2 local 0   0");
	CHECK_READ(SIGNATURE "\x20\x00\x00\x04\x03\x00\x01?", "v2 local 0   0");
}

static void test_v2_refused(void **state)
{
	(void)state;
	CHECK_REFUSED("\r\n\r\n\0\r\nQUIX", "begins with '\\r\\n\\r\\n\\x00\\r\\nQUIX', which "
					    "is no PROXY header");
	CHECK_REFUSED("\r\n\r\n\r\n", "begins with '\\r\\n\\r\\n\\r', which is no PROXY header");
	CHECK_REFUSED(SIGNATURE "\x31\x11\x00\x00",
		"its PROXY header is of no known version and command (byte 0x31)");
	CHECK_REFUSED(SIGNATURE "\x22\x11\x00\x00",
		"its PROXY header is of no known version and command (byte 0x22)");
	CHECK_REFUSED(SIGNATURE "\x21\x10\x00\x00",
		"its PROXY header has addresses of no known kind (byte 0x10)");
	CHECK_REFUSED(SIGNATURE "\x21\x41\x00\x00",
		"its PROXY header has addresses of no known kind (byte 0x41)");
	CHECK_REFUSED(SIGNATURE "\x21\x11\x00\x0b???????????",
		"its PROXY header has 11 bytes where addresses take 12");
	CHECK_REFUSED(SIGNATURE "\x21\x00\x10\x01",
		"its PROXY header announces 4097 bytes; at most 4096 are taken");
	CHECK_REFUSED(SIGNATURE "\x20\x00\xff\xff",
		"its PROXY header announces 65535 bytes; at most 4096 are taken");
	CHECK_REFUSED(SIGNATURE "\x21\x00\x00\x02\x04\x00",
		"its PROXY header has an extension that is cut short");
	CHECK_REFUSED(SIGNATURE "\x21\x00\x00\x05\x04\x00\x03??",
		"its PROXY header has an extension that is cut short");
	CHECK_REFUSED(SIGNATURE "\x21\x00\x00\x05\x03\x00\x02??",
		"its PROXY header has a checksum that is none");
}

static void test_unix(void **state)
{
	static const char name[] = "\0a\0b";
	struct proxy_header h = {.version = 2,
		.type = SOCK_STREAM,
		.source = unix_path("/run/x", 7),
		.destination = unix_path(name, 4)};
	struct proxy_header again;
	struct str wire = {0};
	struct str err = {0};
	size_t taken;

	(void)state;
	assert_int_equal(proxy_header_build(&h, &wire, &err), 0);
	assert_int_equal(wire.len, 16 + 216);
	check_read(wire.data, wire.len, "v2 1 unix:/run/x unix:@a@b 0");
	assert_int_equal(read_split(&again, wire.data, wire.len, 0, &taken, &err), 1);
	assert_true(sockaddr_equal(&h.source, &again.source));
	assert_true(sockaddr_equal(&h.destination, &again.destination));
	proxy_header_fini(&again);

	// Without a name, and with one that fills all there is.
	h.source = unix_path("", 0);
	memset(h.destination.un.sun_path, 'p', 108);
	h.destination.len = offsetof(struct sockaddr_un, sun_path) + 108;
	str_clear(&wire);
	assert_int_equal(proxy_header_build(&h, &wire, &err), 0);
	assert_int_equal(read_split(&again, wire.data, wire.len, 100, &taken, &err), 1);
	assert_true(sockaddr_equal(&h.source, &again.source));
	assert_true(sockaddr_equal(&h.destination, &again.destination));
	proxy_header_fini(&again);
	str_fini(&wire);
}

// What is built is what the specification says, and is read again as what it was built from.
static void check_built(
	const struct proxy_header *h, const char *bytes, size_t len, const char *description)
{
	struct str wire = {0};
	struct str err = {0};

	assert_int_equal(proxy_header_build(h, &wire, &err), 0);
	assert_int_equal(wire.len, len);
	assert_memory_equal(wire.data, bytes, len);
	check_read(wire.data, wire.len, description);
	str_fini(&wire);
}
#define CHECK_BUILT(h, literal, want) check_built(h, literal, sizeof(literal) - 1, want)

static void test_built(void **state)
{
	struct proxy_header h = {.version = 1,
		.type = SOCK_STREAM,
		.source = ipv4("192.0.2.1", 56324),
		.destination = ipv4("198.51.100.2", 443)};

	(void)state;
	CHECK_BUILT(&h, "PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n",
		"v1 1 192.0.2.1:56324 198.51.100.2:443 0");
	h.version = 2;
	CHECK_BUILT(&h,
		SIGNATURE "\x21\x11\x00\x0c\xc0\x00\x02\x01\xc6\x33\x64\x02\xdc\x04\x01\xbb",
		"v2 1 192.0.2.1:56324 198.51.100.2:443 0");
	h.is_local = true;
	CHECK_BUILT(&h, SIGNATURE "\x20\x00\x00\x00", "v2 local 0   0");
	h.version = 1;
	CHECK_BUILT(&h, "PROXY UNKNOWN\r\n", "v1 0   0");

	h = (struct proxy_header){.version = 1, .type = SOCK_STREAM};
	CHECK_BUILT(&h, "PROXY UNKNOWN\r\n", "v1 0   0");
	h.version = 2;
	CHECK_BUILT(&h, SIGNATURE "\x21\x00\x00\x00", "v2 0   0");

	h = (struct proxy_header){.version = 1,
		.type = SOCK_STREAM,
		.source = ipv6("fe80::1", 1),
		.destination = ipv6("::ffff:192.0.2.1", 65535)};
	h.source.in6.sin6_scope_id = 1; // an interface of this machine, of no use elsewhere
	CHECK_BUILT(&h, "PROXY TCP6 fe80::1 ::ffff:192.0.2.1 1 65535\r\n",
		"v1 1 [fe80::1]:1 [::ffff:192.0.2.1]:65535 0");
	h.version = 2;
	h.type = SOCK_DGRAM;
	CHECK_BUILT(&h,
		SIGNATURE "\x21\x22\x00\x24\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
			  "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x01\x00\x01\xff\xff",
		"v2 2 [fe80::1]:1 [::ffff:192.0.2.1]:65535 0");
}

static void test_not_built(void **state)
{
	struct proxy_header h = {.version = 1,
		.type = SOCK_STREAM,
		.source = ipv4("192.0.2.1", 1),
		.destination = ipv6("::1", 1)};
	struct str out = {0};
	struct str err = {0};

	(void)state;
	assert_int_equal(proxy_header_build(&h, &out, &err), -EINVAL);
	assert_str_becomes(&err, "source and destination of a PROXY header are of one family");
	h.destination = (struct sockaddr_any){0};
	assert_int_equal(proxy_header_build(&h, &out, &err), -EINVAL);
	assert_str_becomes(&err, "a PROXY header has a source and a destination, or neither");
	h.source = h.destination = unix_path("/a", 3);
	assert_int_equal(proxy_header_build(&h, &out, &err), -EINVAL);
	assert_str_becomes(
		&err, "version 1 of the PROXY protocol knows IPv4 and IPv6 only; use v2");
	h.source = h.destination = ipv4("192.0.2.1", 1);
	h.type = SOCK_DGRAM;
	assert_int_equal(proxy_header_build(&h, &out, &err), -EINVAL);
	assert_str_becomes(&err, "version 1 of the PROXY protocol knows TCP only; use v2");
	h.has_crc = true;
	assert_int_equal(proxy_header_build(&h, &out, &err), -EINVAL);
	assert_str_becomes(&err, "version 1 of the PROXY protocol has no extensions; use v2");
	assert_int_equal(out.len, 0);
	str_fini(&out);
	str_fini(&err);
}

static void test_longest(void **state)
{
	struct proxy_header h = {.version = 2};
	struct str wire = {0};
	struct str err = {0};
	char value[PROXY_V2_MAX_LENGTH] = {0};

	(void)state;
	tlv_add(&h.tlvs, 0xe0, value, PROXY_V2_MAX_LENGTH - TLV_HEAD);
	assert_int_equal(proxy_header_build(&h, &wire, &err), 0);
	assert_int_equal(wire.len, PROXY_V2_HEAD + PROXY_V2_MAX_LENGTH);
	check_read(wire.data, wire.len, "v2 0   4096");
	h.has_crc = true;
	str_clear(&wire);
	assert_int_equal(proxy_header_build(&h, &wire, &err), -EINVAL);
	assert_str_becomes(&err, "a PROXY header of 4103 bytes is too long: at most 4096");
	assert_int_equal(wire.len, 0);
	proxy_header_fini(&h);
	str_fini(&wire);
	str_fini(&err);
}

// A checksum is right, and every bit of the header that is turned makes it wrong.
static void test_checksum(void **state)
{
	struct proxy_header h = {.version = 2,
		.type = SOCK_STREAM,
		.has_crc = true,
		.source = ipv4("192.0.2.1", 56324),
		.destination = ipv4("198.51.100.2", 443)};
	struct str wire = {0};
	struct str err = {0};
	size_t taken;

	(void)state;
	tlv_add(&h.tlvs, TLV_AUTHORITY, "example.org", 11);
	assert_int_equal(proxy_header_build(&h, &wire, &err), 0);
	check_read(wire.data, wire.len, "v2 crc 1 192.0.2.1:56324 198.51.100.2:443 21");
	for (size_t bit = 8 * PROXY_V2_HEAD; bit < 8 * wire.len; bit++) {
		struct proxy_header again;
		char *byte = wire.data + bit / 8;
		bool is_other = bit / 8 == 42; // the type of the checksum: then there is none

		*byte = (char)(*byte ^ 1 << bit % 8);
		assert_int_equal(read_split(&again, wire.data, wire.len, 20, &taken, &err),
			is_other ? 1 : -EPROTO);
		*byte = (char)(*byte ^ 1 << bit % 8);
		proxy_header_fini(&again);
		str_clear(&err);
	}
	// LOCAL: what it brings is discarded, but damage is damage.
	h.is_local = true;
	str_clear(&wire);
	assert_int_equal(proxy_header_build(&h, &wire, &err), 0);
	check_read(wire.data, wire.len, "v2 local crc 0   21");
	wire.data[20] ^= 1;
	proxy_header_fini(&h);
	assert_int_equal(read_split(&h, wire.data, wire.len, 0, &taken, &err), -EPROTO);
	proxy_header_fini(&h);
	str_fini(&wire);
	str_fini(&err);
}

// As haproxy 2.6 sends it (send-proxy-v2-ssl-cn, proxy-v2-options crc32c).
static void test_haproxy(void **state)
{
	(void)state;
	CHECK_READ(SIGNATURE "!\x11\x00\x1b\x7f\x00\x00\x01\x7f\x00\x00\x01\xe4\x82\xfd\xe0"
			     "\x03\x00\x04\x83P?\xda"
			     " \x00\x05\x00\x00\x00\x00\x00",
		"v2 crc 1 127.0.0.1:58498 127.0.0.1:64992 15");
}

static void test_tlvs(void **state)
{
	struct str s = {0};
	struct tlv t;
	size_t at = 0;

	(void)state;
	tlv_add(&s, 0xe0, "ab", 2);
	tlv_add(&s, TLV_NOOP, NULL, 0);
	assert_int_equal(tlv_next(s.data, s.len, &at, &t), 1);
	assert_int_equal(t.type, 0xe0);
	assert_int_equal(t.len, 2);
	assert_memory_equal(t.value, "ab", 2);
	assert_int_equal(tlv_next(s.data, s.len, &at, &t), 1);
	assert_int_equal(t.type, TLV_NOOP);
	assert_int_equal(t.len, 0);
	assert_int_equal(tlv_next(s.data, s.len, &at, &t), 0);
	at = 0;
	assert_int_equal(tlv_next(s.data, 4, &at, &t), -EPROTO);
	assert_int_equal(tlv_next(s.data, 2, &at, &t), -EPROTO);
	str_fini(&s);
}

static void check_type(const char *word, int want)
{
	struct str err = {0};
	uint8_t type = 0x77;
	int r = tlv_parse_type(word, &type, &err);

	assert_int_equal(r, want < 0 ? -EINVAL : 0);
	assert_int_equal(type, want < 0 ? 0x77 : want);
	assert_int_equal(err.len > 0, want < 0);
	str_fini(&err);
}

static void test_types(void **state)
{
	(void)state;
	check_type("alpn", 1);
	check_type("authority", 2);
	check_type("unique_id", 5);
	check_type("netns", 0x30);
	check_type("0xe0", 0xe0);
	check_type("5", 5);
	check_type("0", 0);
	check_type("255", 255);
	check_type("256", -1);
	check_type("-1", -1);
	check_type("", -1);
	check_type("alp", -1);
	check_type("5 ", -1);
	assert_string_equal(tlv_name(0x30), "netns");
	assert_null(tlv_name(0xe0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v1),
		cmocka_unit_test(test_v1_refused),
		cmocka_unit_test(test_v2),
		cmocka_unit_test(test_v2_refused),
		cmocka_unit_test(test_unix),
		cmocka_unit_test(test_built),
		cmocka_unit_test(test_not_built),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_checksum),
		cmocka_unit_test(test_haproxy),
		cmocka_unit_test(test_tlvs),
		cmocka_unit_test(test_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

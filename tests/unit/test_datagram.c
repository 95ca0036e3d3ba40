// SPDX-License-Identifier: ISC
#include "base/hex.h"
#include "base/ipv4.h"
#include "out/datagram_text.h"

#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

static void test_hex(void **state)
{
	struct str s = {0};
	unsigned char bytes[8];
	size_t n;

	(void)state;
	str_add_hex(&s, "\x00\x7f\xff", 3);
	assert_str_becomes(&s, "007fff");
	str_add_hex_dump(&s, "hello, world! \xc3\xa4\x1b", 17, 16);
	assert_str_becomes(&s,
		"00000000: 68 65 6c 6c 6f 2c 20 77  6f 72 6c 64 21 20 c3 a4  |hello, world! ..|\n"
		"00000010: 1b                                                |.|\n"
		"00000011:\n");
	str_add_hex_dump(&s, "", 0, 16);
	assert_str_becomes(&s, "00000000:\n");
	assert_int_equal(hex_decode(bytes, &n, "00 7fFf", 7), 0);
	assert_int_equal(n, 3);
	assert_memory_equal(bytes, "\x00\x7f\xff", 3);
	assert_int_equal(hex_decode(bytes, &n, "0", 1), -EINVAL);
	assert_int_equal(hex_decode(bytes, &n, "0x41", 4), -EINVAL);
	str_fini(&s);
}

// A header as the kernel would hand it out.
static const unsigned char header[24] = {0x46, 0x10, 0x01, 0x02, 0xab, 0xcd, 0x60, 0x03, 64, 1,
	0x12, 0x34, 192, 0, 2, 1, 198, 51, 100, 2, 1, 1, 1, 0};

static void test_ipv4(void **state)
{
	struct ipv4_header h;

	(void)state;
	assert_int_equal(ipv4_decode(&h, header, sizeof(header)), 0);
	assert_int_equal(h.len, 24);
	assert_int_equal(h.tos, 0x10);
	assert_int_equal(h.total_len, 0x0102);
	assert_int_equal(h.id, 0xabcd);
	assert_true(h.dont_fragment);
	assert_true(h.more_fragments);
	assert_int_equal(h.fragment_offset, 24);
	assert_int_equal(h.ttl, 64);
	assert_int_equal(h.protocol, 1);
	assert_int_equal(h.checksum, 0x1234);
	assert_int_equal(ntohl(h.source.s_addr), 0xc0000201);
	assert_int_equal(ntohl(h.destination.s_addr), 0xc6336402);
}

static void test_ipv4_hostile(void **state)
{
	struct ipv4_header h;
	unsigned char bytes[sizeof(header)];

	(void)state;
	for (size_t len = 0; len < sizeof(header); len++) {
		unsigned char *exact = malloc(len ? len : 1); // for the address sanitizer to watch

		memcpy(exact, header, len);
		assert_int_equal(ipv4_decode(&h, exact, len), -EBADMSG);
		free(exact);
	}
	memcpy(bytes, header, sizeof(bytes));
	for (unsigned first = 0; first < 256; first++) {
		bool is_valid = first >= 0x45 && first <= 0x46;

		bytes[0] = (unsigned char)first;
		assert_int_equal(ipv4_decode(&h, bytes, sizeof(bytes)), is_valid ? 0 : -EBADMSG);
	}
}

static void check_written(enum framing framing, const struct datagram *list, size_t n,
	size_t pieces, const char *want)
{
	struct datagram_writer w;
	struct str all = {0};

	datagram_writer_init(&w, framing, 0);
	for (size_t i = 0; i < n; i++)
		datagram_writer_add(&w, &list[i]);

	const struct iovecs *g = datagram_writer_take(&w);

	assert_int_equal(g->count, pieces);
	for (size_t i = 0; i < g->count; i++)
		str_addn(&all, g->pieces[i].iov_base, g->pieces[i].iov_len);
	assert_str_becomes(&all, want);
	datagram_writer_clear(&w);
	assert_int_equal(datagram_writer_take(&w)->count, 0);
	datagram_writer_fini(&w);
	str_fini(&all);
}

static void test_writer(void **state)
{
	static const char data[] = "onetwo\xff\x1b";
	struct sockaddr_any source = {0};
	struct ipv4_header ip;
	struct datagram list[] = {
		{.data = data, .len = 3, .real_len = 3, .hops = -1},
		{.data = data + 3, .len = 0, .real_len = 0, .hops = -1},
		{.data = data + 3, .len = 3, .real_len = 3, .hops = -1},
	};
	struct datagram odd = {.data = data + 6,
		.len = 2,
		.real_len = 9,
		.hops = 64,
		.source = &source,
		.destination = &source,
		.ip = &ip,
		.protocol = "ICMP"};

	(void)state;
	source.in.sin_family = AF_INET;
	source.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	source.len = sizeof(source.in);
	assert_int_equal(ipv4_decode(&ip, header, sizeof(header)), 0);

	check_written(FRAMING_LINE, list, 3, 5, "one\n\ntwo\n");
	check_written(FRAMING_BLOCK, list, 3, 1, "onetwo");
	check_written(FRAMING_JSON, list, 2, 1,
		"{\"length\":3,\"data\":\"one\"}\n{\"length\":0,\"data\":\"\"}\n");
	check_written(FRAMING_HEX, &odd, 1, 1,
		"# 127.0.0.1 > 127.0.0.1 ICMP TTL 64 length 9, truncated to 2\n"
		"# IPv4 header of 24 bytes: total length 258, id 43981, TOS 0x10, don't fragment, "
		"more fragments, fragment at 24, checksum 0x1234\n"
		"00000000: ff 1b                                             |..|\n"
		"00000002:\n");
	check_written(FRAMING_JSON, &odd, 1, 1,
		"{\"source\":{\"family\":\"inet\",\"address\":\"127.0.0.1\",\"port\":0},"
		"\"destination\":{\"family\":\"inet\",\"address\":\"127.0.0.1\",\"port\":0},"
		"\"length\":9,\"hops\":64,\"truncated\":true,"
		"\"ip\":{\"source_address\":\"192.0.2.1\",\"destination_address\":\"198.51.100.2\","
		"\"ttl\":64,"
		"\"protocol_number\":1,\"protocol\":\"ICMP\",\"header_length\":24,"
		"\"total_length\":258,\"tos\":16,\"id\":43981,\"dont_fragment\":true,"
		"\"more_fragments\":true,\"fragment_offset\":24,\"checksum\":4660},"
		"\"hex\":\"ff1b\"}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_ipv4),
		cmocka_unit_test(test_ipv4_hostile),
		cmocka_unit_test(test_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

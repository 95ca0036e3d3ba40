// SPDX-License-Identifier: ISC
#include "net/sockopt.h"

#include "net/addr/interfaces.h"
#include "sys/socket.h"
#include "unit.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/time.h>

// What one word becomes: the option and its value written out again.
static void check_good(const char *word, const char *want)
{
	struct sockopt_settings l = {0};
	struct str err = {0};
	struct str text = {0};
	int r = sockopt_settings_add(&l, word, &err);

	if (r < 0)
		fail_msg("%s: %s", word, str_c(&err));
	assert_int_equal(l.count, 1);
	str_addf(&text, "%s %s=", sockopt_level_name(l.items[0].option->level),
		l.items[0].option->name);
	str_add_sockopt_value(
		&text, l.items[0].option, l.items[0].value.data, l.items[0].value.len);
	assert_str_becomes(&text, want);
	str_fini(&text);
	str_fini(&err);
	sockopt_settings_fini(&l);
}

static void check_bad(const char *word, int result, const char *message)
{
	struct sockopt_settings l = {0};
	struct str err = {0};

	assert_int_equal(sockopt_settings_add(&l, word, &err), result);
	assert_int_equal(l.count, 0);
	assert_str_becomes(&err, message);
	str_fini(&err);
	sockopt_settings_fini(&l);
}

static void test_flags_and_numbers(void **state)
{
	(void)state;
	check_good("TCP_NODELAY", "IPPROTO_TCP TCP_NODELAY=1");
	check_good("tcp_nodelay=off", "IPPROTO_TCP TCP_NODELAY=0");
	check_good("SO_KEEPALIVE=yes", "SOL_SOCKET SO_KEEPALIVE=1");
	check_good("SO_KEEPALIVE=No", "SOL_SOCKET SO_KEEPALIVE=0");
	check_good("SO_RCVBUF=1M", "SOL_SOCKET SO_RCVBUF=1048576");
	check_good("SO_RCVBUF=4096", "SOL_SOCKET SO_RCVBUF=4096");
	check_good("IP_TOS=0x10", "IPPROTO_IP IP_TOS=0x10");
	check_good("IP_TOS=16", "IPPROTO_IP IP_TOS=0x10");
	check_good("SO_MARK=0xffffffff", "SOL_SOCKET SO_MARK=0xffffffff");
	check_good("SO_PEEK_OFF=-1", "SOL_SOCKET SO_PEEK_OFF=-1");
	check_good("SO_MAX_PACING_RATE=5G", "SOL_SOCKET SO_MAX_PACING_RATE=5368709120");
	check_good("IP_LOCAL_PORT_RANGE=40000-50000", "IPPROTO_IP IP_LOCAL_PORT_RANGE=40000-50000");
	check_good("TCP_CONGESTION=reno", "IPPROTO_TCP TCP_CONGESTION=reno");
	check_good("SO_BINDTODEVICE=", "SOL_SOCKET SO_BINDTODEVICE=");
	check_good("TCP_FASTOPEN_KEY=0x00FFa0", "IPPROTO_TCP TCP_FASTOPEN_KEY=0x00ffa0");
	check_good("SO_TXTIME=1,0x2", "SOL_SOCKET SO_TXTIME=1,2");
}

static void test_times(void **state)
{
	(void)state;
	check_good("SO_LINGER=off", "SOL_SOCKET SO_LINGER=off");
	check_good("SO_LINGER=5", "SOL_SOCKET SO_LINGER=5s");
	check_good("SO_LINGER=0", "SOL_SOCKET SO_LINGER=0");
	check_good("SO_LINGER=2m", "SOL_SOCKET SO_LINGER=120s");
	check_good("SO_RCVTIMEO=500ms", "SOL_SOCKET SO_RCVTIMEO=500ms");
	check_good("SO_RCVTIMEO=0.5", "SOL_SOCKET SO_RCVTIMEO=500ms");
	check_good("SO_RCVTIMEO=2.25", "SOL_SOCKET SO_RCVTIMEO=2250ms");
	check_good("SO_SNDTIMEO=3", "SOL_SOCKET SO_SNDTIMEO=3s");
	check_good("SO_SNDTIMEO=1500us", "SOL_SOCKET SO_SNDTIMEO=1500us");
	check_good("SO_SNDTIMEO=off", "SOL_SOCKET SO_SNDTIMEO=0");
	check_good("TCP_KEEPIDLE=90", "IPPROTO_TCP TCP_KEEPIDLE=90s");
	check_good("TCP_KEEPIDLE=2m", "IPPROTO_TCP TCP_KEEPIDLE=120s");
	check_good("TCP_LINGER2=-1", "IPPROTO_TCP TCP_LINGER2=-1");
	check_good("TCP_USER_TIMEOUT=1500", "IPPROTO_TCP TCP_USER_TIMEOUT=1500ms");
	check_good("TCP_USER_TIMEOUT=2s", "IPPROTO_TCP TCP_USER_TIMEOUT=2000ms");
	check_good("SO_BUSY_POLL=2ms", "SOL_SOCKET SO_BUSY_POLL=2000us");
}

static void test_names(void **state)
{
	(void)state;
	check_good("IP_MTU_DISCOVER=do", "IPPROTO_IP IP_MTU_DISCOVER=IP_PMTUDISC_DO");
	check_good(
		"IP_MTU_DISCOVER=IP_PMTUDISC_WANT", "IPPROTO_IP IP_MTU_DISCOVER=IP_PMTUDISC_WANT");
	check_good("IP_MTU_DISCOVER=3", "IPPROTO_IP IP_MTU_DISCOVER=IP_PMTUDISC_PROBE");
	check_good("IPV6_ADDRFORM=AF_INET", "IPPROTO_IPV6 IPV6_ADDRFORM=AF_INET");
	check_good("SO_BUF_LOCK=sndbuf_lock|SOCK_RCVBUF_LOCK",
		"SOL_SOCKET SO_BUF_LOCK=SOCK_SNDBUF_LOCK|SOCK_RCVBUF_LOCK");
	check_good("SO_TIMESTAMPING=rx_software,software",
		"SOL_SOCKET SO_TIMESTAMPING="
		"SOF_TIMESTAMPING_RX_SOFTWARE|SOF_TIMESTAMPING_SOFTWARE");
}

static void test_addresses(void **state)
{
	struct str message = {0};

	(void)state;
	check_good("IP_ADD_MEMBERSHIP=239.1.2.3", "IPPROTO_IP IP_ADD_MEMBERSHIP=239.1.2.3");
	check_good("IP_ADD_MEMBERSHIP=239.1.2.3%lo", "IPPROTO_IP IP_ADD_MEMBERSHIP=239.1.2.3%lo");
	check_good("IP_ADD_MEMBERSHIP=239.1.2.3,127.0.0.1",
		"IPPROTO_IP IP_ADD_MEMBERSHIP=239.1.2.3,127.0.0.1");
	check_good("IP_ADD_SOURCE_MEMBERSHIP=232.1.2.3,127.0.0.1",
		"IPPROTO_IP IP_ADD_SOURCE_MEMBERSHIP=232.1.2.3,127.0.0.1");
	check_good("IPV6_JOIN_GROUP=ff02::1%lo", "IPPROTO_IPV6 IPV6_JOIN_GROUP=ff02::1%lo");
	check_good("MCAST_JOIN_GROUP=ff02::1%lo", "IPPROTO_IPV6 MCAST_JOIN_GROUP=ff02::1%lo");
	check_good("MCAST_JOIN_GROUP=239.1.2.3", "IPPROTO_IP MCAST_JOIN_GROUP=239.1.2.3");
	check_good("MCAST_JOIN_SOURCE_GROUP=232.1.2.3%lo,127.0.0.1",
		"IPPROTO_IP MCAST_JOIN_SOURCE_GROUP=232.1.2.3%lo,127.0.0.1");
	check_good("IP_MULTICAST_IF=127.0.0.1", "IPPROTO_IP IP_MULTICAST_IF=127.0.0.1");
	check_good("IP_MULTICAST_IF=lo", "IPPROTO_IP IP_MULTICAST_IF=lo");
	check_good("IPV6_MULTICAST_IF=1", "IPPROTO_IPV6 IPV6_MULTICAST_IF=lo");
	check_good("IPV6_UNICAST_IF=lo", "IPPROTO_IPV6 IPV6_UNICAST_IF=lo");
	check_good("IPV6_PKTINFO=::1%lo", "IPPROTO_IPV6 IPV6_PKTINFO=::1%lo");
	str_add(&message, "IPV6_MULTICAST_IF: 'nosuch0' is no network interface");
	str_add_interfaces(&message);
	check_bad("IPV6_MULTICAST_IF=nosuch0", -EINVAL, str_c(&message));
	str_fini(&message);
	check_bad("IP_ADD_MEMBERSHIP=ff02::1", -EINVAL,
		"IP_ADD_MEMBERSHIP: 'ff02::1' is not a group such as 239.1.2.3 or 239.1.2.3%eth0");
}

static void test_filters(void **state)
{
	(void)state;
	check_good("SO_ATTACH_FILTER=1,6 0 0 65535", "SOL_SOCKET SO_ATTACH_FILTER=1,6 0 0 65535");
	check_good("SO_ATTACH_FILTER=2,40 0 0 12,6 0 0 0,",
		"SOL_SOCKET SO_ATTACH_FILTER=2,40 0 0 12,6 0 0 0");
	check_bad("SO_ATTACH_FILTER=2,6 0 0 0", -EINVAL,
		"SO_ATTACH_FILTER: '2,6 0 0 0' is not a program as 'tcpdump -ddd' writes it, "
		"lines joined by commas");
	check_bad("SO_ATTACH_FILTER=0,", -EINVAL,
		"SO_ATTACH_FILTER: '0,' is not a program as 'tcpdump -ddd' writes it, "
		"lines joined by commas");
}

static void test_bad_words(void **state)
{
	(void)state;
	check_bad("SO_RCVBUFF=1", -ENOENT,
		"no socket option 'SO_RCVBUFF'; did you mean 'SO_RCVBUF'?");
	check_bad("nodelay", -ENOENT, "no socket option 'nodelay'; did you mean 'TCP_NODELAY'?");
	check_bad("x\x1b", -ENOENT, "no socket option 'x\\x1b'; 'sockctl options' lists them");
	check_bad("", -ENOENT, "no socket option ''; 'sockctl options' lists them");
	check_bad("SO_TYPE=1", -EINVAL, "SO_TYPE can only be read");
	check_bad("SO_RCVBUF", -EINVAL, "SO_RCVBUF needs a value, a size such as 4096, 64k or 1M");
	check_bad("SO_RCVBUF=", -EINVAL, "SO_RCVBUF: '' is not a size such as 4096, 64k or 1M");
	check_bad("SO_RCVBUF=5G", -EINVAL, "SO_RCVBUF: '5G' is out of range: 0 to 4294967295");
	check_bad("TCP_NODELAY=2", -EINVAL, "TCP_NODELAY: '2' is not on or off");
	check_bad("IP_TTL=1x", -EINVAL, "IP_TTL: '1x' is not a whole number");
	check_bad("IP_TTL=9999999999", -EINVAL,
		"IP_TTL: '9999999999' is out of range: -2147483648 to 2147483647");
	check_bad("SO_LINGER=500ms", -EINVAL,
		"SO_LINGER: '500ms' is not off or a time in whole seconds such as 5");
	check_bad("IP_LOCAL_PORT_RANGE=1-65536", -EINVAL,
		"IP_LOCAL_PORT_RANGE: '1-65536' is out of range: 0 to 65535");
	check_bad("SO_BUSY_POLL=18446744073709551615us", -EINVAL,
		"SO_BUSY_POLL: '18446744073709551615us' is out of range: "
		"-2147483648 to 2147483647");
	check_bad("IP_MTU_DISCOVER=sometimes", -EINVAL,
		"IP_MTU_DISCOVER: 'sometimes' is not a name (IP_PMTUDISC_DONT, IP_PMTUDISC_WANT, "
		"IP_PMTUDISC_DO, IP_PMTUDISC_PROBE, IP_PMTUDISC_INTERFACE, IP_PMTUDISC_OMIT)");
	check_bad("TCP_FASTOPEN_KEY=0x123", -EINVAL,
		"TCP_FASTOPEN_KEY: '0x123' is not bytes in hex such as 0x0102");
}

static void test_find_readable(void **state)
{
	const struct sockopt *o;
	struct str err = {0};

	(void)state;
	assert_int_equal(sockopt_find_readable("so_error", &o, &err), 0);
	assert_string_equal(o->name, "SO_ERROR");
	assert_int_equal(sockopt_find_readable("IP_ADD_MEMBERSHIP", &o, &err), -EINVAL);
	assert_str_becomes(&err, "IP_ADD_MEMBERSHIP can only be set");
	assert_int_equal(sockopt_find_readable("SO_ERORR", &o, &err), -ENOENT);
	assert_str_becomes(&err, "no socket option 'SO_ERORR'; did you mean 'SO_ERROR'?");
	str_fini(&err);
}

static int read_int(int fd, const char *name)
{
	struct sockopt_value v;
	int n;

	assert_int_equal(sockopt_read(fd, sockopt_by_name(name), &v), 0);
	assert_int_equal(v.len, sizeof(n));
	memcpy(&n, v.data, sizeof(n));
	return n;
}

static void test_apply(void **state)
{
	struct sockopt_settings l = {0};
	struct str err = {0};
	int fd = sys_socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int quick;

	(void)state;
	assert_true(fd >= 0);
	quick = read_int(fd, "TCP_QUICKACK");
	assert_int_equal(sockopt_settings_add(&l, "TCP_NODELAY", &err), 0);
	assert_int_equal(
		sockopt_settings_add(&l, quick ? "TCP_QUICKACK=0" : "TCP_QUICKACK", &err), 0);
	assert_int_equal(sockopt_settings_add(&l, "IP_TTL=7", &err), 0);
	assert_int_equal(sockopt_settings_prepare(&l, fd), 0);
	assert_int_equal(read_int(fd, "TCP_NODELAY"), 1);
	assert_int_equal(read_int(fd, "IP_TTL"), 7);
	assert_int_equal(read_int(fd, "TCP_QUICKACK"), quick); // waits for the connection
	assert_int_equal(sockopt_settings_complete(&l, fd), 0);
	assert_int_equal(read_int(fd, "TCP_QUICKACK"), !quick);

	assert_int_equal(sockopt_settings_add(&l, "IP_TTL=256", &err), 0);
	assert_int_equal(sockopt_settings_prepare(&l, fd), -EINVAL);
	assert_ptr_equal(l.failed, &l.items[3]);
	close(fd);
	str_fini(&err);
	sockopt_settings_fini(&l);
}

// Some structures are handed out in one length only.
static void test_read_lengths(void **state)
{
	struct sockopt_value v;
	int fds[2];

	(void)state;
	assert_int_equal(sys_socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(sockopt_read(fds[0], sockopt_by_name("SO_PEERNAME"), &v), 0);
	assert_int_equal(v.len, sizeof(sa_family_t));
	assert_int_equal(sockopt_read(fds[0], sockopt_by_name("SO_PEERCRED"), &v), 0);
	assert_int_equal(v.len, sizeof(struct ucred));
	assert_int_equal(((struct ucred *)v.data)->pid, getpid());
	assert_int_equal(sockopt_read(fds[0], sockopt_by_name("TCP_NODELAY"), &v), -EOPNOTSUPP);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flags_and_numbers),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_bad_words),
		cmocka_unit_test(test_find_readable),
		cmocka_unit_test(test_apply),
		cmocka_unit_test(test_read_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

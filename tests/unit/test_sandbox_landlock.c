// SPDX-License-Identifier: ISC
// Landlock alone, as if the filter had let the call pass.
#include "sys/sandbox/sandbox.h"

#include "attempt.h"
#include "base/sockaddr.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static int enter_landlock(const struct sandbox *s)
{
	return sandbox_restrict_files(s, sandbox_landlock_abi());
}

static char folder[] = "/tmp/sockctl-sandbox-XXXXXX";
static char own[64]; // in it
static char other[] = "/tmp/sockctl-sandbox-XXXXXX"; // beside it

static int make_files(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(own, sizeof(own), "%s/own", folder);
	close(mkstemp(other));
	return 0;
}

static int remove_files(void **state)
{
	(void)state;
	return unlink(other) < 0 || rmdir(folder) < 0;
}

static int read_folder(void)
{
	return open_it(folder, O_RDONLY | O_DIRECTORY);
}

static int remove_own(void)
{
	return result_of(unlink(own));
}

static int remove_other(void)
{
	return result_of(unlink(other));
}

static int make_own(void)
{
	return open_it(own, O_WRONLY | O_CREAT);
}

static int empty_own(void)
{
	return result_of(truncate(own, 0));
}

static int read_own(void)
{
	return open_it(own, O_RDONLY);
}

static int update_own(void)
{
	return open_it(own, O_RDWR);
}

static int write_other(void)
{
	return open_it(other, O_WRONLY);
}

// Files that are opened anew are made and written in their folder, and nowhere else.
static void test_rotation(void **state)
{
	const char *files[] = {own};
	const struct sandbox rotates = {.rotate = {files, 1}};

	(void)state;
	if (!sandbox_available().landlock)
		return;
	assert_int_equal(attempt_after(enter_landlock, &rotates, write_other), EACCES);
	assert_int_equal(attempt_after(enter_landlock, &rotates, create_file), EACCES);
	assert_int_equal(attempt_after(enter_landlock, &rotates, read_folder), EACCES);
	assert_int_equal(attempt_after(enter, &rotates, make_own), 0);
	assert_int_equal(attempt_after(enter_landlock, &rotates, read_own), EACCES);
	assert_int_equal(attempt_after(enter_landlock, &rotates, empty_own), 0);
	assert_int_equal(attempt_after(enter_landlock, &rotates, remove_own), EACCES);
	if (sandbox_available().seccomp) {
		assert_int_equal(attempt_after(enter, &rotates, update_own), EACCES);
		assert_int_equal(attempt_after(enter, &rotates, write_other), EACCES);
	}
	assert_int_equal(unlink(own), 0);
}

static void test_files(void **state)
{
	const struct sandbox none = {0};
	const struct sandbox names = {.needs = SANDBOX_NAMES};
	const char *files[] = {own};
	const struct sandbox removes = {.unlink = {files, 1}};

	(void)state;
	if (!sandbox_available().landlock)
		return;
	assert_int_equal(attempt_after(enter_landlock, &none, read_hosts), EACCES);
	assert_int_equal(attempt_after(enter_landlock, &none, create_file), EACCES);
	assert_int_equal(attempt_after(enter_landlock, &none, run_program), EACCES);
	assert_int_equal(attempt_after(enter_landlock, &names, read_hosts), 0);
	assert_int_equal(attempt_after(enter_landlock, &names, write_hosts), EACCES);
	assert_int_equal(attempt_after(enter_landlock, &names, read_memory), EACCES);
	assert_int_equal(attempt_after(enter_landlock, &names, read_folder), EACCES);
	assert_int_equal(attempt_after(enter_landlock, &removes, remove_own), ENOENT);
	close(open(own, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	if (sandbox_available().seccomp) {
		assert_int_equal(attempt_after(enter, &none, remove_own), EPERM);
		assert_int_equal(attempt_after(enter, &removes, read_folder), EPERM);
	}
	assert_int_equal(attempt_after(enter, &removes, remove_own), 0);
	assert_int_equal(access(own, F_OK), -1);
	assert_int_equal(attempt_after(enter_landlock, &removes, remove_other), EACCES);
}

static struct sockaddr_in target = {.sin_family = AF_INET};

static int connect_tcp(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return result_of(connect(fd, (const struct sockaddr *)&target, sizeof(target)));
}

static int bind_tcp(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return result_of(bind(fd, (const struct sockaddr *)&any, sizeof(any)));
}

static void test_ports(void **state)
{
	struct sandbox one = {.needs = SANDBOX_DIAL};
	const struct sandbox none = {0};
	socklen_t len = sizeof(target);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	if (sandbox_available().landlock < 4)
		return;
	target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (const struct sockaddr *)&target, sizeof(target)), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&target, &len), 0);
	one.port = ntohs(target.sin_port);
	assert_int_equal(attempt_after(enter_landlock, &one, connect_tcp), 0);
	one.port ^= 1;
	assert_int_equal(attempt_after(enter_landlock, &one, connect_tcp), EACCES);
	assert_int_equal(attempt_after(enter_landlock, &none, connect_tcp), EACCES);
	assert_int_equal(attempt_after(enter_landlock, &none, bind_tcp), EACCES);
	one.port = 0; // any
	assert_int_equal(attempt_after(enter_landlock, &one, connect_tcp), 0);
	close(fd);
}

static int abstract = -1;

static int send_abstract(void)
{
	struct sockaddr_any a = {.len = sizeof(a.un)};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	getsockname(abstract, &a.sa, &a.len);
	return result_of(sendto(fd, "x", 1, 0, &a.sa, a.len));
}

static void test_scopes(void **state)
{
	const struct sandbox none = {0};
	const struct sandbox one = {.needs = SANDBOX_ABSTRACT};
	sa_family_t family = AF_UNIX; // and the kernel chooses a name

	(void)state;
	if (sandbox_available().landlock < 6)
		return;
	abstract = socket(AF_UNIX, SOCK_DGRAM, 0);
	assert_int_equal(bind(abstract, (const struct sockaddr *)&family, sizeof(family)), 0);
	assert_int_equal(attempt_after(enter_landlock, &none, send_abstract), EPERM);
	assert_int_equal(attempt_after(enter_landlock, &one, send_abstract), 0);
	assert_int_equal(attempt_after(enter_landlock, &one, signal_parent), EPERM);
	close(abstract);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rotation),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_scopes),
	};

	if (!sandbox_available().landlock)
		return puts("1..0 # SKIP nothing to confine with") < 0;
	return cmocka_run_group_tests(tests, make_files, remove_files);
}

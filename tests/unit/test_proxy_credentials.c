// SPDX-License-Identifier: ISC
#include "proxy/credentials.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static char path[] = "/tmp/sockctl-credentials-XXXXXX";

// Loads a file that holds LEN bytes and has MODE.
static int load(struct credentials *c, const char *text, size_t len, mode_t mode, struct str *err)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	assert_int_equal(write(fd, text, len), len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	*c = (struct credentials){0};
	return credentials_load(c, path, err);
}
#define LOAD(c, literal, mode, err) load(c, literal, sizeof(literal) - 1, mode, err)

static void check(const char *text, const char *user, const char *password)
{
	struct credentials c;
	struct str err = {0};

	assert_int_equal(load(&c, text, strlen(text), 0600, &err), 0);
	assert_string_equal(c.user, user);
	assert_string_equal(c.password, password);
	assert_true(credentials_given(&c));
	credentials_fini(&c);
	assert_false(credentials_given(&c));
}

static void test_lines(void **state)
{
	(void)state;
	check("u:p", "u", "p");
	check("u:p\n", "u", "p");
	check("u:p\r\n", "u", "p");
	check("u:", "u", "");
	check(":p\n", "", "p");
	check("u:p:q %40@\n", "u", "p:q %40@");
	check("u:p \n", "u", "p ");
}

static void test_refused(void **state)
{
	struct credentials c;
	struct str err = {0};
	struct str longest = {0};

	(void)state;
	assert_int_equal(LOAD(&c, "", 0600, &err), -EINVAL);
	assert_str_becomes(&err, "is empty; write USER:PASSWORD in it");
	assert_int_equal(LOAD(&c, "\n", 0600, &err), -EINVAL);
	assert_str_becomes(&err, "is empty; write USER:PASSWORD in it");
	assert_int_equal(LOAD(&c, "secret\n", 0600, &err), -EINVAL);
	assert_str_becomes(&err, "does not hold the one line USER:PASSWORD");
	assert_int_equal(LOAD(&c, "u:p\0q\n", 0600, &err), -EINVAL);
	assert_str_becomes(&err, "does not hold the one line USER:PASSWORD");
	assert_int_equal(LOAD(&c, "u:p\nv:q\n", 0600, &err), -EINVAL);
	assert_str_becomes(&err, "has more than the one line USER:PASSWORD");
	str_add(&longest, "u:");
	str_add_repeated(&longest, 'p', 4094);
	assert_int_equal(load(&c, longest.data, longest.len, 0600, &err), -EINVAL);
	assert_str_becomes(&err, "is too long; it holds one line USER:PASSWORD");
	assert_int_equal(load(&c, longest.data, longest.len - 1, 0600, &err), 0);
	credentials_fini(&c);
	str_fini(&longest);
	str_fini(&err);
}

static void test_modes(void **state)
{
	static const mode_t open_modes[] = {0640, 0604, 0620, 0602, 0610, 0601};
	struct credentials c;
	struct str err = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(open_modes); i++) {
		assert_int_equal(LOAD(&c, "u:p", open_modes[i], &err), -EACCES);
		assert_str_becomes(&err, "is open to others than its owner; use chmod 600 on it");
		assert_false(credentials_given(&c));
	}
	assert_int_equal(LOAD(&c, "u:p", 0600, &err), 0);
	credentials_fini(&c);
	str_fini(&err);
}

static void test_other_files(void **state)
{
	struct credentials c = {0};
	struct str err = {0};
	struct str name = {0};
	int fds[2];

	(void)state;
	assert_int_equal(credentials_load(&c, "/tmp", &err), -EISDIR);
	assert_str_becomes(&err, "Is a directory (EISDIR)");
	assert_int_equal(credentials_load(&c, "/tmp/does/not/exist", &err), -ENOENT);
	assert_str_becomes(&err, "No such file or directory (ENOENT)");
	// As with a shell's <(...): nobody else can read a pipe.
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "u:p\n", 4), 4);
	close(fds[1]);
	str_addf(&name, "/dev/fd/%d", fds[0]);
	assert_int_equal(credentials_load(&c, name.data, &err), 0);
	assert_string_equal(c.password, "p");
	close(fds[0]);
	credentials_fini(&c);
	str_fini(&name);
	str_fini(&err);
}

static void test_parsed(void **state)
{
	struct credentials c = {0};
	struct credentials copy;
	struct str err = {0};

	(void)state;
	assert_int_equal(credentials_parse(&c, "u:p:q@", 5, &err), 0);
	assert_string_equal(c.user, "u");
	assert_string_equal(c.password, "p:q");
	credentials_copy(&copy, &c);
	assert_string_equal(copy.password, "p:q");
	assert_int_equal(credentials_parse(&c, "secret", 6, &err), -EINVAL);
	assert_str_becomes(&err, "credentials are not USER:PASSWORD");
	assert_false(credentials_given(&c));
	credentials_fini(&copy);
	credentials_copy(&copy, &c);
	assert_false(credentials_given(&copy));
	str_fini(&err);
}

static int create_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 || close(fd) < 0 ? -1 : 0;
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_other_files),
		cmocka_unit_test(test_parsed),
	};

	return cmocka_run_group_tests(tests, create_file, remove_file);
}

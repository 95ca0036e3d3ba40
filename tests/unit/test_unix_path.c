// SPDX-License-Identifier: ISC
#include "net/unix_path.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>

static char folder[] = "/tmp/sockctl-unix-XXXXXX";
static struct sockaddr_any address; // of FOLDER/socket

static int make_folder(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	address = (struct sockaddr_any){.un = {.sun_family = AF_UNIX}, .len = sizeof(address.un)};
	snprintf(address.un.sun_path, sizeof(address.un.sun_path), "%s/socket", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder); // fails if something was left in it
}

static int make_socket(int type)
{
	int fd = socket(AF_UNIX, type, 0);

	assert_true(fd >= 0);
	return fd;
}

static int bind_new_file(int *fd, struct unix_file *file)
{
	*fd = make_socket(SOCK_STREAM);
	return unix_path_bind(*fd, &address, 0600, file);
}

static int bind_new(int *fd)
{
	struct unix_file file;

	return bind_new_file(fd, &file);
}

// A file made in the same tick of the clock would look the same: this one has been there for long.
static void make_old(void)
{
	static const struct timespec times[] = {{.tv_sec = 1}, {.tv_sec = 1}};

	assert_int_equal(utimensat(AT_FDCWD, address.un.sun_path, times, 0), 0);
}

static void test_mode(void **state)
{
	static const mode_t modes[] = {0600, 0660, 0666, 0777, 0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		mode_t mask = umask(022);
		int fd = make_socket(SOCK_STREAM);
		struct unix_file file;
		struct stat st;

		assert_int_equal(unix_path_bind(fd, &address, modes[i], &file), 0);
		assert_int_equal(stat(address.un.sun_path, &st), 0);
		assert_int_equal(st.st_mode & 07777, modes[i]);
		assert_int_equal(umask(mask), 022); // as it was
		close(fd);
		unlink(address.un.sun_path);
	}
}

static void test_dead_one_is_replaced(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(bind_new(&fd), 0);
	close(fd);
	assert_int_equal(bind_new(&fd), 0);
	close(fd);
	unlink(address.un.sun_path);
}

// Whatever the type of the live socket, and also before it listens.
static void test_live_one_is_left_alone(void **state)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		int live = make_socket(types[i]);
		int fd;
		int client;

		assert_int_equal(bind(live, &address.sa, address.len), 0);
		assert_int_equal(bind_new(&fd), -EADDRINUSE);
		close(fd);
		if (types[i] != SOCK_DGRAM)
			assert_int_equal(listen(live, 1), 0);
		assert_int_equal(bind_new(&fd), -EADDRINUSE);
		close(fd);

		client = make_socket(types[i]); // it still serves
		assert_int_equal(connect(client, &address.sa, address.len), 0);
		close(client);
		close(live);
		unlink(address.un.sun_path);
	}
}

static int other_server = -1; // takes the path while a dead one is about to be removed

// As the C library's, but another server is faster.
int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	if (other_server >= 0) {
		assert_int_equal(unlink(from), 0);
		assert_int_equal(bind(other_server, &address.sa, address.len), 0);
		assert_int_equal(listen(other_server, 1), 0);
		other_server = -1;
	}
	return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

static void test_dead_one_that_another_replaces(void **state)
{
	int server = make_socket(SOCK_STREAM);
	int client = make_socket(SOCK_STREAM);
	int fd;

	(void)state;
	assert_int_equal(bind_new(&fd), 0);
	close(fd);
	make_old();
	other_server = server;
	assert_int_equal(bind_new(&fd), -EADDRINUSE);
	assert_int_equal(other_server, -1);
	close(fd);

	assert_int_equal(connect(client, &address.sa, address.len), 0); // it still serves
	close(client);
	close(server);
	assert_int_equal(unlink(address.un.sun_path), 0);
}

static void test_files_are_left_alone(void **state)
{
	int fd;
	int file = open(address.un.sun_path, O_CREAT | O_WRONLY, 0600);

	(void)state;
	assert_int_equal(bind_new(&fd), -EADDRINUSE);
	close(fd);
	close(file);
	assert_int_equal(unlink(address.un.sun_path), 0);

	assert_int_equal(symlink("nowhere", address.un.sun_path), 0);
	assert_int_equal(bind_new(&fd), -EADDRINUSE);
	close(fd);
	assert_int_equal(unlink(address.un.sun_path), 0);

	assert_int_equal(mkdir(address.un.sun_path, 0700), 0);
	assert_int_equal(bind_new(&fd), -EADDRINUSE);
	close(fd);
	assert_int_equal(rmdir(address.un.sun_path), 0);
}

static void test_only_ours_is_removed(void **state)
{
	struct unix_file file;
	struct unix_file its;
	int ours;
	int theirs;

	(void)state;
	assert_int_equal(bind_new(&ours), 0);
	make_old();
	assert_int_equal(unix_path_identify(address.un.sun_path, &file), 0);
	close(ours);
	unlink(address.un.sun_path);
	// Another server has taken the path, and our inode.
	assert_int_equal(bind_new_file(&theirs, &its), 0);
	unix_path_remove(address.un.sun_path, &file);
	assert_int_equal(access(address.un.sun_path, F_OK), 0);

	unix_path_remove(address.un.sun_path, &its);
	assert_int_equal(access(address.un.sun_path, F_OK), -1);
	assert_int_equal(unix_path_identify(address.un.sun_path, &file), -ENOENT);
	unix_path_remove(address.un.sun_path, &file);
	close(theirs);
}

static void test_no_folder(void **state)
{
	struct sockaddr_any lost = address;
	int fd = make_socket(SOCK_STREAM);
	struct unix_file file;

	(void)state;
	snprintf(lost.un.sun_path, sizeof(lost.un.sun_path), "%s/no/socket", folder);
	assert_int_equal(unix_path_bind(fd, &lost, 0600, &file), -ENOENT);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mode),
		cmocka_unit_test(test_dead_one_is_replaced),
		cmocka_unit_test(test_live_one_is_left_alone),
		cmocka_unit_test(test_dead_one_that_another_replaces),
		cmocka_unit_test(test_files_are_left_alone),
		cmocka_unit_test(test_only_ours_is_removed),
		cmocka_unit_test(test_no_folder),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

// SPDX-License-Identifier: ISC
#include "net/listener.h"

#include "loop.h"
#include "sys/socket.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>

// A listener and what it has accepted.
struct server {
	struct listener l;
	int fds[8];
	struct sockaddr_any peers[8];
	size_t count;
	bool accepted;
	bool close_at_once;
	bool pause_at_once;
	int trouble; // the last error that stopped it for a moment
	unsigned troubles;
	bool troubled;
};

static void on_accept(struct listener *l, int fd, const struct sockaddr_any *peer)
{
	struct server *s = l->data;

	assert_true(s->count < ARRAY_SIZE(s->fds));
	s->fds[s->count] = fd;
	s->peers[s->count++] = *peer;
	s->accepted = true;
	if (s->close_at_once)
		listener_close(l, NULL);
	if (s->pause_at_once)
		listener_pause(l);
}

static void on_trouble(struct listener *l, int error)
{
	struct server *s = l->data;

	s->trouble = error;
	s->troubles++;
	s->troubled = true;
}

static const struct listener_options plain = {.backlog = 16, .mode = 0600};

static void server_init(struct server *s)
{
	*s = (struct server){0};
	listener_init(&s->l, &loop, on_accept, on_trouble, s);
}

static void server_fini(struct server *s)
{
	listener_close(&s->l, NULL);
	listener_close(&s->l, NULL);
	for (size_t i = 0; i < s->count; i++)
		close(s->fds[i]);
}

static struct sockaddr_any inet(const char *host, uint16_t port)
{
	struct sockaddr_any a;

	assert_true(numeric_address(host, port, &a));
	return a;
}

static void open_on(struct server *s, const struct sockaddr_any *addresses, size_t count)
{
	struct address_list list = {(struct sockaddr_any *)addresses, count};
	struct sockaddr_any failed;
	enum step step = STEP_SOCKET;

	server_init(s);
	assert_int_equal(listener_open(&s->l, &list, &plain, &failed, &step), 0);
	listener_start(&s->l);
}

static int connect_to(const struct sockaddr_any *a)
{
	int fd = socket(a->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int r = connect(fd, &a->sa, a->len);

	assert_true(r == 0 || errno == EINPROGRESS);
	return fd;
}

static void wait_for(struct server *s, size_t count)
{
	while (s->count < count) {
		s->accepted = false;
		loop_until(&s->accepted);
	}
}

static void test_accepts(void **state)
{
	struct sockaddr_any any_port = inet("127.0.0.1", 0);
	struct server s;
	struct sockaddr_any name;
	int clients[3];

	(void)state;
	open_on(&s, &any_port, 1);
	assert_int_equal(s.l.count, 1);
	assert_int_not_equal(sockaddr_port(&s.l.sockets[0].local), 0);
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
		clients[i] = connect_to(&s.l.sockets[0].local);
	wait_for(&s, ARRAY_SIZE(clients));
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
		name = (struct sockaddr_any){.len = sizeof(name.storage)};
		assert_int_equal(getsockname(clients[i], &name.sa, &name.len), 0);
		assert_true(sockaddr_equal(&name, &s.peers[i]));
		assert_int_equal(fcntl(s.fds[i], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
		assert_int_equal(fcntl(s.fds[i], F_GETFD), FD_CLOEXEC);
		close(clients[i]);
	}
	server_fini(&s);
}

static void test_same_port_everywhere(void **state)
{
	const struct sockaddr_any both[] = {inet("::1", 0), inet("127.0.0.1", 0)};
	struct server s;
	int clients[2];

	(void)state;
	open_on(&s, both, 2);
	assert_int_equal(s.l.count, 2);
	assert_int_equal(
		sockaddr_port(&s.l.sockets[0].local), sockaddr_port(&s.l.sockets[1].local));
	clients[0] = connect_to(&s.l.sockets[0].local);
	clients[1] = connect_to(&s.l.sockets[1].local);
	wait_for(&s, 2);
	close(clients[0]);
	close(clients[1]);
	server_fini(&s);
}

// One socket serves both families; who comes by IPv4 is shown by that address.
static void test_wildcards(void **state)
{
	const struct sockaddr_any both[] = {inet("::", 0), inet("0.0.0.0", 0)};
	struct sockaddr_any v4;
	struct server s;
	int client;

	(void)state;
	open_on(&s, both, 2);
	assert_int_equal(s.l.count, 1);
	v4 = inet("127.0.0.1", sockaddr_port(&s.l.sockets[0].local));
	client = connect_to(&v4);
	wait_for(&s, 1);
	assert_int_equal(s.peers[0].sa.sa_family, AF_INET);
	close(client);
	server_fini(&s);
}

static void test_address_in_use(void **state)
{
	struct sockaddr_any any_port = inet("127.0.0.1", 0);
	struct sockaddr_any list_items[2];
	struct address_list list = {list_items, 2};
	struct sockaddr_any failed;
	enum step step = STEP_SOCKET;
	struct server s;
	struct server second;

	(void)state;
	open_on(&s, &any_port, 1);
	list_items[0] = inet("::1", sockaddr_port(&s.l.sockets[0].local));
	list_items[1] = s.l.sockets[0].local;
	server_init(&second);
	assert_int_equal(listener_open(&second.l, &list, &plain, &failed, &step), -EADDRINUSE);
	assert_true(sockaddr_equal(&failed, &s.l.sockets[0].local));
	assert_int_equal(step, STEP_BIND);
	server_fini(&second);
	server_fini(&s);
}

static void test_pause(void **state)
{
	struct sockaddr_any any_port = inet("127.0.0.1", 0);
	struct server s;
	int clients[3];

	(void)state;
	open_on(&s, &any_port, 1);
	s.pause_at_once = true;
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
		clients[i] = connect_to(&s.l.sockets[0].local);
	wait_for(&s, 1);
	assert_in_range(loop_for(50), 0, 20); // calm, although others wait
	assert_int_equal(s.count, 1);
	listener_resume(&s.l);
	wait_for(&s, 2);
	s.pause_at_once = false;
	listener_resume(&s.l);
	wait_for(&s, 3);
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
		close(clients[i]);
	server_fini(&s);
}

static void test_close_in_the_callback(void **state)
{
	struct sockaddr_any any_port = inet("127.0.0.1", 0);
	struct sockaddr_any local;
	struct server s;
	int clients[2];
	int late;

	(void)state;
	open_on(&s, &any_port, 1);
	s.close_at_once = true;
	local = s.l.sockets[0].local;
	clients[0] = connect_to(&local);
	clients[1] = connect_to(&local);
	wait_for(&s, 1);
	loop_for(20);
	assert_int_equal(s.count, 1);
	late = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(late, &local.sa, local.len), -1);
	assert_int_equal(errno, ECONNREFUSED);
	close(late);
	close(clients[0]);
	close(clients[1]);
	server_fini(&s);
}

// Without descriptors for them, clients wait; they are served when there are some again.
static void test_out_of_descriptors(void **state)
{
	struct sockaddr_any any_port = inet("127.0.0.1", 0);
	struct rlimit limit;
	struct rlimit tight;
	struct server s;
	int client;
	int lowest; // of the descriptors that are free

	(void)state;
	open_on(&s, &any_port, 1);
	client = connect_to(&s.l.sockets[0].local);
	lowest = dup(client);
	assert_true(lowest >= 0);
	close(lowest);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	tight = (struct rlimit){(rlim_t)lowest, limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
	loop_until(&s.troubled);
	assert_int_equal(s.trouble, -EMFILE);
	assert_in_range(loop_for(250), 0, 20); // it tries now and then, and says it once
	assert_int_equal(s.troubles, 1);
	assert_int_equal(s.count, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	wait_for(&s, 1);
	close(client);
	server_fini(&s);
}

static void test_adopted(void **state)
{
	struct sockaddr_any any_port = inet("127.0.0.1", 0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct server s;
	int client;

	(void)state;
	server_init(&s);
	assert_int_equal(bind(fd, &any_port.sa, any_port.len), 0);
	assert_int_equal(listener_adopt(&s.l, fd, SOCK_STREAM), -EINVAL); // it does not listen
	server_fini(&s);

	assert_int_equal(listen(fd, 4), 0);
	server_init(&s);
	assert_int_equal(listener_adopt(&s.l, fd, SOCK_STREAM), 0);
	listener_start(&s.l);
	client = connect_to(&s.l.sockets[0].local);
	wait_for(&s, 1);
	assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0); // its mode is others'
	server_fini(&s);
	assert_true(fcntl(fd, F_GETFD) >= 0); // and it is not ours to close
	close(client);
	close(fd);
}

// Another owner may end it, and begin anew.
static void test_shut_down_by_others(void **state)
{
	struct sockaddr_any any_port = inet("127.0.0.1", 0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct server s;
	int client;

	(void)state;
	assert_int_equal(bind(fd, &any_port.sa, any_port.len), 0);
	assert_int_equal(listen(fd, 4), 0);
	server_init(&s);
	assert_int_equal(listener_adopt(&s.l, fd, SOCK_STREAM), 0);
	listener_start(&s.l);
	assert_int_equal(shutdown(fd, SHUT_RDWR), 0);
	loop_until(&s.troubled);
	assert_int_equal(s.trouble, -EINVAL);
	assert_in_range(loop_for(350), 0, 20); // it tries now and then, and says it once
	assert_int_equal(s.troubles, 1);
	assert_int_equal(listen(fd, 4), 0); // the kernel may choose another port
	any_port.len = sizeof(any_port.in);
	assert_int_equal(getsockname(fd, &any_port.sa, &any_port.len), 0);
	client = connect_to(&any_port);
	wait_for(&s, 1);
	server_fini(&s);
	close(client);
	close(fd);
}

static void test_unix(void **state)
{
	char folder[] = "/tmp/sockctl-listener-XXXXXX";
	struct sockaddr_any path = {.un = {.sun_family = AF_UNIX}, .len = sizeof(path.un)};
	struct address_list list = {&path, 1};
	struct sockaddr_any failed;
	struct str text = {0};
	enum step step = STEP_SOCKET;
	struct server s;
	int client;

	(void)state;
	assert_non_null(mkdtemp(folder));
	str_addf(&text, "%s/socket", folder);
	memcpy(path.un.sun_path, str_c(&text), text.len);
	server_init(&s);
	assert_int_equal(listener_open(&s.l, &list, &plain, &failed, &step), 0);
	listener_start(&s.l);
	client = connect_to(&path);
	wait_for(&s, 1);
	close(client);
	server_fini(&s);
	assert_int_equal(rmdir(folder), 0); // nothing was left behind
	str_fini(&text);
}

static int refuse(void *data, int fd)
{
	assert_true(fd >= 0);
	return *(int *)data;
}

static void test_preparation(void **state)
{
	struct sockaddr_any any_port = inet("127.0.0.1", 0);
	struct address_list list = {&any_port, 1};
	int error = -EACCES;
	struct listener_options options = plain;
	struct sockaddr_any failed;
	enum step step = STEP_SOCKET;
	struct server s;

	(void)state;
	options.prepare = refuse;
	options.prepare_data = &error;
	server_init(&s);
	assert_int_equal(listener_open(&s.l, &list, &options, &failed, &step), -EACCES);
	assert_int_equal(step, STEP_OPTION);
	server_fini(&s);
}

// Whoever was ready to accept may find nothing, and must not wait for the next: in any thread, with
// signals blocked as in those that serve.
static void *accept_nothing(void *arg)
{
	struct sockaddr_any peer;
	sigset_t all;
	sigset_t after;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	for (int i = 0; i < 3; i++)
		if (sys_accept_shared(*(int *)arg, &peer, SOCK_CLOEXEC) != -EAGAIN)
			return arg;
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	return sigismember(&after, SIGALRM) == 1 ? NULL : arg;
}

static void test_accepting_what_is_gone(void **state)
{
	struct sockaddr_any peer;
	pthread_t threads[3];
	void *fault;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(sys_accept_shared(fd, &peer, SOCK_CLOEXEC), -EAGAIN);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, accept_nothing, &fd), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		assert_int_equal(pthread_join(threads[i], &fault), 0);
		assert_null(fault);
	}
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		loop_test(test_accepts),
		loop_test(test_same_port_everywhere),
		loop_test(test_wildcards),
		loop_test(test_address_in_use),
		loop_test(test_pause),
		loop_test(test_close_in_the_callback),
		loop_test(test_out_of_descriptors),
		loop_test(test_adopted),
		loop_test(test_shut_down_by_others),
		loop_test(test_accepting_what_is_gone),
		loop_test(test_unix),
		loop_test(test_preparation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

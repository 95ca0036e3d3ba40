// SPDX-License-Identifier: ISC
// Tries to break out: each attempt in a process of its own, for there is no way back.
#include "sys/sandbox/sandbox.h"

#include "attempt.h"
#include "base/sockaddr.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#define ALL_NEEDS \
	(SANDBOX_ACCEPT | SANDBOX_CONNECT | SANDBOX_DIAL | SANDBOX_NAMES | SANDBOX_STDIO | \
		SANDBOX_ABSTRACT | SANDBOX_SUSPEND | SANDBOX_LOCAL_TIME | SANDBOX_DATAGRAMS)

static int attempt_with(unsigned needs, attempt_fn *attempt)
{
	return attempt_after(enter, &(struct sandbox){.needs = needs}, attempt);
}

static int create_unnamed(void)
{
	return open_it("/tmp", O_RDWR | O_TMPFILE);
}

static int run_program_at(void)
{
	char *argv[] = {(char *)"true", NULL};

	return result_of(syscall(SYS_execveat, AT_FDCWD, "/bin/true", argv, NULL, 0));
}

static int fork_it(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return result_of(pid);
}

static int fork_by_clone3(void)
{
	struct clone_args args = {.exit_signal = SIGCHLD};
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	if (pid == 0)
		_exit(0);
	return result_of(pid);
}

static int trace_me(void)
{
	return result_of(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int suspend_job(void)
{
	signal(SIGTSTP, SIG_IGN);
	return result_of(kill(0, SIGTSTP));
}

static int end_job(void)
{
	return result_of(kill(0, SIGKILL));
}

static int signal_init(void)
{
	return result_of(syscall(SYS_tgkill, 1, 1, 0));
}

static int mount_it(void)
{
	return result_of(syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL));
}

static int unshare_it(void)
{
	return result_of(unshare(CLONE_NEWUSER));
}

static int make_ring(void)
{
	char params[120] = {0};

	return result_of(syscall(SYS_io_uring_setup, 1, params));
}

static int load_program(void)
{
	char attr[120] = {0};

	return result_of(syscall(SYS_bpf, 0, attr, sizeof(attr)));
}

static int map_code(void)
{
	void *p = mmap(
		NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? errno : 0;
}

static int make_executable(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? 0 : result_of(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int type_ahead(void)
{
	char c = 'x';

	return result_of(ioctl(STDIN_FILENO, TIOCSTI, &c));
}

// Whoever is set here gets SIGIO, or another signal, from the kernel.
static int set_owner(void)
{
	return result_of(fcntl(STDIN_FILENO, F_SETOWN, getppid()));
}

static int set_owner_ex(void)
{
	struct f_owner_ex owner = {.type = F_OWNER_PID, .pid = getppid()};

	return result_of(fcntl(STDIN_FILENO, F_SETOWN_EX, &owner));
}

static int set_signal(void)
{
	return result_of(fcntl(STDIN_FILENO, F_SETSIG, SIGKILL));
}

static int set_owner_by_ioctl(void)
{
	int owner = getppid();

	return result_of(ioctl(STDIN_FILENO, FIOSETOWN, &owner));
}

static int watch_folder(void)
{
	return result_of(fcntl(STDIN_FILENO, F_NOTIFY, DN_CREATE));
}

static int limit_others(void)
{
	return result_of(syscall(SYS_prlimit64, getppid(), 7, NULL, NULL));
}

static int unknown_call(void)
{
	return result_of(syscall(5000));
}

// What is refused whatever else is needed.
static void test_never(void **state)
{
	static const struct {
		attempt_fn *attempt;
		int error;
	} attempts[] = {
		{create_file, EACCES},
		{create_unnamed, EACCES},
		{run_program, EPERM},
		{run_program_at, EPERM},
		{fork_it, EPERM},
		{fork_by_clone3, ENOSYS},
		{trace_me, EPERM},
		{signal_parent, EPERM},
		{signal_init, EPERM},
		{end_job, EPERM},
		{mount_it, EPERM},
		{unshare_it, EPERM},
		{make_ring, ENOSYS},
		{load_program, EPERM},
		{type_ahead, EPERM},
		{set_owner, EPERM},
		{set_owner_ex, EPERM},
		{set_signal, EPERM},
		{set_owner_by_ioctl, EPERM},
		{watch_folder, EPERM},
		{limit_others, EPERM},
		{unknown_call, ENOSYS},
	};

	(void)state;
	if (!sandbox_available().seccomp)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
		print_message("# attempt %zu\n", i);
		assert_int_equal(attempt_with(ALL_NEEDS, attempts[i].attempt), attempts[i].error);
	}
}

static int socket_of(int family, int type, int protocol)
{
	return result_of(socket(family, type | SOCK_CLOEXEC, protocol));
}

static int tcp4(void)
{
	return socket_of(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
}

static int tcp6(void)
{
	return socket_of(AF_INET6, SOCK_STREAM, IPPROTO_TCP);
}

static int multipath_tcp(void)
{
	return socket_of(AF_INET, SOCK_STREAM, 262);
}

static int udp4(void)
{
	return socket_of(AF_INET, SOCK_DGRAM, 0);
}

static int raw4(void)
{
	return socket_of(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

static int unix_stream(void)
{
	return socket_of(AF_UNIX, SOCK_STREAM, 0);
}

static int unix_datagram(void)
{
	return socket_of(AF_UNIX, SOCK_DGRAM, 0);
}

static int packets(void)
{
	return socket_of(AF_PACKET, SOCK_RAW, 0);
}

static int routes(void)
{
	return socket_of(AF_NETLINK, SOCK_RAW, 0);
}

static int diagnosis(void)
{
	return socket_of(AF_NETLINK, SOCK_RAW, 4);
}

static void test_kinds_of_sockets(void **state)
{
	static const struct {
		attempt_fn *attempt;
		int none, dial, names, datagrams; // the errors with these needs
	} kinds[] = {
		{tcp4, EACCES, 0, 0, EACCES},
		{tcp6, EACCES, 0, 0, EACCES},
		{multipath_tcp, EACCES, EACCES, EACCES, EACCES},
		{udp4, EACCES, EACCES, 0, 0},
		{raw4, EACCES, EACCES, EACCES, EACCES},
		{unix_stream, EACCES, 0, 0, EACCES},
		{unix_datagram, 0, 0, 0, 0},
		{packets, EACCES, EACCES, EACCES, EACCES},
		{routes, EACCES, EACCES, 0, EACCES},
		{diagnosis, EACCES, EACCES, EACCES, EACCES},
	};

	(void)state;
	if (!sandbox_available().seccomp)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		print_message("# kind %zu\n", i);
		assert_int_equal(attempt_with(0, kinds[i].attempt), kinds[i].none);
		assert_int_equal(attempt_with(SANDBOX_DIAL, kinds[i].attempt), kinds[i].dial);
		assert_int_equal(attempt_with(SANDBOX_NAMES, kinds[i].attempt), kinds[i].names);
		assert_int_equal(
			attempt_with(SANDBOX_DATAGRAMS, kinds[i].attempt), kinds[i].datagrams);
	}
}

static int accept_it(void)
{
	return result_of(accept4(STDERR_FILENO, NULL, NULL, 0));
}

static int connect_it(void)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/nowhere/at/all"};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	return result_of(connect(fd, (const struct sockaddr *)&un, sizeof(un)));
}

static void test_needs(void **state)
{
	(void)state;
	if (!sandbox_available().seccomp)
		return;
	assert_int_equal(attempt_with(0, accept_it), EPERM);
	assert_int_equal(attempt_with(SANDBOX_ACCEPT, accept_it), ENOTSOCK);
	assert_int_equal(attempt_with(0, connect_it), EPERM);
	assert_int_equal(attempt_with(SANDBOX_CONNECT, connect_it), ENOENT);
	assert_int_equal(attempt_with(0, suspend_job), EPERM);
	assert_int_equal(attempt_with(SANDBOX_SUSPEND, suspend_job), 0);
	assert_int_equal(attempt_with(0, read_hosts), EPERM);
	assert_int_equal(attempt_with(SANDBOX_NAMES, read_hosts), 0);
	assert_int_equal(attempt_with(SANDBOX_NAMES, write_hosts), EACCES);
	assert_int_equal(attempt_with(0, map_code), EACCES);
	assert_int_equal(attempt_with(0, make_executable), EACCES);
	assert_int_equal(attempt_with(SANDBOX_NAMES, map_code), 0); // modules are loaded
}

static void *answer(void *arg)
{
	*(int *)arg = read_hosts();
	return NULL;
}

// A thread can be started; what it does is confined as well.
static int read_in_thread(void)
{
	pthread_t thread;
	int error = 0;

	if (pthread_create(&thread, NULL, answer, &error) || pthread_join(thread, NULL))
		return 0;
	return error;
}

static pthread_barrier_t entered;

static void *answer_later(void *arg)
{
	pthread_barrier_wait(&entered);
	return answer(arg);
}

static int enter_beside_thread(const struct sandbox *s)
{
	static int error;
	pthread_t thread;
	int r;

	pthread_barrier_init(&entered, NULL, 2);
	pthread_create(&thread, NULL, answer_later, &error);
	r = enter(s);
	pthread_barrier_wait(&entered);
	pthread_join(thread, NULL);
	_exit(r < 0 ? NOT_ENTERED : error);
}

static void test_threads(void **state)
{
	(void)state;
	if (!sandbox_available().seccomp)
		return;
	assert_int_equal(attempt_with(0, read_in_thread), EPERM);
	assert_int_equal(attempt_after(enter_beside_thread, &(struct sandbox){0}, NULL), EPERM);
}

// What carries data goes on: pipes, Unix sockets, waiting, memory.
static int use_descriptors(void)
{
	int fds[2];
	char c = 0;

	if (pipe2(fds, O_CLOEXEC) < 0 || write(fds[1], "x", 1) != 1 || read(fds[0], &c, 1) != 1)
		return errno;
	free(calloc(1, 64 << 20));
	return c == 'x' && raise(0) == 0 && usleep(1) == 0 ? 0 : EIO;
}

static void test_work_goes_on(void **state)
{
	(void)state;
	assert_int_equal(attempt_with(0, use_descriptors), 0);
}

#ifdef __x86_64__
static int enter_nothing(const struct sandbox *s)
{
	(void)s;
	return 0;
}

// getpid() by the gate for 32 bits, where its number means another call.
static int other_architecture(void)
{
	long r;

	signal(SIGSEGV, SIG_DFL); // of a kernel without that gate
	__asm__ volatile("int $0x80" : "=a"(r) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
	return r < 0 ? (int)-r : 0;
}

static void test_other_architecture(void **state)
{
	(void)state;
	if (!sandbox_available().seccomp)
		return;
	// Where the kernel has no gate for 32 bits there is nothing to close.
	if (attempt_after(enter_nothing, NULL, other_architecture) == -SIGSEGV)
		return;
	assert_int_equal(attempt_with(ALL_NEEDS, other_architecture), -SIGSYS);
}
#endif

int main(void)
{
	struct sandbox_state has = sandbox_available();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_never),
		cmocka_unit_test(test_kinds_of_sockets),
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_work_goes_on),
#ifdef __x86_64__
		cmocka_unit_test(test_other_architecture),
#endif
	};

	if (!has.seccomp && !has.landlock)
		return puts("1..0 # SKIP nothing to confine with") < 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

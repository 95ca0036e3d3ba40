// SPDX-License-Identifier: ISC
/*
 * Preloaded into the program, makes calls of the C library fail where strace cannot:
 *
 *	SOCKCTL_FAULT=alloc:N[+]	the Nth allocation, or each from then on
 *	SOCKCTL_FAULT=close:N:ERRNO	the Nth close(), which closes all the same
 *	SOCKCTL_FAULT=short:SEED	calls on streams move less than they could, or nothing for
 *now SOCKCTL_FAULT=count		none
 *
 * The file SOCKCTL_FAULT_REPORT gets a line "hit" for the first failure, and at the end how many
 * allocations and closes there were, or where it crashed. What the program starts is left alone.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define REPORT_FD 900 // where it shifts no other
#define SMALL 1024 // what is moved in one piece anyway: words of libuv to itself

enum kind {
	KIND_NONE,
	KIND_COUNT,
	KIND_ALLOC,
	KIND_CLOSE,
	KIND_SHORT,
};

static enum kind kind;
static unsigned long when;
static bool sticky;
static int fault_errno;
static uint64_t seed;
static int report = -1;
static unsigned long allocs, closes, hits;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *ptr, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

ssize_t __read_chk(int fd, void *buf, size_t len, size_t size);
ssize_t __recv_chk(int fd, void *buf, size_t len, size_t size, int flags);

static void say(const char *text)
{
	if (report >= 0 && syscall(SYS_write, report, text, strlen(text)) < 0)
		report = -1;
}

static bool is_due(unsigned long *count)
{
	unsigned long n = __atomic_add_fetch(count, 1, __ATOMIC_RELAXED);

	if (n != when && !(sticky && n > when))
		return false;
	if (__atomic_fetch_add(&hits, 1, __ATOMIC_RELAXED) == 0)
		say("hit\n");
	return true;
}

// The C library itself cannot do without some allocations: tells whose fault a crash is.
static void on_crash(int number, siginfo_t *info, void *context)
{
	const ucontext_t *c = context;
	Dl_info where = {0};

	(void)info;
	if (dladdr((void *)c->uc_mcontext.gregs[REG_RIP], &where) && where.dli_fname) {
		say("crash in ");
		say(where.dli_fname);
		say("\n");
	}
	signal(number, SIG_DFL);
	raise(number);
}

// A thread that blocks every signal would die without a word.
int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	sigset_t but_crashes;

	if (set && how != SIG_UNBLOCK) {
		but_crashes = *set;
		sigdelset(&but_crashes, SIGSEGV);
		set = &but_crashes;
	}
	return (int)-syscall(SYS_rt_sigprocmask, how, set, old, _NSIG / 8);
}

__attribute__((constructor)) static void start(void)
{
	struct sigaction action = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO};

	const char *fault = getenv("SOCKCTL_FAULT");
	const char *path = getenv("SOCKCTL_FAULT_REPORT");
	const char *colon = fault ? strchr(fault, ':') : NULL;
	char *end = NULL;
	int fd;

	if (!fault || !path || strcmp(program_invocation_short_name, "sockctl") != 0)
		return;
	sigaction(SIGSEGV, &action, NULL);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	report = fcntl(fd, F_DUPFD_CLOEXEC, REPORT_FD);
	syscall(SYS_close, fd);
	when = colon ? strtoul(colon + 1, &end, 10) : 0;
	sticky = end && *end == '+';
	if (strncmp(fault, "alloc:", 6) == 0) {
		kind = KIND_ALLOC;
	} else if (strncmp(fault, "close:", 6) == 0) {
		kind = KIND_CLOSE;
		fault_errno = strcmp(end, ":EINTR") == 0 ? EINTR : EIO;
	} else if (strncmp(fault, "short:", 6) == 0) {
		kind = KIND_SHORT;
		seed = when * 2654435761u + 1;
		say("hit\n");
	} else {
		kind = KIND_COUNT;
	}
}

static void tell(void)
{
	char text[80];

	snprintf(text, sizeof(text), "alloc %lu\nclose %lu\n", allocs, closes);
	say(text);
	report = -1;
}

__attribute__((destructor)) static void end(void)
{
	kind = KIND_NONE;
	tell();
}

void _exit(int status)
{
	tell();
	syscall(SYS_exit_group, status);
	__builtin_unreachable();
}

// --- allocations

static bool alloc_fails(void)
{
	if (kind == KIND_NONE || kind == KIND_CLOSE || kind == KIND_SHORT)
		return false;
	if (!is_due(&allocs))
		return false;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return alloc_fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return alloc_fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *ptr, size_t size)
{
	return alloc_fails() ? NULL : __libc_realloc(ptr, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return alloc_fails() ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **ptr, size_t alignment, size_t size)
{
	void *p = alloc_fails() ? NULL : __libc_memalign(alignment, size);

	if (!p)
		return ENOMEM;
	*ptr = p;
	return 0;
}

// --- closing

int close(int fd)
{
	int r = (int)syscall(SYS_close, fd);

	if ((kind == KIND_CLOSE || kind == KIND_COUNT) && is_due(&closes) && r == 0) {
		errno = fault_errno;
		return -1;
	}
	return r;
}

// --- moving less

// xorshift64, Marsaglia 2003
static uint64_t next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static bool is_stream(int fd)
{
	int type = 0;
	socklen_t len = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 || type == SOCK_STREAM;
}

// Whether a call is to fail instead, with errno set. Else LEN is what it may move.
static bool is_cut(int fd, size_t *len, bool may_wait)
{
	static const size_t most[] = {1, 100, 5000, SIZE_MAX};
	uint64_t r;

	if (kind != KIND_SHORT || *len <= SMALL || !is_stream(fd))
		return false;
	r = next_random();
	if (r % 16 == 0 || (!may_wait && r % 16 == 1)) {
		errno = r % 16 ? EAGAIN : EINTR;
		return true;
	}
	r = next_random();
	if (*len > most[r % 4])
		*len = most[r % 4] > 1 ? 1 + (size_t)(r >> 8) % most[r % 4] : 1;
	return false;
}

static bool waits(int fd)
{
	return !(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

ssize_t read(int fd, void *buf, size_t len)
{
	return is_cut(fd, &len, waits(fd)) ? -1 : syscall(SYS_read, fd, buf, len);
}

ssize_t __read_chk(int fd, void *buf, size_t len, size_t size)
{
	(void)size;
	return read(fd, buf, len);
}

ssize_t write(int fd, const void *buf, size_t len)
{
	return is_cut(fd, &len, waits(fd)) ? -1 : syscall(SYS_write, fd, buf, len);
}

ssize_t recv(int fd, void *buf, size_t len, int flags)
{
	bool may_wait = !(flags & MSG_DONTWAIT) && waits(fd);

	return is_cut(fd, &len, may_wait) ? -1
					  : syscall(SYS_recvfrom, fd, buf, len, flags, NULL, NULL);
}

ssize_t __recv_chk(int fd, void *buf, size_t len, size_t size, int flags)
{
	(void)size;
	return recv(fd, buf, len, flags);
}

ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	bool may_wait = !(flags & MSG_DONTWAIT) && waits(fd);

	return is_cut(fd, &len, may_wait) ? -1 : syscall(SYS_sendto, fd, buf, len, flags, NULL, 0);
}

ssize_t splice(int in, off64_t *in_offset, int out, off64_t *out_offset, size_t len, unsigned flags)
{
	return is_cut(out, &len, true)
		       ? -1
		       : syscall(SYS_splice, in, in_offset, out, out_offset, len, flags);
}

ssize_t sendfile(int out, int in, off_t *offset, size_t len)
{
	return is_cut(out, &len, waits(out)) ? -1 : syscall(SYS_sendfile, out, in, offset, len);
}

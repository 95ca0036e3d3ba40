// SPDX-License-Identifier: ISC
// System calls, by a filter (seccomp(2)). What is not listed does not happen: it fails with EPERM,
// and with ENOSYS where the C library knows another way. The kernel remembers which calls are
// allowed whatever their arguments, so that these cost no more than before.
#include "sys/sandbox/sandbox.h"

#include "base/util.h"
#include "sys/process.h"
#include "sys/sandbox/sandbox_calls.h"
#include "sys/trace.h"

#include <endian.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <unistd.h>

#define MAX_INSTRUCTIONS 512
#define FAR_RUNS 16 // so many runs of calls take more than a branch can pass over
#define MAX_EXITS 128
#define SOCK_TYPE_MASK 0xf // what is left are SOCK_CLOEXEC and SOCK_NONBLOCK

#define DATA_NR offsetof(struct seccomp_data, nr)
#define DATA_ARCH offsetof(struct seccomp_data, arch)
// The lower half of an argument; the flags and numbers that are looked at have no upper one.
#define DATA_ARG(n) \
	(offsetof(struct seccomp_data, args) + (n) * sizeof(uint64_t) + \
		(__BYTE_ORDER == __BIG_ENDIAN ? sizeof(uint32_t) : 0))
#define FAIL(error) (SECCOMP_RET_ERRNO | (error))

#ifdef SANDBOX_ARCH

// A side of a branch that leads to a verdict further on.
struct exit {
	unsigned short branch;
	bool is_taken; // if the condition holds
	uint32_t verdict;
};

struct seccomp_program {
	struct sock_filter code[MAX_INSTRUCTIONS];
	unsigned short len;
	bool is_too_long;
	struct exit exits[MAX_EXITS];
	size_t exit_count;
	unsigned needs;
	bool rotates; // files are opened anew to be written
	const uint8_t *fates; // by number
	uint8_t usual[SANDBOX_NEWEST_CALL + 1]; // those of the runs
	short runs[SANDBOX_NEWEST_CALL + 2]; // where they begin, and the end
	unsigned pid; // of this process
};

// Of sockets, files and terminals, those that look; and the modes of a terminal. None puts words
// into one (TIOCSTI), none changes an interface.
static const unsigned ioctls[] = {FIONREAD, FIONBIO, TIOCOUTQ, SIOCATMARK, SIOCGIFNAME,
	SIOCGIFINDEX, SIOCGIFCONF, SIOCGIFFLAGS, SIOCGIFADDR, TCGETS, TCSETS, TCSETSW, TCSETSF,
	TIOCGWINSZ, TIOCGPGRP};

// Flags, copies, locks and the sizes of pipes. None says who gets a signal when something happens
// to a descriptor, and which one (F_SETOWN, F_SETSIG, F_SETLEASE, F_NOTIFY).
static const unsigned fcntls[] = {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL,
	F_GETLK, F_SETLK, F_SETLKW, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW, F_GETPIPE_SZ,
	F_SETPIPE_SZ};

static void add(struct seccomp_program *f, unsigned code, uint32_t k, uint8_t jt, uint8_t jf)
{
	if (f->len < MAX_INSTRUCTIONS)
		f->code[f->len] = (struct sock_filter){(uint16_t)code, jt, jf, k};
	f->len++;
}

static void load(struct seccomp_program *f, size_t offset)
{
	add(f, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void end(struct seccomp_program *f, uint32_t verdict)
{
	add(f, BPF_RET | BPF_K, verdict, 0, 0);
}

// Which way leads on.
enum way { TO_TAKEN, TO_OTHER, TO_FAR };

// Makes a side of the branch, or the far jump, at INDEX lead to what is added next.
static void aim(struct seccomp_program *f, size_t index, enum way way)
{
	size_t distance = f->len - index - 1;

	if (f->len > MAX_INSTRUCTIONS || (way != TO_FAR && distance > UINT8_MAX))
		f->is_too_long = true;
	else if (way == TO_FAR)
		f->code[index].k = (uint32_t)distance;
	else if (way == TO_TAKEN)
		f->code[index].jt = (uint8_t)distance;
	else
		f->code[index].jf = (uint8_t)distance;
}

// Makes a side of the branch at INDEX lead to VERDICT.
static void exit_with(
	struct seccomp_program *f, unsigned short index, bool is_taken, uint32_t verdict)
{
	if (f->exit_count < MAX_EXITS)
		f->exits[f->exit_count] = (struct exit){index, is_taken, verdict};
	f->exit_count++;
}

// Adds the verdicts that branches lead to, each once, where nothing else leads: what the kernel is
// handed it translates, instruction by instruction.
static void end_exits(struct seccomp_program *f)
{
	f->is_too_long = f->is_too_long || f->exit_count > MAX_EXITS;
	while (f->exit_count && !f->is_too_long) {
		uint32_t verdict = f->exits[0].verdict;
		size_t left = 0;

		for (size_t i = 0; i < f->exit_count; i++) {
			struct exit e = f->exits[i];

			if (e.verdict == verdict)
				aim(f, e.branch, e.is_taken ? TO_TAKEN : TO_OTHER);
			else
				f->exits[left++] = e;
		}
		f->exit_count = left;
		end(f, verdict);
	}
}

// Ends with VERDICT if what was loaded equals K.
static void end_if_equal(struct seccomp_program *f, uint32_t k, uint32_t verdict)
{
	add(f, BPF_JMP | BPF_JEQ | BPF_K, k, 0, 0);
	exit_with(f, f->len - 1, true, verdict);
}

static void check_values(
	struct seccomp_program *f, size_t arg, const unsigned *values, size_t count)
{
	load(f, DATA_ARG(arg));
	for (size_t i = 0; i < count; i++)
		end_if_equal(f, values[i], SECCOMP_RET_ALLOW);
	end(f, FAIL(EPERM));
}

// Allows the call if the argument has one of the bits, or none of them.
static void check_bits(struct seccomp_program *f, size_t arg, uint32_t bits, bool wanted)
{
	load(f, DATA_ARG(arg));
	add(f, BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
	end(f, wanted ? SECCOMP_RET_ALLOW : FAIL(EACCES));
	end(f, wanted ? FAIL(EPERM) : SECCOMP_RET_ALLOW);
}

// Allows socket(FAMILY, TYPE, PROTOCOL) and the same with protocol 0.
static void allow_kind(struct seccomp_program *f, int family, int type, int protocol)
{
	load(f, DATA_ARG(0));
	add(f, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)family, 0, 6);
	load(f, DATA_ARG(1));
	add(f, BPF_ALU | BPF_AND | BPF_K, SOCK_TYPE_MASK, 0, 0);
	add(f, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)type, 0, 3);
	load(f, DATA_ARG(2));
	end_if_equal(f, 0, SECCOMP_RET_ALLOW);
	end_if_equal(f, (uint32_t)protocol, SECCOMP_RET_ALLOW);
}

// A Unix socket for datagrams is what names of interfaces and a service manager are asked with.
static void check_socket(struct seccomp_program *f)
{
	allow_kind(f, AF_UNIX, SOCK_DGRAM, 0);
	if (f->needs & (SANDBOX_DIAL | SANDBOX_NAMES)) {
		allow_kind(f, AF_UNIX, SOCK_STREAM, 0);
		allow_kind(f, AF_UNIX, SOCK_SEQPACKET, 0);
		allow_kind(f, AF_INET, SOCK_STREAM, IPPROTO_TCP);
		allow_kind(f, AF_INET6, SOCK_STREAM, IPPROTO_TCP);
	}
	if (f->needs & (SANDBOX_DATAGRAMS | SANDBOX_NAMES)) {
		allow_kind(f, AF_INET, SOCK_DGRAM, IPPROTO_UDP);
		allow_kind(f, AF_INET6, SOCK_DGRAM, IPPROTO_UDP);
	}
	if (f->needs & SANDBOX_NAMES) {
		allow_kind(f, AF_NETLINK, SOCK_RAW, 0); // NETLINK_ROUTE: which addresses there are
	}
	end(f, FAIL(EACCES));
}

// Nothing is made but files that are to be opened anew. These and standard output may have to be
// written, other things only to be read.
static void check_opening(struct seccomp_program *f, size_t flags)
{
	unsigned refused = O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY) | O_WRONLY | O_RDWR;

	if (f->needs & SANDBOX_STDIO)
		refused &= ~(unsigned)(O_WRONLY | O_RDWR);
	if (f->rotates)
		refused &= ~(unsigned)(O_CREAT | O_WRONLY);
	check_bits(f, flags, refused, false);
}

// Of the calls whose arguments are not looked at.
static const uint32_t verdicts[] = {
	[REFUSED] = FAIL(EPERM),
	[ALLOWED] = SECCOMP_RET_ALLOW,
	[ABSENT] = FAIL(ENOSYS),
};

static void end_with(struct seccomp_program *f, enum fate fate)
{
	const unsigned caller = 0;
	const unsigned stop = SIGTSTP;

	switch (fate) {
	case REFUSED:
	case ALLOWED:
	case ABSENT:
		end(f, verdicts[fate]);
		break;
	case FOR_THREADS:
		check_bits(f, 0, CLONE_THREAD, true);
		break;
	case WITHOUT_CODE:
		check_bits(f, 2, PROT_EXEC, false);
		break;
	case ON_ITSELF:
		check_values(f, 0, &f->pid, 1);
		break;
	case ON_CALLER:
		check_values(f, 0, &caller, 1);
		break;
	case ON_JOB:
		load(f, DATA_ARG(0));
		add(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
		end(f, FAIL(EPERM));
		check_values(f, 1, &stop, 1);
		break;
	case IOCTL:
		check_values(f, 1, ioctls, ARRAY_SIZE(ioctls));
		break;
	case FCNTL:
		check_values(f, 1, fcntls, ARRAY_SIZE(fcntls));
		break;
	case SOCKET:
		check_socket(f);
		break;
	case OPEN:
		check_opening(f, 1);
		break;
	case OPENAT:
		check_opening(f, 2);
		break;
	}
}

// What becomes of the calls of a run, but for its exceptions.
static enum fate fate_of(const struct seccomp_program *f, size_t run)
{
	return (enum fate)f->usual[f->runs[run]];
}

// The first exception in a run from call NUMBER on, or the end of the run.
static short next_exception(const struct seccomp_program *f, size_t run, short number)
{
	while (number < f->runs[run + 1] && f->fates[number] == f->usual[number])
		number++;
	return number;
}

static bool is_plain(const struct seccomp_program *f, size_t run)
{
	return fate_of(f, run) < ARRAY_SIZE(verdicts) &&
	       next_exception(f, run, f->runs[run]) == f->runs[run + 1];
}

// Decides about the calls of a run: its exceptions one by one, then the others.
static void decide_run(struct seccomp_program *f, size_t run)
{
	unsigned short start = f->len;
	short end = f->runs[run + 1];

	for (short i = next_exception(f, run, f->runs[run]); i < end;
		i = next_exception(f, run, (short)(i + 1)))
		add(f, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)i, 0, 0);
	end_with(f, fate_of(f, run));
	for (unsigned short at = start;
		at < f->len && f->len <= MAX_INSTRUCTIONS && BPF_OP(f->code[at].code) == BPF_JEQ;
		at++) {
		enum fate fate = (enum fate)f->fates[f->code[at].k];

		if (fate < ARRAY_SIZE(verdicts)) {
			exit_with(f, at, true, verdicts[fate]);
		} else {
			aim(f, at, TO_TAKEN);
			end_with(f, fate);
		}
	}
}

static void decide(struct seccomp_program *f, size_t first, size_t last);

// Decides about the calls in the runs FIRST to LAST, to which a side of the branch at INDEX is to
// lead.
static void lead(
	struct seccomp_program *f, unsigned short index, enum way way, size_t first, size_t last)
{
	if (first == last && is_plain(f, first) && way != TO_FAR) {
		exit_with(f, index, way == TO_TAKEN, verdicts[fate_of(f, first)]);
		return;
	}
	aim(f, index, way);
	decide(f, first, last);
}

// Decides about the calls in the runs FIRST to LAST, whose number was loaded, by halves: the kernel
// runs the filter for each call there is when it takes it over.
static void decide(struct seccomp_program *f, size_t first, size_t last)
{
	size_t middle = (first + last + 1) / 2;
	unsigned short branch = f->len;

	if (first == last) {
		decide_run(f, first);
		return;
	}
	add(f, BPF_JMP | BPF_JGE | BPF_K, (uint32_t)f->runs[middle], 0, 0);
	// A branch reaches 255 instructions far, a jump further.
	if (last - first >= FAR_RUNS) {
		add(f, BPF_JMP | BPF_JA, 0, 0, 0);
		aim(f, branch, TO_OTHER);
		decide(f, first, middle - 1);
		end_exits(f);
		lead(f, branch + 1, TO_FAR, middle, last);
	} else {
		lead(f, branch, TO_OTHER, first, middle - 1);
		lead(f, branch, TO_TAKEN, middle, last);
	}
}

// Finds the runs of calls that become of the same, not counting calls between two of them: those
// take an instruction each, where a run takes two.
static size_t find_runs(struct seccomp_program *f)
{
	size_t count = 1; // the first run begins with call 0

	f->usual[0] = f->fates[0];
	for (short i = 1; i <= SANDBOX_NEWEST_CALL; i++) {
		uint8_t before = f->usual[i - 1];
		bool is_between = i < SANDBOX_NEWEST_CALL && f->fates[i + 1] == before &&
				  before < ARRAY_SIZE(verdicts);

		f->usual[i] = is_between ? before : f->fates[i];
		if (f->usual[i] != before)
			f->runs[count++] = i;
	}
	f->runs[count] = SANDBOX_NEWEST_CALL + 1;
	return count;
}

static void build(struct seccomp_program *f)
{
	size_t count = find_runs(f);

	load(f, DATA_ARCH);
	add(f, BPF_JMP | BPF_JEQ | BPF_K, SANDBOX_ARCH, 1, 0);
	end(f, SECCOMP_RET_KILL_PROCESS);
	load(f, DATA_NR);
	// Also those of x32, which set a high bit.
	add(f, BPF_JMP | BPF_JGT | BPF_K, SANDBOX_NEWEST_CALL, 0, 1);
	end_with(f, ABSENT);
	decide(f, 0, count - 1);
	end_exits(f);
}

bool sandbox_has_filter(void)
{
	uint32_t action = SECCOMP_RET_ERRNO;

	if (!SOCKCTL_SANDBOX)
		return false;

	TRACE_START();
	int ret = (int)SYS_RESULT(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action));

	TRACE_HOUSEKEEPING(true, "seccomp", ret, T_TEXT("SECCOMP_GET_ACTION_AVAIL"), T_INT(0),
		T_TEXT("SECCOMP_RET_ERRNO"));
	return ret == 0;
}

static int set_filter(const struct sock_fprog *program)
{
	unsigned flags = SECCOMP_FILTER_FLAG_TSYNC;
	TRACE_START();
	int ret = (int)SYS_RESULT(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, program));

	TRACE("seccomp", ret, T_TEXT("SECCOMP_SET_MODE_FILTER"),
		T_TEXT("SECCOMP_FILTER_FLAG_TSYNC"), T_TEXT("{...}"));
	return ret;
}

int sandbox_restrict_calls(const struct sandbox *s)
{
	uint8_t fates[SANDBOX_NEWEST_CALL + 1] = {0};
	struct seccomp_program f = {.needs = s->needs,
		.rotates = s->rotate.count,
		.fates = fates,
		.pid = (unsigned)sys_getpid()};
	struct sock_fprog program = {.filter = f.code};
	int r;

	sandbox_choose_fates(fates, s);
	build(&f);
	program.len = f.len;
	if (f.is_too_long)
		return -E2BIG;
	// All threads: one may have looked up a name.
	r = set_filter(&program);
	return r > 0 ? -EBUSY : r; // the thread of that number could not follow
}

#else

bool sandbox_has_filter(void)
{
	return false;
}

int sandbox_restrict_calls(const struct sandbox *s)
{
	(void)s;
	return -EOPNOTSUPP;
}

#endif

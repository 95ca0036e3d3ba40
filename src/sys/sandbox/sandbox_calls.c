// SPDX-License-Identifier: ISC
#include "sys/sandbox/sandbox_calls.h"

#include "base/util.h"

#include <stddef.h>
#include <sys/syscall.h>

#ifdef SANDBOX_ARCH

// Moving bytes between descriptors, waiting, memory, threads, time, and the end.
static const int always[] = {
	SYS_read,
	SYS_write,
	SYS_readv,
	SYS_writev,
	SYS_recvfrom,
	SYS_sendto,
	SYS_recvmsg,
	SYS_sendmsg,
	SYS_recvmmsg,
	SYS_sendmmsg,
	SYS_splice,
	SYS_tee,
	SYS_vmsplice,
	SYS_sendfile,
	SYS_copy_file_range,
	SYS_pread64,
	SYS_pwrite64,
	SYS_preadv,
	SYS_pwritev,
	SYS_preadv2,
	SYS_pwritev2,
	SYS_lseek,
	SYS_ftruncate,
	SYS_fsync,
	SYS_fdatasync,
	SYS_fadvise64,
	SYS_epoll_pwait,
	SYS_epoll_pwait2,
	SYS_epoll_ctl,
	SYS_epoll_create1,
	SYS_ppoll,
	SYS_pselect6,
	SYS_eventfd2,
	SYS_timerfd_create,
	SYS_timerfd_settime,
	SYS_timerfd_gettime,
	SYS_pipe2,
	SYS_dup,
	SYS_dup3,
	SYS_close,
	SYS_close_range,
	SYS_shutdown,
	SYS_getsockname,
	SYS_getpeername,
	SYS_getsockopt,
	SYS_setsockopt,
	SYS_fstat,
	SYS_newfstatat,
	SYS_statx,
	SYS_fstatfs,
	SYS_brk,
	SYS_munmap,
	SYS_mremap,
	SYS_madvise,
	SYS_futex,
	SYS_set_robust_list,
	SYS_rseq,
	SYS_sched_yield,
	SYS_sched_getaffinity,
	SYS_getrandom,
	SYS_getcpu,
	SYS_sysinfo,
	SYS_uname,
	SYS_getrusage,
	SYS_clock_gettime,
	SYS_clock_getres,
	SYS_clock_nanosleep,
	SYS_nanosleep,
	SYS_gettimeofday,
	SYS_getpid,
	SYS_gettid,
	SYS_getppid,
	SYS_getpgid,
	SYS_getuid,
	SYS_geteuid,
	SYS_getgid,
	SYS_getegid,
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	SYS_rt_sigpending,
	SYS_sigaltstack,
	SYS_restart_syscall,
	SYS_exit,
	SYS_exit_group,
#ifdef SYS_poll // what newer architectures have under one name only
	SYS_epoll_wait,
	SYS_poll,
	SYS_select,
	SYS_dup2,
	SYS_stat,
	SYS_lstat,
	SYS_time,
	SYS_getpgrp,
#endif
};

static const int for_accepting[] = {
	SYS_accept4,
	SYS_accept,
	SYS_timer_create, // for sockets that others share (sys_accept_shared())
	SYS_timer_settime,
	SYS_timer_delete,
#ifdef SYS_timer_settime64
	SYS_timer_settime64,
#endif
};
static const int for_connecting[] = {SYS_connect};
static const int for_dialling[] = {SYS_connect, SYS_bind};
static const int for_reading[] = {SYS_getdents64};
static const int for_removing[] = {
	SYS_unlinkat,
#ifdef SYS_unlink
	SYS_unlink,
#endif
};

// The modules of the name service may be any program's code; these only look.
static const int for_names[] = {
	SYS_connect,
	SYS_bind,
	SYS_faccessat,
	SYS_faccessat2,
	SYS_readlinkat,
	SYS_getdents64,
	SYS_statfs,
	SYS_getcwd,
	SYS_getgroups,
	SYS_getresuid,
	SYS_getresgid,
	SYS_capget,
	SYS_flock,
	SYS_inotify_init1,
	SYS_inotify_add_watch,
	SYS_inotify_rm_watch,
	SYS_sched_getparam,
	SYS_sched_getscheduler,
	SYS_msync,
#ifdef SYS_poll
	SYS_access,
	SYS_readlink,
#endif
};

static void set(uint8_t *fates, const int *calls, size_t count, enum fate fate)
{
	for (size_t i = 0; i < count; i++)
		fates[calls[i]] = (uint8_t)fate;
}

void sandbox_choose_fates(uint8_t fates[SANDBOX_NEWEST_CALL + 1], const struct sandbox *s)
{
	// The arguments of clone3() are in memory, out of reach. What goes through a ring passes by
	// every filter.
	static const int absent[] = {SYS_clone3, SYS_io_uring_setup, SYS_openat2};
	static const int mapping[] = {SYS_mmap, SYS_mprotect};

	set(fates, always, ARRAY_SIZE(always), ALLOWED);
	set(fates, absent, ARRAY_SIZE(absent), ABSENT);
	// Modules of the name service are loaded.
	set(fates, mapping, ARRAY_SIZE(mapping), s->needs & SANDBOX_NAMES ? ALLOWED : WITHOUT_CODE);
	fates[SYS_clone] = FOR_THREADS;
	fates[SYS_tgkill] = ON_ITSELF;
	fates[SYS_prlimit64] = ON_CALLER;
	fates[SYS_ioctl] = IOCTL;
	fates[SYS_fcntl] = FCNTL;
	fates[SYS_socket] = SOCKET;
	if (s->needs & (SANDBOX_NAMES | SANDBOX_STDIO) || s->readable || s->rotate.count) {
		fates[SYS_openat] = OPENAT;
#ifdef SYS_open
		fates[SYS_open] = OPEN;
#endif
	}
	if (s->needs & SANDBOX_SUSPEND)
		fates[SYS_kill] = ON_JOB;
	if (s->needs & SANDBOX_ACCEPT)
		set(fates, for_accepting, ARRAY_SIZE(for_accepting), ALLOWED);
	if (s->needs & SANDBOX_CONNECT)
		set(fates, for_connecting, ARRAY_SIZE(for_connecting), ALLOWED);
	if (s->needs & (SANDBOX_DIAL | SANDBOX_DATAGRAMS))
		set(fates, for_dialling, ARRAY_SIZE(for_dialling), ALLOWED);
	if (s->needs & SANDBOX_NAMES)
		set(fates, for_names, ARRAY_SIZE(for_names), ALLOWED);
	if (s->readable)
		set(fates, for_reading, ARRAY_SIZE(for_reading), ALLOWED);
	if (s->unlink.count)
		set(fates, for_removing, ARRAY_SIZE(for_removing), ALLOWED);
}

#endif

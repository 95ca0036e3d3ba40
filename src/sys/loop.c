// SPDX-License-Identifier: ISC
#include "sys/loop.h"

#include "base/str.h"
#include "sys/trace.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define RESULT(ret) ((ret) < 0 ? -errno : (ret))

static const struct name_value names_epoll[] = {
	{"EPOLLIN", EPOLLIN},
	{"EPOLLPRI", EPOLLPRI},
	{"EPOLLOUT", EPOLLOUT},
	{"EPOLLERR", EPOLLERR},
	{"EPOLLHUP", EPOLLHUP},
	{"EPOLLRDHUP", EPOLLRDHUP},
	{"EPOLLONESHOT", EPOLLONESHOT},
	{"EPOLLET", (long)EPOLLET},
	{""},
};
static const struct name_value names_operation[] = {
	{"EPOLL_CTL_ADD", EPOLL_CTL_ADD},
	{"EPOLL_CTL_MOD", EPOLL_CTL_MOD},
	{"EPOLL_CTL_DEL", EPOLL_CTL_DEL},
	{""},
};
static const struct name_value names_epoll_flag[] = {{"EPOLL_CLOEXEC", EPOLL_CLOEXEC}, {""}};
static const struct name_value names_eventfd[] = {
	{"EFD_CLOEXEC", EFD_CLOEXEC}, {"EFD_NONBLOCK", EFD_NONBLOCK}, {""}};
static const struct name_value names_timerfd[] = {
	{"TFD_CLOEXEC", TFD_CLOEXEC}, {"TFD_NONBLOCK", TFD_NONBLOCK}, {""}};

// What is ready, or in what: EVENTS alone, for what goes with them is the loop's own.
static void add_events(struct str *s, const struct epoll_event *events, int count)
{
	str_addc(s, '[');
	for (int i = 0; i < count; i++) {
		str_add(s, i ? ", " : "");
		str_add_flags(s, names_epoll, (long)events[i].events);
	}
	str_addc(s, ']');
}

// A program's own functions stand before those of libraries, so that libuv, too, calls what follows
// in place of the C library's functions of these names. Each is its system call and no more.
#define IN_PLACE __attribute__((visibility("default")))

IN_PLACE int epoll_create1(int flags)
{
	TRACE_START();
	int ret = (int)syscall(SYS_epoll_create1, flags);

	TRACE_HOUSEKEEPING(true, "epoll_create1", RESULT(ret), T_FLAGS(names_epoll_flag, flags));
	return ret;
}

IN_PLACE int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
	TRACE_START();
	int ret = (int)syscall(SYS_epoll_ctl, epoll, operation, fd, event);

	if (unlikely(trace_sink)) {
		struct str text = {0};

		add_events(&text, event, event && operation != EPOLL_CTL_DEL);
		TRACE_HOUSEKEEPING(true, "epoll_ctl", RESULT(ret), T_FD(epoll),
			T_NAME(names_operation, operation), T_FD(fd), T_TEXT(str_c(&text)));
		str_fini(&text);
	}
	return ret;
}

static void tell_wait(const char *name, uint64_t trace_start_, int ret, int epoll,
	const struct epoll_event *events, int count, int ms)
{
	struct str text = {0};

	add_events(&text, events, ret);
	TRACE_HOUSEKEEPING(true, name, RESULT(ret), T_FD(epoll), T_TEXT(str_c(&text)), T_INT(count),
		T_INT(ms));
	str_fini(&text);
}

IN_PLACE int epoll_pwait(
	int epoll, struct epoll_event *events, int count, int ms, const sigset_t *mask)
{
	TRACE_START();
	int ret = (int)syscall(SYS_epoll_pwait, epoll, events, count, ms, mask, _NSIG / 8);

	if (unlikely(trace_sink))
		tell_wait("epoll_pwait", trace_start_, ret, epoll, events, count, ms);
	return ret;
}

IN_PLACE int epoll_wait(int epoll, struct epoll_event *events, int count, int ms)
{
	return epoll_pwait(epoll, events, count, ms, NULL);
}

IN_PLACE int eventfd(unsigned value, int flags)
{
	TRACE_START();
	int ret = (int)syscall(SYS_eventfd2, value, flags);

	TRACE_HOUSEKEEPING(
		true, "eventfd", RESULT(ret), T_UINT(value), T_FLAGS(names_eventfd, flags));
	return ret;
}

int sys_epoll_create(int flags)
{
	return SYS_RESULT(epoll_create1(flags));
}

int sys_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
	return SYS_RESULT(epoll_ctl(epoll, operation, fd, event));
}

int sys_epoll_wait(int epoll, struct epoll_event *events, int count)
{
	return SYS_RESULT(epoll_wait(epoll, events, count, 0));
}

int sys_timerfd_create(int flags)
{
	TRACE_START();
	int ret = SYS_RESULT(timerfd_create(CLOCK_MONOTONIC, flags));

	TRACE_HOUSEKEEPING(true, "timerfd_create", ret, T_TEXT("CLOCK_MONOTONIC"),
		T_FLAGS(names_timerfd, flags));
	return ret;
}

int sys_timerfd_settime(int fd, const struct timespec *when)
{
	const struct itimerspec timer = {.it_value = *when};

	TRACE_START();
	int ret = SYS_RESULT(timerfd_settime(fd, TFD_TIMER_ABSTIME, &timer, NULL));

	if (unlikely(trace_sink)) {
		struct str text = {0};

		str_addf(&text, "{{0, 0}, {%lld, %ld}}", (long long)when->tv_sec, when->tv_nsec);
		TRACE_HOUSEKEEPING(true, "timerfd_settime", ret, T_FD(fd),
			T_TEXT("TFD_TIMER_ABSTIME"), T_TEXT(str_c(&text)), T_TEXT("NULL"));
		str_fini(&text);
	}
	return ret;
}

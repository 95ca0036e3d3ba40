// SPDX-License-Identifier: ISC
// What event loops are made of, ours and that of libuv: traced wrappers as in sys/socket.h, and all
// of it is housekeeping.
#ifndef SOCKCTL_SYS_LOOP_H
#define SOCKCTL_SYS_LOOP_H

#include <sys/epoll.h>
#include <time.h>

int sys_epoll_create(int flags);
int sys_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event);
int sys_epoll_wait(int epoll, struct epoll_event *events, int count); // what is ready now

int sys_timerfd_create(int flags); // of CLOCK_MONOTONIC
int sys_timerfd_settime(int fd, const struct timespec *when); // once, at that time

#endif

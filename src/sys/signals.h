// SPDX-License-Identifier: ISC
// Signals: traced wrappers as in sys/socket.h. None may be called in a handler while calls are
// traced.
#ifndef SOCKCTL_SYS_SIGNALS_H
#define SOCKCTL_SYS_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <time.h>

// Handles a signal, and calls that it interrupts go on where they can (SA_RESTART). NULL brings its
// default back.
int sys_sigaction(int number, void (*handler)(int));
int sys_sigaction_swap(int number, const struct sigaction *action, struct sigaction *old);
int sys_sigprocmask(int how, const sigset_t *set, sigset_t *old);
int sys_block_signal(int number, bool block);

// The mask of the calling thread.
int sys_thread_sigmask(int how, const sigset_t *set, sigset_t *old);
int sys_sigpending(sigset_t *set);

// Waits up to LIMIT for one of the signals, which are blocked. Returns its number, or -EAGAIN.
int sys_sigtimedwait(const sigset_t *set, const struct timespec *limit);
int sys_raise(int number);

#endif

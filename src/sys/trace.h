// SPDX-License-Identifier: ISC
// Every call that src/sys makes is told to one sink, and decoded on demand (sys/trace_text.h).
//
// A wrapper looks like this, and nothing else makes the call:
//
//	int sys_listen(int fd, int backlog)
//	{
//		TRACE_START();
//		int ret = SYS_RESULT(listen(fd, backlog));
//		TRACE("listen", ret, T_FD(fd), T_INT(backlog));
//		return ret;
//	}
#ifndef SOCKCTL_SYS_TRACE_H
#define SOCKCTL_SYS_TRACE_H

#include "base/util.h"
#include "sys/names.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum trace_type {
	TRACE_INT,
	TRACE_UINT,
	TRACE_FD,
	TRACE_NAME, // one constant of a table
	TRACE_FLAGS, // constants of a table, or-ed
	TRACE_SOCKTYPE, // SOCK_STREAM|SOCK_CLOEXEC
	TRACE_OCTAL,
	TRACE_ADDR, // a struct sockaddr and its length
	TRACE_ADDR_OUT, // the same as the call returns it
	TRACE_DATA, // bytes; the first few are shown
	TRACE_DATA_OUT, // the same as the call returns them
	TRACE_STR, // a C string or NULL
	TRACE_OPTION, // value: level << 32 | option; shown as two arguments
	TRACE_OPTVAL, // the value of that option
	TRACE_OPTVAL_OUT, // the same as the call returns it
	TRACE_INT_AT, // a pointer to an int
	TRACE_LEN_AT, // a pointer to a socklen_t
	TRACE_FDS_OUT, // int[2]; value: first << 32 | second
	TRACE_FDSET, // an fd_set with one descriptor
	TRACE_POLLFDS, // struct pollfd[len]
	TRACE_PIECES, // struct iovec[len], sent
	TRACE_MESSAGE, // a struct msghdr, sent
	TRACE_MESSAGES, // struct mmsghdr[len]; value: 1 if they are sent
	TRACE_TEXT, // already written out
};

struct trace_arg {
	enum trace_type type;
	int64_t value;
	const void *ptr;
	size_t len;
	const char *c; // the argument in C, or NULL where the type says it
};

struct trace_call {
	const char *name;
	int64_t result; // as the wrapper returns it: negative errno for failures
	const char *error; // where errno is not how the call fails (EAI_*); NULL otherwise
	const char *value; // where the result is no number but, say, an entry; NULL otherwise
	uint64_t start; // ns of CLOCK_MONOTONIC
	uint64_t duration; // ns
	bool is_housekeeping; // not made for the user
	pid_t process;
	pid_t thread; // the same as process in its first thread
	unsigned worker; // of the threads that are joined, in the order of their start; 0: none
	unsigned nargs;
	struct trace_arg args[8];
};

// Called with each call as it returns, possibly by several threads at once.
typedef void trace_sink_fn(const struct trace_call *call, void *arg);

// Turns tracing on (or off with NULL) for the whole process.
void trace_set_sink(trace_sink_fn *sink, void *arg);

// The sink that is set and its argument, for one that stands before it and passes calls on.
trace_sink_fn *trace_get_sink(void **arg);

// What this thread calls while this is on serves the program, not its user: signals, what stdin and
// stdout are, pipe sizes.
void trace_housekeeping(bool on);

// In a thread that is to be joined: it is the worker of that number.
void trace_set_worker(unsigned number);

// In a process that fork(2) has made: it traces by its own numbers.
void trace_forked(void);

// Whether bytes are to move by recv(2) and send(2) on the descriptors that were given, so that a
// trace shows them.
void trace_set_plain(bool on);
bool trace_is_plain(void);

// The two numbers in the value of an argument.
static inline int trace_high(const struct trace_arg *a)
{
	return (int)(a->value >> 32);
}

static inline int trace_low(const struct trace_arg *a)
{
	return (int)(a->value & 0xffffffff);
}

#define T_INT(v) \
	{ \
		TRACE_INT, (int64_t)(v), NULL, 0 \
	}
#define T_UINT(v) \
	{ \
		TRACE_UINT, (int64_t)(v), NULL, 0 \
	}
#define T_FD(v) \
	{ \
		TRACE_FD, (int64_t)(v), NULL, 0 \
	}
#define T_NAME(table, v) \
	{ \
		TRACE_NAME, (int64_t)(v), table, 0 \
	}
#define T_FLAGS(table, v) \
	{ \
		TRACE_FLAGS, (int64_t)(v), table, 0 \
	}
#define T_SOCKTYPE(v) \
	{ \
		TRACE_SOCKTYPE, (int64_t)(v), NULL, 0 \
	}
#define T_OCTAL(v) \
	{ \
		TRACE_OCTAL, (int64_t)(v), NULL, 0 \
	}
#define T_ADDR(sa, length) \
	{ \
		TRACE_ADDR, 0, sa, length \
	}
#define T_ADDR_OUT(sa, length) \
	{ \
		TRACE_ADDR_OUT, 0, sa, length \
	}
#define T_DATA(p, length) \
	{ \
		TRACE_DATA, 0, p, length \
	}
#define T_DATA_OUT(p, length) \
	{ \
		TRACE_DATA_OUT, 0, p, length \
	}
#define T_STR(p) \
	{ \
		TRACE_STR, 0, p, 0 \
	}
#define T_OPTION(level, option) \
	{ \
		TRACE_OPTION, (int64_t)(level) << 32 | (option), NULL, 0 \
	}
#define T_OPTVAL(level, option, p, length) \
	{ \
		TRACE_OPTVAL, (int64_t)(level) << 32 | (option), p, length \
	}
#define T_OPTVAL_OUT(level, option, p, length) \
	{ \
		TRACE_OPTVAL_OUT, (int64_t)(level) << 32 | (option), p, length \
	}
#define T_INT_AT(v) \
	{ \
		TRACE_INT_AT, (int64_t)(v), NULL, 0 \
	}
#define T_LEN_AT(v) \
	{ \
		TRACE_LEN_AT, (int64_t)(v), NULL, 0 \
	}
#define T_FDS_OUT(first, second) \
	{ \
		TRACE_FDS_OUT, (int64_t)((uint64_t)(unsigned)(first) << 32 | (unsigned)(second)), \
			NULL, 0 \
	}
#define T_FDSET(fd) \
	{ \
		TRACE_FDSET, (int64_t)(fd), NULL, 0 \
	}
#define T_POLLFDS(p, count) \
	{ \
		TRACE_POLLFDS, 0, p, (size_t)(count) \
	}
#define T_PIECES(p, count) \
	{ \
		TRACE_PIECES, 0, p, (size_t)(count) \
	}
#define T_MESSAGE(p) \
	{ \
		TRACE_MESSAGE, 0, p, 1 \
	}
#define T_MESSAGES(p, count, sent) \
	{ \
		TRACE_MESSAGES, sent, p, (size_t)(count) \
	}
#define T_TEXT(p) \
	{ \
		TRACE_TEXT, 0, p, 0 \
	}
// What reads as TEXT, and as C in a program; C may be several arguments.
#define T_C(text, c) \
	{ \
		TRACE_TEXT, 0, text, 0, c \
	}
// A string that is P, or where the call puts it.
#define T_STR_OUT(p, c) \
	{ \
		TRACE_STR, 0, p, 0, c \
	}

// What follows serves the wrappers only.

extern _Atomic(trace_sink_fn *) trace_sink;

uint64_t trace_now(void); // ns of CLOCK_MONOTONIC
void trace_emit(struct trace_call *call); // keeps errno

#define SYS_RESULT(call) \
	({ \
		__typeof__(call) r_ = (call); \
		r_ < 0 ? (__typeof__(call))(-errno) : r_; \
	})

#define TRACE_START() uint64_t trace_start_ = unlikely(trace_sink) ? trace_now() : 0

#define TRACE_CALL(housekeeping_, name_, ret_, error_, value_, ...) \
	do { \
		if (unlikely(trace_sink)) { \
			struct trace_arg args_[] = {__VA_ARGS__}; \
			struct trace_call call_ = {.name = (name_), \
				.result = (int64_t)(ret_), \
				.error = (error_), \
				.value = (value_), \
				.start = trace_start_, \
				.is_housekeeping = (housekeeping_), \
				.nargs = ARRAY_SIZE(args_)}; \
			_Static_assert(sizeof(args_) <= sizeof(call_.args), "too many arguments"); \
			__builtin_memcpy(call_.args, args_, sizeof(args_)); \
			trace_emit(&call_); \
		} \
	} while (0)

#define TRACE_FULL(...) TRACE_CALL(false, __VA_ARGS__)
#define TRACE_HOUSEKEEPING(is_, name_, ret_, ...) \
	TRACE_CALL(is_, name_, ret_, NULL, NULL, __VA_ARGS__)
#define TRACE_ERROR(name_, ret_, error_, ...) TRACE_FULL(name_, ret_, error_, NULL, __VA_ARGS__)
#define TRACE_VALUE(name_, value_, ...) TRACE_FULL(name_, 0, NULL, value_, __VA_ARGS__)
#define TRACE(name_, ret_, ...) TRACE_FULL(name_, ret_, NULL, NULL, __VA_ARGS__)

#endif

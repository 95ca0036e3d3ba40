// SPDX-License-Identifier: ISC
#include "net/inspect/fd_survey.h"

#include "base/str.h"
#include "sys/fd_calls.h"
#include "sys/file.h"
#include "sys/path.h"
#include "sys/process.h"
#include "sys/signals.h"
#include "sys/socket.h"
#include "sys/trace.h"
#include "sys/trace_text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define SHORT_MS 50 // for a wait that is to time out
#define LONG_MS 2000 // for one that is not
#define WORD "ping"

// One trial of all calls.
struct trial {
	enum pair_kind kind;
	int fd, peer; // the connection
	int listener; // for clients of other connections, or -1
	struct sockaddr_any place; // where it listens
	int copy; // what dup() made, or -1
	const char *function; // the call that the step is about
	trace_sink_fn *sink; // that was there before
	void *sink_arg;

	// How that call went.
	struct str call;
	long result;
};

struct trial_step {
	const char *function;
	bool (*run)(struct trial *t); // returns whether the call did as promised
	const char *promise;
	bool unspecified; // there is no promise, only what the system chooses
	unsigned not_for; // kinds of sockets that the step is left out for: 1 << PAIR_UDP ...
};

static volatile sig_atomic_t signals_seen;

static void on_sigio(int number)
{
	(void)number;
	signals_seen++;
}

static void on_call(const struct trace_call *call, void *arg)
{
	struct trial *t = arg;
	struct trace_call shown = *call;

	shown.is_housekeeping = false; // the calls are what was asked for
	if (strcmp(call->name, t->function) == 0) {
		str_clear(&t->call);
		trace_format(&t->call, call);
		t->result = call->result;
	}
	if (t->sink)
		t->sink(&shown, t->sink_arg);
}

static bool send_word(int fd)
{
	return sys_send(fd, WORD, strlen(WORD), MSG_NOSIGNAL) == (ssize_t)strlen(WORD);
}

static bool is_word(const char *buf, ssize_t len)
{
	return len == (ssize_t)strlen(WORD) && memcmp(buf, WORD, strlen(WORD)) == 0;
}

static bool receive_word(int fd)
{
	char buf[64];

	return sys_poll_readable(fd, LONG_MS) == 1 &&
	       is_word(buf, sys_recv(fd, buf, sizeof(buf), MSG_DONTWAIT));
}

static bool try_fstat(struct trial *t)
{
	struct stat st;

	return sys_fstat(t->fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

static bool try_dup(struct trial *t)
{
	t->copy = sys_dup(t->fd);
	return t->copy >= 0 && send_word(t->copy) && receive_word(t->peer);
}

static bool try_dup2(struct trial *t)
{
	return t->copy >= 0 && sys_dup2(t->fd, t->copy) == t->copy && send_word(t->copy) &&
	       receive_word(t->peer);
}

static bool duplicate(struct trial *t, int command, int flags)
{
	int least = t->peer + 10;
	int copy = sys_fcntl(t->fd, command, least);

	t->function = ""; // what follows is not what the step shows
	bool kept = copy >= least && sys_fcntl(copy, F_GETFD, 0) == flags;
	if (copy >= 0)
		sys_close(copy);
	return kept;
}

static bool try_dupfd(struct trial *t)
{
	return duplicate(t, F_DUPFD, 0);
}

static bool try_dupfd_cloexec(struct trial *t)
{
	return duplicate(t, F_DUPFD_CLOEXEC, FD_CLOEXEC);
}

static bool try_setfd(struct trial *t)
{
	return sys_fcntl(t->fd, F_SETFD, FD_CLOEXEC) == 0;
}

static bool try_getfd(struct trial *t)
{
	return sys_fcntl(t->fd, F_GETFD, 0) == FD_CLOEXEC;
}

static bool try_getfl(struct trial *t)
{
	int flags = sys_fcntl(t->fd, F_GETFL, 0);

	return flags >= 0 && (flags & O_ACCMODE) == O_RDWR;
}

static bool reads_nothing(const struct trial *t)
{
	char buf[64];

	return sys_read(t->fd, buf, sizeof(buf)) == -EAGAIN;
}

static bool try_fionbio(struct trial *t)
{
	return sys_set_nonblocking(t->fd, true) == 0 && reads_nothing(t);
}

static bool try_setfl(struct trial *t)
{
	return sys_fcntl(t->fd, F_SETFL, O_NONBLOCK) == 0 && reads_nothing(t);
}

static bool try_read_nothing(struct trial *t)
{
	return reads_nothing(t);
}

static bool try_select_timeout(struct trial *t)
{
	return sys_select_readable(t->fd, SHORT_MS) == 0;
}

// From here on a word waits to be read.
static bool try_select_ready(struct trial *t)
{
	return send_word(t->peer) && sys_select_readable(t->fd, LONG_MS) == 1;
}

static bool try_poll_ready(struct trial *t)
{
	return sys_poll_readable(t->fd, LONG_MS) == 1;
}

static bool try_fionread(struct trial *t)
{
	int bytes = 0;

	return sys_inq(t->fd, &bytes) == 0 && bytes == (int)strlen(WORD);
}

static bool try_read(struct trial *t)
{
	char buf[64];

	return is_word(buf, sys_read(t->fd, buf, sizeof(buf)));
}

static bool try_write(struct trial *t)
{
	return sys_write(t->fd, WORD, strlen(WORD)) == (ssize_t)strlen(WORD) &&
	       receive_word(t->peer);
}

static bool try_pread(struct trial *t)
{
	char buf[64];

	return sys_pread(t->fd, buf, sizeof(buf), 0) == -ESPIPE;
}

static bool try_pwrite(struct trial *t)
{
	return sys_pwrite(t->fd, WORD, strlen(WORD), 0) == -ESPIPE;
}

static bool try_lseek(struct trial *t)
{
	return sys_lseek(t->fd, 0, SEEK_SET) == -ESPIPE;
}

static bool try_fchdir(struct trial *t)
{
	return sys_fchdir(t->fd) == -ENOTDIR;
}

static bool try_fchmod(struct trial *t)
{
	return sys_fchmod(t->fd, 0600) == 0;
}

static bool try_fchown(struct trial *t)
{
	return sys_fchown(t->fd, sys_geteuid(), sys_getegid()) == 0;
}

static bool try_fsync(struct trial *t)
{
	return sys_fsync(t->fd) == 0;
}

static bool try_fdatasync(struct trial *t)
{
	return sys_fdatasync(t->fd) == 0;
}

static bool try_ftruncate(struct trial *t)
{
	return sys_ftruncate(t->fd, 0) == 0;
}

static bool try_mmap(struct trial *t)
{
	return sys_mmap_read(t->fd, 1) == 0;
}

static bool try_setown(struct trial *t)
{
	return sys_fcntl(t->fd, F_SETOWN, sys_getpid()) == 0;
}

static bool try_getown(struct trial *t)
{
	return sys_fcntl(t->fd, F_GETOWN, 0) == sys_getpid();
}

// The signal is blocked, so that it comes while it is waited for and not before.
static bool try_sigaction(struct trial *t)
{
	(void)t;
	signals_seen = 0;
	return sys_block_signal(SIGIO, true) == 0 && sys_sigaction(SIGIO, on_sigio) == 0;
}

static bool try_fasync(struct trial *t)
{
	return sys_fcntl(t->fd, F_SETFL, O_NONBLOCK | O_ASYNC) == 0;
}

static bool try_sigio(struct trial *t)
{
	bool seen = send_word(t->peer) && sys_await_signals(LONG_MS) == -EINTR && signals_seen;

	sys_fcntl(t->fd, F_SETFL, O_NONBLOCK); // or another one could end this process
	sys_sigaction(SIGIO, NULL);
	sys_block_signal(SIGIO, false);
	return seen && receive_word(t->fd);
}

static bool try_listen(struct trial *t)
{
	enum step step;

	t->listener = pair_listen(t->kind, &t->place, &step);
	t->function = ""; // what follows is not what the step shows
	if (t->listener >= 0 && sys_set_nonblocking(t->listener, true) == 0)
		return true;
	if (t->listener >= 0)
		sys_close(t->listener); // accepting would wait without end
	t->listener = -1;
	return false;
}

static bool try_accept_nobody(struct trial *t)
{
	struct sockaddr_any peer;

	return sys_accept(t->listener, &peer, SOCK_CLOEXEC) == -EAGAIN;
}

// The client has connected before it is accepted: until then it waits in the backlog.
static bool try_accept(struct trial *t)
{
	enum step step;
	int client = sys_socket(t->place.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool connected = client >= 0 && sys_connect(client, &t->place.sa, t->place.len) == 0;
	int accepted = connected ? pair_accept(t->listener, client, &step) : -1;
	bool joined = accepted >= 0 && send_word(client) && receive_word(accepted);

	if (accepted >= 0)
		sys_close(accepted);
	if (client >= 0)
		sys_close(client);
	return joined;
}

static bool try_accept_datagram(struct trial *t)
{
	struct sockaddr_any peer;

	return sys_accept(t->fd, &peer, SOCK_CLOEXEC) == -EOPNOTSUPP;
}

static bool try_close(struct trial *t)
{
	bool closed = sys_close(t->copy) == 0;

	t->copy = -1;
	return closed && send_word(t->fd) && receive_word(t->peer);
}

static bool try_shut_reading(struct trial *t)
{
	char buf[64];

	return sys_shutdown(t->fd, SHUT_RD) == 0 && sys_recv(t->fd, buf, sizeof(buf), 0) <= 0;
}

static bool try_shut_writing(struct trial *t)
{
	return sys_shutdown(t->fd, SHUT_WR) == 0 &&
	       sys_send(t->fd, WORD, strlen(WORD), MSG_NOSIGNAL) == -EPIPE;
}

#define UDP (1u << PAIR_UDP)
#define STREAMS (1u << PAIR_TCP | 1u << PAIR_UNIX)

// In this order: some steps lean on what those before have done.
static const struct trial_step steps[] = {
	{"fstat", try_fstat, "tells that it is a socket", false, 0},
	{"dup", try_dup, "a second descriptor of the socket", false, 0},
	{"dup2", try_dup2, "the same in place of another", false, 0},
	{"fcntl", try_dupfd, "a second descriptor, from a number on", false, 0},
	{"fcntl", try_dupfd_cloexec, "the same, closed by exec", false, 0},
	{"fcntl", try_setfd, "sets whether exec closes it", false, 0},
	{"fcntl", try_getfd, "tells whether exec closes it", false, 0},
	{"fcntl", try_getfl, "tells O_RDWR and other flags", false, 0},
	{"ioctl", try_fionbio, "turns waiting off", false, 0},
	{"fcntl", try_setfl, "turns waiting off", false, 0},
	{"read", try_read_nothing, "fails with EAGAIN, for nothing is there", false, 0},
	{"select", try_select_timeout, "times out, for nothing is there", false, 0},
	{"select", try_select_ready, "is ready, for something is there", false, 0},
	{"poll", try_poll_ready, "is ready, for something is there", false, 0},
	{"ioctl", try_fionread, "counts the bytes that are there", false, 0},
	{"read", try_read, "receives as recv without flags", false, 0},
	{"write", try_write, "sends as send without flags", false, 0},
	{"pread", try_pread, "fails with ESPIPE", false, 0},
	{"pwrite", try_pwrite, "fails with ESPIPE", false, 0},
	{"lseek", try_lseek, "fails with ESPIPE", false, 0},
	{"fchdir", try_fchdir, "fails with ENOTDIR", false, 0},
	{"fchmod", try_fchmod, "unspecified", true, 0},
	{"fchown", try_fchown, "up to the system", true, 0},
	{"fsync", try_fsync, "up to the system", true, 0},
	{"fdatasync", try_fdatasync, "up to the system", true, 0},
	{"ftruncate", try_ftruncate, "unspecified", true, 0},
	{"mmap", try_mmap, "unspecified", true, 0},
	{"fcntl", try_setown, "chooses who gets SIGIO", false, 0},
	{"fcntl", try_getown, "tells who gets SIGIO", false, 0},
	{"sigaction", try_sigaction, "handles SIGIO", false, 0},
	{"fcntl", try_fasync, "turns SIGIO on", false, 0},
	{"pselect", try_sigio, "is interrupted by SIGIO, for something came", false, 0},
	{"listen", try_listen, "takes clients, one may wait", false, UDP},
	{"accept4", try_accept_nobody, "fails with EAGAIN: no connection is waiting", false, UDP},
	{"accept4", try_accept, "a new socket for the connection", false, UDP},
	{"accept4", try_accept_datagram, "fails with EOPNOTSUPP", false, STREAMS},
	{"close", try_close, "frees the number, the socket lives on", false, 0},
	{"shutdown", try_shut_reading, "ends receiving", false, 0},
	{"shutdown", try_shut_writing, "ends sending", false, 0},
};

static void run_step(struct trial *t, const struct trial_step *s, fd_survey_fn *cb, void *arg)
{
	t->function = s->function;
	bool kept = s->run(t);
	const struct fd_survey_outcome outcome = {
		.call = str_c(&t->call),
		.function = s->function,
		.result = t->result < 0 ? -1 : t->result,
		.error = t->result < 0 ? strerrorname_np((int)-t->result) : NULL,
		.promise = s->promise,
		.verdict = s->unspecified ? "unspecified"
			   : kept         ? "as promised"
					  : "differs",
	};

	cb(&outcome, arg);
}

int fd_survey_run(enum pair_kind kind, fd_survey_fn *cb, void *arg, enum step *step)
{
	struct trial t = {.kind = kind, .copy = -1, .listener = -1};
	int fds[2];
	int r = pair_open(kind, fds, step);

	if (r < 0)
		return r;
	t.fd = fds[0];
	t.peer = fds[1];
	t.sink = trace_get_sink(&t.sink_arg);
	trace_set_sink(on_call, &t);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		if (!(steps[i].not_for & 1u << kind))
			run_step(&t, &steps[i], cb, arg);
	trace_set_sink(t.sink, t.sink_arg);
	if (t.copy >= 0)
		sys_close(t.copy);
	if (t.listener >= 0)
		sys_close(t.listener);
	sys_close(t.fd);
	sys_close(t.peer);
	str_fini(&t.call);
	return 0;
}

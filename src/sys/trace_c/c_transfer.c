// SPDX-License-Identifier: ISC
#include "sys/trace_c/c_transfer.h"

#include "base/sockaddr.h"
#include "sys/trace_c/c_known.h"
#include "sys/trace_c/c_program.h"
#include "sys/trace_c/c_words.h"
#include "sys/trace_message.h"

#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static int fd_of(const struct c_statement *t)
{
	return (int)t->call->args[0].value;
}

static bool is_opaque(struct c_statement *t)
{
	if (fd_of(t) < 0 || !c_fd(fd_of(t))->is_opaque)
		return false;
	c_add_comment(t, "TLS");
	return true;
}

// Whether it is what the program was given to read, which stands in the program instead.
static bool is_input(int fd)
{
	return fd <= STDERR_FILENO && !c_fd(fd)->has_variable;
}

static const char *events_of(int64_t flags)
{
	return flags & MSG_OOB ? "POLLPRI" : flags & MSG_ERRQUEUE ? "0" : "POLLIN";
}

static void add_flags(struct c_statement *t, const struct trace_arg *flags)
{
	str_add(&t->text, ", ");
	c_add_arg(&t->text, flags);
}

// recv() where one call is one in the trace: messages, bytes that are only looked at.
static void add_single_recv(struct c_statement *t)
{
	const struct trace_arg *args = t->call->args;

	bool is_netlink = c_fd_kind(fd_of(t)) == C_KIND_NETLINK;

	if (!is_netlink)
		c_await(t, fd_of(t), events_of(args[3].value));
	str_add(&t->text, "if (recv(");
	c_add_fd(&t->text, fd_of(t));
	str_addf(&t->text, ", buf, %zu", MIN((size_t)args[2].value, C_BUF_SIZE));
	add_flags(t, &args[3]);
	// What the kernel tells has come, and may be less now.
	str_add(&t->text, is_netlink ? " | MSG_DONTWAIT) < 0 && errno != EAGAIN)" : ") < 0)");
	c_end_line(t);
	c_add_failure(t);
}

void c_add_recv(struct c_statement *t)
{
	const struct trace_arg *args = t->call->args;
	int64_t flags = args[3].value;
	size_t len = MIN((size_t)MAX(t->call->result, 0), C_BUF_SIZE);

	c_forget_received();
	if (is_opaque(t))
		return;
	if (is_input(fd_of(t))) {
		c_add_comment(t, "what was read stands where it is sent");
		return;
	}
	t->needs |= C_BUF;
	if (!len || flags & (MSG_PEEK | MSG_OOB | MSG_ERRQUEUE) ||
		c_fd_kind(fd_of(t)) != C_KIND_STREAM) {
		add_single_recv(t);
	} else {
		str_add(&t->text, "recv_all(");
		c_add_fd(&t->text, fd_of(t));
		str_addf(&t->text, ", buf, %zu", len);
		add_flags(t, &args[3]);
		str_add(&t->text, ");");
		c_end_line(t);
		t->needs |= C_RECV_ALL;
	}
	c_received(args[1].ptr, MIN(len, args[1].len), 0, false);
}

// A datagram of LEN bytes, which buf takes at AT. Its source is the PEER-th of the descriptor.
static void add_recvfrom(
	struct c_statement *t, size_t at, size_t len, const struct trace_arg *flags, int peer)
{
	struct str args = {0};

	t->needs |= C_BUF;
	c_await(t, fd_of(t), events_of(flags->value));
	c_add_address_out(t, &args, fd_of(t), peer);
	str_add(&t->text, "if (recvfrom(");
	c_add_fd(&t->text, fd_of(t));
	str_add(&t->text, at ? ", buf + " : ", buf");
	if (at)
		str_addf(&t->text, "%zu", at);
	str_addf(&t->text, ", %zu", len);
	add_flags(t, flags);
	str_addf(&t->text, ", %s) < 0)", str_c(&args));
	str_fini(&args);
}

static void learn_source(const struct c_statement *t, int peer, const void *sa, socklen_t len)
{
	struct sockaddr_any a;

	if (!sa || len < sizeof(sa_family_t))
		return;
	sockaddr_set(&a, sa, len);
	c_address_returned(fd_of(t), peer, &a);
}

void c_add_recvfrom(struct c_statement *t)
{
	const struct trace_arg *args = t->call->args;
	size_t len = MIN((size_t)args[2].value, C_BUF_SIZE);

	c_forget_received();
	add_recvfrom(t, 0, len, &args[3], 0);
	c_end_line(t);
	c_add_failure(t);
	if (t->call->result < 0)
		return;
	c_received(args[1].ptr, args[1].len, 0, false);
	learn_source(t, 0, args[4].ptr, (socklen_t)args[4].len);
}

// Ends the line of one of several statements that stand for a call.
static void end_line(struct c_statement *t, bool is_first)
{
	if (is_first)
		c_end_line(t);
	else
		str_addc(&t->text, '\n');
}

void c_add_recvmmsg(struct c_statement *t)
{
	const struct trace_arg *messages = &t->call->args[1];
	size_t at = 0;

	c_forget_received();
	if (t->call->result < 0) {
		c_add_comment(t, NULL);
		return;
	}
	for (size_t i = 0; i < messages->len; i++) {
		const struct mmsghdr *m = &((const struct mmsghdr *)messages->ptr)[i];
		size_t len = MIN((size_t)m->msg_len, m->msg_hdr.msg_iov->iov_len);
		size_t segment = trace_message_segment(&m->msg_hdr, len);
		size_t done = 0;

		learn_source(t, (int)i, m->msg_hdr.msg_name, m->msg_hdr.msg_namelen);
		do {
			size_t n = MIN(segment, len - done);

			at = at + n > C_BUF_SIZE ? 0 : at;
			add_recvfrom(t, at, n, &t->call->args[3], (int)i);
			end_line(t, i == 0 && done == 0);
			c_add_failure_of(t, "recvfrom");
			c_received(
				(const char *)m->msg_hdr.msg_iov->iov_base + done, n, at, at > 0);
			at += n;
			done += n;
		} while (done < len);
	}
}

void c_add_read(struct c_statement *t)
{
	const struct trace_arg *args = t->call->args;
	enum c_kind kind = fd_of(t) < 0 ? C_KIND_OTHER : c_fd_kind(fd_of(t));
	bool is_file = kind == C_KIND_OTHER || is_input(fd_of(t));

	c_forget_received();
	if (t->call->result < 0) {
		c_add_checked(t);
	} else if (is_file) {
		c_add_comment(t, "what was read stands where it is sent");
	} else {
		c_await(t, fd_of(t), "POLLIN");
		c_add_checked(t);
		c_received(args[1].ptr, args[1].len, 0, false);
	}
}

static void add_send_all(
	struct c_statement *t, const void *data, size_t len, const struct trace_arg *flags)
{
	str_add(&t->text, "send_all(");
	c_add_fd(&t->text, fd_of(t));
	str_add(&t->text, ", ");
	c_add_data(&t->text, data, len);
	str_addf(&t->text, ", %zu", len);
	add_flags(t, flags);
	str_add(&t->text, ");");
	t->needs |= C_SEND_ALL;
}

void c_add_send(struct c_statement *t)
{
	const struct trace_arg *args = t->call->args;

	if (is_opaque(t))
		return;
	if (t->call->result < 0) {
		c_add_checked(t);
		return;
	}
	add_send_all(t, args[1].ptr, MIN((size_t)t->call->result, args[1].len), &args[3]);
	c_end_line(t);
}

static void add_sendto(struct c_statement *t, const void *data, size_t len,
	const struct trace_arg *flags, const struct sockaddr *to, socklen_t tolen)
{
	str_add(&t->text, "if (sendto(");
	c_add_fd(&t->text, fd_of(t));
	str_add(&t->text, ", ");
	c_add_data(&t->text, data, len);
	str_addf(&t->text, ", %zu", len);
	add_flags(t, flags);
	str_add(&t->text, ", ");
	c_add_address(&t->text, to, tolen);
	str_add(&t->text, ") < 0)");
}

void c_add_sendto(struct c_statement *t)
{
	const struct trace_arg *args = t->call->args;

	add_sendto(t, args[1].ptr, args[1].len, &args[3], args[4].ptr, (socklen_t)args[4].len);
	c_end_line(t);
	c_add_failure(t);
}

// The LEN first bytes of a message; its segments are datagrams of their own.
static void add_message(struct c_statement *t, const struct msghdr *m, size_t len,
	const struct trace_arg *flags, bool is_first)
{
	size_t segment = trace_message_segment(m, len);
	const char *data = m->msg_iov->iov_base;
	struct str whole = {0};
	size_t done = 0;

	for (size_t i = 0; m->msg_iovlen > 1 && i < m->msg_iovlen; i++)
		str_addn(&whole, m->msg_iov[i].iov_base, m->msg_iov[i].iov_len);
	if (whole.len)
		data = whole.data;
	do {
		size_t n = MIN(segment, len - done);

		if (m->msg_name && m->msg_namelen) {
			add_sendto(t, data + done, n, flags, m->msg_name, m->msg_namelen);
			end_line(t, is_first && done == 0);
			c_add_failure_of(t, "sendto");
		} else {
			add_send_all(t, data + done, n, flags);
			end_line(t, is_first && done == 0);
		}
		done += n;
	} while (done < len);
	str_fini(&whole);
}

void c_add_sendmsg(struct c_statement *t)
{
	const struct trace_arg *args = t->call->args;

	if (t->call->result < 0)
		c_add_comment(t, NULL);
	else
		add_message(t, args[1].ptr, (size_t)t->call->result, &args[2], true);
}

void c_add_sendmmsg(struct c_statement *t)
{
	const struct trace_arg *args = t->call->args;
	const struct mmsghdr *messages = args[1].ptr;

	if (t->call->result < 0)
		c_add_comment(t, NULL);
	for (int64_t i = 0; i < t->call->result; i++)
		add_message(t, &messages[i].msg_hdr, trace_message_size(&messages[i].msg_hdr),
			&args[3], i == 0);
}

void c_add_write(struct c_statement *t)
{
	const struct trace_arg *args = t->call->args;
	size_t len = MIN((size_t)MAX(t->call->result, 0), args[1].len);

	if (t->call->result < 0) {
		c_add_checked(t);
		return;
	}
	str_addf(&t->text, "if (%s(", t->call->name);
	c_add_fd(&t->text, fd_of(t));
	str_add(&t->text, ", ");
	c_add_data(&t->text, args[1].ptr, len);
	str_addf(&t->text, ", %zu", len);
	if (t->call->nargs > 3) { // pwrite
		str_add(&t->text, ", ");
		c_add_arg(&t->text, &args[3]);
	}
	str_addf(&t->text, ") != %zu)", len);
	c_end_line(t);
	c_add_failure(t);
}

void c_add_writev(struct c_statement *t)
{
	const struct trace_arg *args = t->call->args;
	const struct iovec *pieces = args[1].ptr;
	size_t left = (size_t)MAX(t->call->result, 0);
	size_t count = 0;

	if (t->call->result < 0) {
		c_add_comment(t, NULL);
		return;
	}
	str_add(&t->text, "if (writev(");
	c_add_fd(&t->text, fd_of(t));
	str_add(&t->text, ", (struct iovec[]){");
	for (; count < args[1].len && left; count++) {
		size_t n = MIN(left, pieces[count].iov_len);

		str_add(&t->text, count ? ", {.iov_base = " : "{.iov_base = ");
		c_add_data(&t->text, pieces[count].iov_base, n);
		str_addf(&t->text, ", .iov_len = %zu}", n);
		left -= n;
	}
	str_addf(&t->text, "}, %zu) < 0)", count);
	c_end_line(t);
	c_add_failure(t);
}

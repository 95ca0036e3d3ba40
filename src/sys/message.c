// SPDX-License-Identifier: ISC
#include "sys/message.h"

#include "base/sockaddr.h"
#include "sys/file.h"
#include "sys/trace_c.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <string.h>

#define SHOWN_MESSAGES 4
#define SHOWN_BYTES 32

#ifndef SCM_PIDFD // Linux 6.5
#define SCM_PIDFD 0x04
#endif

static const struct name_value names_control_socket[] = {
	{"SO_RXQ_OVFL", SO_RXQ_OVFL},
	{"SO_TIMESTAMPNS", SO_TIMESTAMPNS},
	{"SCM_RIGHTS", SCM_RIGHTS},
	{"SCM_CREDENTIALS", SCM_CREDENTIALS},
	{"SCM_PIDFD", SCM_PIDFD},
	{0},
};

static const struct name_value names_control_ip[] = {
	{"IP_PKTINFO", IP_PKTINFO},
	{"IP_TTL", IP_TTL},
	{"IP_TOS", IP_TOS},
	{"IP_RECVERR", IP_RECVERR},
	{0},
};

static const struct name_value names_control_ipv6[] = {
	{"IPV6_PKTINFO", IPV6_PKTINFO},
	{"IPV6_HOPLIMIT", IPV6_HOPLIMIT},
	{"IPV6_TCLASS", IPV6_TCLASS},
	{"IPV6_RECVERR", IPV6_RECVERR},
	{0},
};

static const struct name_value names_control_udp[] = {
	{"UDP_SEGMENT", UDP_SEGMENT},
	{"UDP_GRO", UDP_GRO},
	{0},
};

static const struct name_value *names_of_level(int level)
{
	switch (level) {
	case SOL_SOCKET:
		return names_control_socket;
	case IPPROTO_IP:
		return names_control_ip;
	case IPPROTO_IPV6:
		return names_control_ipv6;
	case SOL_UDP:
		return names_control_udp;
	default:
		return NULL;
	}
}

// Numbers are shown; what is larger is only named.
static void add_control(struct str *s, const struct cmsghdr *c)
{
	const struct name_value *names = names_of_level(c->cmsg_level);
	size_t len = c->cmsg_len - CMSG_LEN(0);
	uint16_t half;
	uint32_t word;

	if (names)
		str_add_name(s, names, c->cmsg_type);
	else
		str_addf(s, "%d/%d", c->cmsg_level, c->cmsg_type);
	if (len == sizeof(half)) {
		memcpy(&half, CMSG_DATA(c), sizeof(half));
		str_addf(s, "=%u", half);
	} else if (len == sizeof(word)) {
		memcpy(&word, CMSG_DATA(c), sizeof(word));
		str_addf(s, "=%u", word);
	}
}

static void add_controls(struct str *s, struct msghdr *m)
{
	const char *comma = "";

	if (!m->msg_controllen)
		return;
	str_add(s, ", [");
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		str_add(s, comma);
		add_control(s, c);
		comma = ", ";
	}
	str_add(s, "]");
}

// The first bytes, which may lie in several buffers. LEN is what the message holds.
static void add_bytes(struct str *s, const struct msghdr *m, size_t len)
{
	size_t left = MIN(len, (size_t)SHOWN_BYTES);

	str_addc(s, '"');
	for (size_t i = 0; i < m->msg_iovlen && left; i++) {
		size_t n = MIN(left, m->msg_iov[i].iov_len);

		str_add_escaped(s, m->msg_iov[i].iov_base, n);
		left -= n;
	}
	str_add(s, len > SHOWN_BYTES ? "\"..." : "\"");
}

static size_t room_of(const struct msghdr *m)
{
	size_t len = 0;

	for (size_t i = 0; i < m->msg_iovlen; i++)
		len += m->msg_iov[i].iov_len;
	return len;
}

// {ADDRESS, "BYTES", LENGTH, [CONTROL], FLAGS}
static void add_message(struct str *s, const struct msghdr *message, size_t len)
{
	struct msghdr m = *message;

	str_addc(s, '{');
	if (m.msg_name && m.msg_namelen)
		str_add_sockaddr(s, m.msg_name, m.msg_namelen);
	else
		str_add(s, "NULL");
	str_add(s, ", ");
	add_bytes(s, &m, MIN(len, room_of(&m)));
	str_addf(s, ", %zu", len);
	add_controls(s, &m);
	if (m.msg_flags) {
		str_add(s, ", ");
		str_add_flags(s, names_msg, m.msg_flags);
	}
	str_addc(s, '}');
}

static void add_messages(struct str *s, const struct mmsghdr *messages, unsigned count, bool sent)
{
	str_addc(s, '[');
	for (unsigned i = 0; i < MIN(count, (unsigned)SHOWN_MESSAGES); i++) {
		const struct msghdr *m = &messages[i].msg_hdr;

		if (i)
			str_add(s, ", ");
		add_message(s, m, sent ? room_of(m) : messages[i].msg_len);
	}
	if (count > SHOWN_MESSAGES)
		str_addf(s, ", and %u more", count - SHOWN_MESSAGES);
	str_addc(s, ']');
}

// {.msg_name = ADDRESS, .msg_iov = PIECES}. What else is asked for with control messages stands in
// the text only.
static void add_message_in_c(struct str *s, const struct msghdr *m, bool sent)
{
	str_add(s, "{.msg_iov = ");
	trace_c_add_iovec(s, m->msg_iov, m->msg_iovlen, sent);
	str_addf(s, ", .msg_iovlen = %zu", m->msg_iovlen);
	if (!sent) {
		str_add(s, ", .msg_name = &peer, .msg_namelen = sizeof(peer)");
	} else if (m->msg_name && m->msg_namelen) {
		str_add(s, ", .msg_name = ");
		trace_c_add_sockaddr(s, m->msg_name, m->msg_namelen, ", .msg_namelen = ");
	}
	str_addc(s, '}');
}

static void add_messages_in_c(
	struct str *s, const struct mmsghdr *messages, unsigned count, bool sent)
{
	str_addf(s, "(struct mmsghdr[%u]){", count);
	for (unsigned i = 0; i < MIN(count, (unsigned)SHOWN_MESSAGES); i++) {
		str_add(s, i ? ", {" : "{");
		add_message_in_c(s, &messages[i].msg_hdr, sent);
		str_addc(s, '}');
	}
	str_addc(s, '}');
}

static void trace_sendmsg(ssize_t ret, int fd, const struct msghdr *m, int flags, uint64_t start)
{
	uint64_t trace_start_ = start;
	struct str text = {0};
	struct str c = {0};

	add_message(&text, m, room_of(m));
	str_add(&c, "&(struct msghdr)");
	add_message_in_c(&c, m, true);
	TRACE("sendmsg", ret, T_FD(fd), T_C(str_c(&text), str_c(&c)), T_FLAGS(names_msg, flags));
	str_fini(&text);
	str_fini(&c);
}

ssize_t sys_sendmsg(int fd, const struct msghdr *message, int flags)
{
	TRACE_START();
	ssize_t ret = SYS_RESULT(sendmsg(fd, message, flags));

	if (unlikely(trace_sink))
		trace_sendmsg(ret, fd, message, flags, trace_start_);
	return ret;
}

int sys_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
	TRACE_START();
	int ret = SYS_RESULT(sendmmsg(fd, messages, count, flags));

	if (unlikely(trace_sink)) {
		struct str text = {0};
		struct str c = {0};

		add_messages(&text, messages, count, true);
		add_messages_in_c(&c, messages, count, true);
		TRACE("sendmmsg", ret, T_FD(fd), T_C(str_c(&text), str_c(&c)), T_UINT(count),
			T_FLAGS(names_msg, flags));
		str_fini(&text);
		str_fini(&c);
	}
	return ret;
}

// Closes what a control message brought if that is descriptors: those that the sender of a Unix
// datagram passed (unix(7), SCM_RIGHTS), or that of its process (SO_PASSPIDFD).
static void close_passed(const struct cmsghdr *c)
{
	size_t len = c->cmsg_len - CMSG_LEN(0);
	int fd;

	if (c->cmsg_level != SOL_SOCKET ||
		(c->cmsg_type != SCM_RIGHTS && c->cmsg_type != SCM_PIDFD))
		return;
	for (size_t i = 0; i + sizeof(fd) <= len; i += sizeof(fd)) {
		memcpy(&fd, CMSG_DATA(c) + i, sizeof(fd));
		if (fd >= 0)
			sys_close(fd);
	}
}

static void close_all_passed(struct mmsghdr *messages, int count)
{
	for (int i = 0; i < count; i++) {
		struct msghdr *m = &messages[i].msg_hdr;

		for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
			close_passed(c);
	}
}

int sys_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
	TRACE_START();
	int ret = SYS_RESULT(recvmmsg(fd, messages, count, flags, NULL));

	if (unlikely(trace_sink)) {
		struct str text = {0};
		struct str c = {0};

		add_messages(&text, messages, ret < 0 ? 0 : (unsigned)ret, false);
		add_messages_in_c(&c, messages, count, false);
		TRACE("recvmmsg", ret, T_FD(fd), T_C(str_c(&text), str_c(&c)), T_UINT(count),
			T_FLAGS(names_msg, flags), T_TEXT("NULL"));
		str_fini(&text);
		str_fini(&c);
	}
	close_all_passed(messages, ret);
	return ret;
}

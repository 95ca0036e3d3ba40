// SPDX-License-Identifier: ISC
#include "sys/trace_message.h"

#include "base/sockaddr.h"
#include "sys/names.h"

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
	{""},
};

static const struct name_value names_control_ip[] = {
	{"IP_PKTINFO", IP_PKTINFO},
	{"IP_TTL", IP_TTL},
	{"IP_TOS", IP_TOS},
	{"IP_RECVERR", IP_RECVERR},
	{""},
};

static const struct name_value names_control_ipv6[] = {
	{"IPV6_PKTINFO", IPV6_PKTINFO},
	{"IPV6_HOPLIMIT", IPV6_HOPLIMIT},
	{"IPV6_TCLASS", IPV6_TCLASS},
	{"IPV6_RECVERR", IPV6_RECVERR},
	{""},
};

static const struct name_value names_control_udp[] = {
	{"UDP_SEGMENT", UDP_SEGMENT},
	{"UDP_GRO", UDP_GRO},
	{""},
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

size_t trace_message_size(const struct msghdr *m)
{
	size_t len = 0;

	for (size_t i = 0; i < m->msg_iovlen; i++)
		len += m->msg_iov[i].iov_len;
	return len;
}

void trace_add_message(struct str *s, const struct msghdr *message, size_t len)
{
	struct msghdr m = *message;

	str_addc(s, '{');
	if (m.msg_name && m.msg_namelen)
		str_add_shown_sockaddr(s, m.msg_name, m.msg_namelen);
	else
		str_add(s, "NULL");
	str_add(s, ", ");
	add_bytes(s, &m, MIN(len, trace_message_size(&m)));
	str_addf(s, ", %zu", len);
	add_controls(s, &m);
	if (m.msg_flags) {
		str_add(s, ", ");
		str_add_flags(s, names_msg, m.msg_flags);
	}
	str_addc(s, '}');
}

void trace_add_messages(struct str *s, const struct mmsghdr *messages, size_t count, bool sent)
{
	str_addc(s, '[');
	for (size_t i = 0; i < MIN(count, (size_t)SHOWN_MESSAGES); i++) {
		const struct msghdr *m = &messages[i].msg_hdr;

		if (i)
			str_add(s, ", ");
		trace_add_message(s, m, sent ? trace_message_size(m) : messages[i].msg_len);
	}
	if (count > SHOWN_MESSAGES)
		str_addf(s, ", and %zu more", count - SHOWN_MESSAGES);
	str_addc(s, ']');
}

size_t trace_message_segment(const struct msghdr *message, size_t len)
{
	struct msghdr m = *message;
	uint16_t half;
	int word;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		if (c->cmsg_level != SOL_UDP)
			continue;
		if (c->cmsg_type == UDP_SEGMENT && c->cmsg_len >= CMSG_LEN(sizeof(half))) {
			memcpy(&half, CMSG_DATA(c), sizeof(half));
			return half ? half : len;
		}
		if (c->cmsg_type == UDP_GRO && c->cmsg_len >= CMSG_LEN(sizeof(word))) {
			memcpy(&word, CMSG_DATA(c), sizeof(word));
			return word > 0 ? (size_t)word : len;
		}
	}
	return len;
}

// SPDX-License-Identifier: ISC
// The options that udp-recv and raw-recv share.
#include "datagram/recv.h"

#include "base/hex.h"
#include "base/mem.h"
#include "base/value.h"

#include <stdlib.h>
#include <string.h>

#define MAX_BUFFER (64 << 20)

#define AT(field, type) OPT_AT(struct recv_config, field, type)

const struct opt recv_output_opts[] = {
	{"block", 'b', OPT_FLAG, AT(block, bool), "", "write the data without adding newlines",
		.is_everyday = true, .not_with = "hex json"},
	{"raw", 0, OPT_FLAG, AT(raw, bool), "", "same as --block", .not_with = "hex json"},
	{"whole", 0, OPT_FLAG, AT(whole, bool), "",
		"receive one datagram, write it unchanged and exit", .not_with = "hex json"},
	{"hex", 0, OPT_FLAG, AT(hex, bool), "", "write hex dumps with source and time",
		.is_everyday = true, .mode = "dump"},
	{"buffer", 0, OPT_SIZE, AT(buffer, uint64_t), "SIZE",
		"maximum bytes to receive of each datagram (all)", .min = 1, .max = MAX_BUFFER},
	{""},
};

const struct opt recv_opts[] = {
	{"count", 'c', OPT_UINT, AT(count, uint64_t), "N", "exit after N datagrams", .min = 1,
		.max = UINT64_MAX, .is_everyday = true, .not_with = "whole"},
	{"join", 'j', OPT_LIST, AT(join, struct strlist), "GROUP",
		"join a multicast group: ADDRESS[%INTERFACE][,SOURCE]", .is_everyday = true},
	{""},
};

const struct opt recv_socket_opts[] = {
	ALSO_OPTION(AT(also.words, struct strlist)),
	ACCESS_OPTIONS(
		AT(access_words.allow, struct strlist), AT(access_words.deny, struct strlist)),
	{"mode", 0, OPT_OCTAL, AT(mode, uint64_t), "OCTAL", "permissions of the Unix socket (0600)",
		.max = 0777},
	{""},
};

const struct opt recv_reply_opts[] = {
	{"reply", 0, OPT_STRING, AT(reply, const char *), "TEXT",
		"reply to each datagram with TEXT", .is_everyday = true},
	{"reply-hex", 0, OPT_STRING, AT(reply_hex, const char *), "BYTES",
		"reply to each datagram with BYTES, such as 00ff or 00:ff", .not_with = "reply"},
	{"echo", 'e', OPT_FLAG, AT(echo, bool), "", "send each datagram back", .is_everyday = true,
		.not_with = "reply reply-hex"},
	{"send-flag", 0, OPT_LIST, AT(datagram.send_words, struct strlist), "FLAG",
		"flag for send(2) of replies, such as MSG_DONTROUTE",
		.words = "datagram-send-flag"},
	{""},
};

int recv_check_reply(struct recv_config *c, struct str *err)
{
	size_t len = c->reply_hex ? strlen(c->reply_hex) : 0;

	if (c->reply)
		c->answer = (struct iovec){xstrdup(c->reply), strlen(c->reply)};
	if (!c->reply_hex)
		return 0;
	c->answer.iov_base = xmalloc(len / 2 + 1);
	if (hex_decode_loose(c->answer.iov_base, &c->answer.iov_len, c->reply_hex, len) == 0)
		return 0;
	return bad_value(err, "--reply-hex", c->reply_hex, "is not pairs of hexadecimal digits");
}

int recv_check_mode(struct recv_config *c, struct str *err)
{
	bool is_given = c->mode != RECV_MODE_NOT_GIVEN;

	if (!is_given)
		c->mode = 0600;
	if (!is_given || also_has_path(&c->endpoint, &c->also))
		return 0;
	return bad_word(
		err, c->endpoint.name, "has no mode: --mode is for the path of a Unix socket");
}

void recv_fini(void *config)
{
	struct recv_config *c = config;

	free(c->answer.iov_base);
	endpoint_fini(&c->endpoint);
	also_fini(&c->also);
	access_fini(&c->access);
}

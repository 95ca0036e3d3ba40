// SPDX-License-Identifier: ISC
#include "proxy/tlv.h"

#include "base/util.h"
#include "base/value.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static const struct {
	uint8_t type;
	const char *name;
} names[] = {
	{TLV_ALPN, "alpn"},
	{TLV_AUTHORITY, "authority"},
	{TLV_CRC32C, "crc32c"},
	{TLV_NOOP, "noop"},
	{TLV_UNIQUE_ID, "unique_id"},
	{TLV_SSL, "ssl"},
	{TLV_NETNS, "netns"},
};

int tlv_next(const void *data, size_t len, size_t *at, struct tlv *t)
{
	const unsigned char *p = (const unsigned char *)data + *at;
	size_t left = len - *at;

	if (left == 0)
		return 0;
	if (left < TLV_HEAD)
		return -EPROTO;
	*t = (struct tlv){p[0], p + TLV_HEAD, (size_t)(p[1] << 8 | p[2])};
	if (t->len > left - TLV_HEAD)
		return -EPROTO;
	*at += TLV_HEAD + t->len;
	return 1;
}

void tlv_add(struct str *s, uint8_t type, const void *value, size_t len)
{
	const unsigned char head[TLV_HEAD] = {type, (unsigned char)(len >> 8), (unsigned char)len};

	assert(len <= UINT16_MAX);
	str_addn(s, head, sizeof(head));
	str_addn(s, value, len);
}

const char *tlv_name(uint8_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].type == type)
			return names[i].name;
	return NULL;
}

int tlv_parse_type(const char *word, uint8_t *type, struct str *err)
{
	int64_t number;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i].name, word) == 0) {
			*type = names[i].type;
			return 0;
		}
	}
	if (parse_int(word, &number) < 0 || number < 0 || number > UINT8_MAX)
		return bad_word(err, word,
			"is no type of a PROXY extension: 0 to 255, 0x00 to 0xff, or alpn, "
			"authority, unique_id, ssl, netns, noop");
	*type = (uint8_t)number;
	return 0;
}

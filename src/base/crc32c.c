// SPDX-License-Identifier: ISC
#include "base/crc32c.h"

#define POLYNOMIAL 0x82f63b78u // 0x1edc6f41 with its bits reversed

// Returns the checksum, bit by bit: the blocks are headers of connections, mostly below 100 bytes.
uint32_t crc32c(const void *data, size_t len)
{
	const unsigned char *p = data;
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
	}
	return ~crc;
}

// SPDX-License-Identifier: ISC
// The checksum CRC-32C (Castagnoli; RFC 3720 appendix B.4), for short blocks.
#ifndef SOCKCTL_BASE_CRC32C_H
#define SOCKCTL_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32c(const void *data, size_t len);

#endif

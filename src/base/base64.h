// SPDX-License-Identifier: ISC
// Bytes as base64 (RFC 4648 section 4).
#ifndef SOCKCTL_BASE_BASE64_H
#define SOCKCTL_BASE_BASE64_H

#include "base/str.h"

#include <stddef.h>

void str_add_base64(struct str *s, const void *data, size_t len);

#endif

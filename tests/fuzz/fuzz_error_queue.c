// SPDX-License-Identifier: ISC
// Control data of the queue of errors: read to the end, nothing past it, and told in one line that
// is fit for a terminal.
#include "fuzz.h"

#include "base/mem.h"
#include "net/dgram/error_queue.h"

#include <stdlib.h>
#include <string.h>

#define CONTROL_MOST 1024

static void check_text(const struct queued_error *e)
{
	struct str text = {0};

	str_add_queued_error(&text, e);
	require_message(str_c(&text));
	require(!strchr(str_c(&text), '\n'));
	str_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct queued_error e = {0};
	struct msghdr m = {.msg_controllen = len};

	if (!len || len > CONTROL_MOST)
		return 0;
	m.msg_control = xmalloc(len); // where messages are aligned
	memcpy(m.msg_control, data, len);
	if (queued_error_read(&e, &m)) {
		require(e.error < 0 && e.error >= -4095);
		require(!e.by.len || e.by.sa.sa_family == AF_INET || e.by.sa.sa_family == AF_INET6);
		check_text(&e);
	}
	free(m.msg_control);
	return 0;
}

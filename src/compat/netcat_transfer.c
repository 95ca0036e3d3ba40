// SPDX-License-Identifier: ISC
// What a netcat does with the bytes that it transfers.
#include "compat/netcat.h"

#include <errno.h>

int netcat_add_transfer(const struct netcat_config *c, struct cmdline *out, struct str *err)
{
	if (c->interval_ms && (c->broker || c->chat)) {
		str_add(err, "a pause between lines does not go with --broker and --chat");
		return -EINVAL;
	}
	if (c->crlf)
		cmdline_add(out, "--crlf");
	if (c->telnet)
		cmdline_add(out, "--telnet");
	if (c->interval_ms)
		cmdline_add_ms(out, "--interval", c->interval_ms);
	if (c->record)
		cmdline_add_pair(out, "--record", c->record);
	if (c->record_hex)
		cmdline_add_pair(out, "--record-hex", c->record_hex);
	if (c->append)
		cmdline_add(out, "--append");
	return 0;
}

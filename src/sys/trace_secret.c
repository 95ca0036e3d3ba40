// SPDX-License-Identifier: ISC
#include "sys/trace_secret.h"

#include <assert.h>
#include <string.h>

#define MASK "<credentials>"

static _Thread_local struct {
	const char *data;
	size_t len;
} secret;

void trace_set_secret(const void *data, size_t len)
{
	secret.data = data;
	secret.len = data ? len : 0;
}

// The bytes of an argument, as far as they are before the secret, masked, and behind it.
static void mask(const char *data, size_t len, struct str *masked)
{
	const char *end = data + len;
	const char *begin = secret.data > data ? secret.data : data;
	const char *stop = secret.data + secret.len < end ? secret.data + secret.len : end;
	size_t hidden = (size_t)(stop - begin);

	str_addn(masked, data, (size_t)(begin - data));
	str_add(masked, MASK);
	if (hidden > strlen(MASK))
		str_add_repeated(masked, '*', hidden - strlen(MASK));
	str_addn(masked, stop, (size_t)(end - stop));
}

void trace_hide_secret(struct trace_call *call, struct str *masked)
{
	assert(!masked->len);
	if (!secret.len)
		return;
	for (unsigned i = 0; i < call->nargs && !masked->len; i++) {
		struct trace_arg *a = &call->args[i];
		const char *data = a->ptr;

		if (a->type != TRACE_DATA || !data || data + a->len <= secret.data ||
			secret.data + secret.len <= data)
			continue;
		mask(data, a->len, masked);
		a->ptr = masked->data;
		a->len = masked->len;
	}
}

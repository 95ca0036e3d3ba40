// SPDX-License-Identifier: ISC
#include "sys/trace_text.h"

#include "base/sockaddr.h"
#include "sys/sockopt/sockopt_value.h"
#include "sys/trace_message.h"

#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/uio.h>

#define SHOWN_BYTES 32

// Escapes quotation marks as well, so that the text has one end.
static void add_quotable(struct str *s, const char *p, size_t len)
{
	const char *quote;

	while ((quote = memchr(p, '"', len))) {
		size_t before = (size_t)(quote - p);

		str_add_escaped(s, p, before);
		str_add(s, "\\\"");
		p = quote + 1;
		len -= before + 1;
	}
	str_add_escaped(s, p, len);
}

static void add_data(struct str *s, const void *data, size_t len)
{
	if (!data) {
		str_add(s, "NULL");
		return;
	}
	str_addc(s, '"');
	add_quotable(s, data, MIN(len, SHOWN_BYTES));
	str_addc(s, '"');
	if (len > SHOWN_BYTES)
		str_add(s, "...");
}

static void add_socktype(struct str *s, int64_t type)
{
	int flags = (int)type & (SOCK_CLOEXEC | SOCK_NONBLOCK);

	str_add_name(s, names_type, type & ~flags);
	if (flags) {
		str_addc(s, '|');
		str_add_flags(s, names_type_flag, flags);
	}
}

static void add_option(struct str *s, int level, int option)
{
	const struct sockopt *o = sockopt_by_number(level, option);

	if (o)
		str_addf(s, "%s, %s", sockopt_level_name(level), o->name);
	else
		str_addf(s, "%d, %d", level, option);
}

static void add_pollfds(struct str *s, const struct pollfd *fds, size_t count)
{
	str_addc(s, '[');
	for (size_t i = 0; i < count; i++) {
		str_addf(s, "%s{%d, ", i ? ", " : "", fds[i].fd);
		str_add_flags(s, names_poll, fds[i].events);
		str_addc(s, '}');
	}
	str_addc(s, ']');
}

// What lies in several places of memory.
static void add_array(struct str *s, const struct trace_arg *a)
{
	switch (a->type) {
	case TRACE_POLLFDS:
		add_pollfds(s, a->ptr, a->len);
		break;
	case TRACE_PIECES:
		add_data(s, ((const struct iovec *)a->ptr)->iov_base,
			((const struct iovec *)a->ptr)->iov_len);
		break;
	case TRACE_MESSAGE:
		trace_add_message(s, a->ptr, trace_message_size(a->ptr));
		break;
	case TRACE_MESSAGES:
		trace_add_messages(s, a->ptr, a->len, a->value);
		break;
	default:
		break;
	}
}

void trace_format_arg(struct str *s, const struct trace_arg *a)
{
	switch (a->type) {
	case TRACE_INT:
	case TRACE_FD:
	case TRACE_INT_AT:
	case TRACE_LEN_AT:
		str_addf(s, "%" PRId64, a->value);
		break;
	case TRACE_UINT:
		str_addf(s, "%" PRIu64, (uint64_t)a->value);
		break;
	case TRACE_NAME:
		str_add_name(s, a->ptr, a->value);
		break;
	case TRACE_FLAGS:
		str_add_flags(s, a->ptr, a->value);
		break;
	case TRACE_SOCKTYPE:
		add_socktype(s, a->value);
		break;
	case TRACE_OCTAL:
		str_addf(s, "%#" PRIo64, (uint64_t)a->value);
		break;
	case TRACE_ADDR:
	case TRACE_ADDR_OUT:
		if (a->ptr)
			str_add_shown_sockaddr(s, a->ptr, (socklen_t)a->len);
		else
			str_add(s, "NULL");
		break;
	case TRACE_DATA:
	case TRACE_DATA_OUT:
		add_data(s, a->ptr, a->len);
		break;
	case TRACE_STR:
		add_data(s, a->ptr, a->ptr ? strlen(a->ptr) : 0);
		break;
	case TRACE_OPTION:
		add_option(s, trace_high(a), trace_low(a));
		break;
	case TRACE_OPTVAL:
	case TRACE_OPTVAL_OUT:
		str_add_sockopt_value(
			s, sockopt_by_number(trace_high(a), trace_low(a)), a->ptr, a->len);
		break;
	case TRACE_FDS_OUT:
		str_addf(s, "[%d, %d]", trace_high(a), trace_low(a));
		break;
	case TRACE_FDSET:
		str_addf(s, "[%" PRId64 "]", a->value);
		break;
	case TRACE_TEXT:
		str_add(s, a->ptr);
		break;
	default:
		add_array(s, a);
	}
}

void trace_format_result(struct str *s, const struct trace_call *call)
{
	const char *name = call->result < 0 ? strerrorname_np((int)-call->result) : NULL;

	if (call->value)
		str_addf(s, "%s%s%s", call->value, call->error ? " " : "",
			call->error ? call->error : "");
	else if (call->error)
		str_addf(s, "%jd %s", (intmax_t)call->result, call->error);
	else if (name)
		str_addf(s, "-1 %s (%s)", name, strerror((int)-call->result));
	else
		str_addf(s, "%jd", (intmax_t)call->result);
}

void trace_format(struct str *s, const struct trace_call *call)
{
	str_addf(s, "%s(", call->name);
	for (unsigned i = 0; i < call->nargs; i++) {
		if (i)
			str_add(s, ", ");
		trace_format_arg(s, &call->args[i]);
	}
	str_add(s, ") = ");
	trace_format_result(s, call);
}

void trace_add_caller(struct str *s, const struct trace_call *call, pid_t first)
{
	if (call->process != first)
		str_addf(s, " [pid %d]", (int)call->process);
	else if (call->thread != call->process)
		str_addf(s, " [tid %d]", (int)call->thread);
}

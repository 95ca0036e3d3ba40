// SPDX-License-Identifier: ISC
#include "sys/trace_c/c_words.h"

#include "sys/sockopt/sockopt_value.h"
#include "sys/trace_c/c_known.h"
#include "sys/trace_c/c_marks.h"
#include "sys/trace_c/c_program.h"
#include "sys/trace_text.h"

#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/time.h>

#define LITERAL_COLUMNS 80 // of a string literal before the next one begins

// Octal escapes, for a hexadecimal one would swallow digits that follow it. Two question marks
// could be a trigraph.
static void add_byte(struct str *s, unsigned char byte, unsigned char before)
{
	if (byte == '\n')
		str_add(s, "\\n");
	else if (byte == '\r')
		str_add(s, "\\r");
	else if (byte == '"' || byte == '\\' || (byte == '?' && before == '?'))
		str_addf(s, "\\%c", byte);
	else if (byte >= ' ' && byte < 0x7f)
		str_addc(s, (char)byte);
	else
		str_addf(s, "\\%03o", byte);
}

// In several lines where a literal would be longer than COLUMNS; 0: in one.
static void add_literals(struct str *s, const void *data, size_t len, size_t columns)
{
	const unsigned char *p = data;
	size_t begin = s->len;

	str_addc(s, '"');
	for (size_t i = 0; i < len; i++) {
		if (columns && s->len - begin > columns) {
			str_add(s, "\"\n\t\"");
			begin = s->len;
		}
		add_byte(s, p[i], i ? p[i - 1] : 0);
	}
	str_addc(s, '"');
}

void c_add_bytes(struct str *s, const void *data, size_t len)
{
	add_literals(s, data, len, 0);
}

void c_add_data(struct str *s, const void *data, size_t len)
{
	ssize_t at = data ? c_find_received(data, len) : -1;

	if (!data)
		str_add(s, "NULL");
	else if (at > 0)
		str_addf(s, "buf + %zd", at);
	else if (at == 0)
		str_add(s, "buf");
	else
		add_literals(s, data, len, LITERAL_COLUMNS);
}

void c_add_fd(struct str *s, int fd)
{
	str_addf(s, fd >= 0 && c_fd(fd)->has_variable ? "fd%d" : "%d", fd);
}

// The port of an address that was not learnt as a whole.
static void add_port(struct str *s, const struct sockaddr_any *a, int bound)
{
	uint16_t port = sockaddr_port(a);

	if (port == 0 && bound >= 0)
		c_add_chosen_port(s, bound);
	else if (port == 0)
		str_add(s, "0");
	else if (c_program_port(port))
		str_add(s, "port");
	else if (!c_add_port_variable(s, a))
		str_addf(s, "htons(%u)", port);
}

static void add_in(struct str *s, const struct sockaddr_any *a, int bound)
{
	uint32_t host = ntohl(a->in.sin_addr.s_addr);

	str_add(s, "(struct sockaddr *)&(struct sockaddr_in){.sin_family = AF_INET, .sin_port = ");
	add_port(s, a, bound);
	str_add(s, ", .sin_addr.s_addr = htonl(");
	if (host == INADDR_ANY)
		str_add(s, "INADDR_ANY");
	else if (host == INADDR_LOOPBACK)
		str_add(s, "INADDR_LOOPBACK");
	else
		str_addf(s, "%#x", host);
	str_add(s, ")}, sizeof(struct sockaddr_in)");
}

static void add_in6(struct str *s, const struct sockaddr_any *a, int bound)
{
	str_add(s,
		"(struct sockaddr *)&(struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = ");
	add_port(s, a, bound);
	if (a->in6.sin6_flowinfo)
		str_addf(s, ", .sin6_flowinfo = htonl(%u)", ntohl(a->in6.sin6_flowinfo));
	str_add(s, ", .sin6_addr = ");
	if (IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr)) {
		str_add(s, "IN6ADDR_ANY_INIT");
	} else if (IN6_IS_ADDR_LOOPBACK(&a->in6.sin6_addr)) {
		str_add(s, "IN6ADDR_LOOPBACK_INIT");
	} else {
		str_add(s, "{.s6_addr = ");
		for (int i = 0; i < 16; i++)
			str_addf(s, "%s%#x", i ? ", " : "{", a->in6.sin6_addr.s6_addr[i]);
		str_add(s, "}}");
	}
	if (a->in6.sin6_scope_id)
		str_addf(s, ", .sin6_scope_id = %u", a->in6.sin6_scope_id);
	str_add(s, "}, sizeof(struct sockaddr_in6)");
}

static void add_un(struct str *s, const struct sockaddr_any *a)
{
	size_t start = offsetof(struct sockaddr_un, sun_path);
	size_t len = a->len > start ? a->len - start : 0;

	str_add(s, "(struct sockaddr *)&(struct sockaddr_un){.sun_family = AF_UNIX");
	if (len) {
		str_add(s, ", .sun_path = ");
		// The NUL at the end of a path is there anyway.
		c_add_bytes(
			s, a->un.sun_path, a->un.sun_path[0] ? strnlen(a->un.sun_path, len) : len);
	}
	str_addf(s, "}, offsetof(struct sockaddr_un, sun_path) + %zu", len);
}

static void add_new_address(struct str *s, const struct sockaddr_any *a, int bound)
{
	switch (a->sa.sa_family) {
	case AF_INET:
		add_in(s, a, bound);
		break;
	case AF_INET6:
		add_in6(s, a, bound);
		break;
	case AF_UNIX:
		add_un(s, a);
		break;
	default:
		str_add(s, "(struct sockaddr *)");
		c_add_bytes(s, &a->storage, a->len);
		str_addf(s, ", %u", a->len);
	}
}

void c_add_bound_address(struct str *s, const struct sockaddr *sa, socklen_t len, int bound)
{
	struct str name = {0};
	struct sockaddr_any a;
	bool is_own = false;
	bool is_argument;

	if (!sa) {
		str_add(s, "NULL, 0");
		return;
	}
	sockaddr_set(&a, sa, len);
	is_argument = bound >= 0 && sockaddr_port(&a) && c_program_port(sockaddr_port(&a));
	if (!is_argument && !c_address_is_given(&a) && c_add_address_variable(&name, &a, &is_own)) {
		str_addf(
			s, "(struct sockaddr *)&%s.address, %s.length", str_c(&name), str_c(&name));
		if (is_own)
			c_program_give_up_port(sockaddr_port(&a));
	} else {
		c_address_given(&a);
		add_new_address(s, &a, bound);
	}
	str_fini(&name);
}

void c_add_address(struct str *s, const struct sockaddr *sa, socklen_t len)
{
	c_add_bound_address(s, sa, len, -1);
}

void c_add_option(struct str *s, const struct trace_arg *a)
{
	const struct sockopt *o = sockopt_by_number(trace_high(a), trace_low(a));
	const char *level = sockopt_level_name(trace_high(a));

	if (level)
		str_addf(s, "%s, ", level);
	else
		str_addf(s, "%d, ", trace_high(a));
	if (o && !o->young)
		str_add(s, o->name);
	else
		str_addf(s, "%d", trace_low(a));
}

static void add_option_value(struct str *s, const struct trace_arg *a)
{
	const struct sockopt *o = sockopt_by_number(trace_high(a), trace_low(a));
	struct linger linger;
	struct timeval tv;
	int number;

	if (!a->ptr) {
		str_add(s, "NULL");
	} else if (o && o->type == SOCKOPT_LINGER && a->len == sizeof(linger)) {
		memcpy(&linger, a->ptr, sizeof(linger));
		str_addf(s, "&(struct linger){.l_onoff = %d, .l_linger = %d}", linger.l_onoff,
			linger.l_linger);
	} else if (o && o->type == SOCKOPT_TIMEVAL && a->len == sizeof(tv)) {
		memcpy(&tv, a->ptr, sizeof(tv));
		str_addf(s, "&(struct timeval){.tv_sec = %jd, .tv_usec = %jd}", (intmax_t)tv.tv_sec,
			(intmax_t)tv.tv_usec);
	} else if (a->len == sizeof(number) && (!o || o->type != SOCKOPT_STRING)) {
		memcpy(&number, a->ptr, sizeof(number));
		str_addf(s, "&(int){%d}", number);
	} else {
		c_add_bytes(s, a->ptr, a->len);
	}
}

static void add_pollfds(struct str *s, const struct pollfd *fds, size_t count)
{
	str_add(s, "(struct pollfd[]){");
	for (size_t i = 0; i < count; i++) {
		str_add(s, i ? ", {.fd = " : "{.fd = ");
		c_add_fd(s, fds[i].fd);
		str_add(s, ", .events = ");
		str_add_flags(s, names_poll, fds[i].events);
		str_addc(s, '}');
	}
	str_addc(s, '}');
}

void c_add_arg(struct str *s, const struct trace_arg *a)
{
	if (a->c) {
		str_add(s, a->c);
		return;
	}
	switch (a->type) {
	case TRACE_FD:
		c_add_fd(s, (int)a->value);
		break;
	case TRACE_ADDR:
		c_add_address(s, a->ptr, (socklen_t)a->len);
		break;
	case TRACE_DATA:
		c_add_data(s, a->ptr, a->len);
		break;
	case TRACE_DATA_OUT:
		str_add(s, "buf");
		break;
	case TRACE_STR:
		if (a->ptr)
			c_add_bytes(s, a->ptr, strlen(a->ptr));
		else
			str_add(s, "NULL");
		break;
	case TRACE_OPTION:
		c_add_option(s, a);
		break;
	case TRACE_OPTVAL:
		add_option_value(s, a);
		break;
	case TRACE_INT_AT:
		str_addf(s, "&(int){%" PRId64 "}", a->value);
		break;
	case TRACE_LEN_AT:
		str_addf(s, "&(socklen_t){%" PRId64 "}", a->value);
		break;
	case TRACE_FDS_OUT:
		str_add(s, "pair");
		break;
	case TRACE_FDSET:
		str_add(s, "&fds");
		break;
	case TRACE_POLLFDS:
		add_pollfds(s, a->ptr, a->len);
		break;
	default:
		trace_format_arg(s, a);
	}
}

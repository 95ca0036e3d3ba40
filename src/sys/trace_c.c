// SPDX-License-Identifier: ISC
#include "sys/trace_c.h"

#include "base/mem.h"
#include "base/sockaddr.h"
#include "sys/sockopt/sockopt_value.h"
#include "sys/trace_text.h"

#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/time.h>

#define LITERAL_BYTES 256 // longer data are left to a buffer

// Which descriptors have a variable.
static struct {
	pthread_mutex_t lock;
	bool *known; // by number
	int size;
} fds = {.lock = PTHREAD_MUTEX_INITIALIZER};

void trace_c_begin(struct str *s)
{
	static const char *const headers[] = {"arpa/inet.h", "fcntl.h", "ifaddrs.h",
		"linux/sockios.h", "net/if.h", "netdb.h", "netinet/in.h", "netinet/tcp.h",
		"netinet/udp.h", "poll.h", "signal.h", "string.h", "sys/ioctl.h", "sys/mman.h",
		"sys/select.h", "sys/sendfile.h", "sys/socket.h", "sys/stat.h", "sys/time.h",
		"sys/uio.h", "sys/un.h", "sys/wait.h", "unistd.h"};

	str_add(s, "#define _GNU_SOURCE\n");
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
		str_addf(s, "#include <%s>\n", headers[i]);
	str_add(s, "\n"
		   "static void handler(int number)\n"
		   "{\n"
		   "\t(void)number;\n"
		   "}\n"
		   "\n"
		   "int main(void)\n"
		   "{\n"
		   "\tstatic char buf[1 << 20]; // what calls read\n"
		   "\tstruct sockaddr_storage peer;\n"
		   "\tstruct addrinfo *list;\n"
		   "\tchar host[NI_MAXHOST], service[NI_MAXSERV];\n"
		   "\tfd_set fds;\n"
		   "\tsigset_t set;\n"
		   "\tint pair[2];\n"
		   "\n"
		   "\t(void)buf, (void)peer, (void)list, (void)host, (void)service;\n"
		   "\t(void)fds, (void)set, (void)pair, (void)handler;\n");
}

void trace_c_end(struct str *s)
{
	str_add(s, "\treturn 0;\n}");
}

// Octal escapes, for a hexadecimal one would swallow digits that follow it.
void trace_c_add_bytes(struct str *s, const void *data, size_t len)
{
	const unsigned char *p = data;

	str_addc(s, '"');
	for (size_t i = 0; i < len; i++) {
		if (p[i] == '\n')
			str_add(s, "\\n");
		else if (p[i] == '\r')
			str_add(s, "\\r");
		else if (p[i] == '"' || p[i] == '\\')
			str_addf(s, "\\%c", p[i]);
		else if (p[i] >= ' ' && p[i] < 0x7f)
			str_addc(s, (char)p[i]);
		else
			str_addf(s, "\\%03o", p[i]);
	}
	str_addc(s, '"');
}

static bool is_known(int fd)
{
	return fd >= 0 && fd < fds.size && fds.known[fd];
}

static void add_fd(struct str *s, int fd)
{
	str_addf(s, is_known(fd) ? "fd%d" : "%d", fd);
}

// The left side of an assignment to the variable of the descriptor, declared on first use.
static void add_fd_target(struct str *s, int fd)
{
	if (fd >= fds.size) {
		int size = fd + 64;

		fds.known = xrealloc(fds.known, (size_t)size * sizeof(*fds.known));
		memset(fds.known + fds.size, 0, (size_t)(size - fds.size) * sizeof(*fds.known));
		fds.size = size;
	}
	str_addf(s, "%sfd%d = ", fds.known[fd] ? "" : "int ", fd);
	fds.known[fd] = true;
}

static void add_data(struct str *s, const void *data, size_t len)
{
	if (!data)
		str_add(s, "NULL");
	else if (len > LITERAL_BYTES)
		str_add(s, "buf");
	else
		trace_c_add_bytes(s, data, len);
}

void trace_c_add_iovec(struct str *s, const struct iovec *pieces, size_t count, bool sent)
{
	str_addf(s, "(struct iovec[%zu]){", count);
	for (size_t i = 0; i < count; i++) {
		str_add(s, i ? ", {" : "{");
		if (sent)
			add_data(s, pieces[i].iov_base, pieces[i].iov_len);
		else
			str_add(s, "buf");
		str_addf(s, ", %zu}", pieces[i].iov_len);
	}
	str_addc(s, '}');
}

void trace_c_add_sockaddr(
	struct str *s, const struct sockaddr *sa, socklen_t len, const char *separator)
{
	struct sockaddr_any a;

	if (!sa) {
		str_addf(s, "NULL%s0", separator);
		return;
	}
	sockaddr_set(&a, sa, len);
	str_add(s, "(struct sockaddr *)&(struct sockaddr_");
	if (a.sa.sa_family == AF_INET) {
		str_addf(s, "in){AF_INET, htons(%u), {htonl(%#x)}}%s", sockaddr_port(&a),
			ntohl(a.in.sin_addr.s_addr), separator);
		str_add(s, "sizeof(struct sockaddr_in)");
	} else if (a.sa.sa_family == AF_INET6) {
		str_addf(s, "in6){AF_INET6, htons(%u), %u, {{", sockaddr_port(&a),
			ntohl(a.in6.sin6_flowinfo));
		for (int i = 0; i < 16; i++)
			str_addf(s, "%s%d", i ? "," : "{", a.in6.sin6_addr.s6_addr[i]);
		str_addf(
			s, "}}}, %u}%ssizeof(struct sockaddr_in6)", a.in6.sin6_scope_id, separator);
	} else {
		size_t start = offsetof(struct sockaddr, sa_data);

		str_add(s, "un){");
		str_add_name(s, names_family, a.sa.sa_family);
		str_add(s, ", ");
		trace_c_add_bytes(
			s, (const char *)&a.sa + start, a.len > start ? a.len - start : 0);
		str_addf(s, "}%s%u", separator, a.len);
	}
}

static void add_option(struct str *s, const struct trace_arg *a)
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
		str_addf(s, "&(struct linger){%d, %d}", linger.l_onoff, linger.l_linger);
	} else if (o && o->type == SOCKOPT_TIMEVAL && a->len == sizeof(tv)) {
		memcpy(&tv, a->ptr, sizeof(tv));
		str_addf(s, "&(struct timeval){%jd, %jd}", (intmax_t)tv.tv_sec,
			(intmax_t)tv.tv_usec);
	} else if (a->len == sizeof(number) && (!o || o->type != SOCKOPT_STRING)) {
		memcpy(&number, a->ptr, sizeof(number));
		str_addf(s, "&(int){%d}", number);
	} else {
		trace_c_add_bytes(s, a->ptr, a->len);
	}
}

static void add_arg(struct str *s, const struct trace_arg *a)
{
	if (a->c) {
		str_add(s, a->c);
		return;
	}
	switch (a->type) {
	case TRACE_FD:
		add_fd(s, (int)a->value);
		break;
	case TRACE_ADDR:
		trace_c_add_sockaddr(s, a->ptr, (socklen_t)a->len, ", ");
		break;
	case TRACE_ADDR_OUT:
		str_add(s, "(struct sockaddr *)&peer, &(socklen_t){sizeof(peer)}");
		break;
	case TRACE_DATA:
		add_data(s, a->ptr, a->len);
		break;
	case TRACE_DATA_OUT:
	case TRACE_OPTVAL_OUT:
		str_add(s, "buf");
		break;
	case TRACE_STR:
		if (a->ptr)
			trace_c_add_bytes(s, a->ptr, strlen(a->ptr));
		else
			str_add(s, "NULL");
		break;
	case TRACE_OPTION:
		add_option(s, a);
		break;
	case TRACE_OPTVAL:
		add_option_value(s, a);
		break;
	case TRACE_INT_AT:
		str_addf(s, "&(int){%ld}", a->value);
		break;
	case TRACE_LEN_AT:
		str_addf(s, "&(socklen_t){%ld}", a->value);
		break;
	case TRACE_FDS_OUT:
		str_add(s, "pair");
		break;
	case TRACE_FDSET:
		str_add(s, "(memset(&fds, 0, sizeof(fds)), FD_SET(");
		add_fd(s, (int)a->value);
		str_add(s, ", &fds), &fds)");
		break;
	default:
		trace_format_arg(s, a);
	}
}

static bool opens_descriptor(const struct trace_call *call)
{
	static const char *const names[] = {"socket", "accept", "accept4", "open", "dup", "dup2"};

	if (call->result <= 2) // a failure, or what every program has
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(call->name, names[i]) == 0)
			return true;
	return strcmp(call->name, "fcntl") == 0 && call->nargs > 1 &&
	       (call->args[1].value == F_DUPFD || call->args[1].value == F_DUPFD_CLOEXEC);
}

// The two descriptors that the call has put into an array.
static void add_pair(struct str *s, const struct trace_call *call)
{
	for (unsigned i = 0; i < call->nargs; i++) {
		const struct trace_arg *a = &call->args[i];

		if (a->type != TRACE_FDS_OUT || call->result < 0)
			continue;
		str_addc(s, ' ');
		add_fd_target(s, trace_high(a));
		str_add(s, "pair[0]; ");
		add_fd_target(s, trace_low(a));
		str_add(s, "pair[1];");
	}
}

// What the call has returned, behind it as a comment.
static void add_result(struct str *s, const struct trace_call *call)
{
	str_add(s, " // = ");
	trace_format_result(s, call);
	for (unsigned i = 0; i < call->nargs; i++) {
		const struct trace_arg *a = &call->args[i];

		if (call->result < 0 || (a->type != TRACE_ADDR_OUT && a->type != TRACE_DATA_OUT &&
						a->type != TRACE_OPTVAL_OUT))
			continue;
		str_addc(s, ' ');
		trace_format_arg(s, a);
	}
	if (s->data[s->len - 1] == '\\') // which would draw the next line into the comment
		str_addc(s, '.');
}

void trace_c_format(struct str *s, const struct trace_call *call)
{
	struct str args = {0};

	pthread_mutex_lock(&fds.lock);
	for (unsigned i = 0; i < call->nargs; i++) {
		if (i)
			str_add(&args, ", ");
		add_arg(&args, &call->args[i]);
	}
	str_addc(s, '\t');
	if (opens_descriptor(call))
		add_fd_target(s, (int)call->result);
	str_addf(s, "%s(%s);", call->name, str_c(&args));
	add_pair(s, call);
	add_result(s, call);
	pthread_mutex_unlock(&fds.lock);
	str_fini(&args);
}

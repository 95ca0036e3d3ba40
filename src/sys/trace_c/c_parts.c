// SPDX-License-Identifier: ISC
#include "sys/trace_c/c_parts.h"

#include "base/util.h"

#include <string.h>

static const char *const headers[] = {"arpa/inet.h", "errno.h", "fcntl.h", "grp.h", "ifaddrs.h",
	"linux/sockios.h", "net/if.h", "netdb.h", "netinet/in.h", "netinet/tcp.h", "netinet/udp.h",
	"poll.h", "pthread.h", "pwd.h", "signal.h", "stddef.h", "stdio.h", "stdlib.h", "string.h",
	"sys/ioctl.h", "sys/mman.h", "sys/select.h", "sys/sendfile.h", "sys/socket.h", "sys/stat.h",
	"sys/time.h", "sys/uio.h", "sys/un.h", "sys/wait.h", "unistd.h"};

// Functions and what else stands before main(), in the order in which they need each other.
static const struct {
	enum c_need need;
	unsigned needs;
	const char *text;
} parts[] = {
	{C_NAME, 0,
		"struct name {\n"
		"\tstruct sockaddr_storage address;\n"
		"\tsocklen_t length;\n"
		"};\n"},
	{C_BUF, 0, "static char buf[1 << 20]; // what is received\n"},
	{C_VALUE, 0, "static char value[4096]; // of an option\n"},
	{C_NUMBER, 0, "static int number; // the same, where it is one\n"},
	{C_CODE, 0, "static int code; // what a look-up returns\n"},
	{C_LIST, 0, "static struct addrinfo *list;\n"},
	{C_HOST, 0, "static char host[NI_MAXHOST];\n"},
	{C_SERVICE, 0, "static char service[NI_MAXSERV];\n"},
	{C_PAIR, 0, "static int pair[2];\n"},
	{C_FDS, 0, "static fd_set fds;\n"},
	{C_SET, 0, "static sigset_t set;\n"},
	{C_HANDLER, 0,
		"static void handler(int signal)\n"
		"{\n"
		"\t(void)signal;\n"
		"}\n"},
	{C_FAIL, 0,
		"// Ends the program where a call fails that did not fail in the trace.\n"
		"static void fail(const char *call)\n"
		"{\n"
		"\tperror(call);\n"
		"\texit(1);\n"
		"}\n"},
	{C_FAIL_LOOKUP, C_CODE,
		"// Ends the program where a look-up fails that did not fail in the trace.\n"
		"static void fail_lookup(const char *call)\n"
		"{\n"
		"\tfprintf(stderr, \"%s: %s\\n\", call, gai_strerror(code));\n"
		"\texit(1);\n"
		"}\n"},
	{C_SHOW_ADDRESSES, C_RESULTS,
		"// The addresses of a look-up, each once.\n"
		"static void show_addresses(const struct addrinfo *list)\n"
		"{\n"
		"\tconst struct addrinfo *last = NULL;\n"
		"\n"
		"\tfor (; list; last = list, list = list->ai_next) {\n"
		"\t\tchar address[NI_MAXHOST], port[NI_MAXSERV];\n"
		"\t\tif (last && last->ai_addrlen == list->ai_addrlen &&\n"
		"\t\t\tmemcmp(last->ai_addr, list->ai_addr, list->ai_addrlen) == 0)\n"
		"\t\t\tcontinue;\n"
		"\t\tif (getnameinfo(list->ai_addr, list->ai_addrlen, address, sizeof(address),\n"
		"\t\t\t    port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)\n"
		"\t\t\tcontinue;\n"
		"\t\tif (strcmp(port, \"0\") == 0)\n"
		"\t\t\tfprintf(results, \"%s\\n\", address);\n"
		"\t\telse if (list->ai_family == AF_INET6)\n"
		"\t\t\tfprintf(results, \"[%s]:%s\\n\", address, port);\n"
		"\t\telse\n"
		"\t\t\tfprintf(results, \"%s:%s\\n\", address, port);\n"
		"\t}\n"
		"}\n"},
	{C_SHOW_HOST, C_RESULTS | C_FAIL,
		"static void show_host(const struct hostent *entry)\n"
		"{\n"
		"\tchar address[INET6_ADDRSTRLEN];\n"
		"\n"
		"\tif (!entry)\n"
		"\t\tfail(\"look-up of a host\");\n"
		"\tfor (char **a = entry->h_addr_list; *a; a++)\n"
		"\t\tfprintf(results, \"%s\\n\",\n"
		"\t\t\tinet_ntop(entry->h_addrtype, *a, address, sizeof(address)));\n"
		"}\n"},
	{C_SHOW_NETWORK, C_RESULTS | C_FAIL,
		"static void show_network(const struct netent *entry)\n"
		"{\n"
		"\tif (!entry)\n"
		"\t\tfail(\"look-up of a network\");\n"
		"\tfprintf(results, \"%s %#x\\n\", entry->n_name, entry->n_net);\n"
		"}\n"},
	{C_SHOW_PROTOCOL, C_RESULTS | C_FAIL,
		"static void show_protocol(const struct protoent *entry)\n"
		"{\n"
		"\tif (!entry)\n"
		"\t\tfail(\"look-up of a protocol\");\n"
		"\tfprintf(results, \"%s %d\\n\", entry->p_name, entry->p_proto);\n"
		"}\n"},
	{C_SHOW_SERVICE, C_RESULTS | C_FAIL,
		"static void show_service(const struct servent *entry)\n"
		"{\n"
		"\tif (!entry)\n"
		"\t\tfail(\"look-up of a service\");\n"
		"\tfprintf(results, \"%s %d/%s\\n\", entry->s_name, "
		"ntohs((uint16_t)entry->s_port),\n"
		"\t\tentry->s_proto);\n"
		"}\n"},
	{C_AWAIT, C_FAIL,
		"// Waits until FD is ready for EVENTS.\n"
		"static void await(int fd, short events)\n"
		"{\n"
		"\tstruct pollfd ready = {.fd = fd, .events = events};\n"
		"\n"
		"\twhile (poll(&ready, 1, -1) < 0)\n"
		"\t\tif (errno != EINTR)\n"
		"\t\t\tfail(\"poll\");\n"
		"}\n"},
	{C_AWAIT_CONNECTED, C_AWAIT | C_FAIL,
		"// Waits until FD is connected.\n"
		"static void await_connected(int fd)\n"
		"{\n"
		"\tsocklen_t length = sizeof(int);\n"
		"\tint error = 0;\n"
		"\n"
		"\tawait(fd, POLLOUT);\n"
		"\tif (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)\n"
		"\t\tfail(\"getsockopt\");\n"
		"\tif (error != 0) {\n"
		"\t\terrno = error;\n"
		"\t\tfail(\"connect\");\n"
		"\t}\n"
		"}\n"},
	{C_SEND_ALL, C_AWAIT | C_FAIL,
		"// Sends LENGTH bytes, in as many pieces as it takes.\n"
		"static void send_all(int fd, const char *data, size_t length, int flags)\n"
		"{\n"
		"\tdo {\n"
		"\t\tawait(fd, POLLOUT);\n"
		"\t\tssize_t sent = send(fd, data, length, flags);\n"
		"\t\tif (sent < 0 && errno != EAGAIN)\n"
		"\t\t\tfail(\"send\");\n"
		"\t\tif (sent > 0) {\n"
		"\t\t\tdata += sent;\n"
		"\t\t\tlength -= (size_t)sent;\n"
		"\t\t}\n"
		"\t} while (length > 0);\n"
		"}\n"},
	{C_RECV_ALL, C_AWAIT | C_FAIL,
		"// Receives LENGTH bytes, which may come in other pieces than they did.\n"
		"static void recv_all(int fd, char *data, size_t length, int flags)\n"
		"{\n"
		"\twhile (length > 0) {\n"
		"\t\tawait(fd, POLLIN);\n"
		"\t\tssize_t received = recv(fd, data, length, flags);\n"
		"\t\tif (received < 0 && errno != EAGAIN)\n"
		"\t\t\tfail(\"recv\");\n"
		"\t\tif (received == 0) {\n"
		"\t\t\tfputs(\"recv: the peer has ended early\\n\", stderr);\n"
		"\t\t\texit(1);\n"
		"\t\t}\n"
		"\t\tif (received > 0) {\n"
		"\t\t\tdata += received;\n"
		"\t\t\tlength -= (size_t)received;\n"
		"\t\t}\n"
		"\t}\n"
		"}\n"},
};

// A part that may stay unused, where more of the program is yet to come, must not be static; each
// thread has variables of its own.
static void add_part(struct str *s, const char *text, bool may_be_unused, bool has_threads)
{
	bool is_variable = has_threads && !strstr(text, "{\n");
	const char *word = strstr(text, "static ");

	if (!word || (!may_be_unused && !is_variable)) {
		str_add(s, text);
		return;
	}
	str_addn(s, text, (size_t)(word - text));
	str_addf(s, "%s%s", may_be_unused ? "" : "static ", is_variable ? "_Thread_local " : "");
	text = word + strlen("static ");
	if (may_be_unused && !is_variable)
		add_part(s, text, true, has_threads);
	else
		str_add(s, text);
}

// Where bytes move stdout is for them.
static void add_results(struct str *s, unsigned needs)
{
	bool moves_bytes = needs & (C_SEND_ALL | C_RECV_ALL | C_AWAIT);

	if (needs & C_RESULTS)
		str_addf(s, "\n#define results %s\n", moves_bytes ? "stderr" : "stdout");
}

void c_add_parts(struct str *s, unsigned needs, bool may_be_unused, bool has_threads)
{
	bool is_function = true;

	for (size_t i = ARRAY_SIZE(parts); i-- > 0;)
		if (needs & parts[i].need)
			needs |= parts[i].needs;
	add_results(s, needs);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (!(needs & parts[i].need))
			continue;
		if (is_function || strstr(parts[i].text, "{\n"))
			str_addc(s, '\n');
		is_function = strstr(parts[i].text, "{\n");
		add_part(s, parts[i].text, may_be_unused, has_threads);
	}
}

void c_add_headers(struct str *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
		str_addf(s, "#include <%s>\n", headers[i]);
}

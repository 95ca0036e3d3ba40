// SPDX-License-Identifier: ISC
#include "sys/trace_c/c_program.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHOSEN_PORT '\001' // around a descriptor: literals and comments have no such character
#define KEPT_BYTES (4u << 20) // what is longer is written while it grows

static struct program {
	c_write_fn *write; // NULL: there is no program
	void *arg;
	struct str body;
	unsigned needs;
	bool is_begun; // the head is written
	bool is_child;
	unsigned depth; // tabs
	int child[2]; // a pipe from a new process

	uint16_t port;
	bool has_port;
	bool is_chosen; // by the kernel
	int chosen_fd; // for this one
} program;

static const char *const headers[] = {"arpa/inet.h", "errno.h", "fcntl.h", "grp.h", "ifaddrs.h",
	"linux/sockios.h", "net/if.h", "netdb.h", "netinet/in.h", "netinet/tcp.h", "netinet/udp.h",
	"poll.h", "pwd.h", "signal.h", "stddef.h", "stdio.h", "stdlib.h", "string.h", "sys/ioctl.h",
	"sys/mman.h", "sys/select.h", "sys/sendfile.h", "sys/socket.h", "sys/stat.h", "sys/time.h",
	"sys/uio.h", "sys/un.h", "sys/wait.h", "unistd.h"};

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

static void write_lines(const char *text)
{
	while (*text) {
		const char *end = strchrnul(text, '\n');

		program.write(program.arg, text, (size_t)(end - text));
		text = *end ? end + 1 : end;
	}
}

// A part that may stay unused, where more of the program is yet to come, must not be static.
static void add_part(struct str *s, const char *text, bool may_be_unused)
{
	const char *word = may_be_unused ? strstr(text, "static ") : NULL;

	if (!word) {
		str_add(s, text);
		return;
	}
	str_addn(s, text, (size_t)(word - text));
	add_part(s, word + strlen("static "), true);
}

// Where bytes move stdout is for them.
static void add_results(struct str *s)
{
	bool moves_bytes = program.needs & (C_SEND_ALL | C_RECV_ALL | C_AWAIT);

	if (program.needs & C_RESULTS)
		str_addf(s, "\n#define results %s\n", moves_bytes ? "stderr" : "stdout");
}

static void add_parts(struct str *s, bool may_be_unused)
{
	bool is_function = true;

	for (size_t i = ARRAY_SIZE(parts); i-- > 0;)
		if (program.needs & parts[i].need)
			program.needs |= parts[i].needs;
	add_results(s);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (!(program.needs & parts[i].need))
			continue;
		if (is_function || strstr(parts[i].text, "{\n"))
			str_addc(s, '\n');
		is_function = strstr(parts[i].text, "{\n");
		add_part(s, parts[i].text, may_be_unused);
	}
}

static void add_main(struct str *s)
{
	if (!program.has_port) {
		str_add(s, "\nint main(void)\n{\n");
		return;
	}
	str_add(s, "\nint main(int argc, char **argv)\n{\n");
	str_addf(s, "\tin_port_t port = htons(argc > 1 ? (in_port_t)atoi(argv[1]) : %u);\n\n",
		program.port);
}

// What a port that the kernel chose is in the end: that of the argument, or any.
static void settle_port(void)
{
	struct str settled = {0};
	const char *p = str_c(&program.body);
	const char *mark;

	while ((mark = strchr(p, CHOSEN_PORT))) {
		char *end;
		long fd = strtol(mark + 1, &end, 10);

		str_addn(&settled, p, (size_t)(mark - p));
		str_add(&settled, program.has_port && program.is_chosen && fd == program.chosen_fd
					  ? "port"
					  : "0");
		p = end + 1;
	}
	str_add(&settled, p);
	str_fini(&program.body);
	program.body = settled;
}

static void begin(bool may_be_unused)
{
	struct str head = {0};

	str_add(&head, "#define _GNU_SOURCE\n");
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
		str_addf(&head, "#include <%s>\n", headers[i]);
	add_parts(&head, may_be_unused);
	add_main(&head);
	write_lines(str_c(&head));
	str_fini(&head);
	program.is_begun = true;
}

static void write_body(void)
{
	settle_port();
	write_lines(str_c(&program.body));
	str_clear(&program.body);
}

void c_program_begin(c_write_fn *write, void *arg)
{
	program = (struct program){.write = write, .arg = arg, .depth = 1};
}

void c_program_end(void)
{
	if (!program.is_begun)
		begin(false);
	str_add(&program.body, "\treturn 0;\n}\n");
	write_body();
	str_fini(&program.body);
	program.write = NULL;
}

static void add_indented(const char *text)
{
	while (*text) {
		const char *end = strchrnul(text, '\n');

		str_add_repeated(&program.body, '\t', *text == '\n' ? 0 : program.depth);
		str_addn(&program.body, text, (size_t)(end - text));
		str_addc(&program.body, '\n');
		text = *end ? end + 1 : end;
	}
}

// What a new process hands over, followed by its text.
struct handed {
	unsigned needs;
	size_t len;
};

static void write_to_parent(const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(program.child[1], p, len);

		if (n < 0 && errno != EINTR)
			return; // the parent is gone
		p += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
}

// The parent reads until this process has become another program or has ended.
static void hand_over(void)
{
	struct handed head = {program.needs, program.body.len};

	write_to_parent(&head, sizeof(head));
	write_to_parent(program.body.data, program.body.len);
	str_clear(&program.body);
}

static void flush(void)
{
	if (!program.is_begun && program.body.len > KEPT_BYTES) {
		program.needs = ~0u;
		begin(true);
	}
	if (program.is_begun)
		write_body();
}

void c_program_add(const struct str *lines, unsigned needs)
{
	program.needs |= needs;
	add_indented(str_c(lines));
	if (program.is_child) {
		hand_over();
		return;
	}
	flush();
}

bool c_program_port(uint16_t number)
{
	if (!program.has_port && !program.is_begun && !program.is_child) {
		program.port = number;
		program.has_port = true;
	}
	return program.has_port && program.port == number;
}

void c_add_chosen_port(struct str *s, int fd)
{
	str_addf(s, "%c%d%c", CHOSEN_PORT, fd, CHOSEN_PORT);
}

void c_program_chosen_port(int fd, uint16_t number)
{
	if (program.has_port || program.is_begun || program.is_child)
		return;
	program.port = number;
	program.chosen_fd = fd;
	program.has_port = program.is_chosen = true;
}

void c_program_give_up_port(uint16_t number)
{
	if (program.is_chosen && program.port == number && !program.is_begun)
		program.has_port = program.is_chosen = false;
}

void c_program_before_fork(void)
{
	if (program.write && pipe2(program.child, O_CLOEXEC) < 0)
		program.child[0] = program.child[1] = -1;
}

void c_program_in_child(void)
{
	if (!program.write)
		return;
	close(program.child[0]);
	program.is_child = true;
	program.depth++;
	str_clear(&program.body);
}

static struct str read_from_child(void)
{
	struct str all = {0};
	char buf[4096];
	ssize_t n;

	close(program.child[1]);
	while ((n = read(program.child[0], buf, sizeof(buf))) > 0 || (n < 0 && errno == EINTR))
		str_addn(&all, buf, n > 0 ? (size_t)n : 0);
	close(program.child[0]);
	return all;
}

void c_program_add_child(const struct str *opening)
{
	struct str all = read_from_child();
	struct handed head;

	add_indented(str_c(opening));
	for (size_t at = 0; at + sizeof(head) <= all.len; at += sizeof(head) + head.len) {
		memcpy(&head, all.data + at, sizeof(head));
		if (head.len > all.len - at - sizeof(head))
			break; // it was ended while it wrote
		program.needs |= head.needs;
		str_addn(&program.body, all.data + at + sizeof(head), head.len);
	}
	add_indented("\t_exit(127);\n}\n");
	str_fini(&all);
	flush();
}

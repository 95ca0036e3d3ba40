// SPDX-License-Identifier: ISC
#include "session/program.h"

#include "base/mem.h"
#include "net/stream_socket.h"
#include "sys/path.h"
#include "sys/socket.h"
#include "tls/channel.h"

#include <errno.h>
#include <paths.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHOSEN_MAX 1024 // bytes of a value that a peer has chosen

#define AT(field, type) OPT_AT(struct program_config, field, type)

const struct opt program_opts[] = {
	{"exec", 'e', OPT_STRING, AT(command, const char *), "COMMAND",
		"run COMMAND in a shell for each connection", .words = "command",
		.is_everyday = true, .mode = "program", .not_with = "exec"},
	{"exec-file", 0, OPT_COMMAND, AT(file, struct strlist), "PROG [ARG]...",
		"run PROG with the remaining arguments for each connection",
		.words = "command|file", .mode = "program", .not_with = "exec"},
	{""},
};

// Tries FOLDER (LEN bytes; none is the current one). Returns the path, or NULL with errno.
static char *try_folder(const char *folder, size_t len, const char *name)
{
	struct str path = {0};
	struct stat st;

	str_addn(&path, folder, len);
	if (len)
		str_addc(&path, '/');
	str_add(&path, name);
	if (sys_stat(str_c(&path), &st) == 0 && !S_ISREG(st.st_mode))
		errno = EACCES;
	else if (sys_access(str_c(&path), X_OK) == 0)
		return path.data;
	str_fini(&path);
	return NULL;
}

// What execvp(3) would run, so that it is known before the first client comes.
static char *find(const char *name, int *error)
{
	const char *path = getenv("PATH");
	char *found;

	*error = -ENOENT;
	if (!*name)
		return NULL;
	if (strchr(name, '/')) {
		found = try_folder("", 0, name);
		*error = -errno;
		return found;
	}
	if (!path)
		path = _PATH_STDPATH;
	for (;;) {
		size_t len = strcspn(path, ":");

		found = try_folder(path, len, name);
		if (found)
			return found;
		if (errno == EACCES)
			*error = -EACCES;
		if (!path[len])
			return NULL;
		path += len + 1;
	}
}

int program_check(
	const struct program_config *c, const struct confine_config *confine, struct str *err)
{
	if (!program_is_wanted(c))
		return 0;
	if (!c->command || c->command[strspn(c->command, " \t\n")])
		return confine_check_program(confine, err);
	str_add(err, "--exec: the command is empty");
	return -EINVAL;
}

int program_find(struct app *app, const struct program_config *c, struct program *p)
{
	const char *shell[] = {"sh", "-c", c->command, NULL};
	const char *const *words = c->command ? shell : c->file.items;
	size_t count = c->command ? ARRAY_SIZE(shell) - 1 : c->file.count;
	int error = 0;

	*p = (struct program){.name = c->command ? c->command : words[0]};
	p->path = c->command ? xstrdup(_PATH_BSHELL) : find(words[0], &error);
	if (!p->path)
		return app_fail(app, STATUS_LOCAL, words[0], error);
	p->argv = xcalloc(count + 1, sizeof(*p->argv));
	for (size_t i = 0; i < count; i++)
		p->argv[i] = xstrdup(words[i]);
	return 0;
}

void program_fini(struct program *p)
{
	for (char **word = p->argv; word && *word; word++)
		free(*word);
	free(p->argv);
	free(p->path);
	*p = (struct program){0};
}

// Credentials of proxies are no program's, whether a proxy was used or not.
static bool is_secret(const char *variable)
{
	static const char url[] = "SOCKCTL_PROXY=";
	static const char credentials[] = "SOCKCTL_PROXY_AUTH=";

	return strncmp(variable, credentials, strlen(credentials)) == 0 ||
	       (strncmp(variable, url, strlen(url)) == 0 && strchr(variable, '@'));
}

// What concerns this process only, or may be left over from a server that started it.
static bool is_dropped(const char *variable)
{
	static const char *const names[] = {"LISTEN_FDS=", "LISTEN_PID=", "LISTEN_FDNAMES=",
		"NOTIFY_SOCKET=", "PROTO=", "TCPLOCAL", "TCPREMOTE", "UDPLOCAL", "UDPREMOTE",
		"UNIXLOCAL", "UNIXREMOTE", "SOCKCTL_PROTO=", "SOCKCTL_LOCAL_", "SOCKCTL_REMOTE_",
		"SOCKCTL_SENDER_", "SOCKCTL_TLS_"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strncmp(variable, names[i], strlen(names[i])) == 0)
			return true;
	return is_secret(variable);
}

struct environment {
	char **items;
	size_t count;
};

static void add(struct environment *e, char *variable)
{
	e->items = xrealloc(e->items, (e->count + 2) * sizeof(*e->items));
	e->items[e->count++] = variable;
	e->items[e->count] = NULL;
}

attr_printf(3, 4) static void set(struct environment *e, const char *name, const char *fmt, ...)
{
	struct str s = {0};
	va_list ap;

	str_addf(&s, "%s=", name);
	va_start(ap, fmt);
	str_vaddf(&s, fmt, ap);
	va_end(ap);
	add(e, s.data);
}

static void set_address(struct environment *e, const struct sockaddr_any *a, const char *name,
	const char *ucspi_name)
{
	struct str host = {0};

	if (a->len)
		str_add_sockaddr_host(&host, &a->sa, a->len);
	set(e, name, "%s", str_c(&host));
	set(e, ucspi_name, "%s", str_c(&host));
	str_fini(&host);
}

static void set_unix(struct environment *e, int fd, const struct sockaddr_any *local,
	const struct sockaddr_any *remote)
{
	struct ucred who;

	set(e, "PROTO", "UNIX");
	set(e, "SOCKCTL_PROTO", "UNIX");
	set_address(e, local, "SOCKCTL_LOCAL_ADDRESS", "UNIXLOCALPATH");
	set_address(e, remote, "SOCKCTL_REMOTE_ADDRESS", "UNIXREMOTEPATH");
	if (stream_socket_credentials(fd, &who) < 0)
		return;
	set(e, "UNIXREMOTEPID", "%d", who.pid);
	set(e, "UNIXREMOTEEUID", "%u", who.uid);
	set(e, "UNIXREMOTEEGID", "%u", who.gid);
}

// What only a proxy has an address of.
static void set_target(struct environment *e, const struct field_host *target)
{
	set(e, "SOCKCTL_REMOTE_ADDRESS", "%s", target->name);
	set(e, "TCPREMOTEHOST", "%s", target->name);
	set(e, "SOCKCTL_REMOTE_PORT", "%s", target->service);
	set(e, "TCPREMOTEPORT", "%s", target->service);
}

// The variables of ucspi begin with the protocol.
static const struct inet_names {
	const char *protocol, *local_ip, *local_port, *remote_ip, *remote_port;
} tcp_names = {"TCP", "TCPLOCALIP", "TCPLOCALPORT", "TCPREMOTEIP", "TCPREMOTEPORT"},
  udp_names = {"UDP", "UDPLOCALIP", "UDPLOCALPORT", "UDPREMOTEIP", "UDPREMOTEPORT"};

static void set_inet(struct environment *e, const struct inet_names *names,
	const struct sockaddr_any *local, const struct connection *c)
{
	set(e, "PROTO", "%s", names->protocol);
	set(e, "SOCKCTL_PROTO", "%s", names->protocol);
	if (local->sa.sa_family != AF_UNIX) { // of the socket of a proxy
		set_address(e, local, "SOCKCTL_LOCAL_ADDRESS", names->local_ip);
		set(e, "SOCKCTL_LOCAL_PORT", "%u", sockaddr_port(local));
		set(e, names->local_port, "%u", sockaddr_port(local));
	}
	if (c->target) {
		set_target(e, c->target);
		return;
	}
	set_address(e, &c->remote, "SOCKCTL_REMOTE_ADDRESS", names->remote_ip);
	set(e, "SOCKCTL_REMOTE_PORT", "%u", sockaddr_port(&c->remote));
	set(e, names->remote_port, "%u", sockaddr_port(&c->remote));
}

// The connection itself, where a PROXY header says whose it is.
static void set_sender(
	struct environment *e, const struct sockaddr_any *local, const struct sockaddr_any *sender)
{
	struct str host = {0};

	str_add_sockaddr_host(&host, &sender->sa, sender->len);
	set(e, "SOCKCTL_SENDER_ADDRESS", "%s", str_c(&host));
	str_clear(&host);
	str_add_sockaddr_host(&host, &local->sa, local->len);
	set(e, "SOCKCTL_SENDER_LOCAL_ADDRESS", "%s", str_c(&host));
	str_fini(&host);
	if (sender->sa.sa_family == AF_UNIX)
		return;
	set(e, "SOCKCTL_SENDER_PORT", "%u", sockaddr_port(sender));
	set(e, "SOCKCTL_SENDER_LOCAL_PORT", "%u", sockaddr_port(local));
}

// A value that the peer has chosen: only as it stands, never one that had to be escaped.
static void set_chosen(struct environment *e, const char *name, const struct str *value)
{
	if (value->len && value->len <= CHOSEN_MAX && !memchr(value->data, '\\', value->len))
		set(e, name, "%s", value->data);
}

static void set_tls(struct environment *e, const struct tls *t)
{
	struct tls_facts f;

	tls_describe(t, &f);
	set(e, "SOCKCTL_TLS_VERSION", "%s", f.version);
	set(e, "SOCKCTL_TLS_CIPHER", "%s", f.cipher);
	set_chosen(e, "SOCKCTL_TLS_SERVER_NAME", &f.server_name);
	set_chosen(e, "SOCKCTL_TLS_ALPN", &f.alpn);
	if (f.has_peer_certificate) {
		set_chosen(e, "SOCKCTL_TLS_PEER_NAME", &f.certificate.names[0]);
		set_chosen(e, "SOCKCTL_TLS_PEER_SUBJECT", &f.certificate.subject);
		set(e, "SOCKCTL_TLS_PEER_SHA256", "%s", f.certificate.sha256);
	}
	set(e, "SOCKCTL_TLS_PEER_VERIFIED", "%s", f.is_verified ? "yes" : "no");
	tls_facts_fini(&f);
}

char **program_environment(const struct connection *c, const struct channel *channel)
{
	const struct tls *tls = channel_tls(channel);
	struct environment e = {0};
	struct sockaddr_any local;

	for (char **variable = environ; *variable; variable++)
		if (!is_dropped(*variable))
			add(&e, xstrdup(*variable));
	sys_getsockname(channel_socket(channel), &local);
	sockaddr_unmap(&local);
	if (c->announced) {
		set_sender(&e, &local, &c->announced->sender);
		local = c->announced->local;
	}
	if (local.sa.sa_family == AF_UNIX && !c->proxying)
		set_unix(&e, channel_socket(channel), &local, &c->remote);
	else
		set_inet(
			&e, channel_keeps_boundaries(channel) ? &udp_names : &tcp_names, &local, c);
	if (tls)
		set_tls(&e, tls);
	return e.items;
}

void program_free_environment(char **env)
{
	for (char **variable = env; *variable; variable++)
		free(*variable);
	free(env);
}

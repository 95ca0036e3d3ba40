// SPDX-License-Identifier: ISC
// From what was said to a netcat to our command line. What a word means there is in the tables of
// the dialects; how the same is said here, in this file alone.
#include "base/value.h"
#include "compat/netcat.h"
#include "net/addr/endpoint.h"
#include "net/addr/ports.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define FOR_EVER "365d"

struct plan {
	const struct netcat_dialect *dialect;
	const struct netcat_config *config;
	struct cmdline *out;
	struct str *err;
	const char *host; // or the path of a Unix socket; NULL
	char **ports;
	int port_count;
};

static int refuse(struct plan *p, const char *why)
{
	str_add(p->err, why);
	return -EINVAL;
}

static void add(struct plan *p, const char *word)
{
	cmdline_add(p->out, word);
}

static void add_if(struct plan *p, bool is_wanted, const char *word)
{
	if (is_wanted)
		add(p, word);
}

static void add_pair_if(struct plan *p, const char *option, const char *value)
{
	if (value)
		cmdline_add_pair(p->out, option, value);
}

static void add_number_if(struct plan *p, const char *option, uint64_t value)
{
	if (!value)
		return;
	add(p, option);
	cmdline_addf(p->out, "%" PRIu64, value);
}

static bool has_program(const struct netcat_config *c)
{
	return (c->exec && !c->tls) || c->shell_exec || c->exec_words.count;
}

// Which words are the host and which the ports. A single word is a port for who listens, and for
// ncat a host; -p is the port where no other is given.
static int read_operands(struct plan *p, int argc, char **argv)
{
	const struct netcat_config *c = p->config;
	bool listens = c->listen;

	if (c->is_unix) {
		p->host = argc ? argv[0] : NULL;
		return argc == 1 ? 0 : refuse(p, "a Unix socket is one word: its path");
	}
	if (argc && !(listens && argc == 1 && !c->port)) {
		p->host = *argv++;
		argc--;
	}
	p->ports = argv;
	p->port_count = argc;
	if (!listens && !p->host)
		return refuse(p, "expected HOST PORT");
	if (!listens && !argc && !p->dialect->port)
		return refuse(p, "expected a port after the host");
	if (listens && argc > 1)
		return refuse(p, "one port can be listened on");
	if (listens && !argc && !c->port && !p->dialect->port)
		return refuse(p, "expected a port to listen on");
	return 0;
}

static const char *only_port(const struct plan *p)
{
	if (p->port_count)
		return p->ports[0];
	return p->config->listen && p->config->port ? p->config->port : p->dialect->port;
}

static void add_unix(struct plan *p)
{
	const char *path = p->host;
	bool is_ncat = p->dialect->is_ncat;

	cmdline_addf(p->out, "unix:%s%s", is_ncat && path[0] == '@' ? "./" : "", path);
}

static bool has_port_list(const struct plan *p)
{
	return netcat_has_many_ports(p->ports, p->port_count);
}

// Several ports take turns.
static int add_endpoint(struct plan *p)
{
	const struct netcat_config *c = p->config;
	const char *host = p->host;

	if (c->is_unix) {
		add_unix(p);
		return 0;
	}
	if (c->listen && !host)
		host = c->source;
	if (host)
		add(p, host);
	if (has_port_list(p))
		return netcat_add_ports_in_turn(p->ports, p->port_count, c->udp, p->out, p->err);
	add(p, only_port(p));
	return 0;
}

static void add_port_list(struct plan *p)
{
	struct str list = {0};

	netcat_add_port_list(p->ports, p->port_count, &list);
	cmdline_add_pair(p->out, p->host, str_c(&list));
	str_fini(&list);
}

static void add_family(struct plan *p)
{
	const struct netcat_config *c = p->config;

	add_if(p, c->verbose, "-v");
	add_if(p, c->ipv4, "-4");
	add_if(p, c->ipv6, "-6");
	add_if(p, c->numeric, "-n");
}

static int add_tls(struct plan *p)
{
	const struct netcat_config *c = p->config;
	bool is_unverified = !c->tls && !c->ssl_verify && !c->ssl_trust && !c->listen;

	if (!c->tls && !c->ssl && !c->ssl_verify && !c->ssl_cert && !c->ssl_key && !c->ssl_trust &&
		!c->ssl_name && !c->ssl_alpn && !c->ssl_ciphers)
		return 0;
	add(p, "--tls");
	add_if(p, is_unverified, "--insecure");
	add_if(p, c->listen && !c->ssl_cert && !c->ssl_key, "--self-signed");
	add_pair_if(p, "--cert", c->ssl_cert);
	add_pair_if(p, "--key", c->ssl_key);
	add_pair_if(p, "--ca", c->ssl_trust);
	add_pair_if(p, "--server-name", c->tls && c->exec ? c->exec : c->ssl_name);
	add_pair_if(p, "--alpn", c->ssl_alpn);
	if (c->ssl_ciphers) {
		add(p, "--tls-set");
		cmdline_addf(p->out, "CipherString=%s", c->ssl_ciphers);
	}
	return 0;
}

// What is run is the last of the words where it consists of several.
static void add_program(struct plan *p)
{
	const struct netcat_config *c = p->config;

	if (c->shell_exec)
		cmdline_add_pair(p->out, "--exec", c->shell_exec);
	else if (c->exec && !c->tls)
		cmdline_add_pair(p->out, "--exec", c->exec);
	if (!c->exec_words.count)
		return;
	add(p, "--exec-file");
	for (size_t i = 0; i < c->exec_words.count; i++)
		add(p, c->exec_words.items[i]);
}

// -q: seconds, of which a negative number is for ever. *MS is 0 for those.
static int read_quit(struct plan *p, uint64_t *ms)
{
	const char *quit = p->config->quit;

	*ms = 0;
	if (!quit || quit[0] == '-')
		return 0;
	return parse_duration(quit, ms) < 0 && strcmp(quit, "0") != 0
		       ? bad_value(p->err, "-q", quit, "is no number of seconds")
		       : 0;
}

static bool has_quit(const struct netcat_config *c)
{
	return c->quit && c->quit[0] != '-';
}

static void add_files(struct plan *p)
{
	const struct netcat_config *c = p->config;

	// A server reads its input all the same, whose end is that of its sending.
	if (c->recv_only && c->listen && !c->udp && !c->broker && !c->chat)
		add(p, "--discard-input");
	else
		add_pair_if(p, "--input", c->no_input || c->recv_only ? "/dev/null" : NULL);
	add_pair_if(p, "--output", c->send_only ? "/dev/null" : NULL);
}

// Whether and when the end of the input goes to the peer, and what ends the whole.
static int add_ending(struct plan *p)
{
	const struct netcat_config *c = p->config;
	const struct netcat_dialect *d = p->dialect;
	bool sends_fin = c->shutdown || has_quit(c) || (d->sends_fin && !c->no_shutdown);
	bool is_idle_end = c->wait_ms && d->wait_is_idle;
	bool ends_with_peer = c->listen || d->ends_with_peer;
	bool quits = d->quits_at_once && c->quit && strcmp(c->quit, "0") == 0;
	uint64_t quit_ms;

	if (read_quit(p, &quit_ms) < 0)
		return -EINVAL;
	if (c->recv_only && !c->listen)
		sends_fin = false;
	if (has_program(c))
		return 0;
	add(p, "--shutdown");
	add(p, sends_fin ? "write" : "never");
	if (c->send_only || quits)
		cmdline_add_pair(p->out, "--until", "input");
	else if (is_idle_end)
		cmdline_add_pair(p->out, "--until", ends_with_peer ? "idle-or-peer" : "idle");
	else if (ends_with_peer)
		cmdline_add_pair(p->out, "--until", "peer");
	if (c->idle_ms || is_idle_end)
		cmdline_add_ms(p->out, "--idle-timeout", c->idle_ms ? c->idle_ms : c->wait_ms);
	if (quit_ms && !c->send_only)
		cmdline_add_ms(p->out, "--quit-delay", quit_ms);
	add_files(p);
	return 0;
}

// The same for datagrams, of which no end is passed on.
static int add_datagram_ending(struct plan *p)
{
	const struct netcat_config *c = p->config;
	bool is_idle_end = c->wait_ms && p->dialect->wait_is_idle;
	uint64_t quit_ms;

	if (read_quit(p, &quit_ms) < 0)
		return -EINVAL;
	if (is_idle_end)
		cmdline_add_pair(p->out, "--until", "idle");
	if (c->idle_ms || is_idle_end)
		cmdline_add_ms(p->out, "--idle-timeout", c->idle_ms ? c->idle_ms : c->wait_ms);
	if (quit_ms)
		cmdline_add_ms(p->out, "--wait", quit_ms);
	else if (is_idle_end)
		cmdline_add_ms(p->out, "--wait", c->wait_ms);
	else if (!p->dialect->sends_fin && !c->quit && !c->listen)
		cmdline_add_pair(p->out, "--wait", FOR_EVER);
	add_files(p);
	return 0;
}

static void add_connect_timeout(struct plan *p)
{
	const struct netcat_config *c = p->config;
	uint64_t ms = c->connect_ms ? c->connect_ms
		      : c->wait_ms  ? c->wait_ms
				    : p->dialect->connect_ms;

	if (ms)
		cmdline_add_ms(p->out, "--connect-timeout", ms);
}

static int add_source(struct plan *p)
{
	const struct netcat_config *c = p->config;
	struct sockaddr_any ignored;

	if (c->is_unix)
		return 0;
	// What is only shown may have words for values.
	if (!c->explain && c->source && !numeric_address(c->source, 0, &ignored))
		return bad_value(p->err, "-s", c->source, "is no numeric address");
	if (!c->explain && c->port && !is_port_number(c->port, 1))
		return bad_value(p->err, "-p", c->port, "is no port: 1 to 65535");
	add_pair_if(p, "--bind", c->source);
	add_pair_if(p, "--source-port", c->port);
	return 0;
}

static int add_dialling(struct plan *p)
{
	add_family(p);
	add_connect_timeout(p);
	if (add_source(p) < 0 || netcat_add_settings(p->config, p->out, p->err) < 0 ||
		add_tls(p) < 0)
		return -EINVAL;
	return netcat_add_proxy(p->config, p->out, p->err);
}

static int plan_check(struct plan *p)
{
	cmdline_add_pair(p->out, "connect", "--check");
	if (add_dialling(p) < 0)
		return -EINVAL;
	if (!has_port_list(p))
		return add_endpoint(p);
	if (p->dialect->is_ncat)
		return refuse(p, "one port can be checked; 'sockctl connect --check' takes many");
	add(p, "--any");
	cmdline_redirect(p->out, STDOUT_FILENO, REDIRECT_OUTPUT, "/dev/null");
	add_port_list(p);
	return 0;
}

// What the original sends, for scripts judge by it: with -v four datagrams, otherwise none.
static int plan_udp_check(struct plan *p)
{
	const struct netcat_config *c = p->config;

	if (has_port_list(p) && !p->dialect->connects_in_turn)
		return refuse(p, "one port of UDP can be checked");
	if (!c->verbose && !p->dialect->is_ncat) {
		cmdline_add_pair(p->out, "connect", "--udp");
		cmdline_add_pair(p->out, "--input", "/dev/null");
		cmdline_add_pair(p->out, "--wait", "1ms");
	} else {
		cmdline_redirect(p->out, STDOUT_FILENO, REDIRECT_OUTPUT, "/dev/null");
		cmdline_add_pair(p->out, "udp-send", "--connected");
		cmdline_add(p->out, "--repeat");
		cmdline_addf(p->out, "%d", NETCAT_PROBES);
		cmdline_add_pair(p->out, "--rate", "2");
		cmdline_add_pair(p->out, "--wait", "1");
	}
	add_family(p);
	if (add_source(p) < 0 || netcat_add_settings(p->config, p->out, p->err) < 0)
		return -EINVAL;
	if (add_endpoint(p) < 0)
		return -EINVAL;
	add_if(p, c->verbose || p->dialect->is_ncat, "X");
	return 0;
}

// What is done with a connection, and the words at the end.
static int add_session(struct plan *p)
{
	const struct netcat_config *c = p->config;
	int r = c->udp ? add_datagram_ending(p) : add_ending(p);

	if (r < 0 || netcat_add_transfer(c, p->out, p->err) < 0)
		return -EINVAL;
	add_number_if(p, c->listen && !c->udp ? "--pieces" : "--count", c->count);
	if (add_endpoint(p) < 0)
		return -EINVAL;
	add_program(p);
	return 0;
}

static int plan_connect(struct plan *p)
{
	const struct netcat_config *c = p->config;

	if (has_port_list(p) && !p->dialect->connects_in_turn)
		return refuse(p, "several ports go with -z only; for each port, run it in a loop");
	add(p, "connect");
	add_if(p, c->udp, "--udp");
	if (add_dialling(p) < 0)
		return -EINVAL;
	if (c->pass_fd) {
		add(p, "--pass-fd");
		return add_endpoint(p);
	}
	return add_session(p);
}

static int plan_listen(struct plan *p, bool is_exposed)
{
	const struct netcat_config *c = p->config;
	bool serves_many = c->keep_open || c->broker || c->chat || c->listen > 1;

	if (c->zero)
		return refuse(p, "-z and -l exclude each other");
	if (c->proxy || c->ncat_proxy)
		return refuse(p, "-x and --proxy do not go together with -l");
	if (c->proxy_type)
		return refuse(p,
			"--proxy-type with -l is not supported: 'sockctl listen --forward' "
			"joins clients to one target");
	add(p, "listen");
	add_if(p, c->udp, "--udp");
	add_if(p, serves_many, "--keep-open");
	add_if(p, c->broker, "--broker");
	if (c->chat) {
		add(p, "--chat");
		add(p, "--output");
		add(p, "/dev/null"); // ncat shows the operator nothing
	}
	add_family(p);
	add_number_if(p, "--max-connections", c->most);
	if (netcat_add_settings(p->config, p->out, p->err) < 0 || add_tls(p) < 0 ||
		netcat_add_access(c, p->out, p->err) < 0)
		return -EINVAL;
	add_if(p, is_exposed, "--expose");
	if (c->is_unix)
		cmdline_add_umask(p->out);
	return add_session(p);
}

static bool is_loopback(const char *host)
{
	return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
	       strncmp(host, "127.", 4) == 0;
}

static bool is_exposed(const struct plan *p)
{
	const struct netcat_config *c = p->config;
	const char *host = p->host ? p->host : c->source;

	return c->listen && has_program(c) && !c->is_unix && !c->allow.count && !c->allow_file &&
	       !(host && is_loopback(host));
}

// An option that was given and says something of servers only, or NULL.
static const char *option_for_servers(const struct netcat_config *c)
{
	if (c->allow.count || c->allow_file)
		return "--allow";
	if (c->chat)
		return "--chat";
	return c->keep_open ? "-k" : c->most ? "--max-conns" : NULL;
}

// Words that begin with '-' name nothing, and would be options of ours.
static int check_operands(struct plan *p)
{
	const char *host = p->host ? p->host : p->config->source;

	if (p->config->is_unix)
		return 0;
	if (host && host[0] == '-')
		return bad_word(p->err, host, "is no host name or address");
	for (int i = 0; i < p->port_count; i++)
		if (p->ports[i][0] == '-')
			return bad_word(p->err, p->ports[i], "is no port");
	return only_port(p)[0] == '-' ? bad_word(p->err, only_port(p), "is no port") : 0;
}

// What was said and would get lost otherwise.
static int check_together(struct plan *p)
{
	const struct netcat_config *c = p->config;
	const char *option = c->listen ? NULL : option_for_servers(c);

	if (option) {
		str_addf(p->err, "%s goes with -l only", option);
		return -EINVAL;
	}
	if (c->shell_exec && ((c->exec && !c->tls) || c->exec_words.count))
		return refuse(p, "-e and --sh-exec do not go together");
	return 0;
}

int netcat_plan(const struct netcat_dialect *dialect, const struct netcat_config *config, int argc,
	char **argv, struct netcat_plan *plan, struct str *err)
{
	struct plan p = {.dialect = dialect, .config = config, .out = &plan->line, .err = err};
	int r = read_operands(&p, argc, argv);

	if (r < 0 || check_operands(&p) < 0 || check_together(&p) < 0)
		return -EINVAL;
	plan->host = p.host;
	plan->port = config->is_unix ? NULL : only_port(&p);
	plan->is_exposed = is_exposed(&p);
	if (config->listen)
		r = plan_listen(&p, plan->is_exposed);
	else if (config->zero)
		r = config->udp ? plan_udp_check(&p) : plan_check(&p);
	else
		r = plan_connect(&p);
	return r;
}

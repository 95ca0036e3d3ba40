// SPDX-License-Identifier: ISC
// From two addresses of socat to our command line: which of our commands it is, who is served or
// called, and what ends it. An option that nothing here has asked for is refused.
#include "compat/socat/planning.h"

#include "base/value.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_INTERVAL_MS 1000 // between attempts

// What has been said and has become nothing.
static void refuse_rest(struct planning *p, const struct socat_address *a)
{
	for (int i = 0; i < a->option_count; i++) {
		const struct socat_given *given = &a->options[i];
		const struct socat_option *o = given->option;

		if (given->is_taken || (o->vain & a->type->role && is_turned_on(given)))
			continue;
		plan_refuse_option(p, a, o->name,
			o->instead ? o->instead : "sockctl has no counterpart for it here");
	}
}

static void add_ms(struct planning *p, const char *option, uint64_t ms)
{
	cmdline_add_ms(p->out, option, ms ? ms : 1);
}

static uint64_t read_ms(struct planning *p, const char *word, const char *whose)
{
	uint64_t ms = 0;

	if (parse_duration(word, &ms) < 0 && !plan_has_failed(p)) {
		str_addf(p->err, "%s: ", whose);
		bad_word(p->err, word, "is no time such as 5 or 0.5");
	}
	return ms;
}

static void add_time(
	struct planning *p, const char *option, struct socat_address *a, const char *name)
{
	const char *value = plan_value(p, a, name);

	if (value)
		add_ms(p, option, read_ms(p, value, name));
}

// How long the other direction may be silent once one has ended. A program and a target have all
// the time that they need.
static void add_wait(struct planning *p)
{
	const char *wait = p->config->wait;
	uint64_t ms = wait ? read_ms(p, wait, "-t") : 0;

	if (!wait || !is_plain_local(p) || !p->sends || !p->receives)
		return;
	if (!is_datagram(p->net))
		add_ms(p, "--quit-delay", ms);
	else if (p->net->type->role == SOCAT_DIAL)
		add_ms(p, "--wait", ms);
	else
		plan_refuse(p, "-t is for what connects; -T ends what waits for datagrams");
}

// What the end of the input does to the socket, which is nothing where none is passed on.
static void add_shutdown(struct planning *p)
{
	bool is_never = plan_flag(p, p->net, "shut-none");
	bool is_write = plan_flag(p, p->net, "shut-down");

	if (!is_plain_local(p) && is_never)
		plan_refuse_option(
			p, p->net, "shut-none", "each side learns of the end of the other");
	if (p->local->read.type->role == SOCAT_STREAMS)
		is_never |= plan_flag(p, &p->local->read, "ignoreeof");
	if (!is_plain_local(p) || is_datagram(p->net))
		return;
	if (is_never || !p->sends)
		cmdline_add_pair(p->out, "--shutdown", "never");
	else if (is_write)
		cmdline_add_pair(p->out, "--shutdown", "write");
}

static void add_ending(struct planning *p)
{
	add_shutdown(p);
	if (!p->receives && is_datagram(p->net))
		cmdline_add_pair(p->out, "--wait", "1ms");
	else if (!p->receives)
		cmdline_add_pair(p->out, "--until", "input");
	else if (p->config->idle_ms)
		cmdline_add_pair(p->out, "--until", "idle");
	if (p->config->idle_ms)
		cmdline_add_ms(p->out, "--idle-timeout", p->config->idle_ms);
	add_wait(p);
}

static unsigned debug_level(const struct socat_config *c)
{
	unsigned level = 0;

	for (size_t i = 0; i < c->debug.count; i++) {
		const char *more = c->debug.items[i];

		if (more[0] >= '0' && more[0] <= '4' && !more[1])
			level = (unsigned)(more[0] - '0');
		else
			level += 1 + (unsigned)strspn(more, "d");
	}
	return level;
}

static void add_verbosity(struct planning *p)
{
	unsigned level = debug_level(p->config);

	plan_add_if(p, level == 2, "-v");
	plan_add_if(p, level > 2, "-vv");
}

static void add_transfer(struct planning *p)
{
	const struct socat_config *c = p->config;

	if (plan_flag(p, p->net, "crnl")) {
		if (!is_plain_local(p))
			plan_refuse_option(p, p->net, "crnl",
				"it is for what comes from standard input or a file");
		plan_add(p, "--crlf");
	}
	plan_add_if(p, c->hex_dump || c->text_dump, "--hex");
	plan_terminal(p);
}

static void add_local(struct planning *p)
{
	enum socat_role role = p->local->read.type->role;

	if (role & (SOCAT_PROGRAM | SOCAT_ECHO))
		plan_program(p);
	else if (role == SOCAT_DIAL)
		plan_forward(p);
	else
		plan_redirections(p);
}

// The number of attempts is one more than that of repetitions.
static void add_retry(struct planning *p)
{
	const char *count = plan_value(p, p->net, "retry");
	bool is_forever = plan_flag(p, p->net, "forever");
	uint64_t n = 0;

	if (count && parse_uint(count, &n) < 0)
		plan_refuse_option(p, p->net, "retry", "its value is a number");
	if (!is_forever && !n)
		return;
	if (is_forever)
		plan_add(p, "--retry");
	else
		cmdline_addf(p->out, "--retry=%" PRIu64, n + 1);
	const char *interval = plan_value(p, p->net, "interval");

	add_ms(p, "--retry-delay",
		interval ? read_ms(p, interval, "interval") : DEFAULT_INTERVAL_MS);
}

static void plan_dial(struct planning *p)
{
	struct socat_address *a = p->net;

	plan_add(p, "connect");
	plan_add_if(p, is_datagram(a), "-u");
	add_verbosity(p);
	plan_family(p);
	if (!is_unix(a)) {
		plan_add_pair_if(p, "--bind", plan_value(p, a, "bind"));
		plan_add_pair_if(p, "--source-port", plan_value(p, a, "sourceport"));
		plan_add_pair_if(p, "--interface", plan_value(p, a, "interface"));
	}
	add_time(p, "--connect-timeout", a, "connect-timeout");
	add_retry(p);
	plan_proxy(p, a);
	plan_tls_client(p, a);
	plan_settings(p);
	add_ending(p);
	add_transfer(p);
	plan_endpoint(p);
	add_local(p);
}

// The number of bits that a mask begins with, or -1 where it is none.
static int mask_length(const char *word)
{
	struct in_addr mask;
	uint32_t bits;

	if (inet_pton(AF_INET, word, &mask) != 1)
		return -1;
	bits = ntohl(mask.s_addr);
	if (~bits & (~bits + 1))
		return -1;
	return __builtin_popcount(bits);
}

// ADDRESS/BITS, of IPv6 with brackets, or ADDRESS:MASK.
static void add_range(struct planning *p)
{
	const char *range = plan_value(p, p->net, "range");
	const char *close = range ? strchr(range, ']') : NULL;
	const char *colon = range && range[0] != '[' ? strchr(range, ':') : NULL;

	if (!range)
		return;
	plan_add(p, "--allow");
	if (colon && mask_length(colon + 1) < 0)
		plan_refuse_option(p, p->net, "range", "its value is ADDRESS/BITS");
	if (colon)
		cmdline_addf(
			p->out, "%.*s/%d", (int)(colon - range), range, mask_length(colon + 1));
	else if (range[0] == '[' && close)
		cmdline_addf(p->out, "%.*s%s", (int)(close - range - 1), range + 1, close + 1);
	else
		plan_add(p, range);
}

static void add_file(struct planning *p)
{
	struct socat_address *a = p->net;
	const char *mode = plan_value(p, a, "mode");
	const char *group = a->type->role == SOCAT_SERVE ? plan_value(p, a, "group") : NULL;

	plan_add_pair_if(p, "--group", group);
	if (mode)
		cmdline_add_pair(p->out, "--mode", mode);
	else if (!group && !(a->type->detail & SOCAT_ABSTRACT))
		cmdline_add_umask(p->out);
}

static bool is_loopback(const char *host)
{
	return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
	       strncmp(host, "127.", 4) == 0;
}

// Whether a program is offered to whoever reaches this machine.
static bool is_exposed(struct planning *p)
{
	struct socat_address *a = p->net;
	const char *bind = is_unix(a) ? NULL : plan_value(p, a, "bind");
	bool has_program = p->local->read.type->role & (SOCAT_PROGRAM | SOCAT_ECHO);
	bool is_open = is_datagram(a) || !plan_value(p, a, "range");

	return a->type->role == SOCAT_SERVE && has_program && !is_unix(a) && is_open &&
	       !(bind && is_loopback(bind));
}

static void plan_serve(struct planning *p)
{
	struct socat_address *a = p->net;

	plan_add(p, "listen");
	plan_add_if(p, is_datagram(a), "-u");
	plan_add_if(p, plan_flag(p, a, "fork"), "-k");
	add_verbosity(p);
	plan_family(p);
	plan_add_pair_if(p, "--interface", plan_value(p, a, "interface"));
	plan_add_pair_if(p, "--user", plan_value(p, a, "substuser"));
	plan_add_pair_if(p, "--max-connections", plan_value(p, a, "max-children"));
	plan_add_pair_if(p, "--backlog", plan_value(p, a, "backlog"));
	if (is_unix(a))
		add_file(p);
	else
		add_range(p);
	plan_tls_server(p);
	plan_settings(p);
	add_ending(p);
	add_transfer(p);
	plan_add_if(p, is_exposed(p), "--expose");
	plan_endpoint(p);
	add_local(p);
}

// Whoever sends, as one stream of bytes; or each is answered with what it has sent.
static void plan_receive(struct planning *p)
{
	struct socat_address *a = p->net;
	bool echoes = p->local->read.type->role == SOCAT_ECHO;

	plan_add(p, "udp-recv");
	plan_add(p, echoes ? "--echo" : "--raw");
	if (a->type->role == SOCAT_SERVE && !plan_flag(p, a, "fork"))
		cmdline_add_pair(p->out, "--count", "1");
	add_verbosity(p);
	plan_family(p);
	plan_add_pair_if(p, "--interface", plan_value(p, a, "interface"));
	if (p->config->idle_ms)
		plan_refuse(p, "-T has no counterpart where datagrams of any sender are received; "
			       "'--timeout TIME' limits the whole");
	if (p->config->hex_dump || p->config->text_dump)
		plan_refuse(p, "-x and -v have no counterpart where datagrams of any sender are "
			       "received; 'sockctl udp-recv --hex' shows them");
	if (is_unix(a))
		add_file(p);
	else
		add_range(p);
	plan_settings(p);
	plan_group(p);
	p->sends = false;
	plan_endpoint(p);
	if (!echoes)
		plan_redirections(p);
}

static bool is_received(const struct planning *p)
{
	const struct socat_address *a = p->net;
	enum socat_role local = p->local->read.type->role;

	if (a->type->role == SOCAT_RECEIVE)
		return true;
	if (!is_datagram(a) || a->type->role != SOCAT_SERVE)
		return false;
	return a->type->detail & SOCAT_ONE_DATAGRAM &&
	       (local == SOCAT_ECHO || (!p->sends && is_plain_local(p)));
}

static void refuse_together(struct planning *p, const char *why)
{
	if (!plan_has_failed(p))
		str_addf(p->err, "%s and %s: %s", p->net->name, p->local->read.name, why);
}

// What the addresses may be together.
static void check_together(struct planning *p)
{
	const struct socat_address *net = p->net;
	enum socat_role local = p->local->read.type->role;
	bool is_both = p->sends && p->receives;

	if (net->type->detail & SOCAT_ANYBODY && is_datagram(net) && p->receives)
		refuse_together(p,
			"'sockctl udp-send --broadcast --wait TIME' sends and prints what "
			"comes back from any sender, 'sockctl udp-recv --join GROUP' "
			"receives; with -u datagrams are sent");
	else if (local & (SOCAT_SERVE | SOCAT_RECEIVE))
		refuse_together(p, "two addresses that wait for others cannot be joined; 'sockctl "
				   "listen --broker --also ENDPOINT' joins their clients");
	else if (net->type->role == SOCAT_RECEIVE && !is_plain_local(p))
		refuse_together(p, "what comes from any sender goes to standard output or a file: "
				   "'sockctl udp-recv --raw PORT | ...'");
	else if (net->type->role == SOCAT_RECEIVE && !p->receives)
		refuse_together(p, "nothing can be sent to an address that only receives");
	else if (!is_both && local & (SOCAT_PROGRAM | SOCAT_ECHO))
		refuse_together(p, "with -u and -U a program would keep its own input or output; "
				   "without, redirect it in the command");
	else if (!is_both && local == SOCAT_DIAL)
		refuse_together(p,
			"two sockets are joined in both directions; -u and -U are for one "
			"and standard input, output or a file");
	else if (net->type->detail & SOCAT_ONE_DATAGRAM && is_datagram(net) && !is_received(p) &&
		 local != SOCAT_DIAL)
		refuse_together(p,
			"peers that send one datagram each are for PIPE, for UDP-SENDTO and "
			"with -u; use UDP-LISTEN");
	else if (!p->receives && is_datagram(net) && net->type->role == SOCAT_SERVE)
		plan_refuse(p, "nothing is sent to a peer that has sent nothing: say UDP-SENDTO, "
			       "or leave -u "
			       "and -U out");
	else if (p->config->buffer && p->sends && is_datagram(net) && is_plain_local(p))
		refuse_together(p,
			"-b would cut the input into datagrams: 'sockctl udp-send --block "
			"SIZE' does");
}

static void plan_command(struct planning *p)
{
	check_together(p);
	if (plan_has_failed(p))
		return;
	if (is_received(p))
		plan_receive(p);
	else if (p->net->type->role == SOCAT_SERVE)
		plan_serve(p);
	else
		plan_dial(p);
	refuse_rest(p, p->net);
	refuse_rest(p, &p->local->read);
	if (p->local->is_dual)
		refuse_rest(p, &p->local->write);
}

static bool is_net(const struct socat_word *w)
{
	return !w->is_dual && w->read.type->role & (SOCAT_DIAL | SOCAT_SERVE | SOCAT_RECEIVE);
}

static bool waits(const struct socat_word *w)
{
	return is_net(w) && w->read.type->role != SOCAT_DIAL;
}

// What goes to the log of the original goes to stderr.
static void add_log(struct planning *p)
{
	const struct socat_config *c = p->config;
	const char *file = c->log_file;

	for (size_t i = 0; i < c->log.count; i++) {
		const char *word = c->log.items[i];

		if (word[0] == 'f' && word[1])
			file = word + 1;
		else if (!strchr("spuh", word[0]))
			plan_refuse(p, "-ly and -lm, the system log: append '2>&1 | logger'");
	}
	if (file)
		cmdline_redirect(p->out, STDERR_FILENO, REDIRECT_APPEND, file);
}

static void forget_taken(struct socat_word *w)
{
	for (int i = 0; i < SOCAT_MAX_OPTIONS; i++)
		w->read.options[i].is_taken = false;
}

// NET is B where what is on the left goes there.
static bool make(const struct socat_config *config, struct socat_word *net,
	struct socat_word *local, bool is_left, struct socat_plan *plan, struct str *err)
{
	struct planning p = {
		.config = config,
		.out = &plan->line,
		.err = err,
		.net = &net->read,
		.local = local,
		.sends = is_left ? !config->left_to_right : !config->right_to_left,
		.receives = is_left ? !config->right_to_left : !config->left_to_right,
	};

	forget_taken(net);
	forget_taken(local);
	plan_command(&p);
	add_log(&p);
	plan->is_exposed = is_exposed(&p) && local->read.type->role == SOCAT_PROGRAM;
	return !plan_has_failed(&p);
}

int socat_plan(const struct socat_config *config, struct socat_word *a, struct socat_word *b,
	struct socat_plan *plan, struct str *err)
{
	bool is_left = is_net(a) && (waits(a) || !waits(b));
	struct socat_word *net = is_left ? a : b;
	struct socat_word *local = is_left ? b : a;
	struct str why = {0};

	if (!is_net(net)) {
		str_addf(err, "%s and %s: one of them must be a socket that sockctl makes",
			a->read.name, b->read.name);
		return -EINVAL;
	}
	if (make(config, net, local, is_left, plan, err))
		return 0;
	// Of two that connect either may be the first.
	if (net->read.type->role == SOCAT_DIAL && is_net(local)) {
		cmdline_fini(&plan->line);
		if (make(config, local, net, !is_left, plan, &why))
			str_clear(err);
	}
	str_fini(&why);
	return err->len ? -EINVAL : 0;
}

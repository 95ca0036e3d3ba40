// SPDX-License-Identifier: ISC
#include "session/console.h"

#include "base/value.h"
#include "io/terminal.h"
#include "io/terminal_mode.h"
#include "io/urgent.h"
#include "sys/trace.h"
#include "tls/channel.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define CONTROL(c) ((c) ^ 0x40) // ^A is 1, ^? is 127
#define DEFAULT_ESCAPE CONTROL(']')
#define MAX_TYPED (1 << 20) // for a peer that takes nothing; a paste may be long

#define AT(field, type) OPT_AT(struct console_config, field, type)

const struct opt console_opts[] = {
	{"raw-tty", 0, OPT_FLAG, AT(raw, bool), "",
		"put the terminal into raw mode, for full-screen peers"},
	{"escape", 0, OPT_STRING, AT(escape_word, const char *), "KEY",
		"key that opens the terminal menu: ^] (the default), another such as ^A, or none"},
	{""},
};

int console_check(struct console_config *c, struct str *err)
{
	const char *word = c->escape_word;

	if (!word) {
		c->escape = DEFAULT_ESCAPE;
	} else if (strcmp(word, "none") == 0) {
		c->escape = -1;
	} else if (word[0] == '^' && word[1] >= '?' && word[1] <= '_' && !word[2]) {
		c->escape = CONTROL(word[1]);
	} else if (word[0] == '^' && word[1] >= 'a' && word[1] <= 'z' && !word[2]) {
		c->escape = CONTROL(word[1] - 'a' + 'A');
	} else if (word[0] > ' ' && !word[1]) {
		c->escape = (unsigned char)word[0];
	} else {
		return bad_value(
			err, "--escape", word, "is no key such as ^], ^A or ~, and not none");
	}
	return 0;
}

static void add_key(struct str *s, int key)
{
	if (key < ' ' || key == CONTROL('?'))
		str_addf(s, "^%c", CONTROL(key));
	else
		str_addc(s, (char)key);
}

int console_check_input(
	struct app *app, const struct console_config *c, const struct stream_files *files)
{
	struct fd_info info;

	if (!c->raw)
		return 0;
	fd_inspect(files->in, &info);
	if (info.kind == FD_TERMINAL)
		return 0;
	return app_failf(
		app, STATUS_USAGE, files->in_name, "is no terminal, which --raw-tty is for");
}

static enum terminal_mode mode_of(const struct console *c)
{
	return c->config->raw ? TERMINAL_RAW : TERMINAL_LINES;
}

static void want_keys(struct console *c)
{
	bool wanted = !c->ended && !c->has_quit && c->typed.len < MAX_TYPED;

	watch_want(c->keys, wanted ? WATCH_READ : 0);
}

// Telnet has a command for it (RFC 854, BRK), which no filter may touch. Elsewhere it is an urgent
// byte, which is not for the peer where it would go past TLS.
static void send_break(struct console *c)
{
	static const char command[] = {(char)255, (char)243}; // IAC BRK
	struct stream *s = c->stream;
	struct str text = {0};
	ssize_t r = 0;

	c->has_break = false;
	if (s->config->telnet)
		relay_inject(&s->relay, command, sizeof(command));
	else if (channel_is_tls(s->peer))
		terminal_show("TLS has no break: --telnet sends one as data\r\n");
	else
		r = urgent_send(channel_socket(s->peer), "", 1);
	if (r < 0) {
		str_add_error(&text, (int)r);
		str_add(&text, "\r\n");
		terminal_show(str_c(&text));
		str_fini(&text);
	}
}

// The relay takes what was typed, and finds a break in its place.
static ssize_t recv_typed(struct channel *e, void *buf, size_t len)
{
	struct console *c = container_of(e->ops, struct console, ops);
	size_t n;

	if (c->has_break && !c->before_break) {
		send_break(c);
		return -EINTR; // the flow has something to deliver before it asks again
	}
	n = MIN(len, c->has_break ? c->before_break : c->typed.len);
	if (!n)
		return c->ended ? c->error : -EAGAIN;
	memcpy(buf, c->typed.data, n);
	str_drop(&c->typed, n);
	if (c->has_break)
		c->before_break -= n;
	want_keys(c);
	return (ssize_t)n;
}

static void show_menu(const struct console *c)
{
	static const char *const items[] = {"[c]lose the input", "[s]tatus", "[b]reak",
		"[z] suspend", "[q]uit", NULL, "other keys: go on "};
	size_t columns = terminal_columns(c->local->in);
	struct str text = {0};
	struct str item = {0};
	size_t used = 0;

	for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
		str_clear(&item);
		if (items[i])
			str_add(&item, items[i]);
		else
			add_key(&item, c->config->escape);
		str_add(&item, items[i] ? "" : " is sent");
		if (!used || (columns && used + 2 + item.len > columns)) {
			str_add(&text, "\r\n");
			used = 0;
		}
		str_addf(&text, used ? "  %s" : "%s", str_c(&item));
		used += item.len + (used ? 2 : 0);
	}
	terminal_show(str_c(&text));
	str_fini(&item);
	str_fini(&text);
}

static void open_menu(struct console *c)
{
	c->in_menu = true;
	terminal_set_mode(c->config->raw ? TERMINAL_RAW : TERMINAL_KEYS);
	show_menu(c);
}

static void show_status(const struct console *c)
{
	const struct stream *s = c->stream;
	const struct field remote = connection_remote(s->connection);
	struct str text = {0};

	str_add_field(&text, &remote);
	str_addf(&text, ": connected for %.0f s, ",
		(double)(trace_now() - s->connection->started) / 1e9);
	str_add_count(&text, relay_sent(&s->relay), "bytes");
	str_add(&text, " sent, ");
	str_add_count(&text, relay_received(&s->relay), "bytes");
	str_add(&text, " received, ");
	str_add_count(&text, relay_unsent(&s->relay) + c->typed.len, "bytes");
	str_add(&text, " waiting\r\n");
	terminal_show(str_c(&text));
	str_fini(&text);
}

static void choose(struct console *c, char key)
{
	c->in_menu = false;
	terminal_show("\r\n");
	terminal_set_mode(mode_of(c));
	switch (key) {
	case 'c':
		c->ended = true;
		break;
	case 's':
		show_status(c);
		break;
	case 'b':
		c->has_break = true;
		c->before_break = c->typed.len;
		break;
	case 'z':
		terminal_suspend();
		break;
	case 'q':
		c->has_quit = true;
		relay_quit(&c->stream->relay);
		break;
	default:
		if ((unsigned char)key == c->config->escape)
			str_addc(&c->typed, key);
	}
}

static void take(struct console *c, const char *keys, size_t len)
{
	while (len && !c->ended && !c->has_quit) {
		const char *escape = c->config->escape < 0 || c->in_menu
					     ? NULL
					     : memchr(keys, c->config->escape, len);
		size_t used = escape ? (size_t)(escape - keys) : len;

		if (c->in_menu) {
			choose(c, *keys);
			used = 1;
		} else {
			str_addn(&c->typed, keys, used);
		}
		if (escape) {
			open_menu(c);
			used++;
		}
		keys += used;
		len -= used;
	}
}

static void on_keys(struct watch *w, unsigned events)
{
	struct console *c = w->data;
	char keys[4096]; // as much as a terminal holds
	ssize_t n = c->plain->recv(c->local, keys, sizeof(keys));

	(void)events;
	if (n == -EAGAIN || n == -EINTR)
		return;
	if (!c->in_menu)
		terminal_set_mode(mode_of(c)); // when it could not be set in the background
	if (n > 0) {
		take(c, keys, (size_t)n);
	} else {
		c->ended = true;
		c->error = (int)n;
	}
	want_keys(c);
	relay_wake(&c->stream->relay);
}

static void tell_escape(const struct console *c)
{
	struct str key = {0};

	if (c->config->escape < 0)
		return;
	add_key(&key, c->config->escape);
	report(&c->stream->connection->app->out, c->config->raw ? &ev_terminal_raw : &ev_terminal,
		F_STR("escape", str_c(&key)), F_BOOL("raw", c->config->raw));
	str_fini(&key);
}

int console_init(struct console *c, const struct console_config *config, struct stream *stream)
{
	struct channel *local = stream_local(stream);
	int r;

	*c = (struct console){0};
	if (local->rd_info.kind != FD_TERMINAL || (config->escape < 0 && !config->raw))
		return 0;
	*c = (struct console){.config = config,
		.stream = stream,
		.local = local,
		.plain = local->ops,
		.ops = *local->ops,
		.keys = local->rd};
	tell_escape(c);
	r = terminal_take(&stream->connection->app->loop, local->in, config->escape, mode_of(c));
	if (r < 0)
		return r;
	c->ops.recv = recv_typed;
	local->ops = &c->ops;
	local->rd = NULL;
	c->keys->cb = on_keys;
	c->keys->data = c;
	want_keys(c);
	return 0;
}

int console_judge(const struct console *c, int status)
{
	if (status || !c->typed.len)
		return status;
	return connection_report_error(
		c->stream->connection, STATUS_BROKEN, "ended before everything was sent", 0);
}

void console_fini(struct console *c)
{
	terminal_give_back();
	str_fini(&c->typed);
}

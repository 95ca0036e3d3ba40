// SPDX-License-Identifier: ISC
#include "compat/cmdline.h"

#include "base/mem.h"
#include "base/util.h"
#include "base/value.h"
#include "sys/fd_calls.h"
#include "sys/file.h"
#include "sys/path.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void cmdline_fini(struct cmdline *c)
{
	for (int i = 0; i < c->count; i++)
		free(c->words[i]);
	for (int i = 0; i < c->redirected; i++)
		free(c->redirections[i].path);
	for (size_t i = 0; i < c->port_count; i++)
		free(c->ports[i]);
	free(c->words);
	free(c->shown);
	free(c->ports);
	*c = (struct cmdline){0};
}

static void take(struct cmdline *c, char *word)
{
	c->words = xrealloc(c->words, (size_t)(c->count + 2) * sizeof(*c->words));
	c->words[c->count++] = word;
	c->words[c->count] = NULL;
}

void cmdline_add(struct cmdline *c, const char *word)
{
	take(c, xstrdup(word));
}

void cmdline_addf(struct cmdline *c, const char *fmt, ...)
{
	struct str word = {0};
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&word, fmt, ap);
	va_end(ap);
	cmdline_add(c, str_c(&word));
	str_fini(&word);
}

void cmdline_add_pair(struct cmdline *c, const char *option, const char *value)
{
	cmdline_add(c, option);
	cmdline_add(c, value);
}

void cmdline_add_secret(struct cmdline *c, const char *word, const char *shown)
{
	c->secret = c->count;
	c->shown = xstrdup(shown);
	cmdline_add(c, word);
}

void cmdline_add_ms(struct cmdline *c, const char *option, uint64_t ms)
{
	cmdline_add(c, option);
	if (ms % 1000)
		cmdline_addf(c, "%" PRIu64 "ms", ms);
	else
		cmdline_addf(c, "%" PRIu64, ms / 1000);
}

void cmdline_add_umask(struct cmdline *c)
{
	mode_t mask = sys_umask(0);

	sys_umask(mask);
	if ((mask & 0022) == 0022)
		return;
	cmdline_add(c, "--mode");
	cmdline_addf(c, "0%o", 0777 & ~(unsigned)mask);
}

void cmdline_add_port(struct cmdline *c, const char *port)
{
	if (!c->port_count) {
		c->port = c->count;
		cmdline_add(c, port);
	}
	c->ports = xrealloc(c->ports, (c->port_count + 1) * sizeof(*c->ports));
	c->ports[c->port_count++] = xstrdup(port);
}

void cmdline_set_port(struct cmdline *c, const char *port)
{
	free(c->words[c->port]);
	c->words[c->port] = xstrdup(port);
}

static const struct {
	const char *sign;
	int flags; // of open(2)
	int usual; // the descriptor that need not be written
} kinds[] = {
	[REDIRECT_INPUT] = {"<", O_RDONLY, STDIN_FILENO},
	[REDIRECT_OUTPUT] = {">", O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO},
	[REDIRECT_APPEND] = {">>", O_WRONLY | O_CREAT | O_APPEND, STDOUT_FILENO},
	[REDIRECT_BOTH] = {"<>", O_RDWR | O_CREAT, STDIN_FILENO},
	[REDIRECT_COPY] = {">&", 0, STDOUT_FILENO},
};

void cmdline_redirect(struct cmdline *c, int fd, enum redirection_kind kind, const char *path)
{
	c->redirections[c->redirected++] =
		(struct redirection){.kind = kind, .fd = fd, .path = xstrdup(path)};
}

void cmdline_redirect_copy(struct cmdline *c, int fd, int source)
{
	if (fd != source)
		c->redirections[c->redirected++] =
			(struct redirection){REDIRECT_COPY, .fd = fd, .source = source};
}

static int apply(const struct redirection *r)
{
	int fd = r->path ? sys_open_file(r->path, kinds[r->kind].flags | O_CLOEXEC, 0666)
			 : r->source;
	int ret = fd < 0 ? fd : sys_dup2(fd, r->fd);

	if (r->path && fd >= 0)
		sys_close(fd);
	return MIN(ret, 0);
}

// What is opened, or copied.
static void add_object(struct str *s, const struct redirection *r)
{
	if (r->path)
		str_add(s, r->path);
	else
		str_addf(s, "fd:%d", r->source);
}

int cmdline_apply_redirections(const struct cmdline *c, struct str *object)
{
	int error = 0;

	for (int i = 0; i < c->redirected && !error; i++) {
		str_clear(object);
		add_object(object, &c->redirections[i]);
		error = apply(&c->redirections[i]);
	}
	return error;
}

static bool is_plain(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_-./:,=@%+";

	return *word && strspn(word, plain) == strlen(word);
}

static void add_quoted(struct str *s, const char *word)
{
	if (is_plain(word)) {
		str_add(s, word);
		return;
	}
	str_addc(s, '\'');
	for (const char *p = word; *p; p++)
		if (*p == '\'')
			str_add(s, "'\\''");
		else
			str_addc(s, *p);
	str_addc(s, '\'');
}

// "<file", ">>file", "1<>file", "2>&1".
static void add_redirection(struct str *s, const struct redirection *r)
{
	str_addc(s, ' ');
	if (r->fd != kinds[r->kind].usual)
		str_addf(s, "%d", r->fd);
	str_add(s, kinds[r->kind].sign);
	if (r->path)
		add_quoted(s, r->path);
	else
		str_addf(s, "%d", r->source);
}

// "for port in http 22 $(seq 80 90)".
static void add_loop(struct str *s, const struct cmdline *c)
{
	uint16_t low, high;

	str_add(s, "r=1; for port in");
	for (size_t i = 0; i < c->port_count; i++)
		if (parse_ports(c->ports[i], &low, &high) == 0 && low < high)
			str_addf(s, " $(seq %u %u)", low, high);
		else
			str_addf(s, " %s", c->ports[i]);
	str_add(s, "; do ");
}

static void add_word(struct str *s, const struct cmdline *c, int number)
{
	if (c->port_count && number == c->port)
		str_add(s, "$port");
	else
		add_quoted(s, c->shown && number == c->secret ? c->shown : c->words[number]);
}

void str_add_cmdline(struct str *s, const struct cmdline *c)
{
	if (c->port_count)
		add_loop(s, c);
	str_add(s, "sockctl");
	for (int i = 0; i < c->count; i++) {
		str_addc(s, ' ');
		add_word(s, c, i);
	}
	for (int i = 0; i < c->redirected; i++)
		add_redirection(s, &c->redirections[i]);
	if (c->port_count)
		str_add(s, " && r=0; done; (exit $r)");
}

// SPDX-License-Identifier: ISC
// Whom a netcat serves, by address or by name.
#include "base/mem.h"
#include "base/value.h"
#include "compat/netcat.h"
#include "net/addr/ip.h"
#include "net/names/query.h"
#include "sys/path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

// Where the words of an option go.
struct access_list {
	const struct netcat_config *config;
	struct cmdline *out;
	struct str *err;
	const char *option; // --allow or --deny
};

// Ranges of the original are no names either: 192.0.2.1-9, 192.0.*.*
static bool is_name(const char *word)
{
	struct ip_range range;
	struct str ignored = {0};
	bool is_range = ip_range_parse(word, &range, &ignored) == 0;

	str_fini(&ignored);
	return !is_range && word[strspn(word, "0123456789.*-/")] && !strchr(word, ':');
}

static void add_address(const struct access_list *list, const struct addrinfo *a, const char *bits)
{
	struct str word = {0};

	str_add_sockaddr_host(&word, a->ai_addr, a->ai_addrlen);
	str_add(&word, bits);
	cmdline_add_pair(list->out, list->option, str_c(&word));
	str_fini(&word);
}

static int family_of(const struct netcat_config *c)
{
	return c->ipv4 ? AF_INET : c->ipv6 ? AF_INET6 : AF_UNSPEC;
}

static int refuse_name(const struct access_list *list, const char *word, const struct query *q)
{
	str_addf(list->err, "%s: ", list->option);
	str_add_object(list->err, word);
	str_add(list->err, ": ");
	str_add_query_error(list->err, q);
	return -EINVAL;
}

// The addresses that a name has now, as for the original; BITS is "" or "/LENGTH".
static int look_up(const struct access_list *list, const char *name, const char *bits)
{
	struct query q;
	int r = 0;

	query_init(&q, name, NULL);
	q.hints.ai_family = family_of(list->config);
	q.hints.ai_socktype = SOCK_STREAM;
	query_run(&q);
	if (query_outcome(&q) != QUERY_FOUND)
		r = refuse_name(list, name, &q);
	for (const struct addrinfo *a = q.list; a && r == 0; a = a->ai_next)
		add_address(list, a, bits);
	query_fini(&q);
	return r;
}

static int add_name(const struct access_list *list, const char *word)
{
	size_t len = strcspn(word, "/");
	char *name;
	int r;

	if (list->config->numeric)
		return bad_value(
			list->err, list->option, word, "is no address, and -n looks up no names");
	name = xstrndup(word, len);
	r = look_up(list, name, word + len);
	free(name);
	return r;
}

static int add_word(const struct access_list *list, const char *word)
{
	if (is_name(word))
		return add_name(list, word);
	cmdline_add_pair(list->out, list->option, word);
	return 0;
}

// "a,b" as two options.
static int add_words(const struct access_list *list, const char *words)
{
	static const char between[] = ", \t\r\n";
	int r = 0;

	for (const char *p = words; *p && r == 0;) {
		size_t len = strcspn(p, between);
		char *word = xstrndup(p, len);

		if (len)
			r = add_word(list, word);
		free(word);
		p += len + (p[len] != '\0');
	}
	return r;
}

static int add_lists(const struct access_list *list, const struct strlist *lists)
{
	int r = 0;

	for (size_t i = 0; i < lists->count && r == 0; i++)
		r = add_words(list, lists->items[i]);
	return r;
}

static int bad_file(const struct access_list *list, const char *path)
{
	int error = errno;

	str_add_object(list->err, path);
	str_add(list->err, ": ");
	str_add_error(list->err, -error);
	return -EINVAL;
}

// The lines of a file, without comments.
static int add_file(const struct access_list *list, const char *path)
{
	FILE *file = path ? sys_fopen(path) : NULL;
	char *line = NULL;
	size_t size = 0;
	int r = 0;

	if (!path)
		return 0;
	if (!file)
		return bad_file(list, path);
	while (r == 0 && sys_getline(&line, &size, file) >= 0) {
		line[strcspn(line, "#")] = '\0';
		r = add_words(list, line);
	}
	if (r == 0 && ferror(file)) // a directory can be opened
		r = bad_file(list, path);
	free(line);
	sys_fclose(file);
	return r;
}

int netcat_add_access(const struct netcat_config *c, struct cmdline *out, struct str *err)
{
	const struct access_list allow = {c, out, err, "--allow"};
	const struct access_list deny = {c, out, err, "--deny"};
	int before = out->count;

	if (add_lists(&allow, &c->allow) < 0 || add_file(&allow, c->allow_file) < 0)
		return -EINVAL;
	if ((c->allow.count || c->allow_file) && out->count == before) {
		str_add(err, "--allow and --allowfile have no address: no client would be served");
		return -EINVAL;
	}
	return add_lists(&deny, &c->deny) < 0 ? -EINVAL : add_file(&deny, c->deny_file);
}

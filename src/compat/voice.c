// SPDX-License-Identifier: ISC
// What the netcats say on stderr, as scripts look for it.
#include "compat/translate.h"

#include "app.h"
#include "base/util.h"
#include "net/names/database.h"

#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

static const struct netcat_voice *of(const struct voice *v)
{
	return container_of(v, const struct netcat_voice, voice);
}

// An event, with what most lines are about.
struct heard {
	const struct event *event;
	const struct field *fields;
	size_t n;
	const struct sockaddr_any *remote, *local; // or NULL
};

static const struct field *find(const struct heard *h, const char *key)
{
	for (size_t i = 0; i < h->n; i++)
		if (strcmp(h->fields[i].key, key) == 0)
			return &h->fields[i];
	return NULL;
}

static const struct sockaddr_any *find_address(const struct heard *h, const char *key)
{
	const struct field *f = find(h, key);

	return f && (f->type == FIELD_ADDR || f->type == FIELD_ENDPOINT) ? f->ptr : NULL;
}

static uint64_t number_of(const struct heard *h, const char *key)
{
	const struct field *f = find(h, key);

	return f ? f->number : 0;
}

static void add_host(struct str *s, const struct sockaddr_any *a)
{
	struct str host = {0};

	str_add_sockaddr_host(&host, &a->sa, a->len);
	str_add_escaped(s, str_c(&host), host.len);
	str_fini(&host);
}

static bool is_unix(const struct sockaddr_any *a)
{
	return a->sa.sa_family == AF_UNIX;
}

// "localhost (127.0.0.1)", or one of them where there are not two.
static void add_named(struct str *s, const struct netcat_voice *v, const struct sockaddr_any *a)
{
	struct str address = {0};

	if (a)
		add_host(&address, a);
	str_add(s, v->host ? v->host : str_c(&address));
	if (v->host && address.len && !v->is_numeric && strcmp(v->host, str_c(&address)) != 0)
		str_addf(s, " (%s)", str_c(&address));
	str_fini(&address);
}

static void add_port(struct str *s, const struct netcat_voice *v, const struct sockaddr_any *a)
{
	if (a)
		str_addf(s, "%u", sockaddr_port(a));
	else
		str_add(s, v->port ? v->port : "");
}

static void add_name(void *arg, const struct servent *e)
{
	str_add(arg, e->s_name);
}

// The service of a port, or OTHERWISE.
static void add_service(struct str *s, const struct netcat_voice *v, const struct sockaddr_any *a,
	const char *otherwise)
{
	size_t before = s->len;
	char number[sizeof("65535")];

	if (a && !v->is_numeric) {
		snprintf(number, sizeof(number), "%u", sockaddr_port(a));
		services_find(number, v->is_udp ? "udp" : "tcp", add_name, s);
	}
	if (s->len == before)
		str_add(s, otherwise);
}

// What a warning says is for every dialect.
static bool add_event(const struct voice *voice, const struct event *e, const struct field *fields,
	size_t n, struct str *line)
{
	const struct netcat_voice *v = of(voice);
	struct heard h = {.event = e, .fields = fields, .n = n};

	if (e->level == REPORT_QUIET)
		return false;
	if (v->is_verbose) {
		h.remote = find_address(&h, "remote");
		h.local = find_address(&h, "local");
		v->say(v, &h, line);
	}
	return true;
}

static bool is_event(const struct event *e, const char *name)
{
	return strcmp(e->name, name) == 0;
}

static bool is_connected(const struct event *e)
{
	return is_event(e, "connected") || is_event(e, "open");
}

static void say_succeeded(
	struct str *line, const struct netcat_voice *v, const struct sockaddr_any *a)
{
	if (!v->port) {
		str_add(line, "Connection to ");
		str_add_object(line, v->host);
		str_add(line, " succeeded!");
		return;
	}
	str_add(line, "Connection to ");
	add_named(line, v, a);
	str_addc(line, ' ');
	add_port(line, v, a);
	str_addf(line, " port [%s/", v->is_udp ? "udp" : "tcp");
	add_service(line, v, a, "*");
	str_add(line, "] succeeded!");
}

// All datagrams of a check have gone, and none was sent back.
static bool has_probed(const struct netcat_voice *v, const struct heard *h)
{
	return v->is_udp && v->checks && is_event(h->event, "stats") &&
	       number_of(h, "sent_datagrams") == NETCAT_PROBES;
}

static void say_openbsd(const struct netcat_voice *v, const struct heard *h, struct str *line)
{
	const struct sockaddr_any *remote = h->remote;
	const struct sockaddr_any *local = h->local;

	if ((is_connected(h->event) && v->port) || has_probed(v, h)) {
		say_succeeded(line, v, remote);
	} else if (is_event(h->event, "listening") && local && is_unix(local)) {
		str_add(line, "Bound on ");
		str_add_object(line, v->host);
		str_add(line, "\nListening on ");
		str_add_object(line, v->host);
	} else if (is_event(h->event, "listening") && local) {
		str_addf(line, "Listening on %s %u", v->host ? v->host : "0.0.0.0",
			sockaddr_port(local));
	} else if (is_event(h->event, "accepted") && remote && v->port) {
		str_add(line, "Connection received on ");
		add_host(line, remote);
		str_addf(line, " %u", sockaddr_port(remote));
	} else if (is_event(h->event, "accepted")) {
		str_add(line, "Connection received on ");
		str_add_object(line, v->host);
	}
}

// The originals have no words for what a proxy could not do, which comes without an error.
static bool is_dialling_failure(
	const struct netcat_voice *v, int status, const struct sockaddr_any *remote, int error)
{
	return !v->listens && remote && error &&
	       (status == STATUS_CONNECT || status == STATUS_TIMEOUT);
}

static bool is_lookup_failure(const struct netcat_voice *v, int status)
{
	return !v->listens && v->host && v->port &&
	       (status == STATUS_NOT_FOUND || status == STATUS_NAME_SERVICE);
}

static bool add_openbsd_error(const struct voice *voice, int status,
	const struct sockaddr_any *remote, int error, struct str *line)
{
	const struct netcat_voice *v = of(voice);

	if (v->is_udp && v->checks && status != STATUS_NOT_FOUND)
		return true;
	if (is_lookup_failure(v, status)) {
		str_addf(line, "nc: getaddrinfo for host \"%s\" port %s: Name or service not known",
			v->host, v->port);
		return true;
	}
	if (!is_dialling_failure(v, status, remote, error))
		return false;
	if (is_unix(remote)) {
		str_add(line, "nc: ");
		str_add_object(line, v->host);
		str_addf(line, ": %s", strerror(-error));
		return true;
	}
	if (!v->is_verbose)
		return true;
	str_add(line, "nc: connect to ");
	add_named(line, v, remote);
	str_add(line, " port ");
	add_port(line, v, remote);
	str_addf(line, " (%s) ", v->is_udp ? "udp" : "tcp");
	if (status == STATUS_TIMEOUT)
		str_add(line, "timed out: Operation now in progress");
	else
		str_addf(line, "failed: %s", strerror(-error));
	return true;
}

const struct netcat_voice voice_openbsd = {
	.voice = {add_event, add_openbsd_error},
	.say = say_openbsd,
};

// "localhost [127.0.0.1] 80 (http)".
static void add_traditional_place(
	struct str *line, const struct netcat_voice *v, const struct sockaddr_any *a)
{
	struct str address = {0};

	if (a)
		add_host(&address, a);
	str_addf(line, "%s [%s] ",
		v->host && strcmp(v->host, str_c(&address)) != 0 ? v->host : "(UNKNOWN)",
		str_c(&address));
	add_port(line, v, a);
	str_add(line, " (");
	add_service(line, v, a, "?");
	str_addc(line, ')');
	str_fini(&address);
}

static void say_traditional(const struct netcat_voice *v, const struct heard *h, struct str *line)
{
	const struct sockaddr_any *remote = h->remote;
	const struct sockaddr_any *local = h->local;

	if (is_connected(h->event) && !v->listens) {
		add_traditional_place(line, v, remote);
		str_add(line, " open");
	} else if (is_event(h->event, "listening") && local) {
		str_addf(line, "listening on [%s] %u ...", v->host ? v->host : "any",
			sockaddr_port(local));
	} else if (is_event(h->event, "accepted") && remote && local) {
		str_add(line, "connect to [");
		add_host(line, local);
		str_add(line, "] from (UNKNOWN) [");
		add_host(line, remote);
		str_addf(line, "] %u", sockaddr_port(remote));
	}
}

static bool add_traditional_error(const struct voice *voice, int status,
	const struct sockaddr_any *remote, int error, struct str *line)
{
	const struct netcat_voice *v = of(voice);

	if (!is_dialling_failure(v, status, remote, error))
		return false;
	if (!v->is_verbose)
		return true;
	add_traditional_place(line, v, remote);
	str_addf(line, " : %s",
		status == STATUS_TIMEOUT ? "Connection timed out" : strerror(-error));
	return true;
}

const struct netcat_voice voice_traditional = {
	.voice = {add_event, add_traditional_error},
	.say = say_traditional,
};

static void say_busybox(const struct netcat_voice *v, const struct heard *h, struct str *line)
{
	const struct sockaddr_any *remote = h->remote;
	const struct sockaddr_any *local = h->local;

	if (is_connected(h->event) && !v->listens && remote) {
		str_addf(line, "%s (", v->host);
		str_add_shown_sockaddr(line, &remote->sa, remote->len);
		str_add(line, ") open");
	} else if (is_event(h->event, "listening") && local) {
		str_add(line, "listening on ");
		str_add_shown_sockaddr(line, &local->sa, local->len);
		str_add(line, " ...");
	} else if (is_event(h->event, "accepted") && remote && local) {
		str_add(line, "connect to ");
		str_add_shown_sockaddr(line, &local->sa, local->len);
		str_add(line, " from ");
		str_add_shown_sockaddr(line, &remote->sa, remote->len);
	}
}

static bool add_busybox_error(const struct voice *voice, int status,
	const struct sockaddr_any *remote, int error, struct str *line)
{
	const struct netcat_voice *v = of(voice);

	if (is_lookup_failure(v, status)) {
		str_addf(line, "nc: bad address '%s'", v->host);
		return true;
	}
	if (!is_dialling_failure(v, status, remote, error))
		return false;
	if (status == STATUS_TIMEOUT) {
		str_add(line, "nc: timed out");
		return true;
	}
	str_add(line, "nc: can't connect to remote host (");
	add_host(line, remote);
	str_addf(line, "): %s", strerror(-error));
	return true;
}

const struct netcat_voice voice_busybox = {
	.voice = {add_event, add_busybox_error},
	.say = say_busybox,
};

static void add_ncat_place(struct str *line, const struct sockaddr_any *a)
{
	add_host(line, a);
	if (!is_unix(a))
		str_addf(line, ":%u", sockaddr_port(a));
}

static void say_ncat_accepted(struct str *line, const struct sockaddr_any *remote)
{
	if (is_unix(remote)) {
		str_add(line, "Ncat: Connection from a client on Unix domain socket.\nNcat: "
			      "Connection from .");
		return;
	}
	str_add(line, "Ncat: Connection from ");
	add_host(line, remote);
	str_add(line, ".\nNcat: Connection from ");
	add_ncat_place(line, remote);
	str_addc(line, '.');
}

// After that the original counts no bytes.
static bool has_been_idle(const struct heard *h)
{
	return number_of(h, "status") == STATUS_TIMEOUT;
}

static void say_ncat(const struct netcat_voice *v, const struct heard *h, struct str *line)
{
	const struct sockaddr_any *remote = h->remote;
	const struct sockaddr_any *local = h->local;

	if (is_connected(h->event) && remote && !v->listens) {
		str_add(line, "Ncat: Connected to ");
		add_ncat_place(line, remote);
		str_addc(line, '.');
		if (v->checks)
			str_add(line, "\nNcat: 0 bytes sent, 0 bytes received in 0.00 seconds.");
	} else if (is_event(h->event, "listening") && local) {
		str_add(line, "Ncat: Listening on ");
		add_ncat_place(line, local);
		if (!is_unix(local) && sockaddr_is_wildcard(local) && !v->host &&
			local->sa.sa_family == AF_INET6)
			str_addf(line, "\nNcat: Listening on 0.0.0.0:%u", sockaddr_port(local));
	} else if (is_event(h->event, "accepted") && remote) {
		say_ncat_accepted(line, remote);
	} else if (is_event(h->event, "closed") && !v->listens && !has_been_idle(h)) {
		str_addf(line,
			"Ncat: %" PRIu64 " bytes sent, %" PRIu64 " bytes received in %.2f seconds.",
			number_of(h, "sent_bytes"), number_of(h, "received_bytes"),
			(double)number_of(h, "duration") / 1e9);
	}
}

static bool is_idle_end(const struct netcat_voice *v, int status, int error)
{
	return v->idle_ms && status == STATUS_TIMEOUT && !error;
}

static void say_ncat_idle(struct str *line, const struct netcat_voice *v)
{
	str_addf(line, "Ncat: Idle timeout expired (%" PRIu64 " ms).", v->idle_ms);
	if (v->listens && !v->serves_many)
		str_add(line, " QUITTING.");
}

static bool add_ncat_error(const struct voice *voice, int status, const struct sockaddr_any *remote,
	int error, struct str *line)
{
	const struct netcat_voice *v = of(voice);

	if (is_lookup_failure(v, status)) {
		str_addf(line,
			"Ncat: Could not resolve hostname \"%s\": Name or service not known. "
			"QUITTING.",
			v->host);
		return true;
	}
	if (is_idle_end(v, status, error)) {
		say_ncat_idle(line, v);
		return true;
	}
	if (!is_dialling_failure(v, status, remote, error))
		return false;
	if (v->checks && !v->is_verbose)
		return true;
	if (status == STATUS_TIMEOUT)
		str_add(line, "Ncat: TIMEOUT.");
	else
		str_addf(line, "Ncat: %s.", strerror(-error));
	return true;
}

const struct netcat_voice voice_ncat = {
	.voice = {add_event, add_ncat_error},
	.say = say_ncat,
};

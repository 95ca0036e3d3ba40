// SPDX-License-Identifier: ISC
#include "session/connection.h"

#include "base/hex.h"
#include "base/mem.h"
#include "base/value.h"
#include "net/addr/ports.h"
#include "net/stream_socket.h"
#include "opts/connecting.h"
#include "opts/socket_options.h"
#include "opts/udp.h"
#include "proxy/tlv.h"
#include "sys/socket.h"
#include "sys/trace.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define GLANCE (16 * 1024) // bytes that fit into buffers, so that who leaves has not missed them

void connection_init(
	struct connection *c, struct app *app, uint64_t number, const struct sockaddr_any *remote)
{
	struct timespec now;

	assert(app && number > 0);
	clock_gettime(CLOCK_REALTIME, &now);
	*c = (struct connection){.app = app,
		.number = number,
		.remote = *remote,
		.started = trace_now(),
		.start_time = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec};
	sockaddr_unmap(&c->remote);
}

void connection_init_dialled(
	struct connection *c, struct app *app, uint64_t number, const struct dial *d)
{
	connection_init(c, app, number, &d->address);
	c->times = d->times;
}

void connection_init_of(struct connection *c, struct app *app, int fd)
{
	struct sockaddr_any remote;

	sys_getpeername(fd, &remote);
	connection_init(c, app, 1, &remote);
}

void connection_announce(struct connection *c, const struct proxy_header *h)
{
	c->announced = xmalloc(sizeof(*c->announced));
	*c->announced = (struct announced){.local = h->destination, .sender = c->remote};
	c->remote = h->source;
	sockaddr_unmap(&c->remote);
	sockaddr_unmap(&c->announced->local);
}

void connection_set_proxying(
	struct connection *c, const struct proxying *p, const struct endpoint *target)
{
	const char *host = target->host ? target->host : "localhost";
	uint64_t port = 0;

	c->proxying = p;
	if (is_port_number(target->service, 0))
		parse_uint(target->service, &port);
	if (port && numeric_address(host, (uint16_t)port, &c->remote))
		return;
	c->target = xmalloc(sizeof(*c->target));
	*c->target = (struct field_host){target->name, host, target->service};
}

struct field connection_remote(const struct connection *c)
{
	if (c->target)
		return (struct field)F_HOST("remote", c->target);
	return (struct field)F_ADDR("remote", &c->remote);
}

// The same as what a message is about, which is escaped where it is shown.
static void add_remote(struct str *s, const struct connection *c)
{
	if (c->target)
		str_add(s, c->target->text);
	else
		str_add_sockaddr(s, &c->remote.sa, c->remote.len);
}

static void add_time(struct str *s, const char *what, uint64_t ns)
{
	if (ns)
		str_addf(s, "%s%s %.3f s", s->len ? ", " : " (", what, (double)ns / 1e9);
}

void connection_report_open(const struct connection *c)
{
	const struct dial_times *t = &c->times;
	struct str took = {0};

	add_time(&took, "look-up", t->lookup);
	add_time(&took, "connecting", t->connect);
	add_time(&took, "proxy and TLS", t->upgrade);
	if (took.len)
		str_addc(&took, ')');
	report(&c->app->out, &ev_open, connection_remote(c), connection_via(c), TIMES_FIELDS(t),
		F_SHOWN("took", str_c(&took)));
	str_fini(&took);
}

bool connection_is_look(const struct connection *c, uint64_t received, uint64_t sent, int error)
{
	// The last of them is how shutdown() calls a connection that was reset before.
	bool is_gone = error == 0 || error == -EPIPE || error == -ECONNRESET || error == -ENOTCONN;

	return c->is_one_of_many && is_gone && !received && sent < GLANCE;
}

struct field connection_via(const struct connection *c)
{
	return (struct field)F_LIST("via", c->proxying ? c->proxying->via : NULL);
}

void connection_fini(struct connection *c)
{
	free(c->announced);
	free(c->target);
	c->announced = NULL;
	c->target = NULL;
}

static void get_local(int fd, struct sockaddr_any *local)
{
	sys_getsockname(fd, local);
	sockaddr_unmap(local);
}

void connection_report_connected(const struct connection *c, int fd)
{
	struct sockaddr_any local;

	if (!report_wants(&c->app->out, &ev_connected))
		return;
	get_local(fd, &local);
	report(&c->app->out, c->wants_paths ? &ev_connected_by : &ev_connected,
		F_UINT("connection", c->number), connection_remote(c), F_ADDR("local", &local),
		F_STR("protocol", stream_socket_protocol(fd)), connection_via(c),
		TIMES_FIELDS(&c->times));
}

static void on_refused(void *data, const struct sockaddr_any *remote, const char *reason)
{
	const struct connection *c = data;

	connecting_report_attempt(c->app, remote, reason);
}

static void on_moved(void *data, const struct sockaddr_any *remote, int fd)
{
	struct connection *c = data;
	struct str name = {0};
	int r = sockopt_settings_complete(c->settings, fd);

	c->remote = *remote;
	c->times = (struct dial_times){0}; // of the one before
	connection_report_connected(c, fd);
	if (r == 0)
		return;
	add_remote(&name, c);
	sockopt_fail(c->app, str_c(&name), c->settings, r);
	str_fini(&name);
	app_stop(c->app);
}

void connection_follow(struct connection *c, struct channel *channel, struct dial *d,
	struct sockopt_settings *settings)
{
	const struct fallback_listener listener = {on_refused, on_moved, c};

	c->settings = settings;
	if (d)
		udp_fall_back(channel, d, &listener);
}

// One extension of a header as an object.
struct extension {
	struct str value; // as hex
	struct field fields[3];
};

static size_t count_extensions(const struct proxy_header *h)
{
	struct tlv t;
	size_t at = 0;
	size_t count = 0;

	while (tlv_next(str_c(&h->tlvs), h->tlvs.len, &at, &t) == 1)
		count++;
	return count;
}

// Adds "alpn=6832 0xe0=", and fills the objects.
static void read_extensions(const struct proxy_header *h, struct str *text, struct extension *x,
	struct field_group *groups)
{
	struct tlv t;
	size_t at = 0;

	for (size_t i = 0; tlv_next(str_c(&h->tlvs), h->tlvs.len, &at, &t) == 1; i++) {
		const char *name = tlv_name(t.type);

		str_add_hex(&x[i].value, t.value, t.len);
		x[i].fields[0] = (struct field)F_UINT("number", t.type);
		x[i].fields[1] = (struct field)F_STR("name", name);
		x[i].fields[2] = (struct field)F_STR("value", str_c(&x[i].value));
		groups[i] = (struct field_group){x[i].fields, ARRAY_SIZE(x[i].fields)};
		if (name)
			str_addf(text, " %s=%s", name, str_c(&x[i].value));
		else
			str_addf(text, " 0x%02x=%s", t.type, str_c(&x[i].value));
	}
}

static void report_announced(const struct connection *c, const struct sockaddr_any *local,
	const char *protocol, const struct proxy_header *h)
{
	size_t count = count_extensions(h);
	struct extension *extensions = xcalloc(count + 1, sizeof(*extensions));
	struct field_group *groups = xcalloc(count + 1, sizeof(*groups));
	struct str text = {0};

	read_extensions(h, &text, extensions, groups);
	report(&c->app->out, &ev_accepted_announced, F_UINT("connection", c->number),
		F_ADDR("remote", &c->remote), F_ADDR("local", &c->announced->local),
		F_ADDR("sender", &c->announced->sender), F_ADDR("sender_local", local),
		F_STR("protocol", protocol), F_OBJECTS("tlvs", groups, count));
	report(&c->app->out, &ev_proxy_header, F_UINT("connection", c->number),
		F_UINT("header_version", h->version), F_BOOL("checked", h->has_crc),
		F_SHOWN("extensions", str_c(&text)));
	for (size_t i = 0; i < count; i++)
		str_fini(&extensions[i].value);
	free(extensions);
	free(groups);
	str_fini(&text);
}

void connection_report_accepted(
	const struct connection *c, int fd, const struct proxy_header *header)
{
	struct sockaddr_any local;
	const char *protocol;
	struct ucred who;

	if (!report_wants(&c->app->out, &ev_accepted))
		return;
	get_local(fd, &local);
	protocol = stream_socket_protocol(fd);
	if (header)
		report_announced(c, &local, protocol, header);
	else if (stream_socket_credentials(fd, &who) == 0)
		report(&c->app->out, &ev_accepted_local, F_UINT("connection", c->number),
			F_ADDR("remote", &c->remote), F_ADDR("local", &local),
			F_STR("protocol", protocol), F_INT("pid", who.pid), F_UINT("uid", who.uid),
			F_UINT("gid", who.gid));
	else
		report(&c->app->out, c->wants_paths ? &ev_accepted_by : &ev_accepted,
			F_UINT("connection", c->number), F_ADDR("remote", &c->remote),
			F_ADDR("local", &local), F_STR("protocol", protocol));
}

bool connection_is_reported(const struct connection *c)
{
	return report_wants(&c->app->out, &ev_closed);
}

void connection_report_closed(const struct connection *c, const struct connection_end *end)
{
	report(&c->app->out, &ev_closed, F_UINT("connection", c->number), connection_remote(c),
		connection_via(c), F_TIME("start", c->start_time),
		F_SECONDS("duration", trace_now() - c->started), F_UINT("sent_bytes", end->sent),
		F_UINT("received_bytes", end->received), F_UINT("unsent_bytes", end->unsent),
		F_STR("how", end->how), F_UINT("status", end->status));
}

void connection_report_flow(const struct connection *c, const struct flow *f,
	enum flow_state before, const char *from, const char *to)
{
	bool has_failed = f->state == FLOW_FAILED;
	struct str remote = {0};

	str_add_sockaddr(&remote, &c->remote.sa, c->remote.len);
	report(&c->app->out, has_failed ? &ev_flow_failed : &ev_flow,
		F_UINT("connection", c->number), F_STR("from", from ? from : str_c(&remote)),
		F_STR("to", to ? to : str_c(&remote)), F_STR("before", flow_state_names[before]),
		F_STR("after", flow_state_names[f->state]),
		F_STR("errno", has_failed ? strerrorname_np(-f->error) : NULL));
	str_fini(&remote);
}

int connection_report_error(const struct connection *c, int status, const char *message, int error)
{
	struct str remote = {0};

	add_remote(&remote, c);
	report_error(&c->app->out, status, str_c(&remote), message, error);
	str_fini(&remote);
	return status;
}

void connection_add_doing(
	const struct connection *c, uint64_t sent, uint64_t received, struct str *doing)
{
	add_remote(&c->app->stop_object, c);
	str_add(doing, "after ");
	str_add_count(doing, sent, "bytes");
	str_add(doing, " sent and ");
	str_add_count(doing, received, "bytes");
	str_add(doing, " received");
}

int connection_report_lost(const struct connection *c, uint64_t datagrams)
{
	struct str message = {0};
	int status;

	if (!datagrams)
		return STATUS_OK;
	str_addf(&message, "datagrams that were too long for where they were to go: %" PRIu64,
		datagrams);
	status = connection_report_error(c, STATUS_BROKEN, str_c(&message), -EMSGSIZE);
	str_fini(&message);
	return status;
}

bool connection_shows_messages(const struct connection *c)
{
	return report_wants(&c->app->out, &ev_message);
}

void connection_report_message(const struct connection *c, bool is_sent, size_t len)
{
	report(&c->app->out, &ev_message, F_UINT("connection", c->number),
		F_STR("direction", is_sent ? "sent" : "received"), F_UINT("length", len));
}

void connection_report_urgent(const struct connection *c, unsigned char byte, uint64_t offset)
{
	const char text[] = {(char)byte, '\0'};

	report(&c->app->out, &ev_urgent, connection_remote(c), F_STR("character", text),
		F_UINT("byte", byte), F_UINT("offset", offset));
}

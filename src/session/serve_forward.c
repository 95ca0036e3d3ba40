// SPDX-License-Identifier: ISC
// Clients joined to another endpoint, each by a connection of its own.
#include "session/serve.h"

#include "base/mem.h"
#include "opts/approach.h"
#include "opts/connecting.h"
#include "opts/given.h"
#include "io/closing.h"
#include "sys/socket.h"
#include "net/dgram/dgram_channel.h"
#include "session/forward/torn.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

// A pipe takes two descriptors: not for small talk.
#define SPLICE_AFTER (64 * 1024)

#define LATE_MS 1000 // for answers of datagrams, once the client has said all

struct forward {
	struct stream_files files; // how the target is called
	struct dial_options options;
	struct proxying proxying;
};

struct forward_client {
	struct client client;
	struct dial *dial;
	struct approach *approach; // of the dial; NULL: nothing happens
	struct channel *target;
	struct stream stream;
	struct closing *closing; // of what is left when the other side has broken
};

static void add_needs(const struct server *s, struct sandbox *sandbox)
{
	const struct proxying *p = &((const struct forward *)s->mode_data)->proxying;

	confine_add_target(sandbox, proxying_endpoint(p), s->config->is_target_udp);
	if (proxying_asks_names(p))
		sandbox->needs |= SANDBOX_NAMES;
}

static int init(struct server *s)
{
	const struct endpoint *target = &s->config->target;
	struct forward *f = s->mode_data = xcalloc(1, sizeof(*f));
	struct fd_info info;

	f->files = (struct stream_files){
		.in_name = target->name, .out_name = target->name, .is_remote = true};
	f->options = (struct dial_options){.connect_timeout_ms = s->config->connect_timeout_ms};
	udp_plan(s->config->is_target_udp, &f->options);
	if (target->kind == ENDPOINT_FD && given_check(s->app, target, &info))
		return s->app->status;
	if (connecting_check_service(s->app, target, s->config->is_target_udp))
		return s->app->status;
	if (s->config->udp.is_wanted && !s->config->is_target_udp)
		report(&s->app->out, &ev_joined);
	return proxying_init(&f->proxying, s->app, &s->config->proxy, target, false, true) ||
	       stream_calls_check_proxying(&s->config->stream.calls, &f->proxying);
}

static void fini(struct server *s)
{
	struct forward *f = s->mode_data;

	proxying_fini(&f->proxying);
	free(f);
}

static void on_closed(void *data, int error)
{
	struct forward_client *c = data;

	(void)error; // that the stream was torn has been said
	client_done(&c->client, c->client.status);
}

static void on_done(struct stream *stream, int status)
{
	struct forward_client *c = stream->data;

	c->client.status = status;
	c->closing = torn_tell(stream, &c->target, on_closed, c);
	if (!c->closing)
		client_done(&c->client, status);
}

// A target for datagrams is not told of the end of its client, so that nothing but time says when
// it has answered.
static void plan_end(struct forward_client *c)
{
	const struct client *client = &c->client;
	bool has_end = !channel_keeps_boundaries(client->channel) ||
		       client->server->config->datagram_count;

	if (has_end && channel_keeps_boundaries(c->target))
		dgram_channel_end_after(c->target, LATE_MS);
}

// Joins the client to its target. Returns 0 or a negative errno.
static int join(struct forward_client *c)
{
	struct client *client = &c->client;
	struct server *s = client->server;
	struct forward *f = s->mode_data;
	const struct stream_options options = {
		.connection = &client->connection,
		.config = &s->config->stream,
		.files = &f->files,
		.peer = client->channel,
		.sets_linger = server_sets_linger(s),
		.local = c->target,
		.answers = true,
		.ends_with_local = s->config->udp.is_wanted && !s->config->is_target_udp,
		.splice_after = SPLICE_AFTER,
		.shutdown_delay_ms = proxying_shutdown_delay(&f->proxying, s->target_tls.context),
		.done = on_done,
		.data = c,
	};
	int r;

	plan_end(c);
	r = stream_init(&c->stream, &options);
	if (r < 0)
		return r;
	client->channel = NULL;
	stream_start(&c->stream);
	return 0;
}

// Nothing is under way any more.
static void end_dial(struct forward_client *c)
{
	dial_destroy(c->dial);
	c->dial = NULL;
	free(c->approach);
	c->approach = NULL;
}

// What kept the target from being connected to, if that was a lack of descriptors or memory.
static int exhaustion_of(const struct client *client, const struct dial_outcome *o)
{
	if (client_may_wait(client, o->error))
		return o->error;
	for (size_t i = 0; i < o->attempt_count; i++)
		if (client_may_wait(client, o->attempts[i].error))
			return o->attempts[i].error;
	return 0;
}

static void fail_dial(struct forward_client *c, const struct dial *d)
{
	struct client *client = &c->client;
	struct server *s = client->server;
	int error = exhaustion_of(client, &d->last);
	struct connection_end end = {.how = "target not reached"};

	if (!error)
		end.status = connecting_say(s->app, d->endpoint, &d->options, &d->last);
	end_dial(c);
	if (error) {
		client_wait(client, error);
		return;
	}
	connection_report_closed(&client->connection, &end);
	client_done(client, end.status);
}

static void report_target(const struct forward_client *c)
{
	const struct server *s = c->client.server;
	const struct forward *f = s->mode_data;

	target_report_connected(s->app, c->client.connection.number, c->target, &f->proxying);
}

static void on_refused(void *data, const struct sockaddr_any *remote, const char *reason)
{
	const struct forward_client *c = data;

	connecting_report_attempt(c->client.server->app, remote, reason);
}

// Another address of the target's name has taken the place of one that refuses datagrams.
static void on_moved(void *data, const struct sockaddr_any *remote, int fd)
{
	(void)remote;
	(void)fd;
	report_target(data);
}

static void on_dialled(struct dial *d)
{
	struct forward_client *c = d->data;
	const struct fallback_listener listener = {on_refused, on_moved, c};
	struct server *s = c->client.server;
	int r;

	if (d->last.failure != DIAL_OK) {
		fail_dial(c, d);
		return;
	}
	c->target = dial_take(d);
	udp_fall_back(c->target, d, &listener);
	end_dial(c);
	report_target(c);
	if (channel_tls(c->target))
		tls_report_target(s->app, s->config->target.name, c->client.connection.number,
			channel_tls(c->target));
	r = join(c);
	if (r < 0) {
		channel_destroy(c->target);
		c->target = NULL;
		client_fail(&c->client, r);
	}
}

// The target is told whose connection it gets.
static void announce(const struct forward_client *c, struct proxy_header *h)
{
	const struct connection *connection = &c->client.connection;

	*h = c->client.server->config->send_proxy.header;
	if (!h->destination.len && connection->announced)
		h->destination = connection->announced->local;
	else if (!h->destination.len)
		sys_getsockname(channel_socket(c->client.channel), &h->destination);
	sockaddr_unmap(&h->destination);
	if (!h->source.len) {
		h->source = connection->remote;
		h->is_local |= connection->remote.sa.sa_family == AF_UNIX;
	}
}

static void plan_approach(struct forward_client *c, struct dial_options *options)
{
	struct server *s = c->client.server;
	struct proxying *p = &((struct forward *)s->mode_data)->proxying;
	bool announces = s->config->send_proxy.version;

	if (!announces && !s->target_tls.context && !proxying_is_wanted(p))
		return;
	c->approach = xcalloc(1, sizeof(*c->approach));
	if (announces)
		announce(c, &c->approach->header);
	c->approach->tls = s->target_tls.plan;
	approach_plan(c->approach, announces, p, &s->config->target, options);
}

static int start(struct client *client)
{
	struct forward_client *c = container_of(client, struct forward_client, client);
	struct server *s = client->server;
	struct forward *f = s->mode_data;
	struct dial_options options = f->options;
	struct fd_info info;

	if (s->config->target.kind == ENDPOINT_FD) {
		fd_inspect(s->config->target.fd, &info);
		c->target = udp_adopt(
			s->config->is_target_udp, &s->app->loop, s->config->target.fd, &info);
		return join(c);
	}
	plan_approach(c, &options);
	c->dial = dial_create(
		&s->app->loop, proxying_endpoint(&f->proxying), &options, on_dialled, NULL, c);
	return 0;
}

static void fini_client(struct client *client)
{
	struct forward_client *c = container_of(client, struct forward_client, client);

	end_dial(c);
	stream_fini(&c->stream);
	channel_destroy(c->target);
	closing_destroy(c->closing);
}

static void report_totals(struct client *client)
{
	struct forward_client *c = container_of(client, struct forward_client, client);

	if (!c->dial && !c->closing)
		stream_report_totals(&c->stream);
}

static void add_doing(const struct client *client, struct str *doing)
{
	const struct forward_client *c = container_of(client, struct forward_client, client);

	if (c->dial)
		connecting_add_doing(c->dial, doing);
	else
		stream_add_doing(&c->stream, doing);
}

const struct serve_mode serve_forward = {
	.client_size = sizeof(struct forward_client),
	.descriptors = 1,
	.add_needs = add_needs,
	.init = init,
	.fini = fini,
	.start = start,
	.fini_client = fini_client,
	.report_totals = report_totals,
	.add_doing = add_doing,
};

// SPDX-License-Identifier: ISC
#include "session/forward/second.h"

#include "opts/connecting.h"
#include "opts/given.h"
#include "session/forward/torn.h"

#include <assert.h>
#include <errno.h>

#define AT(field, type) OPT_AT(struct second_config, field, type)

const struct opt second_opts[] = {
	{"forward", 0, OPT_STRING, AT(forward, const char *), "ENDPOINT",
		"relay to a connection to ENDPOINT instead of stdin and stdout",
		.words = "host|unix", .mode = "second", .not_with = "forward"},
	{""},
};

int second_check(struct second_config *c, bool ipv4, bool ipv6, struct str *err)
{
	char *words[] = {(char *)c->forward, NULL};
	struct str why = {0};
	int r = c->forward ? endpoint_parse(&c->endpoint, ENDPOINT_PLAIN, 1, words, &why) : 0;

	if (r == 0 && c->forward)
		r = endpoint_check_family(&c->endpoint, ipv4, ipv6, &why);
	if (r < 0)
		str_addf(err, "--forward: %s", str_c(&why));
	c->family = ipv4 ? AF_INET : ipv6 ? AF_INET6 : AF_UNSPEC;
	str_fini(&why);
	return r;
}

void second_fini_config(struct second_config *c)
{
	endpoint_fini(&c->endpoint);
}

static void end(struct second *s, int status)
{
	s->options.done(s->options.data, status);
}

static void on_closed(void *data, int error)
{
	struct second *s = data;

	(void)error; // that the stream was torn has been said
	end(s, s->status);
}

static void on_done(struct stream *stream, int status)
{
	struct second *s = stream->data;

	s->status = status;
	s->closing = torn_tell(stream, &s->target, on_closed, s);
	if (!s->closing)
		end(s, status);
}

static int start_stream(struct second *s)
{
	const struct second_options *o = &s->options;
	const struct stream_options options = {
		.connection = o->connection,
		.config = o->stream,
		.files = &s->files,
		.peer = o->channel,
		.local = s->target,
		.shutdown_delay_ms = o->shutdown_delay_ms,
		.sets_linger = o->sets_linger,
		.done = on_done,
		.data = s,
	};
	int r = stream_init(&s->stream, &options);

	if (r < 0)
		return app_fail(o->connection->app, STATUS_LOCAL, o->config->endpoint.name, r);
	s->options.channel = NULL;
	s->is_streaming = true;
	return 0;
}

// Both connections are there. Returns 0, or the status after a message.
static int join(struct second *s)
{
	struct app *app = s->options.connection->app;
	const struct sandbox sandbox = {.needs = stream_sandbox_needs(s->options.stream)};
	int status;

	target_report_connected(app, s->options.connection->number, s->target, NULL);
	status = start_stream(s);
	if (!status)
		status = confine(app, s->options.confine, &sandbox);
	if (!status)
		stream_start(&s->stream);
	return status;
}

static void on_dialled(struct dial *d)
{
	struct second *s = d->data;
	int status = 0;

	if (d->last.failure == DIAL_OK)
		s->target = dial_take(d);
	else
		status = connecting_report(
			s->options.connection->app, d->endpoint, &d->options, &d->last);
	dial_destroy(d);
	s->dial = NULL;
	if (!status)
		status = join(s);
	if (status)
		end(s, status);
}

static void on_progress(
	struct dial *d, enum dial_progress progress, const struct dial_attempt *attempt)
{
	struct second *s = d->data;

	connecting_report_progress(s->options.connection->app, d, progress, attempt);
}

// Where the first connects from, and what happens on it, says nothing about the second.
static struct dial_options dial_options_of(const struct second_options *o)
{
	const struct dial_options *first = o->dial;

	return (struct dial_options){
		.family = o->config->family,
		.numeric = first->numeric,
		.connect_timeout_ms = first->connect_timeout_ms,
		.retries = first->retries,
		.retry_delay_ms = first->retry_delay_ms,
	};
}

static int use_descriptor(struct second *s, const struct endpoint *endpoint)
{
	s->target = channel_create_socket(&s->options.connection->app->loop, endpoint->fd, false);
	return join(s);
}

// The first has broken while the second is dialled: nobody is there to be joined to it. A peer that
// has only ended leaves what it has sent.
static void on_first(struct watch *w, unsigned events)
{
	struct second *s = w->data;
	struct connection *c = s->options.connection;
	int error = channel_take_error(s->options.channel);
	struct connection_end end_of_first = {.how = "broken"};

	(void)events;
	if (error == 0)
		return;
	dial_destroy(s->dial);
	s->dial = NULL;
	end_of_first.status = connection_report_error(c, STATUS_BROKEN, NULL, error);
	connection_report_closed(c, &end_of_first);
	end(s, end_of_first.status);
}

int second_prepare(struct app *app, const struct second_config *c)
{
	struct fd_info info;

	if (c->endpoint.kind == ENDPOINT_FD)
		return given_check(app, &c->endpoint, &info);
	return connecting_check_service(app, &c->endpoint, false);
}

int second_start(struct second *s, const struct second_options *o)
{
	const struct endpoint *endpoint = &o->config->endpoint;
	struct dial_options options = dial_options_of(o);
	uv_loop_t *loop = &o->connection->app->loop;
	int r;

	assert(o->done && o->channel);
	*s = (struct second){.options = *o,
		.files = {
			.in_name = endpoint->name, .out_name = endpoint->name, .is_remote = true}};
	proxying_report_unused(o->connection->app, endpoint->name);
	if (endpoint->kind == ENDPOINT_FD)
		return use_descriptor(s, endpoint);
	r = channel_watch(s->options.channel, on_first, s);
	if (r < 0)
		return app_fail(o->connection->app, STATUS_LOCAL, endpoint->name, r);
	s->dial = dial_create(loop, endpoint, &options, on_dialled, on_progress, s);
	return 0;
}

void second_fini(struct second *s)
{
	dial_destroy(s->dial);
	s->dial = NULL;
	if (s->is_streaming)
		stream_fini(&s->stream);
	channel_destroy(s->options.channel);
	channel_destroy(s->target);
	closing_destroy(s->closing);
	*s = (struct second){0};
}

void second_report_totals(struct second *s)
{
	if (s->is_streaming && !s->closing)
		stream_report_totals(&s->stream);
}

void second_add_doing(const struct second *s, struct str *doing)
{
	if (s->dial)
		connecting_add_doing(s->dial, doing);
	else
		stream_add_doing(&s->stream, doing);
}

// SPDX-License-Identifier: ISC
// From the words of the command line to sockets that listen.
#include "session/server.h"

#include "opts/given.h"
#include "opts/open_failure.h"
#include "net/activation.h"
#include "net/addr/ip.h"
#include "net/stream_socket.h"
#include "sys/socket.h"

#include <errno.h>
#include <string.h>

#define PEERS_MOST 1024 // at once, unless the user says how many

// What serving takes from now on; programs take everything.
static int confine_server(struct server *s)
{
	const struct listen_config *c = s->config;
	struct sandbox sandbox = {
		.needs = SANDBOX_ACCEPT | confine_notify_need() | stream_sandbox_needs(&c->stream)};
	int status = user_become(s->app, &c->user);

	if (status || s->mode->gives_access)
		return status;
	bind_add_paths(&s->listener.bound, &sandbox.unlink);
	for (size_t i = 0; c->udp.is_wanted && i < s->listener.count; i++)
		if (s->listener.sockets[i].local.sa.sa_family ==
			AF_UNIX) // peers may have such names
			sandbox.needs |= SANDBOX_ABSTRACT;
	if (s->mode->add_needs)
		s->mode->add_needs(s, &sandbox);
	if (s->serves_many) {
		tls_serving_add_files(&s->tls, s->target_tls.context, &sandbox);
		rotation_add_needs(&s->rotation, &sandbox);
	}
	status = confine(s->app, &c->confine, &sandbox);
	strlist_fini(&sandbox.rotate);
	strlist_fini(&sandbox.unlink);
	return status;
}

static void on_peer(void *data, struct channel *channel, const struct sockaddr_any *peer)
{
	server_take(data, channel, peer);
}

static void on_short(void *data, int error)
{
	const struct server *s = data;

	report(&s->app->out, &ev_paused_datagrams, F_STR("reason", listener_strerror(error)),
		F_STR("errno", strerrorname_np(-error)));
}

static int start_datagrams(struct server *s)
{
	const struct listen_config *c = s->config;
	uint64_t most = c->listening.max_connections;

	return peers_start(&s->peers, &(struct peers_options){.loop = &s->app->loop,
					      .listener = &s->listener,
					      .most = most ? (size_t)most : PEERS_MOST,
					      .limit = c->datagram_count,
					      .on_peer = on_peer,
					      .on_short = on_short,
					      .data = s});
}

// Files of TLS are read again where that makes sense: for those who are still to come.
static void on_reload(void *arg)
{
	struct server *s = arg;

	rotation_run(&s->rotation);
	tls_serving_reload(&s->tls, &s->target_tls.context);
}

// Starts accepting connections, and tells everybody who waits for that. Returns 0, or the status
// after a message.
static int start_accepting(struct server *s)
{
	int r;

	s->descriptors = fd_lowest_free();
	r = s->config->udp.is_wanted ? 0 : listener_start(&s->listener);
	if (r < 0) {
		server_end(s);
		return app_fail(s->app, STATUS_LOCAL, s->config->endpoint.name, r);
	}
	s->is_ready = true;
	r = activation_notify("READY=1");
	if (r < 0)
		report_error(&s->app->out, STATUS_OK, "service manager", NULL, r);
	return 0;
}

static int start_listening(struct server *s)
{
	int status = confine_server(s);
	int r = 0;

	if (!status && s->config->udp.is_wanted)
		r = start_datagrams(s);
	if (r < 0)
		status = app_fail(s->app, STATUS_LOCAL, s->config->endpoint.name, r);
	if (status) {
		server_end(s);
		return status;
	}
	if (s->serves_many &&
		(tls_serving_has_files(&s->tls, s->target_tls.context) || s->rotation.count))
		app_reload_by(s->app, on_reload);
	for (size_t i = 0; i < s->listener.count; i++)
		report(&s->app->out, &ev_listening,
			F_ENDPOINT("local", &s->listener.sockets[i].local));
	return start_accepting(s);
}

static int fail_listen(
	struct server *s, const struct sockaddr_any *address, enum step step, int error)
{
	const struct open_failure f = {
		.object = s->opening.endpoint->name,
		.address = address,
		.interface = s->config->interface,
		.settings = &s->settings,
		.step = step,
	};

	server_end(s);
	return open_failure_report(s->app, &f, error);
}

static int type_of(const struct server *s)
{
	const struct endpoint *p = s->opening.endpoint;

	if (s->config->udp.is_wanted)
		return SOCK_DGRAM;
	return p && p->is_seqpacket ? SOCK_SEQPACKET : SOCK_STREAM;
}

static int prepare(void *data, int fd)
{
	struct server *s = data;

	if (s->config->udp.is_wanted)
		peers_prepare(fd);
	return sockopt_settings_prepare(&s->settings, fd);
}

static struct listener_options options_of(struct server *s)
{
	const struct listen_config *c = s->config;

	return (struct listener_options){
		.type = type_of(s),
		.prepare = prepare,
		.prepare_data = s,
		.protocol = mptcp_protocol(&c->mptcp),
		.backlog = (int)c->listening.backlog,
		.mode = (mode_t)c->listening.mode,
		.group = unix_group_id(&c->listening.group),
		.interface = c->interface,
	};
}

static bool is_wildcard(const struct sockaddr_any *a)
{
	struct ip ip = ip_of(a);

	return strcmp(ip_class(&ip), "unspecified") == 0;
}

// What gives access to a program is for this machine, for one address that was chosen, or for those
// who were chosen; who means everybody has to say so.
static bool is_exposed(const struct server *s, const struct sockaddr_any *addresses, size_t count)
{
	const struct listen_config *c = s->config;
	bool is_udp = c->udp.is_wanted; // the source of which can be forged: no rule keeps it out
	bool is_guarded =
		!s->mode->gives_access || c->expose || (!is_udp && c->listening.words.allow.count);

	for (size_t i = 0; i < count && !is_guarded; i++)
		if (!sockaddr_is_loopback(&addresses[i]) &&
			((is_udp && addresses[i].sa.sa_family != AF_UNIX) || count > 1 ||
				is_wildcard(&addresses[i])))
			return true;
	return false;
}

// Who sends a PROXY header says who it is, so that not everybody may.
static bool is_open_to_claims(
	const struct server *s, const struct sockaddr_any *locals, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (accept_proxy_is_open(&s->config->accept_proxy, &locals[i]))
			return true;
	return false;
}

static int refuse_claims(struct server *s)
{
	server_end(s);
	return app_failf(s->app, STATUS_USAGE, NULL,
		"every host that can reach this machine could claim any address in a PROXY header; "
		"name the proxy with --accept-proxy-from, or listen on localhost:PORT");
}

static int refuse_exposure(struct server *s)
{
	server_end(s);
	if (s->config->udp.is_wanted)
		return app_failf(s->app, STATUS_USAGE, NULL,
			"every host that can reach this machine could use the program, for the "
			"source of a datagram can be forged; listen on localhost:PORT, or allow "
			"that with --expose");
	return app_failf(s->app, STATUS_USAGE, NULL,
		"every host that can reach this machine could use the program; name those that may "
		"with --allow, listen on localhost:PORT, or allow all with --expose");
}

static int open_next(struct server *s);

static int on_addresses(void *data, const struct address_list *list)
{
	struct server *s = data;
	struct listener_options options = options_of(s);
	struct sockaddr_any failed = {0};
	enum step step = STEP_SOCKET;
	int r;

	if (is_exposed(s, list->items, list->count))
		return refuse_exposure(s);
	if (is_open_to_claims(s, list->items, list->count))
		return refuse_claims(s);
	if (tls_serving_open(&s->tls, s->app, &s->config->tls, list->items,
		    s->config->also.words.count ? 0 : list->count)) {
		server_end(s);
		return s->app->status;
	}
	r = listener_open(&s->listener, list, &options, &failed, &step);
	return r < 0 ? fail_listen(s, &failed, step, r) : open_next(s);
}

static int fail_descriptor(struct server *s, int fd, int error)
{
	struct str name = {0};

	int status;

	str_addf(&name, "fd:%d", fd);
	if (error == -ECONNRESET || error == -ENOTCONN)
		status = given_fail(s->app, str_c(&name), error);
	else
		status = app_fail(s->app, STATUS_CONNECT, str_c(&name), error);
	str_fini(&name);
	return status;
}

// A listening socket is accepted from; a connected one is the connection, if there is nothing else.
static int listen_fd(struct server *s, int fd)
{
	struct sockaddr_any remote;
	struct fd_info info;
	int type;
	int r;

	fd_inspect(fd, &info);
	if (info.kind != FD_SOCKET)
		return fail_descriptor(s, fd, info.kind == FD_BAD ? -EBADF : -ENOTSOCK);
	type = info.socket_type == SOCK_SEQPACKET ? SOCK_SEQPACKET : type_of(s);
	if (listener_adopt(&s->listener, fd, type) == 0)
		return 0;
	r = stream_socket_peer(fd, &remote);
	if (r < 0 || s->listener.count || s->given >= 0 || s->config->also.words.count)
		return fail_descriptor(s, fd, r < 0 ? r : -EINVAL);
	s->given = fd;
	s->given_peer = remote;
	return 0;
}

// The connection that is there is served as those that are waited for: with the rights that are
// left then.
static int serve_given(struct server *s)
{
	int status = confine_server(s);

	if (status)
		server_end(s);
	else
		server_take(
			s, channel_create_socket(&s->app->loop, s->given, false), &s->given_peer);
	return status;
}

static int listen_fds(struct server *s, int first, int count)
{
	int status = tls_serving_open(&s->tls, s->app, &s->config->tls, NULL, 0);

	for (int i = 0; i < count && !status; i++)
		status = listen_fd(s, first + i);
	for (size_t i = 0; i < s->listener.count && !status; i++) {
		const struct sockaddr_any *local = &s->listener.sockets[i].local;

		if (is_exposed(s, local, 1))
			status = refuse_exposure(s);
		else if (is_open_to_claims(s, local, 1))
			status = refuse_claims(s);
	}
	return status ? status : open_next(s);
}

static int on_descriptor(void *data, int fd)
{
	return listen_fds(data, fd, 1);
}

// Opens one endpoint after the other, and begins to serve once the last is there.
static int open_next(struct server *s)
{
	const struct listen_config *c = s->config;
	const struct endpoint *first = c->activated ? NULL : &c->endpoint;
	const struct endpoint *place = also_place(first, &c->also, s->next_place++);

	if (!place)
		return s->listener.count ? start_listening(s) : serve_given(s);
	s->opening = (struct endpoint_open){
		.app = s->app,
		.endpoint = place,
		.family = c->ipv4   ? AF_INET
			  : c->ipv6 ? AF_INET6
				    : AF_UNSPEC,
		.type = type_of(s),
		.flags = AI_PASSIVE | (c->numeric ? AI_NUMERICHOST : 0),
		.on_addresses = on_addresses,
		.on_descriptor = on_descriptor,
		.data = s,
	};
	return endpoint_open(&s->opening);
}

int server_open(struct server *s)
{
	int activated = s->config->activated;

	if (!activated)
		return open_next(s);
	activation_close_on_exec(activated);
	return listen_fds(s, ACTIVATION_FIRST, activated);
}

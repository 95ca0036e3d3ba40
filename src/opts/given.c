// SPDX-License-Identifier: ISC
#include "opts/given.h"

#include "io/fd.h"
#include "net/stream_socket.h"
#include "opts/connecting.h"
#include "sys/socket.h"

#include <errno.h>
#include <sys/socket.h>

static bool is_listening(int fd)
{
	int value = 0;
	socklen_t len = sizeof(value);

	return sys_getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &len) == 0 && value;
}

int given_check(struct app *app, const struct endpoint *endpoint, struct fd_info *info)
{
	fd_inspect(endpoint->fd, info);
	if (info->kind != FD_SOCKET)
		return app_fail(app, STATUS_CONNECT, endpoint->name,
			info->kind == FD_BAD ? -EBADF : -ENOTSOCK);
	if (is_listening(endpoint->fd))
		return app_failf(app, STATUS_USAGE, endpoint->name,
			"this socket listens, where a connection is wanted; 'sockctl listen' takes "
			"it");
	return 0;
}

int given_fail(struct app *app, const char *name, int error)
{
	int status = error == -ENOTCONN ? STATUS_CONNECT : STATUS_BROKEN;

	report_error(&app->out, status, name,
		error == -ENOTCONN ? "it is not connected, or not any more" : NULL, error);
	return app_fail_quietly(app, status);
}

static void on_upgraded(struct upgrade_chain *chain, void *data)
{
	struct given *g = data;
	const struct upgrade_outcome *o = upgrade_chain_outcome(chain);
	int status;

	if (o->failure == UPGRADE_OK) {
		g->options.done(g->options.data, upgrade_chain_take(chain));
		return;
	}
	status = connecting_upgrade_status(o->failure);
	report_error(&g->app->out, status, g->options.endpoint->name, str_c(&o->text), o->error);
	app_fail_quietly(g->app, status);
	app_stop(g->app);
}

int given_start(struct given *g, struct app *app, const struct given_options *o)
{
	struct fd_info info;
	struct sockaddr_any peer;
	int status = given_check(app, o->endpoint, &info);
	int r;

	if (status)
		return status;
	r = stream_socket_peer(o->endpoint->fd, &peer);
	if (r < 0)
		return given_fail(app, o->endpoint->name, r);
	r = sockopt_settings_prepare(o->settings, o->endpoint->fd);
	if (r < 0)
		return sockopt_fail(app, o->endpoint->name, o->settings, r);
	*g = (struct given){.app = app, .options = *o};
	g->chain = upgrade_chain_create(
		udp_adopt(o->udp->is_wanted, &app->loop, o->endpoint->fd, &info),
		&(struct upgrade_options){
			&app->loop, o->upgrades, o->upgrade_count, o->timeout_ms, on_upgraded, g});
	if (upgrade_chain_start(g->chain))
		on_upgraded(g->chain, g);
	return 0;
}

void given_fini(struct given *g)
{
	upgrade_chain_destroy(g->chain);
	g->chain = NULL;
}

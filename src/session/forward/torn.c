// SPDX-License-Identifier: ISC
#include "session/forward/torn.h"

#include "net/stream_socket.h"
#include "sys/socket.h"

#define PATIENCE_MS 10000 // with one side that takes nothing after the other has broken

void target_report_connected(
	struct app *app, uint64_t number, const struct channel *channel, const struct proxying *p)
{
	bool is_direct = !p || !proxying_is_wanted(p);
	int fd = channel_socket(channel);
	struct connection there;
	struct sockaddr_any local;

	if (!report_wants(&app->out, &ev_connected_forward))
		return;
	sys_getsockname(fd, &local);
	connection_init_of(&there, app, fd);
	if (!is_direct)
		connection_set_proxying(&there, p, p->target);
	report(&app->out, is_direct ? &ev_connected_forward : &ev_connected_through,
		F_UINT("connection", number), connection_remote(&there), F_ADDR("local", &local),
		F_STR("protocol", stream_socket_protocol(fd)), connection_via(&there));
	connection_fini(&there);
}

struct closing *torn_tell(struct stream *s, struct channel **target, closing_fn *done, void *data)
{
	struct channel *survivor = NULL;

	if (stream_local_failed(s)) {
		survivor = stream_take_peer(s);
	} else if (stream_peer_failed(s)) {
		survivor = *target;
		*target = NULL;
	}
	if (survivor && channel_keeps_boundaries(survivor)) { // no end of datagrams can be told
		channel_destroy(survivor);
		survivor = NULL;
	}
	if (!survivor)
		return NULL;
	return closing_create(&s->connection->app->loop, survivor, CLOSING_RESET,
		s->config->idle_ms ? s->config->idle_ms : PATIENCE_MS, done, data);
}

// SPDX-License-Identifier: ISC
// From the words of the command line to sockets that receive.
#include "datagram/receiving.h"

#include "base/mem.h"
#include "opts/open_failure.h"

#include <errno.h>

static int prepare(void *data, int fd)
{
	struct receiving *r = data;
	unsigned details = printer_details(r->printer.framing);
	bool may_coalesce = r->printer.room == 0 && !r->printer.flags && r->printer.limit != 1;

	if (r->is_answering)
		details |= RECEIVER_DESTINATION;
	if (r->opening.endpoint->kind == ENDPOINT_FD)
		receiver_prepare_inherited(&r->loans[r->loan_count - 1], details);
	else
		r->stats.has_gro |=
			receiver_prepare(fd, details, r->type == SOCK_DGRAM && may_coalesce);
	return sockopt_settings_prepare(&r->settings, fd);
}

// Joins by the first socket that gets what is sent to the group. Returns 0 or a negative errno,
// -EDESTADDRREQ if none does.
static int join(struct receiving *r, const struct membership *m)
{
	int error = -EDESTADDRREQ;

	for (size_t i = 0; i < r->bound.count && error < 0; i++) {
		const struct bound_socket *s = &r->bound.sockets[i];

		if (membership_is_heard(m, s->fd, &s->local))
			error = membership_join(m, &r->settings, s->fd);
	}
	if (error == 0)
		groups_report(r->app, m);
	return error;
}

// An address that is a group needs no --join.
static int join_address(struct receiving *r, const struct bound_socket *s)
{
	struct membership m;
	struct str name = {0};
	int error;

	if (!is_multicast(&s->local))
		return 0;
	membership_of(&m, &s->local);
	membership_default_interface(&m, r->config->datagram.interface);
	error = membership_join(&m, &r->settings, s->fd);
	if (error == 0) {
		groups_report(r->app, &m);
		return 0;
	}
	str_add_sockaddr(&name, &s->local.sa, s->local.len);
	groups_fail(r->app, str_c(&name), error);
	str_fini(&name);
	return STATUS_CONNECT;
}

static int join_all(struct receiving *r)
{
	for (size_t i = 0; i < r->groups.count; i++) {
		const char *word = r->config->join.items[i];
		int error = join(r, &r->groups.items[i]);

		if (error == -EDESTADDRREQ)
			return app_failf(r->app, STATUS_USAGE, word,
				"nothing of this group comes to %s: leave out the host and the "
				"family",
				r->config->endpoint.name);
		if (error < 0)
			return groups_fail(r->app, word, error);
	}
	for (size_t i = 0; i < r->bound.count && !r->groups.count; i++) {
		int status = join_address(r, &r->bound.sockets[i]);

		if (status)
			return status;
	}
	return 0;
}

static struct bind_options options_of(struct receiving *r, bool reuse)
{
	return (struct bind_options){
		.type = r->type,
		.protocol = r->protocol,
		.reuse = reuse, // many may receive for a group, and only one for any other address
		.mode = (mode_t)r->config->mode,
		.interface = r->config->datagram.interface,
		.prepare = prepare,
		.prepare_data = r,
	};
}

static int fail_open(
	struct receiving *r, const struct sockaddr_any *address, enum step step, int error)
{
	const struct open_failure f = {
		.object = r->opening.endpoint->name,
		.address = address,
		.interface = r->config->datagram.interface,
		.settings = &r->settings,
		.step = step,
	};

	return open_failure_report(r->app, &f, error);
}

static int open_next(struct receiving *r);

static int on_addresses(void *data, const struct address_list *list)
{
	struct receiving *r = data;
	bool reuse = r->groups.count || is_multicast(&list->items[0]);
	struct bind_options options = options_of(r, reuse);
	struct sockaddr_any failed = {0};
	enum step step = STEP_SOCKET;
	int error;

	if (list->items[0].sa.sa_family == AF_UNIX && !r->printer.room)
		r->printer.room = PRINTER_UNIX_ROOM;
	error = bind_open(&r->bound, list, &options, &failed, &step);
	return error < 0 ? fail_open(r, &failed, step, error) : open_next(r);
}

static int on_descriptor(void *data, int fd)
{
	struct receiving *r = data;
	int error = bind_adopt(&r->bound, fd, r->type);

	r->loans = xrealloc(r->loans, (r->loan_count + 1) * sizeof(*r->loans));
	loan_init(&r->loans[r->loan_count++], fd);
	if (error == 0)
		error = prepare(r, fd);
	if (error < 0)
		return fail_open(r, &r->opening.endpoint->unix_address, STEP_ADOPT, error);
	return open_next(r);
}

// Opens one endpoint after the other, and goes on once the last is there.
static int open_next(struct receiving *r)
{
	const struct recv_config *c = r->config;
	const struct endpoint *place = also_place(&c->endpoint, &c->also, r->next_place++);

	if (!place) {
		int status = join_all(r);

		return status ? status : r->on_open(r);
	}
	r->opening = (struct endpoint_open){
		.app = r->app,
		.endpoint = place,
		.family = datagram_family(&c->datagram),
		.type = SOCK_DGRAM,
		.flags = AI_PASSIVE | (c->datagram.numeric ? AI_NUMERICHOST : 0),
		.on_addresses = on_addresses,
		.on_descriptor = on_descriptor,
		.data = r,
	};
	return endpoint_open(&r->opening);
}

int receiving_open(struct receiving *r)
{
	const struct recv_config *c = r->config;
	int status = groups_parse(&r->groups, r->app, &c->join, c->datagram.interface);

	return status ? status : open_next(r);
}

// SPDX-License-Identifier: ISC
#include "datagram/printer.h"

#include "io/terminal.h"
#include "net/dgram/error_queue.h"
#include "sys/names.h"
#include "sys/sandbox/sandbox.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#define ERRORS_MOST 64 // of one call
#define ANY_ROOM ((size_t)64 << 10) // more than any datagram of IP, and what UDP_GRO fills

unsigned printer_details(enum framing framing)
{
	bool shows = framing == FRAMING_HEX || framing == FRAMING_JSON;

	return shows ? RECEIVER_TIME | RECEIVER_DESTINATION | RECEIVER_HOPS : 0;
}

unsigned printer_sandbox_needs(enum framing framing)
{
	return framing == FRAMING_HEX ? SANDBOX_LOCAL_TIME : 0;
}

static void fail(struct printer *p, int error)
{
	app_fail_output(p->app, error);
	app_stop(p->app);
}

static void on_output(struct output *o, int error)
{
	struct printer *p = o->data;

	if (error < 0) {
		fail(p, error);
		return;
	}
	datagram_writer_clear(&p->writer);
	p->on_written(p->data);
}

// True if each datagram is received by a call of its own, which tells no details.
static bool takes_one(const struct printer *p)
{
	return !p->on_datagram && !printer_details(p->framing) && (p->flags || p->limit == 1);
}

int printer_init(struct printer *p)
{
	int r = output_init(&p->output, &p->app->loop, STDOUT_FILENO, on_output, p);

	datagram_writer_init(&p->writer, p->framing, terminal_columns(STDOUT_FILENO));
	if (p->flags & MSG_PEEK)
		p->limit = 1; // it would come again for ever
	receiver_init(
		&p->receiver, p->room ? p->room : ANY_ROOM, p->limit == 1 ? 1 : RECEIVER_MESSAGES);
	return r < 0 ? app_fail(p->app, STATUS_LOCAL, "standard output", r) : 0;
}

void printer_fini(struct printer *p)
{
	if (!p->app)
		return;
	output_fini(&p->output);
	datagram_writer_fini(&p->writer);
	receiver_fini(&p->receiver);
}

static const char *protocol_name(uint8_t number)
{
	const char *name = name_of(names_protocol, number);

	return name ? name + strlen("IPPROTO_") : NULL;
}

// Raw sockets of IPv4 get the packet with its header (raw(7)); those of IPv6 without.
static void take_header(const struct printer *p, struct datagram *d, struct ipv4_header *h)
{
	if (!p->is_raw || d->source->sa.sa_family != AF_INET || ipv4_decode(h, d->data, d->len) < 0)
		return;
	d->ip = h;
	d->hops = h->ttl;
	d->protocol = protocol_name(h->protocol);
	if (p->keep_header)
		return;
	d->data = (const char *)d->data + h->len;
	d->len -= h->len;
	d->real_len -= h->len;
}

static void report_truncated(struct printer *p, const struct datagram *d)
{
	if (p->stats->truncated++ >= DATAGRAM_TRUNCATED_TOLD)
		return;
	report(&p->app->out, &ev_truncated, F_ADDR("source", d->source),
		F_UINT("length", d->real_len), F_UINT("received_bytes", d->len));
}

static void print_datagram(struct printer *p, struct datagram *d, const struct received *m)
{
	if (p->is_wanted && !p->is_wanted(p->data, d))
		return;
	p->total++;
	p->stats->received++;
	p->stats->received_bytes += d->len;
	if (d->real_len > d->len)
		report_truncated(p, d);
	datagram_writer_add(&p->writer, d);
	if (p->on_datagram)
		p->on_datagram(p->data, d, m);
}

// Prints every datagram of a piece that came as one.
static void print_piece(struct printer *p, struct received *m)
{
	struct ipv4_header header;
	struct datagram d = {
		.source = m->source,
		.destination = m->destination.len ? &m->destination : NULL,
		.time = m->time,
		.hops = m->hops,
	};
	size_t at = 0;

	if (m->destination.len)
		sockaddr_set_port(&m->destination, p->port);
	do {
		d.data = m->data + at;
		d.len = MIN(m->len - at, m->segment);
		d.real_len = m->segment < m->real_len ? d.len : m->real_len;
		take_header(p, &d, &header);
		print_datagram(p, &d, m);
		at += m->segment;
	} while (at < m->len && !printer_is_full(p));
}

static void print_error(struct printer *p, const struct queued_error *e)
{
	struct str reason = {0}, by = {0};

	str_add_queued_error(&reason, e);
	if (e->by.len)
		str_add_sockaddr_host(&by, &e->by.sa, e->by.len);
	report_line(&p->app->out, &ev_returned, datagram_writer_text(&p->writer),
		F_ADDR("remote", &e->to), F_STR("reason", str_c(&reason)),
		F_STR("errno", strerrorname_np(-e->error)),
		F_STR("told_by", e->by.len ? str_c(&by) : NULL));
	str_fini(&reason);
	str_fini(&by);
	p->total++;
	p->stats->received++;
}

// The data in the error queue are those that we sent: what they come back for is the answer.
static int receive_errors(struct printer *p, int fd)
{
	struct queued_error e;
	int n = 0;

	while (n < ERRORS_MOST && !printer_is_full(p) && error_queue_take(fd, &e)) {
		print_error(p, &e);
		n++;
	}
	if (!n)
		return -EAGAIN;
	datagram_count(p->stats);
	return n;
}

// Writes what was added. Returns N, or 0 after a message.
static int write_all(struct printer *p, int n)
{
	int r = output_write(&p->output, datagram_writer_take(&p->writer));

	if (r == 0)
		datagram_writer_clear(&p->writer);
	if (r == 0 || r == -EAGAIN)
		return n;
	fail(p, r);
	return 0;
}

int printer_receive(struct printer *p, int fd, struct sockaddr_any *peer,
	const struct sockaddr_any *connected_to)
{
	int flags = p->flags | MSG_TRUNC;
	uint64_t most = p->limit ? p->limit - p->total : UINT64_MAX; // the rest is for others
	int n;

	if (flags & MSG_ERRQUEUE) {
		n = receive_errors(p, fd);
		return n > 0 ? write_all(p, n) : n;
	}
	n = takes_one(p) ? receiver_read_one(&p->receiver, fd, flags, connected_to)
			 : receiver_read(&p->receiver, fd, flags, most);
	if (n <= 0)
		return n;
	datagram_count(p->stats);
	p->is_coalesced = false;
	for (int i = 0; i < n && !printer_is_full(p); i++) {
		receiver_get(&p->receiver, (unsigned)i, &p->pieces[i]);
		if (p->access && access_refusal(p->access, p->pieces[i].source)) {
			p->stats->refused++;
			continue;
		}
		if (peer && !peer->len)
			*peer = *p->pieces[i].source;
		p->is_coalesced |= p->pieces[i].segment < p->pieces[i].len;
		if (!peer || sockaddr_equal(p->pieces[i].source, peer))
			print_piece(p, &p->pieces[i]);
	}
	return write_all(p, n);
}

bool printer_is_busy(const struct printer *p)
{
	return output_is_busy(&p->output);
}

bool printer_is_full(const struct printer *p)
{
	return p->limit && p->total >= p->limit;
}

// SPDX-License-Identifier: ISC
#include "net/scan/scan.h"

#include "base/mem.h"
#include "sys/socket.h"
#include "sys/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STAGGER_MS 250 // RFC 8305 section 5
#define PORTS_PER_TURN 256 // tried before others of the loop have their turn
#define BANNER_SIZE 512

_Static_assert(DIAL_MAX_ADDRESSES <= 64, "scan_port.pending has a bit for each");

static uint64_t address_bit(size_t index)
{
	return UINT64_C(1) << index;
}

static bool is_queued(const struct scan_port *p)
{
	return !list_empty(&p->due.link);
}

static void make_ready(struct scan *s, struct scan_port *p)
{
	if (!is_queued(p))
		list_append(&s->ready, &p->due.link);
}

// The scan cannot be made.
static void fail(struct scan *s, enum dial_failure failure, int error)
{
	s->outcome.failure = failure;
	s->outcome.error = error;
	s->left = 0;
}

// A socket could not be prepared as was asked for, which no other port would change.
static void fail_to_prepare(struct scan *s, const struct sockaddr_any *a, enum step step, int error)
{
	s->outcome.attempts = xcalloc(1, sizeof(*s->outcome.attempts));
	s->outcome.attempts[0] = (struct dial_attempt){.address = *a, .step = step, .error = error};
	s->outcome.attempt_count = 1;
	fail(s, step == STEP_OPTION ? DIAL_LOCAL : DIAL_REFUSED, error);
}

static bool is_enough(const struct scan *s)
{
	return s->options.any && s->open_count;
}

// A try on all addresses has failed.
static void try_failed(struct scan *s, struct scan_port *p)
{
	p->state = SCAN_CLOSED;
	p->error = p->try_error;
	p->tries++;
	if (p->tries > s->options.dial.retries || is_enough(s)) {
		s->left--;
		return;
	}
	list_remove(&p->due.link); // it may have waited to be asked again
	deadline_queue_add(&s->delayed, &p->due, uv_now(s->loop));
	s->options.on_retry(s, p);
}

// Whether an address is left for this try. It moves on to the next one without an attempt.
static bool has_address(const struct scan *s, struct scan_port *p)
{
	while (p->next < s->options.addresses->count && p->pending & address_bit(p->next))
		p->next++;
	return p->next < s->options.addresses->count;
}

// What has failed is worth another attempt while others are under way, which may hang for long.
static void ask_again_later(struct scan *s, struct scan_port *p)
{
	if (s->options.dial.retries && !is_enough(s) && !is_queued(p))
		deadline_queue_add(&s->delayed, &p->due, uv_now(s->loop));
}

static void attempt_failed(struct scan *s, struct scan_port *p, int error)
{
	if (p->state == SCAN_OPEN)
		return;
	if (p->try_error != -ETIMEDOUT)
		p->try_error = error;
	if (has_address(s, p))
		make_ready(s, p); // at once: there is nothing to wait for
	else if (!p->pending)
		try_failed(s, p);
	else
		ask_again_later(s, p);
}

static void give_up(struct scan *s, struct prober_slot *slot)
{
	struct scan_port *p = slot->data;

	list_remove(&slot->due.link);
	prober_release(&s->prober, slot);
	p->pending &= ~address_bit(slot->index);
}

static void give_up_all(struct scan *s, struct deadline_queue *q, const struct scan_port *p)
{
	list_for_each (link, &q->items) {
		struct prober_slot *slot = list_entry(link, struct prober_slot, due.link);

		if (slot->data == p)
			give_up(s, slot);
	}
}

// Ports that wait to be tried again stay closed, unless an attempt is under way.
static void settle_delayed(struct scan *s)
{
	while (!list_empty(&s->delayed.items)) {
		struct scan_port *p = list_entry(s->delayed.items.next, struct scan_port, due.link);

		list_remove(&p->due.link);
		s->left -= !p->pending;
	}
}

static void tell_open(struct scan *s, struct scan_port *p)
{
	s->left--;
	s->options.on_open(s, p);
	str_fini(&p->banner);
}

// Reads what there is. Returns true if that is all that will be shown.
static bool read_banner(struct scan_port *p, int fd)
{
	char buf[BANNER_SIZE];
	ssize_t n = sys_recv(fd, buf, sizeof(buf) - p->banner.len, 0);

	if (n <= 0)
		return n != -EAGAIN;
	str_addn(&p->banner, buf, (size_t)n);
	return p->banner.len == sizeof(buf) || memchr(buf, '\n', (size_t)n);
}

static void on_banner(struct scan *s, struct prober_slot *slot)
{
	struct scan_port *p = slot->data;

	if (!read_banner(p, slot->fd))
		return;
	give_up(s, slot);
	tell_open(s, p);
}

// The slot is in no list.
static void connected(struct scan *s, struct prober_slot *slot)
{
	struct scan_port *p = slot->data;

	p->state = SCAN_OPEN;
	p->error = 0;
	p->address = slot->address;
	p->connect_ns = trace_now() - slot->began;
	s->open_count++;
	list_remove(&p->due.link);
	if (p->pending != address_bit(slot->index)) {
		give_up_all(s, &s->fresh, p);
		give_up_all(s, &s->waiting, p);
	}
	if (s->options.any)
		settle_delayed(s);
	deadline_queue_add(&s->reading, &slot->due, uv_now(s->loop));
	if (s->options.banner_ms && prober_listen(&s->prober, slot) == 0) {
		on_banner(s, slot);
	} else {
		give_up(s, slot);
		tell_open(s, p);
	}
}

static void on_event(void *data, struct prober_slot *slot, int result)
{
	struct scan *s = data;
	struct scan_port *p = slot->data;

	if (result > 0) {
		on_banner(s, slot);
		return;
	}
	list_remove(&slot->due.link);
	if (result == 0) {
		connected(s, slot);
	} else {
		p->pending &= ~address_bit(slot->index);
		attempt_failed(s, p, result);
	}
}

// Tries the next address of a port. Returns false if there is no socket for that now.
static bool start_attempt(struct scan *s, struct scan_port *p)
{
	struct sockaddr_any a = s->options.addresses->items[p->next];
	struct prober_slot *slot;
	enum step step = STEP_CONNECT;
	int r;

	sockaddr_set_port(&a, p->port);
	r = prober_connect(&s->prober, &a, &slot, &step);
	if (r == -EMFILE && s->prober.busy)
		return false;
	p->next++;
	if (r == 0 || r == -EINPROGRESS) {
		slot->data = p;
		slot->index = p->next - 1;
		p->pending |= address_bit(slot->index);
		if (r == 0)
			connected(s, slot);
		else
			deadline_queue_add(&s->fresh, &slot->due, uv_now(s->loop));
		if (p->state != SCAN_OPEN && p->try_error && !has_address(s, p))
			ask_again_later(s, p);
	} else if (step == STEP_SOCKET || step == STEP_CONNECT || r == -ENOPROTOOPT) {
		attempt_failed(s, p, r);
	} else {
		fail_to_prepare(s, &a, step, r);
	}
	return true;
}

// The port whose turn it is, or NULL.
static struct scan_port *next_port(const struct scan *s)
{
	if (!list_empty(&s->ready))
		return list_entry(s->ready.next, struct scan_port, due.link);
	return s->next < s->count ? &s->ports[s->next] : NULL;
}

static void start_attempts(struct scan *s)
{
	struct scan_port *p;

	for (unsigned n = 0; n < PORTS_PER_TURN && s->left && (p = next_port(s)); n++) {
		bool is_new = !is_queued(p);

		list_remove(&p->due.link);
		if (!start_attempt(s, p)) {
			if (!is_new)
				make_ready(s, p);
			return;
		}
		s->next += is_new;
	}
}

static void on_due(struct scan *s, uint64_t now)
{
	struct deadline_link *d;

	// The next address need not wait any longer for this attempt.
	while ((d = deadline_queue_first(&s->fresh, now))) {
		struct prober_slot *slot = list_entry(d, struct prober_slot, due);
		struct scan_port *p = slot->data;

		list_remove(&d->link);
		deadline_queue_add(&s->waiting, d, d->since);
		if (has_address(s, p))
			make_ready(s, p);
	}
	while ((d = deadline_queue_first(&s->waiting, now))) {
		struct prober_slot *slot = list_entry(d, struct prober_slot, due);
		struct scan_port *p = slot->data;

		give_up(s, slot);
		attempt_failed(s, p, -ETIMEDOUT);
	}
	while ((d = deadline_queue_first(&s->reading, now))) {
		struct prober_slot *slot = list_entry(d, struct prober_slot, due);
		struct scan_port *p = slot->data;

		give_up(s, slot);
		tell_open(s, p);
	}
	while ((d = deadline_queue_first(&s->delayed, now))) {
		struct scan_port *p = list_entry(d, struct scan_port, due);

		list_remove(&d->link);
		p->next = 0;
		if (!p->pending)
			p->try_error = 0;
		if (has_address(s, p))
			make_ready(s, p);
	}
}

static uint64_t time_to_wait(const struct scan *s, uint64_t now)
{
	uint64_t wait = UINT64_MAX;

	if (next_port(s) && prober_has_room(&s->prober))
		return 0;
	wait = deadline_queue_wait(&s->fresh, now, wait);
	wait = deadline_queue_wait(&s->waiting, now, wait);
	wait = deadline_queue_wait(&s->reading, now, wait);
	return deadline_queue_wait(&s->delayed, now, wait);
}

static void finish(struct scan *s)
{
	timer_stop(&s->timer);
	prober_fini(&s->prober);
	s->options.done(s); // may free it
}

// Goes on after anything has happened.
static void advance(void *data)
{
	struct scan *s = data;
	uint64_t wait;

	uv_update_time(s->loop);
	start_attempts(s);
	if (!s->left) {
		finish(s);
		return;
	}
	wait = time_to_wait(s, uv_now(s->loop));
	if (wait == UINT64_MAX)
		timer_stop(&s->timer);
	else
		timer_start(&s->timer, wait);
}

static void init_queues(struct scan *s)
{
	uint64_t attempt_ms = s->options.dial.connect_timeout_ms;

	if (!attempt_ms)
		attempt_ms = SCAN_ATTEMPT_MS;
	list_init(&s->ready);
	deadline_queue_init(&s->delayed, s->options.dial.retry_delay_ms);
	deadline_queue_init(&s->fresh, MIN(STAGGER_MS, attempt_ms));
	deadline_queue_init(&s->waiting, attempt_ms);
	deadline_queue_init(&s->reading, s->options.banner_ms);
}

// Without PORTS the addresses are complete as they are.
static void set_ports(struct scan *s, const struct ports *ports)
{
	size_t count = ports ? ports->count : 1;

	s->ports = xcalloc(count, sizeof(*s->ports));
	for (unsigned port = 0; s->count < count; port++) {
		if (ports)
			port = ports_next(ports, port);
		s->ports[s->count].port = (uint16_t)port;
		list_init(&s->ports[s->count].due.link);
		s->count++;
	}
	s->left = count;
}

static void on_timer(void *data)
{
	struct scan *s = data;

	on_due(s, uv_now(s->loop));
	advance(s);
}

struct scan *scan_create(uv_loop_t *loop, const struct scan_options *options)
{
	struct scan *s = xcalloc(1, sizeof(*s));

	*s = (struct scan){.options = *options, .loop = loop};
	init_queues(s);
	set_ports(s, options->ports);
	timer_init(&s->timer, loop, on_timer, s);
	prober_init(&s->prober, loop,
		&(struct prober_options){.socket = &s->options.dial.socket,
			.limit = options->limit,
			.on_event = on_event,
			.on_done = advance,
			.data = s});
	timer_start(&s->timer, 0);
	return s;
}

void scan_destroy(struct scan *s)
{
	if (!s)
		return;
	timer_fini(&s->timer);
	prober_fini(&s->prober);
	for (size_t i = 0; i < s->count; i++)
		str_fini(&s->ports[i].banner);
	free(s->ports);
	free(s->outcome.attempts);
	free(s);
}

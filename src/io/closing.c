// SPDX-License-Identifier: ISC
#include "io/closing.h"

#include "base/mem.h"
#include "base/util.h"
#include "sys/file.h"
#include "sys/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>

#define FIRST_MS 1 // the wait for acknowledgements starts with this and doubles
#define LAST_MS 50
#define DROP_ROUNDS 64 // per turn

struct closing {
	int fd; // -1 once it is closed
	enum closing_how how;
	bool peer_ended;
	uint64_t wait_ms;
	struct timer timer;
	closing_fn *done;
	void *data;
};

int unacknowledged(int fd)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);
	int bytes = 0;
	int error;

	if (sys_outq(fd, &bytes) < 0 || bytes == 0)
		return 0;
	error = sys_socket_error(fd);
	if (error)
		return error;
	// A reset that came in the middle of a call may have been taken for the end of that call
	// only. The last acknowledgement closes the connection, too, and may have come just now.
	if (sys_getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return 0; // no TCP: what was sent has arrived
	if (info.tcpi_state != TCP_CLOSE)
		return bytes;
	return sys_outq(fd, &bytes) == 0 && bytes ? -ECONNRESET : 0;
}

// Takes what the peer still sends and drops it. Returns 0 or the error that ended the connection.
static int drop_input(struct closing *c)
{
	for (int round = 0; round < DROP_ROUNDS && !c->peer_ended; round++) {
		char buffer[16 * 1024];
		ssize_t n = sys_recv(c->fd, buffer, sizeof(buffer), MSG_DONTWAIT);

		if (n == 0)
			c->peer_ended = true;
		else if (n == -EAGAIN)
			return 0;
		else if (n < 0 && n != -EINTR)
			return (int)n;
	}
	return 0;
}

static void close_socket(struct closing *c)
{
	static const struct linger at_once = {.l_onoff = 1};

	if (c->fd < 0)
		return;
	if (c->how == CLOSING_RESET)
		sys_setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	sys_close(c->fd);
	c->fd = -1;
}

static void on_timer(void *data)
{
	struct closing *c = data;
	int left = drop_input(c);

	if (left == 0)
		left = unacknowledged(c->fd);
	if (left > 0) {
		timer_start(&c->timer, c->wait_ms);
		c->wait_ms = MIN(c->wait_ms * 2, LAST_MS);
		return;
	}
	close_socket(c);
	c->done(c->data, left);
}

struct closing *closing_create(
	uv_loop_t *loop, int fd, enum closing_how how, closing_fn *done, void *data)
{
	struct closing *c = xmalloc(sizeof(*c));

	*c = (struct closing){
		.fd = fd, .how = how, .wait_ms = FIRST_MS, .done = done, .data = data};
	timer_init(&c->timer, loop, on_timer, c);
	if (how == CLOSING_ORDERLY)
		sys_shutdown(fd, SHUT_WR);
	timer_start(&c->timer, 0);
	return c;
}

void closing_destroy(struct closing *c)
{
	if (!c)
		return;
	timer_fini(&c->timer);
	close_socket(c);
	free(c);
}

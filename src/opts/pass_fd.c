// SPDX-License-Identifier: ISC
#include "opts/pass_fd.h"

#include "base/value.h"
#include "io/fd_pass.h"
#include "sys/fd_calls.h"
#include "sys/file.h"

#include <errno.h>
#include <unistd.h>

const struct opt pass_fd_opts[] = {
	{"pass-fd", 0, OPT_FLAG, OPT_AT(struct pass_fd_config, is_wanted, bool), "",
		"pass the connected socket to the parent process over stdout, and exit",
		.not_with = "udp forward"},
	{""},
};

int pass_fd_check(const struct pass_fd_config *c, const struct endpoint *endpoint, struct str *err)
{
	if (!c->is_wanted)
		return 0;
	if (endpoint->is_tls) {
		str_add(err, "--pass-fd hands a socket over, and TLS cannot go with it");
		return -EINVAL;
	}
	if (endpoint->kind == ENDPOINT_FD)
		return bad_word(err, endpoint->name,
			"is connected already, and --pass-fd is for new connections");
	if (!fd_can_pass(STDOUT_FILENO)) {
		str_add(err,
			"--pass-fd: standard output is no Unix socket, over which a descriptor "
			"could be passed, as ssh with ProxyUseFdpass makes one");
		return -EINVAL;
	}
	return 0;
}

int pass_fd_check_proxying(const struct pass_fd_config *c, const struct proxying *p)
{
	return c->is_wanted && proxying_has_tls(p)
		       ? app_failf(p->app, STATUS_USAGE, NULL,
				 "--pass-fd hands a socket over, and the TLS of an https:// proxy "
				 "cannot go with it")
		       : 0;
}

static void end(struct pass_fd *p, int error)
{
	if (error)
		app_fail(p->app, STATUS_LOCAL, "standard output", error);
	else
		report(&p->app->out, &ev_passed, F_INT("descriptor", p->fd));
	app_stop(p->app);
}

static void on_ready(struct watch *w, unsigned events)
{
	struct pass_fd *p = w->data;
	int r = fd_pass(STDOUT_FILENO, p->fd);

	(void)events;
	if (r == -EAGAIN)
		return;
	watch_fini(&p->watch);
	end(p, r);
}

void pass_fd_start(struct pass_fd *p, struct app *app, int fd)
{
	int r;

	*p = (struct pass_fd){.app = app, .fd = fd};
	sys_set_nonblocking(fd, false); // as programs expect a socket to be
	r = fd_pass(STDOUT_FILENO, fd);
	if (r != -EAGAIN) {
		end(p, r);
		return;
	}
	r = watch_init(&p->watch, &app->loop, STDOUT_FILENO, WATCH_SHARED, on_ready, p);
	if (r < 0)
		end(p, r);
	else
		watch_want(&p->watch, WATCH_WRITE);
}

void pass_fd_fini(struct pass_fd *p)
{
	if (!p->app)
		return;
	watch_fini(&p->watch);
	sys_close(p->fd);
	p->app = NULL;
}

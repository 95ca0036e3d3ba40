// SPDX-License-Identifier: ISC
#include "opts/open_failure.h"

#include "net/addr/interfaces.h"
#include "net/unix_path.h"
#include "opts/socket_options.h"

#include <errno.h>
#include <string.h>

// Raw sockets and those of the Unix domain have no port to tell.
static void add_object(struct str *s, const struct open_failure *f)
{
	const struct sockaddr_any *a = f->address;

	if (a->len && sockaddr_port(a))
		str_add_sockaddr(s, &a->sa, a->len);
	else if (f->object)
		str_add(s, f->object);
}

static void add_remedy(struct str *s, const struct open_failure *f, int error)
{
	bool is_from = f->step == STEP_BIND && f->from && f->from->len;
	uint16_t port = sockaddr_port(f->from ? f->from : f->address);
	struct str fault = {0};

	if (error == -ENODEV && f->step == STEP_INTERFACE)
		str_add_interfaces(s);
	else if (f->remedy)
		str_addf(s, "; %s", f->remedy);
	else if (error == -EINVAL && sockaddr_lacks_interface(f->address))
		str_add(s, "; " INTERFACE_REMEDY);
	else if (error == -EPERM && f->step == STEP_SOCKET)
		str_add(s, "; raw sockets take CAP_NET_RAW: be root, or give it to the program by "
			   "setcap(8)");
	else if (error == -EPERM && f->step == STEP_GROUP)
		str_add(s, "; only root may give a file to a group of which it is no member");
	else if (str_add_path_fault(&fault, is_from ? f->from : f->address, error))
		str_addf(s, "; %s", str_c(&fault));
	else if (error == -EADDRINUSE && port)
		str_addf(s, "; 'sockctl sockets --processes --port %u' shows by whom", port);
	else if (error == -EADDRNOTAVAIL && f->step == STEP_BIND)
		str_add(s, "; no interface of this machine has that address");
	else if (error == -EACCES && f->step == STEP_BIND && port && port < IPPORT_RESERVED)
		str_add(s, "; ports below 1024 take privilege (CAP_NET_BIND_SERVICE)");
	str_fini(&fault);
}

int open_failure_report(struct app *app, const struct open_failure *f, int error)
{
	struct str name = {0};
	struct str message = {0};

	if (f->settings->failed)
		return sockopt_fail(app, f->object, f->settings, error);
	add_object(&name, f);
	if (str_add_step(&message, f->step, f->interface, f->from))
		str_add(&message, ": ");
	str_add(&message, strerror(-error));
	add_remedy(&message, f, error);
	report_error(
		&app->out, STATUS_CONNECT, name.len ? str_c(&name) : NULL, str_c(&message), error);
	str_fini(&name);
	str_fini(&message);
	return app_fail_quietly(app, STATUS_CONNECT);
}

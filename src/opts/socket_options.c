// SPDX-License-Identifier: ISC
#include "opts/socket_options.h"

#include "net/addr/interfaces.h"

#include <errno.h>
#include <string.h>

const struct opt sockopt_opts[] = {
	{"set", 'o', OPT_LIST, OPT_AT(struct sockopt_config, set, struct strlist), "NAME[=VALUE]",
		"set a socket option, such as TCP_NODELAY or SO_RCVBUF=1M", .words = "setting"},
	{"get", 0, OPT_LIST, OPT_AT(struct sockopt_config, get, struct strlist), "NAME",
		"print the value of a socket option", .words = "sockopt", .not_with = "check"},
	{""},
};

static int parse_all(
	const struct sockopt_config *c, struct sockopt_settings *settings, struct str *err)
{
	const struct sockopt *o;
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->set.count; i++)
		r = sockopt_settings_add(settings, c->set.items[i], err);
	for (size_t i = 0; r == 0 && i < c->get.count; i++)
		r = sockopt_find_readable(c->get.items[i], &o, err);
	return r;
}

int sockopt_config_parse(
	struct app *app, const struct sockopt_config *c, struct sockopt_settings *settings)
{
	struct str err = {0};
	int r = parse_all(c, settings, &err);
	int status = 0;

	if (r < 0)
		status = app_failf(app, r == -ENOENT ? STATUS_NOT_FOUND : STATUS_USAGE, NULL, "%s",
			str_c(&err));
	str_fini(&err);
	return status;
}

static int say_option(struct reporter *out, const struct sockopt *o, int fd)
{
	struct sockopt_value v;
	struct str text = {0};
	int r = sockopt_read(fd, o, &v);

	if (r < 0) {
		int status = r == -ENOPROTOOPT ? STATUS_NOT_FOUND : STATUS_LOCAL;

		report_error(out, status, o->name, NULL, r);
		return status;
	}
	str_add_sockopt_value(&text, o, v.data, v.len);
	report(out, &ev_option, F_STR("option", o->name), F_STR("value", str_c(&text)));
	str_fini(&text);
	return 0;
}

int sockopt_config_say(struct reporter *out, const struct sockopt_config *c, int fd)
{
	int status = 0;

	for (size_t i = 0; i < c->get.count; i++) {
		int s = say_option(out, sockopt_by_name(c->get.items[i]), fd);

		status = status ? status : s;
	}
	return status;
}

void sockopt_config_report(struct app *app, const struct sockopt_config *c, int fd)
{
	app_fail_quietly(app, sockopt_config_say(&app->out, c, fd));
}

int sockopt_say(struct reporter *out, const char *object, const struct sockopt_settings *settings,
	int error)
{
	const struct sockopt_setting *failed = settings->failed;
	struct str what = {0};
	struct str why = {0};

	if (object)
		str_addf(&what, "%s: ", object);
	str_addf(&what, "%s=", failed->option->name);
	str_add_sockopt_value(&what, failed->option, failed->value.data, failed->value.len);
	str_add(&why, strerror(-error));
	if (error == -EINVAL || error == -ENOENT || error == -ENOPROTOOPT)
		str_addf(&why, "; 'sockctl options %s' explains", failed->option->name);
	else if (error == -ENODEV)
		str_add_interfaces(&why);
	report_error(out, STATUS_CONNECT, str_c(&what), str_c(&why), error);
	str_fini(&what);
	str_fini(&why);
	return STATUS_CONNECT;
}

int sockopt_fail(
	struct app *app, const char *object, const struct sockopt_settings *settings, int error)
{
	return app_fail_quietly(app, sockopt_say(&app->out, object, settings, error));
}

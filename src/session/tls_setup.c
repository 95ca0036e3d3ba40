// SPDX-License-Identifier: ISC
#include "session/tls_setup.h"

#include "tls/channel.h"

// A refused certificate is what --show-certificates is for, too.
static void on_handshake(void *data, const struct tls *t, bool is_good)
{
	const struct tls_setup *s = data;

	if (!is_good)
		tls_report_certificates(s->app, s->config, t);
}

int tls_setup_init(struct tls_setup *s, struct app *app, const struct tls_config *config,
	const struct endpoint *endpoint, bool is_check, bool is_confined)
{
	int status;

	*s = (struct tls_setup){.app = app, .config = config, .object = endpoint->name};
	if (!tls_is_wanted(config, endpoint))
		return 0;
	status = tls_config_open(app, config, is_confined, &s->context);
	s->plan = (struct tls_plan){.context = &s->context,
		.name = tls_config_name(config, endpoint),
		.protocol = tls_config_protocol(config),
		.is_check = is_check,
		.told = on_handshake,
		.data = s};
	return status;
}

void tls_setup_fini(struct tls_setup *s)
{
	tls_context_destroy(s->context);
	s->context = NULL;
}

void tls_setup_report(const struct tls_setup *s, uint64_t number, const struct channel *channel)
{
	const struct tls *t = s->context ? channel_tls(channel) : NULL;

	if (!t)
		return;
	tls_report_secured(s->app, s->object, number, t);
	tls_report_certificates(s->app, s->config, t);
}

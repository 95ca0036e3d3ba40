// SPDX-License-Identifier: ISC
#include "opts/approach.h"

#include "tls/channel.h"

void approach_plan(struct approach *a, bool announces, struct proxying *p,
	const struct endpoint *target, struct dial_options *options)
{
	size_t n = 0;

	if (announces)
		a->upgrades[n++] = (struct upgrade){&proxy_header_send, &a->header};
	if (a->tls.context) {
		a->tls.place = proxying_is_wanted(p) ? TLS_THROUGH_PROXY : 0;
		a->upgrades[n++] = (struct upgrade){&tls_upgrade, &a->tls};
	}
	options->upgrades = a->upgrades;
	options->upgrade_count = n;
	proxying_plan(p, target, &a->way, options);
}

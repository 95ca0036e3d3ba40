// SPDX-License-Identifier: ISC
#include "opts/ends/seqpacket.h"

#include "base/value.h"

int seqpacket_check(const struct endpoint *endpoint, const struct seqpacket_option *options,
	size_t count, struct str *err)
{
	for (size_t i = 0; endpoint->is_seqpacket && i < count; i++)
		if (options[i].is_given)
			return bad_word(err, options[i].name,
				"does not go with seqpacket:, which keeps messages apart");
	return 0;
}

// SPDX-License-Identifier: ISC
#include "opts/count.h"

const struct opt count_opts[] = {
	{"count", 0, OPT_UINT, OPT_AT(struct count_config, pieces, uint64_t), "N",
		"end after N pieces that have come: what one call brings, or datagrams", .min = 1,
		.max = UINT64_MAX, .not_with = "program check pass-fd"},
	{""},
};

// SPDX-License-Identifier: ISC
#include "app.h"
struct connect_config {
	struct common_config common;
};
static int run(struct app *app, void *config, int argc, char **argv)
{
	(void)config;
	(void)argc;
	return app_failf(app, 5, argv[0], "not yet");
}
static const struct opt_group groups[] = {COMMON_GROUP, {0}};
const struct cmd cmd_connect = {.name = "connect",
	.summary = "Connect and relay standard input and output",
	.operands = "HOST PORT",
	.min_operands = 1,
	.max_operands = 2,
	.config_size = sizeof(struct connect_config),
	.groups = groups,
	.run = run};

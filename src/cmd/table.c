// SPDX-License-Identifier: ISC
#include "cmd/table.h"

#include "base/nearest.h"
#include "base/util.h"

#include <string.h>

extern const struct cmd cmd_address, cmd_connect, cmd_descriptor, cmd_echo, cmd_errors, cmd_hosts,
	cmd_listen, cmd_nc, cmd_ncat, cmd_networks, cmd_options, cmd_protocols, cmd_raw_recv,
	cmd_raw_send, cmd_resolve, cmd_services, cmd_socat, cmd_sockets, cmd_udp_recv, cmd_udp_send;

const struct cmd_group cmd_groups[] = {
	{"streams", (const struct cmd *const[]){&cmd_connect, &cmd_listen, NULL}},
	{"datagrams", (const struct cmd *const[]){&cmd_udp_send, &cmd_udp_recv, &cmd_raw_send,
			      &cmd_raw_recv, NULL}},
	{"echo", (const struct cmd *const[]){&cmd_echo, NULL}},
	{"names", (const struct cmd *const[]){&cmd_resolve, &cmd_hosts, &cmd_services,
			  &cmd_protocols, &cmd_networks, NULL}},
	{"reference", (const struct cmd *const[]){&cmd_address, &cmd_errors, &cmd_options,
			      &cmd_descriptor, &cmd_sockets, NULL}},
	{0},
};

const struct cmd *cmd_find(const char *name)
{
	for (const struct cmd_group *g = cmd_groups; g->title; g++)
		for (const struct cmd *const *c = g->cmds; *c; c++)
			if (strcmp((*c)->name, name) == 0)
				return *c;
	return NULL;
}

const struct cmd *cmd_find_typed(const char *name)
{
	static const struct cmd *const others[] = {&cmd_nc, &cmd_ncat, &cmd_socat};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (strcmp(others[i]->name, name) == 0)
			return others[i];
	return cmd_find(name);
}

const char *cmd_nearest(const char *name)
{
	struct nearest near;

	nearest_init(&near, name, strlen(name));
	for (const struct cmd_group *g = cmd_groups; g->title; g++)
		for (const struct cmd *const *c = g->cmds; *c; c++)
			nearest_offer(&near, (*c)->name);
	nearest_offer(&near, "help");
	return near.best;
}

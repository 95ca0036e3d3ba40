// SPDX-License-Identifier: ISC
// The making of our command line from the addresses of socat, shared by the files that do it.
#ifndef SOCKCTL_COMPAT_SOCAT_PLANNING_H
#define SOCKCTL_COMPAT_SOCAT_PLANNING_H

#include "compat/socat/socat.h"

#include <string.h>

struct planning {
	const struct socat_config *config;
	struct cmdline *out;
	struct str *err; // the first reason why it cannot be said here
	struct socat_address *net; // the socket whose command it becomes
	struct socat_word *local; // what that is joined to
	bool sends, receives; // seen from the net
};

// Refuses, unless something was refused before. NAME is an option of A.
void plan_refuse(struct planning *p, const char *why);
void plan_refuse_option(
	struct planning *p, const struct socat_address *a, const char *name, const char *why);
static inline bool plan_has_failed(const struct planning *p)
{
	return p->err->len > 0;
}

void plan_add(struct planning *p, const char *word);
void plan_add_if(struct planning *p, bool is_wanted, const char *word);
void plan_add_pair_if(struct planning *p, const char *option, const char *value);

// The value of an option that A has, or NULL; whether A has one that is on. Both take it.
const char *plan_value(struct planning *p, struct socat_address *a, const char *name);
bool plan_flag(struct planning *p, struct socat_address *a, const char *name);

static inline bool is_turned_on(const struct socat_given *given)
{
	return !given->value || strcmp(given->value, "1") == 0;
}

static inline bool is_turned_off(const struct socat_given *given)
{
	return given->value && strcmp(given->value, "0") == 0;
}

static inline bool is_datagram(const struct socat_address *a)
{
	return a->type->net == SOCAT_UDP || a->type->net == SOCAT_UNIX_DATAGRAM;
}

static inline bool is_unix(const struct socat_address *a)
{
	return a->type->net == SOCAT_UNIX || a->type->net == SOCAT_UNIX_DATAGRAM;
}

// Whether what the net is joined to is read and written by this process.
static inline bool is_plain_local(const struct planning *p)
{
	return p->local->read.type->role & (SOCAT_STREAMS | SOCAT_FILE);
}

// socat_net.c: the words of the net, and of a target of --forward.
void plan_family(struct planning *p);
void plan_settings(struct planning *p);
void plan_group(struct planning *p);
void plan_tls_client(struct planning *p, struct socat_address *a);
void plan_tls_server(struct planning *p);
void plan_proxy(struct planning *p, struct socat_address *a);
void plan_endpoint(struct planning *p);
void plan_forward(struct planning *p);

// socat_local.c: descriptors, files and programs.
void plan_redirections(struct planning *p);
void plan_program(struct planning *p);
void plan_terminal(struct planning *p);

#endif

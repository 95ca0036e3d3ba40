// SPDX-License-Identifier: ISC
#include "sys/trace_c/c_lookup.h"

#include "base/util.h"
#include "sys/trace_c/c_known.h"
#include "sys/trace_c/c_program.h"

#include <string.h>

// The call, and what a failure means that was there or is new.
static void add_code(struct c_statement *t)
{
	t->needs |= C_CODE;
	str_addf(&t->text, "code = %s(", t->call->name);
	c_add_args(t);
	str_add(&t->text, ");");
	c_end_line(t);
	if (t->call->result) {
		str_addf(&t->text,
			"if (code != 0)\n\tfprintf(stderr, \"%s: %%s\\n\", gai_strerror(code));\n",
			t->call->name);
	} else {
		str_addf(&t->text, "if (code != 0)\n\tfail_lookup(\"%s\");\n", t->call->name);
		t->needs |= C_FAIL_LOOKUP;
	}
}

void c_add_getaddrinfo(struct c_statement *t)
{
	t->needs |= C_LIST;
	add_code(t);
	if (t->call->result) {
		str_add(&t->text, "else\n\tfreeaddrinfo(list);\n");
		return;
	}
	str_add(&t->text, "show_addresses(list);\nfreeaddrinfo(list);\n");
	t->needs |= C_SHOW_ADDRESSES;
}

void c_add_getnameinfo(struct c_statement *t)
{
	bool has_host = strncmp(t->call->args[1].c, "host", 4) == 0;
	bool has_service = strncmp(t->call->args[2].c, "service", 7) == 0;

	t->needs |= (has_host ? C_HOST : 0) | (has_service ? C_SERVICE : 0);
	add_code(t);
	if (t->call->result)
		return;
	t->needs |= C_RESULTS;
	if (has_host && has_service)
		str_add(&t->text, "fprintf(results, \"%s:%s\\n\", host, service);\n");
	else
		str_addf(&t->text, "fprintf(results, \"%%s\\n\", %s);\n",
			has_host ? "host" : "service");
}

// Calls, and what shows their result: a function of the program, or a format.
static const struct {
	char name[20];
	char function[16];
	char format[4];
	unsigned needs;
} shown[] = {
	{"gai_strerror", "", "%s", 0},
	{"gethostbyaddr", "show_host", "", C_SHOW_HOST},
	{"gethostbyname", "show_host", "", C_SHOW_HOST},
	{"gethostbyname2", "show_host", "", C_SHOW_HOST},
	{"gethostent", "show_host", "", C_SHOW_HOST},
	{"getnetbyaddr", "show_network", "", C_SHOW_NETWORK},
	{"getnetbyname", "show_network", "", C_SHOW_NETWORK},
	{"getnetent", "show_network", "", C_SHOW_NETWORK},
	{"getprotobyname", "show_protocol", "", C_SHOW_PROTOCOL},
	{"getprotobynumber", "show_protocol", "", C_SHOW_PROTOCOL},
	{"getprotoent", "show_protocol", "", C_SHOW_PROTOCOL},
	{"getservbyname", "show_service", "", C_SHOW_SERVICE},
	{"getservbyport", "show_service", "", C_SHOW_SERVICE},
	{"getservent", "show_service", "", C_SHOW_SERVICE},
	{"hstrerror", "", "%s", 0},
	{"htonl", "", "%u", 0},
	{"htons", "", "%u", 0},
	{"if_nametoindex", "", "%u", 0},
	{"inet_addr", "", "%u", 0},
	{"inet_ntoa", "", "%s", 0},
	{"inet_ntop", "", "%s", C_BUF},
	{"ntohl", "", "%u", 0},
	{"ntohs", "", "%u", 0},
};

bool c_add_shown(struct c_statement *t)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(shown) && strcmp(shown[i].name, t->call->name) != 0)
		i++;
	if (i == ARRAY_SIZE(shown) || (t->call->value && strcmp(t->call->value, "NULL") == 0))
		return false;
	if (shown[i].needs & C_BUF)
		c_forget_received();
	if (*shown[i].function)
		str_addf(&t->text, "%s(", shown[i].function);
	else
		str_addf(&t->text, "fprintf(results, \"%s\\n\", ", shown[i].format);
	str_addf(&t->text, "%s(", t->call->name);
	c_add_args(t);
	str_add(&t->text, "));");
	c_end_line(t);
	t->needs |= shown[i].needs | C_RESULTS;
	return true;
}

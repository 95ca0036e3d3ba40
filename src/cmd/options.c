// SPDX-License-Identifier: ISC
// sockctl options: the socket options of this system and their values. See sockctl-options(1).
#include "app.h"
#include "base/value.h"
#include "net/inspect/defaults.h"
#include "net/sockopt.h"
#include "out/rows.h"
#include "reference/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SHOWN_VALUE 24 // bytes of a value in a list; structures are longer

struct options_config {
	struct common_config common;
};

static const struct opt_group groups[] = {COMMON_GROUP, {0}};

// Of the whole table, and of one kind of socket.
static const struct rows_column table_columns[] = {{"NAME", "{name}"}, {"ACCESS", "{access}"},
	{"TYPE", "{type}"}, {"MEANING", "{meaning}"}, {0}};
static const struct rows_column list_columns[] = {{"NAME", "{name}"}, {"ACCESS", "{access}"},
	{"TYPE", "{type}"}, {"VALUE", "{value}"}, {"MEANING", "{meaning}"}, {0}};
// What can be done with the option, as a list of words.
static const char *const *access_of(const struct sockopt *o)
{
	static const char *const words[] = {"get", "set", NULL};
	static const char *const get[] = {"get", NULL};

	return o->access == SOCKOPT_GET ? get : o->access == SOCKOPT_SET ? words + 1 : words;
}

static const char *when_of(const struct sockopt *o)
{
	static const char *const when[] = {
		[SOCKOPT_ANY] = "at any time",
		[SOCKOPT_BEFORE] = "before bind, connect or listen",
		[SOCKOPT_AFTER] = "on a connection",
	};

	return o->access & SOCKOPT_SET ? when[o->when] : NULL;
}

// The value of the option, or the error of asking for it in parentheses.
static int add_value(struct str *s, const struct defaults *f, const struct sockopt *o)
{
	struct sockopt_value v;
	int r = defaults_read(f, o, &v);

	if (r < 0)
		str_addf(s, "(%s)", strerrorname_np(-r));
	else
		str_add_sockopt_value(s, o, v.data, v.len);
	return r;
}

static void add_option(struct rows *rows, const struct sockopt *o)
{
	rows_add(rows, F_STR("name", o->name), F_STR("level", sockopt_level_name(o->level)),
		F_INT("number", o->option), F_STR("type", sockopt_type_name(o)),
		F_STR("c_type", sockopt_c_type(o)), F_STR("members", sockopt_c_members(o)),
		F_LIST("access", access_of(o)), F_STR("meaning", o->meaning));
}

// As a row of options on one kind of socket.
static void add_option_value(struct rows *rows, const struct sockopt *o,
	const struct defaults_kind *kind, struct defaults *f)
{
	struct str value = {0};
	int r = o->access & SOCKOPT_GET ? add_value(&value, f, o) : 0;

	if (!rows->json && value.len > SHOWN_VALUE) {
		value.len = SHOWN_VALUE - strlen("...");
		str_add(&value, "...");
	}
	rows_add(rows, F_STR("name", o->name), F_STR("level", sockopt_level_name(o->level)),
		F_INT("number", o->option), F_STR("type", sockopt_type_name(o)),
		F_LIST("access", access_of(o)),
		F_STR("value", rows->json && (r < 0 || !value.len) ? NULL : str_c(&value)),
		F_STR("errno", r < 0 ? strerrorname_np(-r) : NULL), F_STR("socket", kind->name),
		F_STR("meaning", o->meaning));
	str_fini(&value);
}

static void list_all(struct rows *rows)
{
	sockopt_for_each (o)
		add_option(rows, o);
}

static void list_kind(struct app *app, struct rows *rows, const struct defaults_kind *kind)
{
	struct defaults f;
	int r = defaults_open(&f, kind);

	if (r < 0)
		app_fail(app, STATUS_CONNECT, kind->name, r);
	else
		sockopt_for_each (o)
			if (o->kinds & kind->sockopts)
				add_option_value(rows, o, kind, &f);
	defaults_close(&f);
}

// The kinds of sockets with the option, and its value on a fresh one of each: "tcp=131072".
static void add_kinds(struct strlist *sockets, struct strlist *fresh, const struct sockopt *o)
{
	for (const struct defaults_kind *k = defaults_kinds; k->name; k++) {
		struct str text = {0};
		struct defaults f;

		if (!(o->kinds & k->sockopts))
			continue;
		strlist_add(sockets, k->name);
		if (!(o->access & SOCKOPT_GET))
			continue;
		str_addf(&text, "%s=", k->name);
		defaults_open(&f, k);
		add_value(&text, &f, o);
		defaults_close(&f);
		strlist_add(fresh, text.data);
	}
}

static void explain_one(struct rows *rows, const struct sockopt *o)
{
	struct strlist sockets = {0};
	struct strlist fresh = {0};
	struct str form = {0};

	add_kinds(&sockets, &fresh, o);
	strlist_add(&sockets, NULL);
	strlist_add(&fresh, NULL);
	if (o->access & SOCKOPT_SET)
		str_add_sockopt_form(&form, o);
	rows_add(rows, F_STR("name", o->name), F_STR("meaning", o->meaning),
		F_STR("level", sockopt_level_name(o->level)), F_INT("number", o->option),
		F_STR("type", sockopt_type_name(o)), F_STR("c_type", sockopt_c_type(o)),
		F_STR("members", sockopt_c_members(o)), F_LIST("access", access_of(o)),
		F_STR("form", form.len ? str_c(&form) : NULL), F_STR("when", when_of(o)),
		F_LIST("sockets", sockets.items), F_STR("since", o->since),
		F_LIST("fresh", fresh.items));
	for (size_t i = 0; i < fresh.count; i++)
		free((char *)fresh.items[i]);
	strlist_fini(&fresh);
	strlist_fini(&sockets);
	str_fini(&form);
}

// The kind of socket that NAME was meant to be, or NULL.
static const struct defaults_kind *meant_kind(const char *name)
{
	for (const struct defaults_kind *k = defaults_kinds; k->name; k++)
		if (strcasecmp(k->name, name) == 0)
			return k;
	return NULL;
}

static void explain(struct app *app, struct rows *rows, const char *name)
{
	const struct sockopt *o;
	struct str err = {0};

	if (meant_kind(name))
		app_failf(app, STATUS_NOT_FOUND, NULL,
			"no socket option '%s'; 'sockctl options %s' lists those of such sockets",
			name, meant_kind(name)->name);
	else if (sockopt_find(name, &o, &err) < 0)
		app_failf(app, STATUS_NOT_FOUND, NULL, "%s", str_c(&err));
	else
		explain_one(rows, o);
	str_fini(&err);
}

static int check(void *config, int argc, char **argv, struct str *err)
{
	(void)config;
	for (int i = 0; argc > 1 && i < argc; i++)
		if (defaults_kind_find(argv[i]))
			return bad_word(err, argv[i], "is a kind of socket and stands alone");
	return 0;
}

static int run(struct app *app, void *config, int argc, char **argv)
{
	const struct options_config *c = config;
	const struct defaults_kind *kind = argc ? defaults_kind_find(argv[0]) : NULL;
	struct rows rows;

	// What is explained is a record.
	rows_init(&rows, c->common.json, kind ? list_columns : argc ? NULL : table_columns);
	if (kind)
		list_kind(app, &rows, kind);
	else if (!argc)
		list_all(&rows);
	for (int i = 0; !kind && i < argc; i++)
		explain(app, &rows, argv[i]);
	table_print(app, &rows);
	rows_fini(&rows);
	return app->status;
}

static const char *const examples[] = {
	"sockctl options               # every socket option",
	"sockctl options tcp           # their values on a fresh TCP socket",
	"sockctl options SO_LINGER     # what one is and how to set it",
	NULL,
};

const struct cmd cmd_options = {
	.name = "options",
	.summary = "List and explain socket options and their values",
	.operands = "[tcp|udp|unix|raw|listen | NAME...]",
	.words = "=tcp|=udp|=unix|=raw|=listen|sockopt sockopt...",
	.max_operands = -1,
	.config_size = sizeof(struct options_config),
	.groups = groups,
	.examples = examples,
	.check = check,
	.run = run,
};

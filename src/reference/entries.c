// SPDX-License-Identifier: ISC
#include "reference/entries.h"

#include "net/names/database.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

// Nothing was found. Says so if it is for want of the file; another source of names may make up
// for a missing one, so that it is looked for only now.
static bool fail_without_file(struct app *app, const struct database *db)
{
	int error = -database_try_file(db->file);

	if (!error)
		return false;
	if (error != ENOENT) {
		app_fail(app, STATUS_LOCAL, db->file, -error);
		return true;
	}
	app_failf(app, STATUS_LOCAL, db->file, "%s (%s); on Debian it comes with the package '%s'",
		strerror(error), strerrorname_np(error), db->package);
	return true;
}

// Adds the name that was probably meant, or where the names are.
static void add_suggestion(struct str *why, const struct database *db, const char *word)
{
	struct suggestion s;

	suggestion_init(&s, word, strcspn(word, "/"));
	if (!isdigit((unsigned char)*word) && !strchr(word, ':'))
		db->offer(&s);
	str_addf(why, "no such %s; ", db->entry);
	if (s.best)
		str_addf(why, "did you mean '%s'?", s.best);
	else
		str_addf(why, "'sockctl %ss' lists them", db->entry);
	suggestion_fini(&s);
}

// WORD is NULL where all entries were asked for.
static void fail_unknown(
	struct app *app, const struct database *db, const struct entry_query *q, const char *word)
{
	struct str why = {0};

	if (!db->explain || !db->explain(q, word, &why)) {
		if (word)
			add_suggestion(&why, db, word);
		else
			str_addf(&why, "no such %s", db->entry);
	}
	app_failf(app, STATUS_NOT_FOUND, word, "%s", str_c(&why));
	str_fini(&why);
}

static void list(struct app *app, const struct database *db, struct entry_query *q)
{
	int count = db->list(q);

	if (count < 0)
		app_fail(app, STATUS_LOCAL, db->file, count);
	else if (!count)
		fail_without_file(app, db);
	else if (!q->rows.count)
		fail_unknown(app, db, q, NULL);
}

static void find(
	struct app *app, const struct database *db, struct entry_query *q, int count, char **words)
{
	bool is_there = false; // the file

	if (count > 1)
		db->hold((size_t)count);
	for (int i = 0; i < count; i++) {
		size_t before = q->rows.count;
		int error = db->find(q, words[i]);

		if (error == -ENOENT && !is_there && fail_without_file(app, db))
			break;
		is_there = is_there || error == -ENOENT;
		if (error == -EAGAIN)
			app_failf(app, STATUS_NAME_SERVICE, words[i],
				"the name service failed; trying again may help");
		else if (q->rows.count == before)
			fail_unknown(app, db, q, words[i]);
	}
	if (count > 1)
		db->release();
}

int database_run(
	struct app *app, const struct database *db, const void *config, int count, char **words)
{
	const struct common_config *common = config;
	struct entry_query q = {.config = config};

	app_handle_signals(); // some sources of names are slow
	rows_init(&q.rows, common->json, db->columns);
	if (count)
		find(app, db, &q, count, words);
	else
		list(app, db, &q);
	table_print(app, &q.rows);
	rows_fini(&q.rows);
	return app->status;
}

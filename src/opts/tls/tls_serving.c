// SPDX-License-Identifier: ISC
#include "opts/tls/tls_serving.h"

#include "base/mem.h"
#include "base/value.h"
#include "net/addr/ifaddrs.h"
#include "net/addr/ip.h"
#include "opts/rotation.h"
#include "sys/accounts.h"
#include "sys/path.h"
#include "tls/keylog.h"
#include "tls/name.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HANDSHAKES_EACH 4 // pieces in a turn of the loop, of some 0.3 ms
#define NAMES_MOST 64 // of the machine, of a certificate that is made

static void add_name(struct strlist *names, const char *name)
{
	if (tls_name_fault(name))
		return;
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->items[i], name) == 0)
			return;
	strlist_add(names, xstrdup(name));
}

static void add_address(void *arg, const struct sockaddr_any *a, const char *interface)
{
	const struct strlist *names = arg;
	struct str s = {0};

	(void)interface;
	if (names->count >= NAMES_MOST)
		return;
	str_add_sockaddr_host(&s, &a->sa, a->len);
	s.len = strcspn(str_c(&s), "%"); // a certificate has no interface
	if (s.data)
		s.data[s.len] = '\0';
	add_name(arg, str_c(&s));
	str_fini(&s);
}

static void add_machine(struct strlist *names, const struct sockaddr_any *addresses, size_t count)
{
	char host[HOST_NAME_MAX + 1] = "";

	if (sys_gethostname(host, sizeof(host) - 1) == 0 && *host)
		add_name(names, host);
	add_name(names, "localhost");
	if (!count)
		ifaddrs_list(add_address, names);
	for (size_t i = 0; i < count; i++)
		if (sockaddr_is_wildcard(&addresses[i]))
			ifaddrs_list(add_address, names);
		else if (addresses[i].sa.sa_family != AF_UNIX)
			add_address(names, &addresses[i], NULL);
}

// The words between the commas of TEXT.
static int add_words(struct strlist *names, const char *text, struct str *err)
{
	while (*text) {
		size_t len = strcspn(text, ",");
		struct str word = {0};
		const char *fault;

		str_addn(&word, text, len);
		fault = tls_name_fault(str_c(&word));
		if (fault) {
			str_add(err, "--self-signed: ");
			bad_word(err, str_c(&word), fault);
		} else {
			add_name(names, str_c(&word));
		}
		str_fini(&word);
		if (fault)
			return -EINVAL;
		text += len + (text[len] == ',');
	}
	return 0;
}

static void say_self_signed(struct tls_serving *s)
{
	struct certificate own = {0};
	const char *names[CERTIFICATE_NAMES + 1] = {NULL};
	struct str text = {0}, until = {0}, pin = {0};

	tls_context_show(s->context, &own);
	for (size_t i = 0; i < MIN(own.name_count, CERTIFICATE_NAMES); i++)
		names[i] = str_c(&own.names[i]);
	str_add_certificate_names(&text, &own, CERTIFICATE_NAMES);
	str_add_date(&until, own.not_after);
	str_addf(&pin, "sha256:%s", own.sha256);
	report(&s->app->out, &ev_self_signed, F_LIST("names", names),
		F_SHOWN("names_text", str_c(&text)), F_STR("until", str_c(&until)),
		F_STR("pin", str_c(&pin)));
	certificate_fini(&own);
	str_fini(&text);
	str_fini(&until);
	str_fini(&pin);
}

static int open_context(struct tls_serving *s, const struct tls_server_config *c,
	const struct sockaddr_any *addresses, size_t count)
{
	struct str err = {0};
	struct tls_settings settings;
	int status = 0;

	if (c->self_signed && *c->self_signed && add_words(&s->names, c->self_signed, &err) < 0)
		status = app_failf(s->app, STATUS_USAGE, NULL, "%s", str_c(&err));
	else if (c->self_signed && !*c->self_signed)
		add_machine(&s->names, addresses, count);
	str_fini(&err);
	settings = tls_server_settings(c, &s->names);
	return status ? status : tls_open(s->app, &settings, &s->context);
}

int tls_serving_open(struct tls_serving *s, struct app *app, const struct tls_server_config *c,
	const struct sockaddr_any *addresses, size_t count)
{
	int status;

	s->app = app;
	if (!c->tls || s->context)
		return 0;
	status = open_context(s, c, addresses, count);
	if (status)
		return status;
	if (c->self_signed)
		say_self_signed(s);
	turns_init(&s->turns, &app->loop, HANDSHAKES_EACH);
	s->plan = (struct tls_plan){.context = &s->context, .turns = &s->turns};
	return 0;
}

static void free_list(struct strlist *l)
{
	for (size_t i = 0; i < l->count; i++)
		free((char *)(uintptr_t)l->items[i]);
	strlist_fini(l);
}

void tls_serving_fini(struct tls_serving *s)
{
	tls_context_destroy(s->context);
	s->context = NULL;
	turns_fini(&s->turns);
	free_list(&s->names);
	free_list(&s->folders);
}

static void add_folder(struct strlist *folders, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? xstrdup(path) : xstrdup(".");

	if (slash)
		folder[MAX(slash - path, 1)] = '\0'; // "/name" is in "/"
	strlist_add(folders, folder);
}

// A link may lead elsewhere, and to another file of the same folder the next time.
static void add_folders(struct strlist *folders, const char *file)
{
	char *real = sys_realpath(file);

	add_folder(folders, file);
	if (real) {
		strlist_add(folders, xstrdup(real)); // a directory of authorities
		add_folder(folders, real);
	}
	free(real);
}

static void add_files(
	struct strlist *files, const struct tls_context *own, const struct tls_context *other)
{
	if (own)
		tls_context_add_files(own, files);
	if (other)
		tls_context_add_files(other, files);
}

void tls_serving_add_files(
	struct tls_serving *s, const struct tls_context *other, struct sandbox *sandbox)
{
	struct strlist files = {0};

	keylogs_add(&sandbox->rotate);
	add_files(&files, s->context, other);
	for (size_t i = 0; i < files.count; i++)
		add_folders(&s->folders, files.items[i]);
	strlist_fini(&files);
	sandbox->readable = s->folders.count ? &s->folders : NULL;
}

bool tls_serving_has_files(const struct tls_serving *s, const struct tls_context *other)
{
	struct strlist logs = {0};
	bool has_logs;

	keylogs_add(&logs);
	has_logs = logs.count > 0;
	strlist_fini(&logs);
	return s->context || other || has_logs;
}

static int renew(struct tls_context **fresh, const struct tls_context *old, struct str *notes,
	struct str *err)
{
	return old ? tls_context_renew(fresh, old, notes, err) : 0;
}

static void replace(struct tls_context **context, struct tls_context *fresh)
{
	tls_context_destroy(*context);
	*context = fresh;
}

static void on_reopened(void *arg, const char *path, const char *failure)
{
	rotation_report(arg, path, failure);
}

void tls_serving_reload(struct tls_serving *s, struct tls_context **other)
{
	struct tls_context *own = NULL, *others = NULL;
	struct strlist files = {0};
	struct str notes = {0}, err = {0};
	int r;

	keylogs_reopen(on_reopened, s->app);
	if (!s->context && !*other)
		return;
	r = renew(&own, s->context, &notes, &err);
	if (r == 0)
		r = renew(&others, *other, &notes, &err);
	if (r == 0) {
		tls_warn(s->app, &notes);
		replace(&s->context, own);
		replace(other, others);
		add_files(&files, s->context, *other);
		report(&s->app->out, &ev_reloaded, F_UINT("files", files.count));
		strlist_fini(&files);
	} else {
		tls_context_destroy(own);
		report(&s->app->out, &ev_not_reloaded, F_SAFE("reason", str_c(&err)));
	}
	str_fini(&notes);
	str_fini(&err);
}

// SPDX-License-Identifier: ISC
#include "help/version.h"

#include "base/wordlist.h"
#include "opts/confine.h"
#include "out/field.h"
#include "sys/sandbox/sandbox.h"
#include "tls/tls.h"

#include <gnu/libc-version.h>
#include <jansson.h>
#include <string.h>
#include <uv.h>

static void add_tls(struct str *s)
{
	struct tls_build tls;

	if (!tls_build(&tls)) {
		str_add(s, "tls: none in this build\n");
		return;
	}
	str_add(s, "tls: OpenSSL 3, ");
	str_add(s, tls.origin);
	str_add(s, " (built with ");
	str_add(s, tls.version);
	str_add(s, ")\ntrust: ");
	str_add_escaped(s, tls.directory, strlen(tls.directory));
	str_add(s, ", ");
	str_add_escaped(s, tls.file, strlen(tls.file));
	str_addc(s, '\n');
}

void str_add_version(struct str *s)
{
	struct sandbox_state sandbox = sandbox_available();

	str_add(s, "sockctl " SOCKCTL_VERSION "\nlibraries: libuv ");
	str_add(s, uv_version_string());
	str_add(s, ", jansson ");
	str_add(s, jansson_version_str());
	str_add(s, ", glibc ");
	str_add(s, gnu_get_libc_version());
	str_addc(s, '\n');
	add_tls(s);
	str_add(s, "features: " SOCKCTL_FEATURES "\nsandbox: ");
	str_add_sandbox(s, &sandbox);
	str_addc(s, '\n');
}

static json_t *describe_text(const char *text)
{
	struct str shown = {0};
	json_t *j;

	str_add_escaped(&shown, text, strlen(text)); // a path need not be UTF-8
	j = json_string(str_c(&shown));
	str_fini(&shown);
	return j;
}

static json_t *describe_tls(void)
{
	struct tls_build tls;

	if (!tls_build(&tls))
		return json_null();
	return json_pack("{s:s, s:s, s:[oo]}", "library", "OpenSSL", "version", tls.version,
		"trust", describe_text(tls.directory), describe_text(tls.file));
}

static json_t *describe_features(void)
{
	json_t *list = json_array();

	for_each_word (word, SOCKCTL_FEATURES)
		json_array_append_new(list, json_stringn(word, word_length(word)));
	return list;
}

void str_add_version_json(struct str *s)
{
	struct sandbox_state sandbox = sandbox_available();

	str_add_json(s, json_pack("{s:s, s:{s:s, s:s, s:s}, s:o, s:o, s:{s:b, s:i}}", "version",
				SOCKCTL_VERSION, "libraries", "libuv", uv_version_string(),
				"jansson", jansson_version_str(), "glibc", gnu_get_libc_version(),
				"tls", describe_tls(), "features", describe_features(), "sandbox",
				"seccomp", sandbox.seccomp, "landlock", sandbox.landlock));
	str_addc(s, '\n');
}

// SPDX-License-Identifier: ISC
#include "proxy/http.h"

#include "base/base64.h"

#include <stdlib.h>
#include <string.h>

#define MAX_INTERIM 8 // answers 1xx before the one that counts
#define MAX_BODY 65536 // bytes that are read over to keep a connection

static struct http_connect *connect_of(struct dialogue *d)
{
	return container_of(d, struct http_connect, dialogue);
}

// "user:password" in base64.
static void add_basic(struct http_connect *c)
{
	const char *password = c->credentials.password ? c->credentials.password : "";
	struct str plain = {0};
	struct str encoded = {0};

	str_reserve(&plain, strlen(c->credentials.user) + 1 + strlen(password));
	str_add(&plain, c->credentials.user);
	str_addc(&plain, ':');
	str_add(&plain, password);
	str_add_base64(&encoded, plain.data, plain.len);
	str_reserve(&c->dialogue.send, 64 + encoded.len);
	str_add(&c->dialogue.send, "Proxy-Authorization: Basic ");
	dialogue_add_secret(&c->dialogue, encoded.data, encoded.len);
	str_add(&c->dialogue.send, "\r\n");
	str_wipe(&plain);
	str_wipe(&encoded);
}

static enum dialogue_step send_request(struct http_connect *c)
{
	struct str target = {0};

	str_add_target(&target, &c->target);
	str_addf(&c->dialogue.send, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", str_c(&target),
		str_c(&target));
	c->sent_credentials = *c->with_credentials && credentials_given(&c->credentials);
	if (c->sent_credentials)
		add_basic(c);
	str_add(&c->dialogue.send, "\r\n");
	dialogue_note(&c->dialogue, "asks for %s (HTTP CONNECT)%s", str_c(&target),
		c->sent_credentials ? " with credentials" : "");
	str_fini(&target);
	http_head_fini(&c->head);
	return DIALOGUE_MORE;
}

// "403 Forbidden", as the proxy has it, and WHY.
static enum dialogue_step fail_status(
	struct http_connect *c, enum proxy_fault fault, bool hopeless, const char *why)
{
	struct str words = {0};
	enum dialogue_step step;

	str_addf(&words, "%u%s", c->head.status, c->head.reason_len ? " " : "");
	proxy_add_words(&words, c->head.reason, c->head.reason_len);
	step = dialogue_fail(&c->dialogue, fault, hopeless, "answers '%s'%s", str_c(&words), why);
	str_fini(&words);
	return step;
}

// The same request again, on the same connection.
static enum dialogue_step send_again(struct http_connect *c)
{
	c->is_second = true;
	return send_request(c);
}

// 407: the same request again with credentials, on this connection if the proxy keeps it.
static enum dialogue_step answer_challenge(struct http_connect *c)
{
	const struct http_head *h = &c->head;
	struct str why = {0};
	enum dialogue_step step;

	if (c->sent_credentials)
		return fail_status(c, PROXY_REFUSED, true, " to the credentials");
	if (!h->offers_basic) {
		str_addf(&why,
			h->schemes.len ? "; it offers %s, and only Basic is known here"
				       : "; it offers no way to give credentials%s",
			str_c(&h->schemes));
		step = fail_status(c, PROXY_REFUSED, true, str_c(&why));
		str_fini(&why);
		return step;
	}
	if (!credentials_given(&c->credentials))
		return fail_status(
			c, PROXY_REFUSED, true, "; give credentials by --proxy-auth-file");
	dialogue_note(&c->dialogue, "wants credentials");
	*c->with_credentials = true;
	if (!h->is_complete || !h->keeps_open || !h->has_length || h->length > MAX_BODY)
		return DIALOGUE_AGAIN;
	c->body = h->length;
	return c->body ? DIALOGUE_MORE : send_again(c);
}

// The answer that counts.
static enum dialogue_step judge(struct http_connect *c)
{
	unsigned status = c->head.status;

	if (status / 100 == 2) {
		dialogue_note(&c->dialogue, "grants it (%u)", status);
		return DIALOGUE_DONE;
	}
	switch (status) {
	case 407:
		return answer_challenge(c);
	case 502:
	case 503:
		fail_status(c, PROXY_TARGET, false, "");
		break;
	case 504:
		fail_status(c, PROXY_TIMEOUT, false, "");
		break;
	case 408: // it waited for our request; too many requests; an error of its own
	case 429:
	case 500:
		fail_status(c, PROXY_REFUSED, false, "");
		break;
	default:
		return fail_status(c, PROXY_REFUSED, true, "");
	}
	c->dialogue.failure.other_address = status > 500;
	return DIALOGUE_FAILED;
}

static enum dialogue_step fail_head(struct http_connect *c, struct str *err)
{
	dialogue_fail(&c->dialogue, PROXY_REFUSED, true, "%s", str_c(err));
	str_fini(err);
	return DIALOGUE_FAILED;
}

// The head of an answer is complete.
static enum dialogue_step take_answer(struct http_connect *c)
{
	if (c->head.status / 100 != 1)
		return judge(c);
	dialogue_note(&c->dialogue, "says %u first", c->head.status);
	http_head_fini(&c->head);
	if (++c->interim <= MAX_INTERIM)
		return DIALOGUE_MORE;
	return dialogue_fail(&c->dialogue, PROXY_REFUSED, true,
		"gives more than %d preliminary answers", MAX_INTERIM);
}

static enum dialogue_step on_read(
	struct dialogue *d, const unsigned char *data, size_t len, size_t *taken)
{
	struct http_connect *c = connect_of(d);
	enum dialogue_step step = DIALOGUE_MORE;

	// What comes before its turn stays where it is.
	while (step == DIALOGUE_MORE && *taken < len && d->send.len == 0) {
		struct str err = {0};
		size_t n = MIN(c->body, len - *taken);
		int r;

		if (c->body) {
			*taken += n;
			c->body -= n;
			if (!c->body)
				step = send_again(c);
			continue;
		}
		r = http_head_read(&c->head, data + *taken, len - *taken, &n, &err);
		*taken += n;
		if (r < 0)
			return fail_head(c, &err);
		if (r > 0)
			step = take_answer(c);
	}
	return step;
}

// An answer may end with the connection; its first line tells enough of a refusal.
static enum dialogue_step on_end(struct dialogue *d)
{
	struct http_connect *c = connect_of(d);
	struct str err = {0};

	if (c->body)
		return DIALOGUE_AGAIN;
	if (!d->send.len && http_head_end(&c->head, &err) == 0 && c->head.status >= 300)
		return judge(c);
	str_fini(&err);
	// A connection that was to be kept for a second request may end for all that.
	if (c->is_second && !c->head.text.len)
		return DIALOGUE_AGAIN;
	return dialogue_fail(d, PROXY_BROKEN, false, "ended the connection before it had answered");
}

static void on_fini(struct dialogue *d)
{
	struct http_connect *c = connect_of(d);

	free((char *)c->target.name);
	credentials_fini(&c->credentials);
	http_head_fini(&c->head);
}

enum dialogue_step http_connect_init(struct http_connect *c, const struct proxy_target *target,
	const struct credentials *credentials, bool *with_credentials, struct str *notes)
{
	static const struct dialogue_ops ops = {.read = on_read, .end = on_end, .fini = on_fini};

	*c = (struct http_connect){
		.dialogue = {.ops = &ops, .notes = notes}, .with_credentials = with_credentials};
	credentials_copy(&c->credentials, credentials);
	if (dialogue_set_target(&c->dialogue, &c->target, target) == DIALOGUE_FAILED)
		return DIALOGUE_FAILED;
	if (credentials->user && strchr(credentials->user, ':'))
		return dialogue_fail(
			&c->dialogue, PROXY_USAGE, true, "has in HTTP no user names with a colon");
	return send_request(c);
}

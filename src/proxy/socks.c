// SPDX-License-Identifier: ISC
#include "proxy/socks.h"

#include <stdlib.h>
#include <string.h>

#define CONNECT 1 // the command, in both versions

#define V4 4
#define V4_GRANTED 90
#define V4_FAILED 91
#define V4_NO_IDENT 92
#define V4_OTHER_IDENT 93
#define V4_REPLY_LEN 8

#define V5 5
#define V5_NO_AUTH 0x00
#define V5_PASSWORD 0x02
#define V5_NO_METHOD 0xff
#define V5_AUTH 1 // the version of RFC 1929
#define V5_IPV4 1
#define V5_NAME 3
#define V5_IPV6 4
#define V5_MAX 255 // bytes of a name, of a user name and of a password

// How much of what is read must be there before it can be judged.
#define V5_METHOD_LEN 2
#define V5_AUTH_LEN 2
#define V5_VERDICT_LEN 2
#define V5_HEAD_LEN 5 // up to the first byte of the address, which is the length of a name

static struct socks *socks_of(struct dialogue *d)
{
	return container_of(d, struct socks, dialogue);
}

static void add_port(struct str *s, uint16_t port)
{
	str_addc(s, (char)(port >> 8));
	str_addc(s, (char)port);
}

static void note_request(struct socks *s, const char *version)
{
	struct str target = {0};

	str_add_target(&target, &s->target);
	dialogue_note(&s->dialogue, "asks for %s (%s)", str_c(&target), version);
	str_fini(&target);
}

// The failure to be no proxy of this kind: of its answer BYTE is no beginning.
static enum dialogue_step fail_garbage(struct socks *s, int version, unsigned char byte)
{
	struct str words = {0};
	enum dialogue_step step;

	str_add_escaped(&words, &byte, 1);
	step = dialogue_fail(&s->dialogue, PROXY_REFUSED, true,
		"does not speak SOCKS%d: its answer begins with '%s'%s", version, str_c(&words),
		byte == 'H'                   ? "; is it an HTTP proxy?"
		: byte == V5 && version == V4 ? "; is it a SOCKS5 proxy?"
		: byte == 0 && version == V5  ? "; is it a SOCKS4 proxy?"
					      : "");
	str_fini(&words);
	return step;
}

static enum dialogue_step fail_usage(struct socks *s, const char *why)
{
	return dialogue_fail(&s->dialogue, PROXY_USAGE, true, "%s", why);
}

static enum dialogue_step fail_v4_address(struct socks *s)
{
	struct str target = {0};
	enum dialogue_step step;

	str_add_target(&target, &s->target);
	step = dialogue_fail(&s->dialogue, PROXY_USAGE, true,
		"cannot be asked for %s: SOCKS4 has no IPv6 addresses; use socks5:// or socks5h://",
		str_c(&target));
	str_fini(&target);
	return step;
}

static enum dialogue_step read_v4_reply(struct socks *s)
{
	enum dialogue_step step;

	switch (s->reply[1]) {
	case V4_GRANTED:
		dialogue_note(&s->dialogue, "grants it");
		return DIALOGUE_DONE;
	case V4_FAILED:
		step = dialogue_fail(&s->dialogue, PROXY_REFUSED, false,
			"rejected the request or could not connect (SOCKS4 reply 91)");
		s->dialogue.failure.other_address = true;
		return step;
	case V4_NO_IDENT:
		return dialogue_fail(&s->dialogue, PROXY_REFUSED, true,
			"could not ask identd(8) of this machine who we are (SOCKS4 reply 92)");
	case V4_OTHER_IDENT:
		return dialogue_fail(&s->dialogue, PROXY_REFUSED, true,
			"knows another user name from identd(8) (SOCKS4 reply 93)");
	default:
		return dialogue_fail(&s->dialogue, PROXY_REFUSED, true,
			"gave SOCKS4 reply %u, which means nothing", s->reply[1]);
	}
}

// The second message: the target (RFC 1928 section 4).
static enum dialogue_step send_v5_request(struct socks *s)
{
	struct str *out = &s->dialogue.send;
	const struct sockaddr_any *a = &s->target.address;

	str_addn(out, (const unsigned char[]){V5, CONNECT, 0}, 3);
	if (a->len && a->sa.sa_family == AF_INET6) {
		str_addc(out, V5_IPV6);
		str_addn(out, &a->in6.sin6_addr, sizeof(a->in6.sin6_addr));
	} else if (a->len) {
		str_addc(out, V5_IPV4);
		str_addn(out, &a->in.sin_addr, sizeof(a->in.sin_addr));
	} else {
		str_addc(out, V5_NAME);
		str_addc(out, (char)strlen(s->target.name));
		str_add(out, s->target.name);
	}
	add_port(out, s->target.port);
	note_request(s, "SOCKS5");
	s->state = SOCKS_5_REPLY;
	s->len = 0;
	return DIALOGUE_MORE;
}

static enum dialogue_step send_v5_credentials(struct socks *s)
{
	const char *password = s->credentials.password ? s->credentials.password : "";
	char user_len = (char)strlen(s->credentials.user);
	char password_len = (char)strlen(password);

	str_reserve(&s->dialogue.send, 3 + 2 * V5_MAX);
	str_addc(&s->dialogue.send, V5_AUTH);
	dialogue_add_secret(&s->dialogue, &user_len, 1);
	dialogue_add_secret(&s->dialogue, s->credentials.user, strlen(s->credentials.user));
	dialogue_add_secret(&s->dialogue, &password_len, 1);
	dialogue_add_secret(&s->dialogue, password, strlen(password));
	dialogue_note(&s->dialogue, "sends user name and password");
	s->state = SOCKS_5_AUTH;
	s->len = 0;
	return DIALOGUE_MORE;
}

static enum dialogue_step read_v5_method(struct socks *s)
{
	bool has_credentials = credentials_given(&s->credentials);

	switch (s->reply[1]) {
	case V5_NO_AUTH:
		dialogue_note(&s->dialogue, "wants no authentication");
		return send_v5_request(s);
	case V5_PASSWORD:
		if (has_credentials)
			return send_v5_credentials(s);
		break;
	case V5_NO_METHOD:
		return dialogue_fail(&s->dialogue, PROXY_REFUSED, true,
			has_credentials ? "takes neither a password nor a client without one"
					: "takes no client without credentials; give them by "
					  "--proxy-auth-file");
	}
	return dialogue_fail(&s->dialogue, PROXY_REFUSED, true,
		"chose a way of authentication that was not offered to it (0x%02x)", s->reply[1]);
}

// Some proxies answer with the version of SOCKS in place of that of RFC 1929.
static enum dialogue_step read_v5_auth(struct socks *s)
{
	if (s->reply[0] != V5_AUTH && s->reply[0] != V5)
		return fail_garbage(s, V5, s->reply[0]);
	if (s->reply[1] != 0)
		return dialogue_fail(
			&s->dialogue, PROXY_REFUSED, true, "refused the user name or password");
	dialogue_note(&s->dialogue, "accepts them");
	return send_v5_request(s);
}

// What the codes of RFC 1928 section 6 are to us.
static enum dialogue_step fail_v5(struct socks *s, unsigned code)
{
	static const struct {
		const char *text;
		enum proxy_fault fault;
		bool hopeless;
	} replies[] = {
		[1] = {"failed", PROXY_REFUSED, false},
		[2] = {"does not allow this connection", PROXY_REFUSED, true},
		[3] = {"cannot reach the target's network", PROXY_TARGET, false},
		[4] = {"cannot reach the target", PROXY_TARGET, false},
		[5] = {"was refused by the target", PROXY_TARGET, false},
		[6] = {"timed out on the way to the target", PROXY_TIMEOUT, false},
		[7] = {"does not know the command CONNECT", PROXY_REFUSED, true},
		[8] = {"does not know this kind of address", PROXY_REFUSED, true},
	};
	enum dialogue_step step;

	if (code >= ARRAY_SIZE(replies))
		return dialogue_fail(&s->dialogue, PROXY_REFUSED, true,
			"gave SOCKS5 reply %u, which means nothing", code);
	step = dialogue_fail(&s->dialogue, replies[code].fault, replies[code].hopeless,
		"%s (SOCKS5 reply %u)", replies[code].text, code);
	// A rule or a family that the proxy does not have may spare another address.
	s->dialogue.failure.other_address = code != 7;
	return step;
}

// Says in *LEN how long the whole reply is, once its head is there. Returns false if its address is
// of no known kind.
static bool v5_reply_len(const struct socks *s, size_t *len)
{
	switch (s->reply[3]) {
	case V5_IPV4:
		*len = 4 + 4 + 2;
		return true;
	case V5_IPV6:
		*len = 4 + 16 + 2;
		return true;
	case V5_NAME:
		*len = V5_HEAD_LEN + s->reply[4] + 2;
		return true;
	default:
		return false;
	}
}

// How many bytes have to be there before the next step; those of the reply that are already there
// have been judged, so that a refusal is told even if less follows than should.
static size_t wanted(const struct socks *s)
{
	size_t len = V5_HEAD_LEN;

	switch (s->state) {
	case SOCKS_4_REPLY:
		return s->len < 2 ? s->len + 1 : V4_REPLY_LEN;
	case SOCKS_5_METHOD:
		return s->len < 1 ? 1 : V5_METHOD_LEN;
	case SOCKS_5_AUTH:
		return V5_AUTH_LEN;
	case SOCKS_5_REPLY:
		break;
	}
	if (s->len < V5_VERDICT_LEN)
		return s->len + 1;
	if (s->len >= V5_HEAD_LEN)
		v5_reply_len(s, &len);
	return len;
}

static enum dialogue_step read_v5_reply(struct socks *s)
{
	size_t len;

	if (s->len == V5_VERDICT_LEN && s->reply[1] != 0)
		return fail_v5(s, s->reply[1]);
	if (s->len < V5_HEAD_LEN)
		return DIALOGUE_MORE;
	if (!v5_reply_len(s, &len))
		return dialogue_fail(&s->dialogue, PROXY_REFUSED, true,
			"grants the connection with an address of no known kind (0x%02x)",
			s->reply[3]);
	if (s->len < len)
		return DIALOGUE_MORE;
	dialogue_note(&s->dialogue, "grants it");
	return DIALOGUE_DONE;
}

// Judges what has come, of which wanted() bytes are there.
static enum dialogue_step judge(struct socks *s)
{
	int version = s->state == SOCKS_4_REPLY ? V4 : V5;

	if (s->len == 1 && s->state != SOCKS_5_AUTH && s->reply[0] != (version == V4 ? 0 : V5))
		return fail_garbage(s, version, s->reply[0]);
	switch (s->state) {
	case SOCKS_4_REPLY:
		// As with version 5, a refusal is told whatever follows.
		return s->len == V4_REPLY_LEN || (s->len == 2 && s->reply[1] != V4_GRANTED)
			       ? read_v4_reply(s)
			       : DIALOGUE_MORE;
	case SOCKS_5_METHOD:
		return s->len == V5_METHOD_LEN ? read_v5_method(s) : DIALOGUE_MORE;
	case SOCKS_5_AUTH:
		return read_v5_auth(s);
	case SOCKS_5_REPLY:
		return read_v5_reply(s);
	}
	return DIALOGUE_FAILED;
}

static enum dialogue_step on_read(
	struct dialogue *d, const unsigned char *data, size_t len, size_t *taken)
{
	struct socks *s = socks_of(d);
	enum dialogue_step step = DIALOGUE_MORE;

	// What comes before its turn stays where it is.
	while (step == DIALOGUE_MORE && *taken < len && d->send.len == 0) {
		size_t want = wanted(s);
		size_t n = MIN(want - s->len, len - *taken);

		memcpy(s->reply + s->len, data + *taken, n);
		s->len += n;
		*taken += n;
		if (s->len == want)
			step = judge(s);
	}
	return step;
}

static enum dialogue_step on_end(struct dialogue *d)
{
	const struct socks *s = socks_of(d);

	return dialogue_fail(d, PROXY_BROKEN, false, "ended the connection %s",
		s->state == SOCKS_5_AUTH ? "when it was given the user name and password"
					 : "before it had answered");
}

static void on_fini(struct dialogue *d)
{
	struct socks *s = socks_of(d);

	free((char *)s->target.name);
	credentials_fini(&s->credentials);
}

static const struct dialogue_ops socks_ops = {.read = on_read, .end = on_end, .fini = on_fini};

static enum dialogue_step init(struct socks *s, const struct proxy_target *target,
	const struct credentials *credentials, struct str *notes)
{
	*s = (struct socks){.dialogue = {.ops = &socks_ops, .notes = notes}};
	credentials_copy(&s->credentials, credentials);
	return dialogue_set_target(&s->dialogue, &s->target, target);
}

static void send_v4_request(struct socks *s)
{
	// An address that cannot be: the proxy looks up the name that follows (SOCKS 4A).
	static const unsigned char by_name[] = {0, 0, 0, 1};
	struct str *out = &s->dialogue.send;
	const struct sockaddr_any *a = &s->target.address;
	const char *user = s->credentials.user ? s->credentials.user : "";

	str_reserve(out, 16 + strlen(user));
	str_addc(out, V4);
	str_addc(out, CONNECT);
	add_port(out, s->target.port);
	str_addn(out, a->len ? (const void *)&a->in.sin_addr : by_name, sizeof(by_name));
	if (*user)
		dialogue_add_secret(&s->dialogue, user, strlen(user));
	str_addc(out, '\0');
	if (!a->len)
		str_addn(out, s->target.name, strlen(s->target.name) + 1);
	note_request(s, a->len ? "SOCKS4" : "SOCKS4A");
}

enum dialogue_step socks4_init(struct socks *s, const struct proxy_target *target,
	const struct credentials *credentials, struct str *notes)
{
	if (init(s, target, credentials, notes) == DIALOGUE_FAILED)
		return DIALOGUE_FAILED;
	s->state = SOCKS_4_REPLY;
	if (s->target.address.len && s->target.address.sa.sa_family != AF_INET)
		return fail_v4_address(s);
	if (credentials->password)
		return fail_usage(s, "has no passwords in SOCKS4; use socks5:// or socks5h://");
	send_v4_request(s);
	return DIALOGUE_MORE;
}

enum dialogue_step socks5_init(struct socks *s, const struct proxy_target *target,
	const struct credentials *credentials, struct str *notes)
{
	struct str *out = &s->dialogue.send;
	const char *password = credentials->password ? credentials->password : "";
	bool has_credentials = credentials_given(credentials);

	if (init(s, target, credentials, notes) == DIALOGUE_FAILED)
		return DIALOGUE_FAILED;
	s->state = SOCKS_5_METHOD;
	if (has_credentials && (!*credentials->user || strlen(credentials->user) > V5_MAX ||
				       strlen(password) > V5_MAX))
		return fail_usage(s, "has in SOCKS5 user names of 1 to 255 bytes and passwords of "
				     "at most 255");
	str_addc(out, V5);
	str_addc(out, has_credentials ? 2 : 1);
	str_addc(out, V5_NO_AUTH);
	if (has_credentials)
		str_addc(out, V5_PASSWORD);
	dialogue_note(&s->dialogue, "offers to go without authentication%s",
		has_credentials ? ", or with a password" : "");
	return DIALOGUE_MORE;
}

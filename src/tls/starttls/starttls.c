// SPDX-License-Identifier: ISC
#include "tls/starttls/starttls.h"

#include "base/wordlist.h"
#include "tls/starttls/starttls_binary.h"

#include <string.h>

#define SHOWN 100 // bytes of what a server says
#define STEPS_MAX 4

typedef enum answer answer_fn(
	struct starttls *s, const unsigned char *p, size_t len, size_t *used, struct str *why);

// What is said first, and what is heard then. %s stands for the name of the server.
struct step {
	const char *say; // NULL: nothing
	answer_fn *hear; // NULL: the script is over
	const char *good; // how a good answer begins
	const char *offer; // what the answer must hold, or NULL
};

static bool begins_with(const unsigned char *p, size_t len, const char *text)
{
	return len >= strlen(text) && strncasecmp((const char *)p, text, strlen(text)) == 0;
}

static const struct step *step_of(const struct starttls *s);

// The length of the first line with its end; 0 while that has not come.
static size_t line_length(const unsigned char *p, size_t len)
{
	const unsigned char *end = memchr(p, '\n', len);

	return end ? (size_t)(end - p) + 1 : 0;
}

static void add_line(struct str *why, const unsigned char *p, size_t len)
{
	while (len && (p[len - 1] == '\n' || p[len - 1] == '\r'))
		len--;
	str_add_escaped(why, p, MIN(len, SHOWN));
}

// True if the line holds the word by itself.
static bool has_word(const unsigned char *p, size_t len, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= len; i++)
		if (strncasecmp((const char *)p + i, word, n) == 0 &&
			(i == 0 || strchr(" -", p[i - 1])) && (i + n == len || p[i + n] <= ' '))
			return true;
	return false;
}

// Lines of three digits, all but the last with a "-" behind them (RFC 5321, section 4.2.1); in FTP
// others may stand between (RFC 959, section 4.2).
static enum answer code_answer(
	struct starttls *s, const unsigned char *p, size_t len, size_t *used, struct str *why)
{
	const struct step *step = step_of(s);
	const unsigned char *first = p;
	size_t n;

	while ((n = line_length(p, len))) {
		bool has_code = n >= 5 && strspn((const char *)p, "0123456789") == 3;
		bool is_last = has_code && p[3] != '-' && memcmp(p, first, 3) == 0;

		if (p == first && !has_code)
			return ANSWER_BAD;
		if (!has_code && s->protocol != STARTTLS_FTP)
			return ANSWER_BAD;
		if (step->offer && has_word(p, n, step->offer))
			s->has_offer = true;
		*used += n;
		if (is_last) {
			if (begins_with(p, n, step->good))
				return ANSWER_GOOD;
			add_line(why, p, n);
			return ANSWER_REFUSED;
		}
		p += n;
		len -= n;
	}
	return ANSWER_INCOMPLETE;
}

// Lines that begin with "*" and then one with the tag; the greeting is the first of these. With
// PREAUTH the connection is beyond the state in which TLS can begin (RFC 9051, section 11.2).
static enum answer imap_answer(
	struct starttls *s, const unsigned char *p, size_t len, size_t *used, struct str *why)
{
	const struct step *step = step_of(s);
	bool is_greeting = !step->say;
	size_t n;

	while ((n = line_length(p, len))) {
		*used += n;
		if (begins_with(p, n, step->good))
			return ANSWER_GOOD;
		if (is_greeting || p[0] != '*' || begins_with(p, n, "* BYE")) {
			add_line(why, p, n);
			return p[0] == '*' || begins_with(p, n, "a1 ") ? ANSWER_REFUSED
								       : ANSWER_BAD;
		}
		p += n;
		len -= n;
	}
	return ANSWER_INCOMPLETE;
}

static enum answer pop3_answer(
	struct starttls *s, const unsigned char *p, size_t len, size_t *used, struct str *why)
{
	size_t n = line_length(p, len);

	if (!n)
		return ANSWER_INCOMPLETE;
	*used = n;
	if (begins_with(p, n, step_of(s)->good))
		return ANSWER_GOOD;
	add_line(why, p, n);
	return begins_with(p, n, "-ERR") ? ANSWER_REFUSED : ANSWER_BAD;
}

// The opening of a stream with its features (RFC 6120, section 5.4.1).
static enum answer features_answer(
	struct starttls *s, const unsigned char *p, size_t len, size_t *used, struct str *why)
{
	static const char end[] = "</stream:features>";
	const unsigned char *at = memmem(p, len, end, strlen(end));
	const unsigned char *none = memmem(p, len, "<stream:features/>", 18);

	(void)why;
	if (len && p[0] != '<' && p[0] > ' ')
		return ANSWER_BAD;
	if (memmem(p, len, "<stream:error", 13) || none)
		return ANSWER_REFUSED;
	if (!at)
		return ANSWER_INCOMPLETE;
	*used = (size_t)(at - p) + strlen(end);
	s->has_offer = memmem(p, *used, step_of(s)->offer, strlen(step_of(s)->offer));
	return ANSWER_GOOD;
}

// One element: <proceed .../> or <failure .../>.
static enum answer proceed_answer(
	struct starttls *s, const unsigned char *p, size_t len, size_t *used, struct str *why)
{
	static const char closing[] = "</proceed>";
	const unsigned char *end = memchr(p, '>', len);
	const unsigned char *at = end;

	(void)why;
	if (!end)
		return len && p[0] != '<' ? ANSWER_BAD : ANSWER_INCOMPLETE;
	if (!begins_with(p, len, step_of(s)->good))
		return begins_with(p, len, "<failure") ? ANSWER_REFUSED : ANSWER_BAD;
	if (end[-1] != '/') {
		at = memmem(end, len - (size_t)(end - p), closing, strlen(closing));
		if (!at)
			return ANSWER_INCOMPLETE;
		at += strlen(closing) - 1;
	}
	*used = (size_t)(at - p) + 1;
	return ANSWER_GOOD;
}

static enum answer postgres(
	struct starttls *s, const unsigned char *p, size_t len, size_t *used, struct str *why)
{
	(void)s;
	return postgres_answer(p, len, used, why);
}

static enum answer mysql(
	struct starttls *s, const unsigned char *p, size_t len, size_t *used, struct str *why)
{
	(void)s;
	return mysql_greeting(p, len, used, why);
}

static enum answer ldap(
	struct starttls *s, const unsigned char *p, size_t len, size_t *used, struct str *why)
{
	(void)s;
	return ldap_answer(p, len, used, why);
}

#define XMPP_OPEN \
	"<?xml version='1.0'?><stream:stream xmlns='jabber:client' " \
	"xmlns:stream='http://etherx.jabber.org/streams' to='%s' version='1.0'>"
#define XMPP_START "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"

// The scripts, a line each; the steps that say nothing are greetings.
static const struct step scripts[][STEPS_MAX] = {
	[STARTTLS_SMTP] = {{NULL, code_answer, "220", NULL},
		{"EHLO [127.0.0.1]\r\n", code_answer, "250", "STARTTLS"},
		{"STARTTLS\r\n", code_answer, "220", NULL}},
	[STARTTLS_LMTP] = {{NULL, code_answer, "220", NULL},
		{"LHLO [127.0.0.1]\r\n", code_answer, "250", "STARTTLS"},
		{"STARTTLS\r\n", code_answer, "220", NULL}},
	[STARTTLS_IMAP] = {{NULL, imap_answer, "* OK", NULL},
		{"a1 STARTTLS\r\n", imap_answer, "a1 OK", NULL}},
	[STARTTLS_POP3] = {{NULL, pop3_answer, "+OK", NULL},
		{"STLS\r\n", pop3_answer, "+OK", NULL}},
	[STARTTLS_FTP] = {{NULL, code_answer, "220", NULL},
		{"AUTH TLS\r\n", code_answer, "234", NULL}},
	[STARTTLS_LDAP] = {{(const char *)ldap_request, ldap, NULL, NULL}},
	[STARTTLS_XMPP] = {{XMPP_OPEN, features_answer, NULL, "<starttls"},
		{XMPP_START, proceed_answer, "<proceed", NULL}},
	[STARTTLS_POSTGRES] = {{(const char *)postgres_request, postgres, NULL, NULL}},
	[STARTTLS_MYSQL] = {{NULL, mysql, NULL, NULL},
		{(const char *)mysql_request, NULL, NULL, NULL}},
};

static const struct step *step_of(const struct starttls *s)
{
	return &scripts[s->protocol][s->step];
}

// Adds the name as the value of an attribute in XML.
static void add_attribute(struct str *s, const char *text)
{
	for (const char *p = text; *p; p++)
		if (strchr("&<>'\"", *p))
			str_addf(s, "&#%d;", *p);
		else
			str_addc(s, *p);
}

// Adds what the present step says.
static void say(struct starttls *s)
{
	const char *text = step_of(s)->say;
	const char *name;

	if (!text)
		return;
	switch (s->protocol) {
	case STARTTLS_LDAP:
		str_addn(&s->say, ldap_request, sizeof(ldap_request));
		break;
	case STARTTLS_POSTGRES:
		str_addn(&s->say, postgres_request, sizeof(postgres_request));
		break;
	case STARTTLS_MYSQL:
		str_addn(&s->say, mysql_request, sizeof(mysql_request));
		break;
	default: // words; the others are bytes without an end
		name = strstr(text, "%s");
		str_addn(&s->say, text, name ? (size_t)(name - text) : strlen(text));
		if (name) {
			add_attribute(&s->say, str_c(&s->name));
			str_add(&s->say, name + 2);
		}
	}
}

void starttls_init(struct starttls *s, enum starttls_protocol protocol, const char *name)
{
	*s = (struct starttls){.protocol = protocol};
	str_add(&s->name, name ? name : "");
	say(s);
}

void starttls_fini(struct starttls *s)
{
	str_fini(&s->name);
	str_fini(&s->heard);
	str_fini(&s->say);
	str_fini(&s->failure);
}

// Ends it with a line of why; WHAT the server said goes with it, if it said something.
static enum starttls_state fail(struct starttls *s, const char *why, const struct str *what)
{
	if (s->failure.len)
		return STARTTLS_FAILED;
	str_add(&s->failure, why);
	if (what && what->len)
		str_addf(&s->failure, ": '%s'", str_c(what));
	str_fini(&s->say);
	return STARTTLS_FAILED;
}

static enum starttls_state fail_by_answer(
	struct starttls *s, enum answer answer, const struct str *what)
{
	struct str why = {0};
	struct str protocol = {0};

	str_add_nth_word(&protocol, STARTTLS_WORDS, s->protocol - STARTTLS_SMTP);
	str_addf(&why,
		answer == ANSWER_BAD ? "the server does not speak %s"
				     : "the server does not offer TLS (%s)",
		str_c(&protocol));
	str_fini(&protocol);
	fail(s, str_c(&why), what);
	str_fini(&why);
	return STARTTLS_FAILED;
}

// The present answer is good and USED bytes long: on to the next step.
static enum starttls_state advance(struct starttls *s, size_t used)
{
	const struct step *step = step_of(s);
	struct str none = {0};
	bool is_over;

	if (step->offer && !s->has_offer)
		return fail_by_answer(s, ANSWER_REFUSED, &none);
	str_drop(&s->heard, used);
	// A server that speaks before it is asked is no server, or not it alone.
	if (s->heard.len)
		return fail(s,
			"the server sent more after its answer, unencrypted, possibly injected by "
			"an attacker",
			NULL);
	s->step++;
	is_over = s->step == STEPS_MAX || (!step_of(s)->hear && !step_of(s)->say);
	if (is_over)
		return STARTTLS_READY;
	say(s);
	return step_of(s)->hear ? STARTTLS_GOES_ON : STARTTLS_READY;
}

enum starttls_state starttls_hear(struct starttls *s, const void *data, size_t len)
{
	struct str why = {0};
	enum starttls_state state = STARTTLS_GOES_ON;
	size_t used = 0;
	enum answer answer;

	if (s->failure.len)
		return STARTTLS_FAILED;
	if (s->heard.len + len > STARTTLS_MAX)
		return fail(s, "the answer of the server is too long", NULL);
	str_addn(&s->heard, data, len);
	if (!s->heard.len)
		return STARTTLS_GOES_ON;
	answer = step_of(s)->hear(
		s, (const unsigned char *)s->heard.data, s->heard.len, &used, &why);
	if (answer == ANSWER_GOOD)
		state = advance(s, used);
	else if (answer != ANSWER_INCOMPLETE)
		state = fail_by_answer(s, answer, &why);
	str_fini(&why);
	return state;
}

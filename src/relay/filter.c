// SPDX-License-Identifier: ISC
#include "relay/filter.h"

#include <string.h>

static void run_crlf(struct filter *f, const unsigned char *data, size_t len, struct str *out)
{
	struct crlf_filter *c = container_of(f, struct crlf_filter, filter);

	while (len) {
		const unsigned char *lf = memchr(data, '\n', len);
		size_t plain = lf ? (size_t)(lf - data) : len;

		if (plain) {
			str_addn(out, data, plain);
			c->after_cr = data[plain - 1] == '\r';
		}
		if (lf) {
			str_add(out, c->after_cr ? "\n" : "\r\n");
			c->after_cr = false;
			plain++;
		}
		data += plain;
		len -= plain;
	}
}

void crlf_filter_init(struct crlf_filter *c)
{
	*c = (struct crlf_filter){.filter = {run_crlf}};
}

static void run_discard(struct filter *f, const unsigned char *data, size_t len, struct str *out)
{
	(void)f;
	(void)data;
	(void)len;
	(void)out;
}

struct filter discard_filter = {run_discard};

// The commands of RFC 854.
enum {
	SE = 240,
	SB = 250,
	WILL = 251,
	WONT = 252,
	DO = 253,
	DONT = 254,
	IAC = 255,
};

enum telnet_state {
	DATA,
	COMMAND, // after IAC
	OPTION, // after IAC and a verb
	SUBNEGOTIATION, // after IAC SB
	SUBNEGOTIATION_COMMAND, // after IAC within it
};

// RFC 854: offers and requests are refused; refusals need no answer.
static void refuse(struct telnet_filter *t, unsigned char option)
{
	unsigned char reply[3] = {IAC, t->verb == DO ? WONT : DONT, option};

	if (t->verb == DO || t->verb == WILL)
		str_addn(&t->replies, reply, sizeof(reply));
}

static int telnet_command(struct telnet_filter *t, unsigned char c, struct str *out)
{
	switch (c) {
	case IAC:
		str_addc(out, (char)c);
		return DATA;
	case WILL:
	case WONT:
	case DO:
	case DONT:
		t->verb = c;
		return OPTION;
	case SB:
		return SUBNEGOTIATION;
	default:
		return DATA; // commands without a parameter, such as NOP or GA
	}
}

static int telnet_byte(struct telnet_filter *t, unsigned char c, struct str *out)
{
	switch (t->state) {
	case COMMAND:
		return telnet_command(t, c, out);
	case OPTION:
		refuse(t, c);
		return DATA;
	case SUBNEGOTIATION:
		return c == IAC ? SUBNEGOTIATION_COMMAND : SUBNEGOTIATION;
	case SUBNEGOTIATION_COMMAND:
		return c == SE ? DATA : SUBNEGOTIATION;
	default:
		return COMMAND;
	}
}

static void run_telnet(struct filter *f, const unsigned char *data, size_t len, struct str *out)
{
	struct telnet_filter *t = container_of(f, struct telnet_filter, filter);

	while (len) {
		if (t->state == DATA) {
			const unsigned char *iac = memchr(data, IAC, len);
			size_t plain = iac ? (size_t)(iac - data) : len;

			str_addn(out, data, plain);
			data += plain;
			len -= plain;
			if (!iac)
				break;
		}
		t->state = telnet_byte(t, *data, out);
		data++;
		len--;
	}
}

void telnet_filter_init(struct telnet_filter *t)
{
	*t = (struct telnet_filter){.filter = {run_telnet}};
}

void telnet_filter_fini(struct telnet_filter *t)
{
	str_fini(&t->replies);
}

static void double_iac(const unsigned char *data, size_t len, struct str *out)
{
	while (len) {
		const unsigned char *iac = memchr(data, IAC, len);
		size_t plain = iac ? (size_t)(iac - data) + 1 : len;

		str_addn(out, data, plain);
		if (iac)
			str_addc(out, (char)IAC);
		data += plain;
		len -= plain;
	}
}

static void run_telnet_escape(
	struct filter *f, const unsigned char *data, size_t len, struct str *out)
{
	struct telnet_escape_filter *t = container_of(f, struct telnet_escape_filter, filter);
	struct str lines = {0};

	if (!t->with_crlf) {
		double_iac(data, len, out);
		return;
	}
	t->crlf.filter.run(&t->crlf.filter, data, len, &lines);
	double_iac((const unsigned char *)str_c(&lines), lines.len, out);
	str_fini(&lines);
}

void telnet_escape_filter_init(struct telnet_escape_filter *t, bool with_crlf)
{
	*t = (struct telnet_escape_filter){.filter = {run_telnet_escape}, .with_crlf = with_crlf};
	crlf_filter_init(&t->crlf);
}

// SPDX-License-Identifier: ISC
// Values as words: numbers, times, names, bytes.
#include "sys/sockopt/sockopt_codec.h"

#include <inttypes.h>
#include <string.h>
#include <sys/time.h>

static int int_of(const void *value)
{
	int v;

	memcpy(&v, value, sizeof(v));
	return v;
}

void sockopt_format_int(struct str *s, const struct sockopt *o, const void *value, size_t len)
{
	(void)o;
	(void)len;
	str_addf(s, "%d", int_of(value));
}

void sockopt_format_size(struct str *s, const struct sockopt *o, const void *value, size_t len)
{
	(void)o;
	(void)len;
	str_addf(s, "%u", (unsigned)int_of(value));
}

void sockopt_format_hex(struct str *s, const struct sockopt *o, const void *value, size_t len)
{
	(void)o;
	(void)len;
	str_addf(s, "%#x", (unsigned)int_of(value));
}

void sockopt_format_u64(struct str *s, const struct sockopt *o, const void *value, size_t len)
{
	uint64_t v = (unsigned)int_of(value);

	(void)o;
	if (len >= sizeof(v)) // some were 32 bits wide once, and are so for those who ask so
		memcpy(&v, value, sizeof(v));
	str_addf(s, "%" PRIu64, v);
}

void sockopt_format_period(struct str *s, const struct sockopt *o, const void *value, size_t len)
{
	int v = int_of(value);
	uint64_t unit = sockopt_time_unit(o);

	(void)len;
	str_addf(s, "%d", v);
	if (v > 0)
		str_add(s, unit == 1 ? "us" : unit == 1000 ? "ms" : "s");
}

void sockopt_format_name(struct str *s, const struct sockopt *o, const void *value, size_t len)
{
	(void)len;
	str_add_name(s, sockopt_names(o), int_of(value));
}

void sockopt_format_flags(struct str *s, const struct sockopt *o, const void *value, size_t len)
{
	(void)len;
	str_add_flags(s, sockopt_names(o), (unsigned)int_of(value));
}

void sockopt_format_errno(struct str *s, const struct sockopt *o, const void *value, size_t len)
{
	int v = int_of(value);
	const char *name = v ? strerrorname_np(v) : NULL;

	(void)o;
	(void)len;
	if (name)
		str_add(s, name);
	else
		str_addf(s, "%d", v);
}

void sockopt_format_linger(struct str *s, const struct sockopt *o, const void *value, size_t len)
{
	struct linger linger;

	(void)o;
	(void)len;
	memcpy(&linger, value, sizeof(linger));
	if (!linger.l_onoff)
		str_add(s, "off");
	else
		str_addf(s, "%d%s", linger.l_linger, linger.l_linger ? "s" : "");
}

void sockopt_format_timeval(struct str *s, const struct sockopt *o, const void *value, size_t len)
{
	struct timeval tv;

	(void)o;
	(void)len;
	memcpy(&tv, value, sizeof(tv));
	if (tv.tv_sec == 0 && tv.tv_usec == 0)
		str_add(s, "0");
	else if (tv.tv_usec == 0)
		str_addf(s, "%" PRIdMAX "s", (intmax_t)tv.tv_sec);
	else if (tv.tv_usec % 1000 == 0 && tv.tv_sec == 0)
		str_addf(s, "%" PRIdMAX "ms", (intmax_t)tv.tv_usec / 1000);
	else if (tv.tv_usec % 1000 == 0)
		str_addf(s, "%" PRIdMAX "%03" PRIdMAX "ms", (intmax_t)tv.tv_sec,
			(intmax_t)tv.tv_usec / 1000);
	else if (tv.tv_sec == 0)
		str_addf(s, "%" PRIdMAX "us", (intmax_t)tv.tv_usec);
	else
		str_addf(s, "%" PRIdMAX "%06" PRIdMAX "us", (intmax_t)tv.tv_sec,
			(intmax_t)tv.tv_usec);
}

void sockopt_format_string(struct str *s, const struct sockopt *o, const void *value, size_t len)
{
	(void)o;
	str_add_escaped(s, value, strnlen(value, len));
}

void sockopt_format_ucred(struct str *s, const struct sockopt *o, const void *value, size_t len)
{
	struct ucred cred;

	(void)o;
	(void)len;
	memcpy(&cred, value, sizeof(cred));
	str_addf(s, "pid=%d,uid=%d,gid=%d", (int)cred.pid, (int)cred.uid, (int)cred.gid);
}

void sockopt_format_u32s(struct str *s, const struct sockopt *o, const void *value, size_t len)
{
	const char *comma = "";

	(void)o;
	for (size_t i = 0; i + sizeof(uint32_t) <= len; i += sizeof(uint32_t)) {
		str_addf(s, "%s%u", comma, (unsigned)int_of((const char *)value + i));
		comma = ",";
	}
}

void sockopt_format_bytes(struct str *s, const struct sockopt *o, const void *value, size_t len)
{
	const unsigned char *p = value;

	(void)o;
	str_add(s, "0x");
	for (size_t i = 0; i < len; i++)
		str_addf(s, "%02x", p[i]);
}

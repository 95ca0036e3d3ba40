// SPDX-License-Identifier: ISC
#include "proxy/dialogue.h"

#include "base/mem.h"

#include <string.h>

#define MAX_NAME 255 // bytes: what SOCKS5 can say, and more than the name service can

void dialogue_sent(struct dialogue *d, size_t n)
{
	size_t left = d->send.len - n;
	size_t secret_end = d->secret_at + d->secret_len;

	// What moves down leaves a copy behind at the end.
	str_drop(&d->send, n);
	if (d->send.data)
		explicit_bzero(d->send.data + left, n);
	d->secret_at = d->secret_at > n ? d->secret_at - n : 0;
	d->secret_len = secret_end > n ? secret_end - n - d->secret_at : 0;
}

enum dialogue_step dialogue_read(struct dialogue *d, const void *data, size_t len, size_t *taken)
{
	*taken = 0;
	return d->ops->read(d, data, len, taken);
}

enum dialogue_step dialogue_end(struct dialogue *d, int error)
{
	enum dialogue_step step = d->ops->end(d);

	if (step == DIALOGUE_FAILED && d->failure.fault == PROXY_BROKEN && error) {
		str_add(&d->failure.text, ": ");
		str_add_error(&d->failure.text, error);
	}
	return step;
}

void dialogue_fini(struct dialogue *d)
{
	if (d->ops)
		d->ops->fini(d);
	str_wipe(&d->send);
	proxy_failure_fini(&d->failure);
	*d = (struct dialogue){0};
}

// Names may have come from somebody else: nothing in them may end a line or begin another word.
static bool is_name(const char *name)
{
	for (const char *c = name; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr(":/@[]", *c))
			return false;
	return *name;
}

enum dialogue_step dialogue_set_target(
	struct dialogue *d, struct proxy_target *to, const struct proxy_target *target)
{
	*to = *target;
	to->name = target->name ? xstrdup(target->name) : NULL;
	sockaddr_unmap(&to->address);
	sockaddr_set_port(&to->address, to->port);
	if (to->address.len && to->address.sa.sa_family == AF_INET6 &&
		to->address.in6.sin6_scope_id)
		return dialogue_fail(d, PROXY_USAGE, true,
			"knows no interface of this machine, as the target's address has one");
	if (to->address.len)
		return DIALOGUE_MORE;
	if (!to->name || !is_name(to->name))
		return dialogue_fail(
			d, PROXY_USAGE, true, "cannot be asked for what is no name of a host");
	if (strlen(to->name) > MAX_NAME)
		return dialogue_fail(d, PROXY_USAGE, true,
			"cannot be asked for a name of more than %d bytes", MAX_NAME);
	return DIALOGUE_MORE;
}

void str_add_target(struct str *s, const struct proxy_target *target)
{
	if (target->address.len)
		str_add_sockaddr(s, &target->address.sa, target->address.len);
	else
		str_addf(s, "%s:%u", target->name, target->port);
}

void dialogue_add_secret(struct dialogue *d, const void *data, size_t len)
{
	if (!d->secret_len)
		d->secret_at = d->send.len;
	str_addn(&d->send, data, len);
	d->secret_len = d->send.len - d->secret_at;
}

void dialogue_note(struct dialogue *d, const char *fmt, ...)
{
	va_list ap;

	if (!d->notes)
		return;
	va_start(ap, fmt);
	str_vaddf(d->notes, fmt, ap);
	va_end(ap);
	str_addc(d->notes, '\n');
}

enum dialogue_step dialogue_fail(
	struct dialogue *d, enum proxy_fault fault, bool hopeless, const char *fmt, ...)
{
	va_list ap;

	proxy_failure_fini(&d->failure);
	d->failure.fault = fault;
	d->failure.hopeless = hopeless;
	va_start(ap, fmt);
	str_vaddf(&d->failure.text, fmt, ap);
	va_end(ap);
	return DIALOGUE_FAILED;
}

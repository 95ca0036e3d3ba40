// SPDX-License-Identifier: ISC
// Classic BPF programs as words, in the form that "tcpdump -ddd | tr '\n' ','" writes:
// "2,40 0 0 12,6 0 0 65535" is their number and each instruction as code, jt, jf, k.
#include "sys/sockopt/sockopt_codec.h"

#include "base/mem.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>

// Reads a number up to MAX and the character END after it; *p moves on.
static int get_number(const char **p, uintmax_t max, char end, uintmax_t *number)
{
	char *rest;

	if (**p < '0' || **p > '9')
		return -EINVAL;
	errno = 0;
	*number = strtoumax(*p, &rest, 10);
	if (errno || *number > max)
		return -ERANGE;
	if (*rest != end)
		return -EINVAL;
	*p = rest + 1;
	return 0;
}

static int get_instruction(const char **p, bool last, struct sock_filter *f)
{
	uintmax_t code;
	uintmax_t jt;
	uintmax_t jf;
	uintmax_t k;
	int r = get_number(p, UINT16_MAX, ' ', &code);

	if (r == 0)
		r = get_number(p, UINT8_MAX, ' ', &jt);
	if (r == 0)
		r = get_number(p, UINT8_MAX, ' ', &jf);
	if (r == 0)
		r = get_number(p, UINT32_MAX, last ? '\0' : ',', &k);
	if (r == 0)
		*f = (struct sock_filter){(uint16_t)code, (uint8_t)jt, (uint8_t)jf, (uint32_t)k};
	return r;
}

int sockopt_parse_filter(struct sockopt_value *v, const struct sockopt *o, const char *word)
{
	char *program = xstrdup(word);
	size_t len = strlen(program);
	const char *p = program;
	struct sock_fprog prog = {0};
	uintmax_t count = 0;

	(void)o;
	if (len && program[len - 1] == ',') // what is left of the last end of line
		program[len - 1] = '\0';
	int r = get_number(&p, BPF_MAXINSNS, ',', &count);
	if (r == 0 && count == 0)
		r = -EINVAL;
	if (r == 0)
		prog.filter = xcalloc(count, sizeof(*prog.filter));
	for (uintmax_t i = 0; r == 0 && i < count; i++)
		r = get_instruction(&p, i + 1 == count, &prog.filter[i]);
	free(program);
	if (r < 0) {
		free(prog.filter);
		return r;
	}
	prog.len = (unsigned short)count;
	v->program = prog.filter;
	return sockopt_set_bytes(v, &prog, sizeof(prog));
}

void sockopt_format_filter(struct str *s, const struct sockopt *o, const void *value, size_t len)
{
	struct sock_fprog prog;

	(void)o;
	(void)len;
	memcpy(&prog, value, sizeof(prog));
	str_addf(s, "%u", prog.len);
	for (unsigned i = 0; i < prog.len; i++) {
		const struct sock_filter *f = &prog.filter[i];

		str_addf(s, ",%u %u %u %u", f->code, f->jt, f->jf, f->k);
	}
}

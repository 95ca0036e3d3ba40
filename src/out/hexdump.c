// SPDX-License-Identifier: ISC
#include "out/hexdump.h"

#include "base/hex.h"

#include <inttypes.h>
#include <time.h>

void hexdump_init(struct hexdump *h, char direction, enum colour colour, size_t columns)
{
	*h = (struct hexdump){
		.direction = direction, .colour = colour, .width = hex_dump_width(columns)};
}

static void add_header(const struct hexdump *h, struct str *out, size_t len)
{
	struct timespec now;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	str_addf(out, "%c %02d:%02d:%02d.%06ld length %zu\n", h->direction, tm.tm_hour, tm.tm_min,
		tm.tm_sec, now.tv_nsec / 1000, len);
}

static void add_line(const struct hexdump *h, struct str *out, const unsigned char *p, size_t len)
{
	str_addf(out, "%c %08" PRIx64 " ", h->direction, h->offset);
	for (size_t i = 0; i < h->width; i++) {
		if (i % 8 == 0)
			str_addc(out, ' ');
		if (i < len)
			str_addf(out, "%02x ", p[i]);
		else
			str_add(out, "   ");
	}
	str_add(out, " |");
	for (size_t i = 0; i < len; i++)
		str_addc(out, p[i] >= ' ' && p[i] < 127 ? (char)p[i] : '.');
	str_add(out, "|\n");
}

static void add_lines(struct hexdump *h, struct str *out, const unsigned char *p, size_t len)
{
	while (len) {
		size_t n = MIN(len, h->width);

		add_line(h, out, p, n);
		h->offset += n;
		p += n;
		len -= n;
	}
}

void hexdump_add(struct hexdump *h, struct str *out, const void *data, size_t len)
{
	struct str text = {0};

	add_header(h, &text, len);
	add_lines(h, &text, data, len);
	str_add_coloured(out, h->colour, text.data, text.len);
	str_fini(&text);
}

// SPDX-License-Identifier: ISC
#include "opts/proxy_header.h"

#include "base/hex.h"
#include "base/mem.h"
#include "base/value.h"
#include "io/fd.h"
#include "proxy/tlv.h"
#include "sys/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define AT(field, type) OPT_AT(struct send_proxy_config, field, type)

const struct opt send_proxy_opts[] = {
	{"send-proxy", 0, OPT_STRING, AT(version, const char *), "VERSION",
		"send a PROXY protocol header first: v1 or v2 (the default)", .is_optional = true,
		.implied = "v2", .not_with = "check udp"},
	{"send-proxy-source", 0, OPT_STRING, AT(source, const char *), "ADDRESS:PORT",
		"source address in the header, instead of the actual one", .words = "address",
		.only_with = "send-proxy", .not_with = "send-proxy-local"},
	{"send-proxy-destination", 0, OPT_STRING, AT(destination, const char *), "ADDRESS:PORT",
		"destination address in the header", .words = "address", .only_with = "send-proxy",
		.not_with = "send-proxy-local"},
	{"send-proxy-local", 0, OPT_FLAG, AT(is_local, bool), "",
		"send a LOCAL header without addresses, as for a health check",
		.only_with = "send-proxy"},
	{"send-proxy-tlv", 0, OPT_LIST, AT(tlvs, struct strlist), "TYPE=HEX",
		"add a TLV to the header; HEX may be @FILE; repeat for more",
		.only_with = "send-proxy"},
	{"send-proxy-crc", 0, OPT_FLAG, AT(has_crc, bool), "",
		"add a CRC32c checksum to the header", .only_with = "send-proxy"},
	{""},
};

// Reads an address with its port, or a Unix socket; nothing is looked up.
static int parse_end(const char *option, const char *word, struct sockaddr_any *a, struct str *err)
{
	char *words[] = {(char *)word, NULL};
	struct endpoint e = {0};
	struct str why = {0};
	uint64_t port = 0;
	int r = 0;

	if (!word)
		return 0;
	if (endpoint_parse(&e, ENDPOINT_PLAIN, 1, words, &why) < 0)
		r = -EINVAL;
	else if (e.kind == ENDPOINT_UNIX)
		*a = e.unix_address;
	else if (e.kind != ENDPOINT_INET || !e.host || parse_uint(e.service, &port) < 0 ||
		 !numeric_address(e.host, (unsigned)port, a))
		r = bad_word(&why, word, "is no numeric address with a port");
	if (r < 0)
		str_addf(err, "%s: %s", option, str_c(&why));
	str_fini(&why);
	endpoint_fini(&e);
	return r;
}

// Reads the type of an extension. Returns what its value is written as, or NULL with the reason in
// ERR.
static const char *parse_tlv_type(const char *word, uint8_t *type, struct str *err)
{
	const char *equals = strchr(word, '=');
	struct str name = {0};
	int r = -EINVAL;

	if (!equals) {
		bad_word(err, word, "is no TYPE=HEX or TYPE=@FILE");
		return NULL;
	}
	str_addn(&name, word, (size_t)(equals - word));
	r = tlv_parse_type(str_c(&name), type, err);
	str_fini(&name);
	if (r == 0 && *type == TLV_CRC32C)
		r = bad_word(err, word, "is what --send-proxy-crc adds");
	return r < 0 ? NULL : equals + 1;
}

// Adds an extension. Returns 0, or -EINVAL with the reason in ERR, where OBJECT is the word.
static int add_tlv(struct str *s, uint8_t type, const void *value, size_t len, struct str *err)
{
	if (len > PROXY_V2_MAX_LENGTH) {
		str_addf(err, "more than %d bytes do not fit a PROXY header", PROXY_V2_MAX_LENGTH);
		return -EINVAL;
	}
	if (type == TLV_UNIQUE_ID && len > TLV_MAX_UNIQUE_ID) {
		str_addf(err, "a unique_id has at most %d bytes", TLV_MAX_UNIQUE_ID);
		return -EINVAL;
	}
	tlv_add(s, type, value, len);
	return 0;
}

static int add_hex_tlv(struct str *s, const char *word, struct str *err)
{
	struct str why = {0};
	uint8_t type = 0;
	const char *value = parse_tlv_type(word, &type, &why);
	size_t len = value ? strlen(value) : 0;
	unsigned char *bytes = xmalloc(len / 2 + 1);
	int r = value ? 0 : -EINVAL;

	if (value && *value != '@')
		r = hex_decode(bytes, &len, value, len) < 0
			    ? bad_word(&why, word, "has a value that is no pairs of hex digits")
			    : add_tlv(s, type, bytes, len, &why);
	if (r < 0)
		str_addf(err, "--send-proxy-tlv: %s", str_c(&why));
	str_fini(&why);
	free(bytes);
	return r;
}

int send_proxy_check(struct send_proxy_config *c, const struct endpoint *target, struct str *err)
{
	struct proxy_header *h = &c->header;
	struct str ignored = {0};
	int r;

	if (!c->version)
		return 0;
	if (strcmp(c->version, "v1") == 0)
		h->version = 1;
	else if (strcmp(c->version, "v2") == 0)
		h->version = 2;
	else
		return bad_word(err, c->version, "is no version of the PROXY protocol: v1 or v2");
	if (target->kind == ENDPOINT_FD)
		return bad_word(err, target->name,
			"is connected already, and --send-proxy is for new connections");
	h->type = SOCK_STREAM;
	h->is_local = c->is_local;
	h->has_crc = c->has_crc;
	r = parse_end("--send-proxy-source", c->source, &h->source, err);
	if (r == 0)
		r = parse_end("--send-proxy-destination", c->destination, &h->destination, err);
	for (size_t i = 0; i < c->tlvs.count && r == 0; i++)
		r = add_hex_tlv(&ignored, c->tlvs.items[i], err);
	str_fini(&ignored);
	return r;
}

// Adds an extension whose value is what stands in a file. Returns 0, or the status after a message.
static int add_file_tlv(struct app *app, struct str *s, uint8_t type, const char *path)
{
	char value[PROXY_V2_MAX_LENGTH + 1];
	size_t len = 0;
	ssize_t n = 1;
	struct str why = {0};
	int fd = fd_open_input(path);
	int status = 0;

	if (fd < 0)
		return app_fail(app, STATUS_LOCAL, path, fd);
	while (n > 0 && len < sizeof(value)) {
		n = sys_read(fd, value + len, sizeof(value) - len);
		if (n == -EINTR)
			n = 1;
		else if (n > 0)
			len += (size_t)n;
	}
	sys_close(fd);
	if (n < 0)
		status = app_fail(app, STATUS_LOCAL, path, (int)n);
	else if (add_tlv(s, type, value, len, &why) < 0)
		status = app_failf(app, STATUS_USAGE, path, "%s", str_c(&why));
	str_fini(&why);
	return status;
}

// Looks whether a header as it will be sent can be built.
static int try_to_build(struct app *app, const struct proxy_header *header)
{
	struct proxy_header h = *header;
	struct str bytes = {0}, why = {0};
	int status = 0;

	// What is not said here will be of the same family, and IPv4 at least.
	if (!h.source.len && !h.destination.len && !h.is_local)
		numeric_address("127.0.0.1", 0, &h.source);
	if (h.source.len && !h.destination.len)
		h.destination = h.source;
	else if (!h.source.len)
		h.source = h.destination;
	if (proxy_header_build(&h, &bytes, &why) < 0)
		status = app_failf(app, STATUS_USAGE, NULL, "--send-proxy: %s", str_c(&why));
	str_fini(&bytes);
	str_fini(&why);
	return status;
}

int send_proxy_load(struct app *app, struct send_proxy_config *c)
{
	struct str ignored = {0};
	int status = 0;

	if (!c->version)
		return 0;
	for (size_t i = 0; i < c->tlvs.count && !status; i++) {
		const char *word = c->tlvs.items[i];
		uint8_t type = 0;
		const char *value = parse_tlv_type(word, &type, &ignored);

		if (*value == '@')
			status = add_file_tlv(app, &c->header.tlvs, type, value + 1);
		else
			add_hex_tlv(&c->header.tlvs, word, &ignored);
	}
	str_fini(&ignored);
	return status ? status : try_to_build(app, &c->header);
}

void send_proxy_fini(struct send_proxy_config *c)
{
	strlist_fini(&c->tlvs);
	proxy_header_fini(&c->header);
}

const struct opt accept_proxy_opts[] = {
	{"accept-proxy", 0, OPT_FLAG, OPT_AT(struct accept_proxy_config, accept, bool), "",
		"require a PROXY protocol header and take the client address from it",
		.not_with = "udp"},
	{"accept-proxy-from", 0, OPT_LIST, OPT_AT(struct accept_proxy_config, from, struct strlist),
		"CIDR", "accept PROXY headers from this address or range only; repeat for more",
		.words = "address"},
	{""},
};

int accept_proxy_check(struct accept_proxy_config *c, struct str *err)
{
	struct str why = {0};
	int r = 0;

	c->accept |= c->from.count > 0;
	for (size_t i = 0; i < c->from.count && r == 0; i++)
		r = access_allow(&c->senders, c->from.items[i], &why);
	if (r < 0)
		str_addf(err, "--accept-proxy-from: %s", str_c(&why));
	str_fini(&why);
	return r;
}

void accept_proxy_fini(struct accept_proxy_config *c)
{
	access_fini(&c->senders);
}

bool accept_proxy_is_open(const struct accept_proxy_config *c, const struct sockaddr_any *local)
{
	return c->accept && !c->from.count && local->sa.sa_family != AF_UNIX &&
	       !sockaddr_is_loopback(local);
}

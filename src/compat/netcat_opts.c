// SPDX-License-Identifier: ISC
// The options that dialects share.
#include "compat/netcat.h"

#define AT NETCAT_AT

const struct opt netcat_common_opts[] = {
	{"explain", 0, OPT_FLAG, AT(explain, bool), "",
		"show the command line of sockctl that does the same, and do nothing",
		.is_everyday = true},
	{"listen", 'l', OPT_COUNT, AT(listen, unsigned), "", "wait for a connection",
		.is_everyday = true},
	{"source-port", 'p', OPT_STRING, AT(port, const char *), "PORT",
		"the local port, also the one to listen on", .words = "service",
		.is_everyday = true},
	{"nodns", 'n', OPT_FLAG, AT(numeric, bool), "", "never look up a host name",
		.is_everyday = true},
	{"udp", 'u', OPT_FLAG, AT(udp, bool), "", "datagrams instead of TCP", .is_everyday = true},
	{"verbose", 'v', OPT_COUNT, AT(verbose, unsigned), "", "report events",
		.is_everyday = true},
	{"zero", 'z', OPT_FLAG, AT(zero, bool), "",
		"connect and send nothing: which ports are open", .is_everyday = true},
	{""},
};

const struct opt netcat_family_opts[] = {
	{"ipv4", '4', OPT_FLAG, AT(ipv4, bool), "", "use IPv4 only"},
	{"ipv6", '6', OPT_FLAG, AT(ipv6, bool), "", "use IPv6 only"},
	{"unixsock", 'U', OPT_FLAG, AT(is_unix, bool), "", "a Unix socket", .is_everyday = true},
	{""},
};

const struct opt netcat_line_opts[] = {
	{"crlf", 'C', OPT_FLAG, AT(crlf, bool), "", "send line ends as CR LF"},
	{"telnet", 't', OPT_FLAG, AT(telnet, bool), "",
		"refuse telnet negotiation and keep it out of the output"},
	{""},
};

const struct opt netcat_interval_opts[] = {
	{"interval", 'i', OPT_DURATION, AT(interval_ms, uint64_t), "TIME", "pause between lines",
		.min = 1, .max = NETCAT_DAY_MS},
	{""},
};

const struct opt netcat_original_opts[] = {
	{"broadcast", 'b', OPT_FLAG, AT(broadcast, bool), "", "allow broadcast"},
	{"quit", 'q', OPT_STRING, AT(quit, const char *), "SECONDS",
		"pass on the end of the input, and end after so long without an answer",
		.is_everyday = true},
	{"random", 'r', OPT_FLAG, AT(random, bool), "",
		"ports in any order, which is no different here"},
	{"wait", 'w', OPT_DURATION, AT(wait_ms, uint64_t), "TIME",
		"give up connecting after TIME, and end after TIME without a byte", .min = 1,
		.max = 365 * NETCAT_DAY_MS, .is_everyday = true},
	{""},
};

const struct opt netcat_route_opts[] = {
	{"source-route", 'g', OPT_STRING, AT(refused, const char *), "HOPS",
		"not here: loose source routing", .instead = "routers drop such packets"},
	{"source-route-pointer", 'G', OPT_STRING, AT(refused, const char *), "N",
		"not here: see -g", .instead = "routers drop such packets"},
	{""},
};

const struct opt netcat_long_opts[] = {
	{"allow", 0, OPT_LIST, AT(allow, struct strlist), "ADDRESS,...", "serve these only",
		.words = "address"},
	{"allowfile", 0, OPT_STRING, AT(allow_file, const char *), "FILE",
		"the same, one a line in FILE", .words = "file"},
	{"deny", 0, OPT_LIST, AT(deny, struct strlist), "ADDRESS,...", "never serve these",
		.words = "address"},
	{"denyfile", 0, OPT_STRING, AT(deny_file, const char *), "FILE",
		"the same, one a line in FILE", .words = "file"},
	{"broker", 0, OPT_FLAG, AT(broker, bool), "",
		"join all connections: what one sends goes to all others"},
	{"chat", 0, OPT_FLAG, AT(chat, bool), "",
		"the same for lines with the names of their senders"},
	{"send-only", 0, OPT_FLAG, AT(send_only, bool), "",
		"only send, and end with the end of the input", .is_everyday = true},
	{"recv-only", 0, OPT_FLAG, AT(recv_only, bool), "", "only receive"},
	{"no-shutdown", 0, OPT_FLAG, AT(no_shutdown, bool), "",
		"do not pass on the end of the input"},
	{"proxy", 0, OPT_STRING, AT(ncat_proxy, const char *), "HOST[:PORT]",
		"connect through this proxy", .is_everyday = true},
	{"proxy-type", 0, OPT_STRING, AT(proxy_type, const char *), "TYPE",
		"of the proxy: http, socks4 or socks5"},
	{"proxy-auth", 0, OPT_STRING, AT(proxy_auth, const char *), "USER:PASSWORD",
		"what the proxy asks for"},
	{"proxy-dns", 0, OPT_STRING, AT(proxy_dns, const char *), "WHERE",
		"where names are looked up: local, remote, both or none"},
	{"ssl", 0, OPT_FLAG, AT(ssl, bool), "", "speak TLS without verifying the peer",
		.is_everyday = true},
	{"ssl-verify", 0, OPT_FLAG, AT(ssl_verify, bool), "", "speak TLS and verify the server"},
	{"ssl-cert", 0, OPT_STRING, AT(ssl_cert, const char *), "FILE", "our certificate (PEM)",
		.words = "file"},
	{"ssl-key", 0, OPT_STRING, AT(ssl_key, const char *), "FILE", "its private key (PEM)",
		.words = "file"},
	{"ssl-trustfile", 0, OPT_STRING, AT(ssl_trust, const char *), "FILE",
		"verify by these authorities", .words = "file"},
	{"ssl-ciphers", 0, OPT_STRING, AT(ssl_ciphers, const char *), "LIST", "the ciphers to use"},
	{"ssl-servername", 0, OPT_STRING, AT(ssl_name, const char *), "NAME", "the name to ask for",
		.words = "host"},
	{"ssl-alpn", 0, OPT_STRING, AT(ssl_alpn, const char *), "NAME,...",
		"the application protocols to offer"},
	{"append-output", 0, OPT_FLAG, AT(append, bool), "",
		"add to the files of --output and --hex-dump", .only_with = "output hex-dump"},
	{"lua-exec", 0, OPT_STRING, AT(refused, const char *), "FILE", "not here: a script in Lua",
		.instead = "run it with --exec 'lua FILE'"},
	{"sctp", 0, OPT_FLAG, AT(refused_flag, bool), "", "not here: SCTP",
		.instead = "sockctl speaks TCP, UDP and Unix sockets"},
	{"vsock", 0, OPT_FLAG, AT(refused_flag, bool), "", "not here: vsock",
		.instead = "sockctl speaks TCP, UDP and Unix sockets"},
	{""},
};

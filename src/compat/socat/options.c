// SPDX-License-Identifier: ISC
// The options of the addresses that socat knows.
#include "compat/socat/socat.h"
#include "compat/socat/search.h"

#define SOCKETS (SOCAT_DIAL | SOCAT_SERVE | SOCAT_RECEIVE)
#define LOCALS (SOCAT_STREAMS | SOCAT_FILE | SOCAT_ECHO | SOCAT_PROGRAM)
#define ANYWHERE (SOCKETS | LOCALS)
#define NOT_A_TERMINAL "sockctl changes terminals with '--raw-tty' only"
#define BY_HAND "do it before, or in a command of EXEC or SYSTEM"
#define SET(NAME, OTHERS, SETTING) \
	{ \
		NAME, OTHERS, .setting = SETTING \
	}
#define NEVER(NAME, OTHERS, INSTEAD) \
	{ \
		NAME, OTHERS, .instead = INSTEAD \
	}

static const struct socat_option options[] = {
	// Who is served, and how
	{"fork", NULL, .instead = "a server has it; a shell's loop connects again and again"},
	{"max-children", "maxchildren"},
	{"backlog", NULL},
	{"range", NULL, .instead = "a listening socket has it"},
	NEVER("tcpwrap",
		"tcpwrappers libwrap wrap tcpwrapper hosts-allow hosts-deny allow-table "
		"deny-table",
		"say range=ADDRESS/BITS"),
	NEVER("lowport", NULL, "say range=ADDRESS/BITS, or ask for a certificate"),
	NEVER("accept-timeout", "listen-timeout", "say 'timeout' before the command"),
	{"substuser", "su substuser-delayed su-d setuid", .instead = "a listening socket has it"},
	NEVER("substuser-early", "su-e setuid-early", "start it as that user, or say su"),
	NEVER("chroot", "chroot-early setgid setgid-early", "start it so; '--sandbox' confines it"),
	// Ways to a peer
	{"bind", NULL},
	{"sourceport", "sp", .instead = "a connecting socket has it; range= and su= admit clients"},
	{"protocol-family", "pf"},
	{"ipv6only", "v6only ipv6-v6only"},
	{"connect-timeout", NULL},
	{"retry", NULL, .instead = "one side can retry: the one that connects to a server"},
	{"forever", NULL, .instead = "one side can retry: the one that connects to a server"},
	{"interval", "intervall", .instead = "say retry=N or forever with it"},
	{"proxyport", NULL},
	{"proxyauth", "proxy-authorization proxy-auth"},
	{"proxyauthfile", "proxy-authorization-file"},
	{"resolve", "proxy-resolve resolv"},
	{"ignorecr", NULL, .vain = SOCAT_DIAL},
	{"socksport", NULL},
	{"socksuser", NULL},
	{"interface", "so-bindtodevice bindtodevice if"},
	{"ip-add-membership",
		"add-membership membership ip-membership ipv6-join-group join-group "
		"ipv6-add-membership",
		.instead = "UDP-RECV has it"},
	// TLS
	{"verify", "openssl-verify"},
	{"cafile", "openssl-cafile"},
	{"capath", "openssl-capath"},
	{"certificate", "cert openssl-certificate"},
	{"key", "openssl-key"},
	{"commonname", "cn openssl-commonname"},
	{"snihost", "openssl-snihost", .instead = "commonname= is asked for and verified"},
	NEVER("no-sni", "nosni openssl-no-sni", "the name of the server is sent always"),
	{"cipherlist", "cipher ciphers openssl-cipherlist"},
	{"min-proto-version", "openssl-min-proto-version min-version"},
	{"max-proto-version", "openssl-max-proto-version max-version"},
	NEVER("openssl-method", "method", "say min-proto-version= and max-proto-version="),
	NEVER("dhparams", "dh dhparam openssl-dhparam openssl-dhparams",
		"the parameters are chosen with the cipher"),
	NEVER("compress", "compr openssl-compress", "TLS is never compressed"),
	NEVER("fips", "openssl-fips egd openssl-egd pseudo openssl-pseudo",
		"the system's OpenSSL is configured for it"),
	// What is changed on the way, and ends
	{"crnl", "crlf", .instead = "the side that connects or listens has it"},
	NEVER("cr", NULL, "say SYSTEM with tr(1)"),
	{"ignoreeof", "ignoreof",
		.instead = "'tail -f FILE | sockctl ...' follows a file; STDIO has it"},
	{"shut-none", NULL},
	{"shut-down", NULL},
	NEVER("shut-close", NULL, "the end of the input is passed on, and the answer waited for"),
	NEVER("shut-null", NULL, "an empty datagram is data"),
	NEVER("null-eof", NULL, "an empty datagram is data"),
	{"end-close", "close", .vain = SOCKETS},
	NEVER("readbytes", "bytes", "'--recv-exactly' and 'head -c' count bytes"),
	NEVER("lockfile", "waitlock", "say 'flock' before the command"),
	{"escape", NULL},
	{"raw", "rawer cfmakeraw termios-rawer termios-cfmakeraw"},
	{"echo", NULL, .instead = "raw says so"},
	{"cool-write", "coolwrite", .vain = ANYWHERE},
	{"nonblock", "o-nonblock ndelay o-ndelay", .vain = ANYWHERE},
	{"cloexec", NULL, .vain = ANYWHERE},
	// Files
	{"creat", "create o-create o-creat", .instead = "a file that is written has it"},
	{"trunc", "o-trunc", .instead = "a file that is written has it"},
	{"append", "o-append", .instead = "a file that is written has it"},
	{"rdonly", "o-rdonly", .instead = "a file that is read has it"},
	{"wronly", "o-wronly", .instead = "a file that is written has it"},
	{"rdwr", "o-rdwr", .vain = SOCAT_FILE},
	{"largefile", "o-largefile noctty o-noctty", .vain = SOCAT_FILE},
	{"unlink-early", "new unlink delete remove", .vain = SOCAT_SERVE | SOCAT_RECEIVE},
	{"unlink-close", NULL, .vain = SOCAT_SERVE | SOCAT_RECEIVE},
	{"mode", "perm perm-early"},
	NEVER("umask", NULL, "say mode="),
	{"group", "gid gid-e group-early"},
	NEVER("user", "uid owner user-early uid-e user-late uid-l gid-l group-late perm-late",
		"start it as that user; group= lets a group connect"),
	NEVER("excl",
		"o-excl nofollow o-nofollow noatime o-noatime direct o-direct sync o-sync "
		"dsync o-dsync rsync o-rsync directory o-directory async o-async",
		BY_HAND),
	NEVER("seek", "lseek seek-set seek-cur seek-end ftruncate truncate ftruncate32 ftruncate64",
		BY_HAND),
	NEVER("flock", "flock-ex flock-sh flock-nb lock lockw setlk setlkw f-setlk f-setlkw",
		"say 'flock' before the command"),
	// Programs
	{"stderr", NULL},
	{"pipes", NULL, .vain = SOCAT_PROGRAM},
	{"nofork", NULL, .vain = SOCAT_PROGRAM},
	NEVER("pty", "openpty ptmx",
		"a program gets no terminal; 'script -qfc COMMAND /dev/null' gives it one"),
	NEVER("link", "symbolic-link wait-slave pty-wait-slave waitslave pty-interval",
		"sockctl makes no terminals"),
	NEVER("setsid", "sid ctty tiocsctty setpgid pgid", "say 'setsid' before the command"),
	NEVER("login", "dash path fdin fdout", "say it in a command of SYSTEM"),
	NEVER("sighup", "sigint sigquit", "the signal ends sockctl, which ends the program"),
	// Terminals
	NEVER("sane",
		"b1200 b2400 b4800 b9600 b19200 b38400 b57600 b115200 b230400 b460800 "
		"b921600 cs5 cs6 cs7 cs8 crtscts clocal cread cstopb parenb parodd ixon "
		"ixoff ixany icanon icrnl inlcr igncr isig opost onlcr ocrnl echoe echok "
		"echonl echoctl echoke iexten istrip brkint ignbrk hupcl vmin vtime min "
		"time ispeed ospeed intr quit susp eof erase kill",
		NOT_A_TERMINAL),
	// Network interfaces
	NEVER("up",
		"iff-up tun-type tun-name tun-device iff-no-pi no-pi promisc iff-promisc "
		"iff-broadcast iff-multicast iff-noarp",
		"sockctl makes no network interfaces"),
	// Socket options
	{"reuseaddr", "so-reuseaddr", "SO_REUSEADDR", .vain = SOCAT_SERVE},
	{"keepalive", "so-keepalive", "SO_KEEPALIVE", .vain = SOCAT_DIAL | SOCAT_SERVE},
	SET("reuseport", "so-reuseport", "SO_REUSEPORT"),
	SET("sndbuf", "so-sndbuf", "SO_SNDBUF"),
	SET("rcvbuf", "so-rcvbuf", "SO_RCVBUF"),
	SET("broadcast", "so-broadcast", "SO_BROADCAST"),
	SET("debug", "so-debug", "SO_DEBUG"),
	SET("dontroute", "so-dontroute", "SO_DONTROUTE"),
	SET("linger", "so-linger", "SO_LINGER"),
	SET("oobinline", "so-oobinline", "SO_OOBINLINE"),
	SET("priority", "so-priority", "SO_PRIORITY"),
	SET("rcvlowat", "so-rcvlowat", "SO_RCVLOWAT"),
	SET("no-check", "nocheck so-no-check", "SO_NO_CHECK"),
	SET("nodelay", "tcp-nodelay", "TCP_NODELAY"),
	SET("cork", "tcp-cork", "TCP_CORK"),
	SET("defer-accept", "tcp-defer-accept", "TCP_DEFER_ACCEPT"),
	SET("keepidle", "tcp-keepidle", "TCP_KEEPIDLE"),
	SET("keepintvl", "tcp-keepintvl", "TCP_KEEPINTVL"),
	SET("keepcnt", "tcp-keepcnt", "TCP_KEEPCNT"),
	SET("linger2", "tcp-linger2", "TCP_LINGER2"),
	SET("mss", "maxseg tcp-maxseg", "TCP_MAXSEG"),
	SET("quickack", "tcp-quickack", "TCP_QUICKACK"),
	SET("syncnt", "tcp-syncnt", "TCP_SYNCNT"),
	SET("window-clamp", "tcp-window-clamp", "TCP_WINDOW_CLAMP"),
	SET("user-timeout", "tcp-user-timeout", "TCP_USER_TIMEOUT"),
	SET("tos", "ip-tos iptos", "IP_TOS"),
	SET("ttl", "ip-ttl ipttl", "IP_TTL"),
	SET("mtudiscover", "ip-mtu-discover ipmtudiscover", "IP_MTU_DISCOVER"),
	SET("freebind", "ip-freebind ipfreebind", "IP_FREEBIND"),
	SET("transparent", "ip-transparent", "IP_TRANSPARENT"),
	SET("multicast-ttl", "ip-multicast-ttl ipmulticastttl multicastttl", "IP_MULTICAST_TTL"),
	SET("multicast-loop", "ip-multicast-loop ipmulticastloop multicastloop",
		"IP_MULTICAST_LOOP"),
	SET("unicast-hops", "ipv6-unicast-hops", "IPV6_UNICAST_HOPS"),
	SET("tclass", "ipv6-tclass", "IPV6_TCLASS"),
	NEVER("sndbuf-late",
		"so-sndbuf-late rcvbuf-late so-rcvbuf-late mss-late maxseg-late "
		"tcp-maxseg-late",
		"say it without -late"),
	NEVER("setsockopt",
		"setsockopt-int setsockopt-bin setsockopt-string setsockopt-listen "
		"sockopt sockopt-int sockopt-bin sockopt-string sockopt-listen",
		"'--set NAME=VALUE' of the command that --explain shows; 'sockctl options' lists "
		"names"),
	NEVER("type", "socktype so-type prototype so-prototype so-protocol protocol",
		"name another type of address; 'sockctl connect seqpacket:PATH' is for type=5"),
	{0},
};

const struct socat_option *socat_option_find(const char *name, const char **near)
{
	struct socat_search search;

	socat_search_begin(&search, name);
	for (const struct socat_option *o = options; o->name; o++)
		if (socat_search_offer(&search, o->name, o->others))
			return o;
	*near = search.near;
	return NULL;
}

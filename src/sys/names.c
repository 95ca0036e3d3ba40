// SPDX-License-Identifier: ISC
#include "sys/names.h"

#include <fcntl.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define NAME(constant) \
	{ \
#constant, (long)(constant) \
	}

const struct name_value names_family[] = {
	NAME(AF_UNSPEC),
	NAME(AF_UNIX),
	NAME(AF_INET),
	NAME(AF_INET6),
	NAME(AF_NETLINK),
	NAME(AF_PACKET),
	NAME(AF_VSOCK),
	{""},
};

const struct name_value names_type[] = {
	NAME(SOCK_STREAM),
	NAME(SOCK_DGRAM),
	NAME(SOCK_RAW),
	NAME(SOCK_RDM),
	NAME(SOCK_SEQPACKET),
	{""},
};

const struct name_value names_type_flag[] = {
	NAME(SOCK_CLOEXEC),
	NAME(SOCK_NONBLOCK),
	{""},
};

const struct name_value names_protocol[] = {
	NAME(IPPROTO_ICMP),
	NAME(IPPROTO_IGMP),
	NAME(IPPROTO_TCP),
	NAME(IPPROTO_UDP),
	NAME(IPPROTO_IPV6),
	NAME(IPPROTO_GRE),
	NAME(IPPROTO_ESP),
	NAME(IPPROTO_AH),
	NAME(IPPROTO_ICMPV6),
	NAME(IPPROTO_SCTP),
	NAME(IPPROTO_UDPLITE),
	NAME(IPPROTO_RAW),
	{""},
};

const struct name_value names_msg[] = {
	NAME(MSG_OOB),
	NAME(MSG_PEEK),
	NAME(MSG_DONTROUTE),
	NAME(MSG_CTRUNC),
	NAME(MSG_TRUNC),
	NAME(MSG_DONTWAIT),
	NAME(MSG_EOR),
	NAME(MSG_WAITALL),
	NAME(MSG_CONFIRM),
	NAME(MSG_ERRQUEUE),
	NAME(MSG_NOSIGNAL),
	NAME(MSG_MORE),
	NAME(MSG_WAITFORONE),
	NAME(MSG_ZEROCOPY),
	NAME(MSG_FASTOPEN),
	NAME(MSG_CMSG_CLOEXEC),
	{""},
};

const struct name_value names_shut[] = {
	NAME(SHUT_RD),
	NAME(SHUT_WR),
	NAME(SHUT_RDWR),
	{""},
};

const struct name_value names_ai[] = {
	NAME(AI_PASSIVE),
	NAME(AI_CANONNAME),
	NAME(AI_NUMERICHOST),
	NAME(AI_V4MAPPED),
	NAME(AI_ALL),
	NAME(AI_ADDRCONFIG),
	NAME(AI_NUMERICSERV),
	NAME(AI_IDN),
	NAME(AI_CANONIDN),
	{""},
};

const struct name_value names_ni[] = {
	NAME(NI_NUMERICHOST),
	NAME(NI_NUMERICSERV),
	NAME(NI_NOFQDN),
	NAME(NI_NAMEREQD),
	NAME(NI_DGRAM),
	NAME(NI_IDN),
	{""},
};

const struct name_value names_eai[] = {
	NAME(EAI_BADFLAGS),
	NAME(EAI_NONAME),
	NAME(EAI_AGAIN),
	NAME(EAI_FAIL),
	NAME(EAI_NODATA),
	NAME(EAI_FAMILY),
	NAME(EAI_SOCKTYPE),
	NAME(EAI_SERVICE),
	NAME(EAI_ADDRFAMILY),
	NAME(EAI_MEMORY),
	NAME(EAI_SYSTEM),
	NAME(EAI_OVERFLOW),
	NAME(EAI_INPROGRESS),
	NAME(EAI_CANCELED),
	NAME(EAI_NOTCANCELED),
	NAME(EAI_ALLDONE),
	NAME(EAI_INTR),
	NAME(EAI_IDN_ENCODE),
	{""},
};

const struct name_value names_herr[] = {
	NAME(HOST_NOT_FOUND),
	NAME(TRY_AGAIN),
	NAME(NO_RECOVERY),
	NAME(NO_DATA),
	NAME(NETDB_INTERNAL),
	{""},
};

const struct name_value names_open[] = {
	NAME(O_WRONLY),
	NAME(O_RDWR),
	NAME(O_CREAT),
	NAME(O_EXCL),
	NAME(O_NOCTTY),
	NAME(O_TRUNC),
	NAME(O_APPEND),
	NAME(O_NONBLOCK),
	NAME(O_ASYNC),
	NAME(O_CLOEXEC),
	NAME(O_DIRECTORY),
	NAME(O_NOFOLLOW),
	{""},
};

const struct name_value names_splice[] = {
	{"SPLICE_F_MOVE", 1},
	{"SPLICE_F_NONBLOCK", 2},
	{"SPLICE_F_MORE", 4},
	{""},
};

const struct name_value names_fcntl[] = {
	NAME(F_DUPFD),
	NAME(F_GETFD),
	NAME(F_SETFD),
	NAME(F_GETFL),
	NAME(F_SETFL),
	NAME(F_SETOWN),
	NAME(F_GETOWN),
	NAME(F_DUPFD_CLOEXEC),
	{"F_SETPIPE_SZ", 1031},
	{"F_GETPIPE_SZ", 1032},
	{""},
};

const struct name_value names_fd[] = {
	NAME(FD_CLOEXEC),
	{""},
};

const struct name_value names_poll[] = {
	NAME(POLLIN),
	NAME(POLLPRI),
	NAME(POLLOUT),
	{""},
};

const struct name_value names_seek[] = {
	NAME(SEEK_SET),
	NAME(SEEK_CUR),
	NAME(SEEK_END),
	{""},
};

const struct name_value names_signal[] = {
	NAME(SIGHUP),
	NAME(SIGINT),
	NAME(SIGQUIT),
	NAME(SIGKILL),
	NAME(SIGTERM),
	NAME(SIGPIPE),
	NAME(SIGCHLD),
	NAME(SIGCONT),
	NAME(SIGTSTP),
	NAME(SIGIO),
	NAME(SIGURG),
	{""},
};

const struct name_value names_ioctl[] = {
	NAME(FIONBIO),
	NAME(FIONREAD),
	NAME(SIOCOUTQ),
	NAME(SIOCATMARK),
	NAME(FIOASYNC),
	NAME(TIOCGWINSZ),
	{""},
};

const struct name_value names_tcp_state[] = {
	{"ESTABLISHED", TCP_ESTABLISHED},
	{"SYN-SENT", TCP_SYN_SENT},
	{"SYN-RECEIVED", TCP_SYN_RECV},
	{"FIN-WAIT-1", TCP_FIN_WAIT1},
	{"FIN-WAIT-2", TCP_FIN_WAIT2},
	{"TIME-WAIT", TCP_TIME_WAIT},
	{"CLOSED", TCP_CLOSE},
	{"CLOSE-WAIT", TCP_CLOSE_WAIT},
	{"LAST-ACK", TCP_LAST_ACK},
	{"LISTEN", TCP_LISTEN},
	{"CLOSING", TCP_CLOSING},
	{""},
};

const struct name_value names_pmtudisc[] = {
	NAME(IP_PMTUDISC_DONT),
	NAME(IP_PMTUDISC_WANT),
	NAME(IP_PMTUDISC_DO),
	NAME(IP_PMTUDISC_PROBE),
	NAME(IP_PMTUDISC_INTERFACE),
	NAME(IP_PMTUDISC_OMIT),
	{""},
};

const struct name_value names_ipv6_pmtudisc[] = {
	NAME(IPV6_PMTUDISC_DONT),
	NAME(IPV6_PMTUDISC_WANT),
	NAME(IPV6_PMTUDISC_DO),
	NAME(IPV6_PMTUDISC_PROBE),
	NAME(IPV6_PMTUDISC_INTERFACE),
	NAME(IPV6_PMTUDISC_OMIT),
	{""},
};

// These two are defined in headers of the kernel that do not go with those of the C library.
const struct name_value names_ipv6_prefer[] = {
	{"IPV6_PREFER_SRC_TMP", 0x0001},
	{"IPV6_PREFER_SRC_PUBLIC", 0x0002},
	{"IPV6_PREFER_SRC_COA", 0x0004},
	{"IPV6_PREFER_SRC_CGA", 0x0008},
	{"IPV6_PREFER_SRC_PUBTMP_DEFAULT", 0x0100},
	{"IPV6_PREFER_SRC_HOME", 0x0400},
	{"IPV6_PREFER_SRC_NONCGA", 0x0800},
	{""},
};

const struct name_value names_buf_lock[] = {
	{"SOCK_SNDBUF_LOCK", 1},
	{"SOCK_RCVBUF_LOCK", 2},
	{""},
};

const struct name_value names_timestamping[] = {
	NAME(SOF_TIMESTAMPING_TX_HARDWARE),
	NAME(SOF_TIMESTAMPING_TX_SOFTWARE),
	NAME(SOF_TIMESTAMPING_RX_HARDWARE),
	NAME(SOF_TIMESTAMPING_RX_SOFTWARE),
	NAME(SOF_TIMESTAMPING_SOFTWARE),
	NAME(SOF_TIMESTAMPING_SYS_HARDWARE),
	NAME(SOF_TIMESTAMPING_RAW_HARDWARE),
	NAME(SOF_TIMESTAMPING_OPT_ID),
	NAME(SOF_TIMESTAMPING_TX_SCHED),
	NAME(SOF_TIMESTAMPING_TX_ACK),
	NAME(SOF_TIMESTAMPING_OPT_CMSG),
	NAME(SOF_TIMESTAMPING_OPT_TSONLY),
	NAME(SOF_TIMESTAMPING_OPT_STATS),
	NAME(SOF_TIMESTAMPING_OPT_PKTINFO),
	NAME(SOF_TIMESTAMPING_OPT_TX_SWHW),
	NAME(SOF_TIMESTAMPING_BIND_PHC),
	{""},
};

const char *name_of(const struct name_value *table, long value)
{
	for (; *table->name; table++)
		if (table->value == value)
			return table->name;
	return NULL;
}

bool name_find(const struct name_value *table, const char *name, long *value)
{
	for (; *table->name; table++) {
		if (strcasecmp(table->name, name) == 0) {
			*value = table->value;
			return true;
		}
	}
	return false;
}

void str_add_name(struct str *s, const struct name_value *table, long value)
{
	const char *name = name_of(table, value);

	if (name)
		str_add(s, name);
	else
		str_addf(s, "%ld", value);
}

void str_add_flags(struct str *s, const struct name_value *table, long flags)
{
	const char *bar = "";

	for (; *table->name; table++) {
		if (table->value == 0 || (flags & table->value) != table->value)
			continue;
		str_addf(s, "%s%s", bar, table->name);
		flags &= ~table->value;
		bar = "|";
	}
	if (flags)
		str_addf(s, "%s%#lx", bar, flags);
	else if (!*bar)
		str_add(s, "0");
}

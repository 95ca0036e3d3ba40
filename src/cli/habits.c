// SPDX-License-Identifier: ISC
#include "cli/habits.h"

#include "cli/opt.h"

#include <fnmatch.h>
#include <string.h>

#define STREAMS "connect listen"
#define DATAGRAMS "udp-send udp-recv raw-send raw-recv"
#define SENDERS "udp-send raw-send"
#define RECEIVERS "udp-recv raw-recv"
#define TABLES "hosts services protocols networks"

#define ADDRESS_WORD \
	"write the endpoint as HOST PORT, HOST:PORT or unix:PATH; 'sockctl socat --explain' " \
	"translates"
#define BARE_PORT "write the port without the protocol after its slash"
#define LISTEN "use 'sockctl listen PORT' to wait for connections"
#define PORT_LAST "write the port as the last argument: 'sockctl listen PORT'"
#define HOST_FIRST "write the address before the port: 'sockctl listen HOST PORT'"
#define UNIX_PATH "write the path of a Unix socket as the endpoint: ./PATH or unix:PATH"
#define EXEC "use '--exec COMMAND' to run a program for each connection"
#define OPEN_STDIN "redirect standard input instead: < /dev/null"

const struct habit habits[] = {
	{"*", "-V", "use 'sockctl --version' to show the version"},
	{"*", "--version", "use 'sockctl --version' to show the version"},

	// In the place of the command: options
	{"", "-V", "use 'sockctl --version' to show the version"},
	{"", "-l*", LISTEN},
	{"", "--listen", LISTEN},
	{"", "-z*", "use 'sockctl connect --check HOST PORT' to test a port"},
	{"", "-u*", "use 'sockctl udp-send HOST PORT' to send datagrams"},
	{"", "-U*", "use 'sockctl connect ./PATH' to connect to a Unix socket"},
	{"", "-[46nvwNq]*", "write it after the command: 'sockctl connect HOST PORT'"},
	{"", "--json", "write it after the command: 'sockctl connect --json HOST PORT'"},
	{"", "--trace*", "write it after the command: 'sockctl connect --trace HOST PORT'"},
	{"", "--verbose", "write it after the command: 'sockctl connect --verbose HOST PORT'"},
	// Other tools
	{"", "ss", "use 'sockctl sockets' to list sockets; 'sockctl help ss' translates"},
	{"", "netstat", "use 'sockctl sockets' to list sockets; 'sockctl help netstat' translates"},
	{"", "lsof", "use 'sockctl sockets --process NAME' to list the sockets of a process"},
	{"", "dig", "use 'sockctl resolve NAME' to look up a name; 'sockctl help dig' translates"},
	{"", "host", "use 'sockctl resolve NAME' to look up a name; 'sockctl help dig' translates"},
	{"", "nslookup", "use 'sockctl resolve NAME' to look up a name"},
	{"", "getent", "use 'sockctl resolve NAME', 'sockctl hosts' or 'sockctl services'"},
	{"", "ping", "use 'sockctl echo --client HOST' to measure round trips to an echo server"},
	{"", "telnet",
		"use 'sockctl connect --telnet HOST PORT'; 'sockctl help telnet' translates"},
	{"", "curl", "use 'sockctl connect HOST PORT'; 'sockctl help curl' translates"},
	{"", "wget", "use 'sockctl connect HOST PORT'; 'sockctl help curl' translates"},
	{"", "openssl", "use 'sockctl connect --tls HOST PORT' to connect with TLS"},
	{"", "s_client", "use 'sockctl connect --tls HOST PORT' to connect with TLS"},
	{"", "iperf*", "use 'sockctl echo PORT' and 'sockctl echo --client HOST PORT' to measure"},
	{"", "nmap", "use 'sockctl connect --check HOST 1-1023' to test ports"},
	{"", "tcpdump", "use 'sockctl connect --hex HOST PORT' to show the bytes of a connection"},
	{"", "strace",
		"use the option '--trace' of any command: 'sockctl connect --trace HOST PORT'"},
	{"", "errno", "use 'sockctl errors NAME' to explain an error"},
	{"", "perror", "use 'sockctl errors NAME' to explain an error"},
	{"", "strerror", "use 'sockctl errors NUMBER' to explain an error"},
	{"", "ipcalc", "use 'sockctl address ADDRESS/LENGTH' to show a range of addresses"},
	{"", "ifconfig",
		"use \"sockctl resolve --via getifaddrs '*'\" to list the addresses of this host"},
	{"", "ip",
		"use \"sockctl resolve --via getifaddrs '*'\" to list the addresses of this host"},
	// Calls and other names for what there is
	{"", "getaddrinfo", "use 'sockctl resolve NAME'"},
	{"", "gethostbyname", "use 'sockctl resolve --via gethostbyname NAME'"},
	{"", "gethostbyaddr", "use 'sockctl resolve --via gethostbyaddr ADDRESS'"},
	{"", "getnameinfo", "use 'sockctl resolve ADDRESS'"},
	{"", "getservby*", "use 'sockctl services NAME'"},
	{"", "getsockopt",
		"use 'sockctl options NAME', or '--get NAME': 'sockctl connect --get NAME'"},
	{"", "setsockopt", "use '--set NAME=VALUE': 'sockctl connect --set NAME=VALUE HOST PORT'"},
	{"", "sockopt*", "use 'sockctl options' to list the socket options"},
	{"", "hton[sl]",
		"use 'sockctl address NUMBER' to convert; 'sockctl help byte-order' explains"},
	{"", "ntoh[sl]",
		"use 'sockctl address NUMBER' to convert; 'sockctl help byte-order' explains"},
	{"", "inet_*", "use 'sockctl address ADDRESS' to convert an address"},
	{"", "accept", LISTEN},
	{"", "bind", LISTEN},
	{"", "serve", LISTEN},
	{"", "server", LISTEN},
	{"", "client", "use 'sockctl connect HOST PORT'"},
	{"", "dial", "use 'sockctl connect HOST PORT'"},
	{"", "check", "use 'sockctl connect --check HOST PORT' to test a port"},
	{"", "scan", "use 'sockctl connect --check HOST 1-1023' to test ports"},
	{"", "wait", "use 'sockctl connect --check --retry --timeout 1m HOST PORT'"},
	{"", "tls", "use 'sockctl connect --tls HOST PORT'"},
	{"", "ssl", "use 'sockctl connect --tls HOST PORT'"},
	{"", "udp", "use 'sockctl udp-send HOST PORT' or 'sockctl udp-recv PORT'"},
	{"", "tcp", "use 'sockctl connect HOST PORT' or 'sockctl listen PORT'"},
	{"", "unix", "use 'sockctl connect unix:PATH' or 'sockctl listen unix:PATH'"},
	{"", "send", "use 'sockctl connect HOST PORT' or 'sockctl udp-send HOST PORT'"},
	{"", "recv", "use 'sockctl listen PORT' or 'sockctl udp-recv PORT'"},
	{"", "receive", "use 'sockctl listen PORT' or 'sockctl udp-recv PORT'"},
	{"", "forward", "use 'sockctl listen -k PORT --forward HOST:PORT'"},
	{"", "tunnel", "use 'sockctl listen -k PORT --forward HOST:PORT'"},
	{"", "chat", "use 'sockctl listen -k PORT --chat'"},
	{"", "broker", "use 'sockctl listen -k PORT --broker'"},
	{"", "lookup", "use 'sockctl resolve NAME'"},
	{"", "dns", "use 'sockctl resolve NAME'"},
	{"", "ports",
		"use 'sockctl sockets -l' for open ports, 'sockctl services' for their names"},
	{"", "version", "use 'sockctl --version' to show the version"},
	// An endpoint without a command
	{"", "*.*", "use 'sockctl connect HOST PORT' to connect"},
	{"", "*:*", "use 'sockctl connect HOST PORT' to connect"},
	{"", "[0-9]*", LISTEN},
	{"", "localhost", "use 'sockctl connect localhost PORT' to connect"},

	// connect: nc
	{"connect", "-l", LISTEN},
	{"connect", "--listen", LISTEN},
	{"connect", "-k",
		"use 'sockctl listen -k PORT' to serve; a connection ends with both directions"},
	{"connect", "-X", "name the protocol in the URL: '--proxy socks5://HOST:PORT'"},
	{"connect", "-P", "write USER:PASSWORD into a file and use '--proxy-auth-file FILE'"},
	{"connect", "-F", "use '--pass-fd'"},
	{"connect", "--proxy-protocol", "use '--send-proxy=v1' or '--send-proxy=v2'"},
	{"connect", "-r",
		"the kernel chooses the source port; '--check' takes lists and ranges of ports"},
	{"connect", "-G", "use '--connect-timeout TIME'"},
	{"connect", "--proxy-type", "name the protocol in the URL: '--proxy http://HOST:PORT'"},
	{"connect", "--proxy-auth",
		"write USER:PASSWORD into a file and use '--proxy-auth-file FILE'"},
	{"connect", "--source", "use '--bind ADDRESS'"},
	{"connect", "--host", "write the host as an argument: 'sockctl connect HOST PORT'"},
	{"connect", "--port", "write the port as an argument: 'sockctl connect HOST PORT'"},
	{"connect", "--local-port", "use '--source-port PORT'"},
	{"connect", "--keep-open",
		"use 'sockctl listen --keep-open PORT' to serve many connections"},
	{"connect", "--fork", "use 'sockctl listen --keep-open PORT' to serve many connections"},
	// connect: TLS
	{"connect", "-c", "use '--tls' to speak TLS, '--exec COMMAND' to run a program"},
	{"connect", "--ssl", "use '--tls', which verifies the server unless '--insecure' is given"},
	{"connect", "--ssl-verify", "use '--tls', which verifies the server"},
	{"connect", "--ssl-cert", "use '--cert FILE'"},
	{"connect", "--ssl-key", "use '--key FILE'"},
	{"connect", "--ssl-trustfile", "use '--ca FILE'"},
	{"connect", "--ssl-servername", "use '--server-name NAME'"},
	{"connect", "--ssl-alpn", "use '--alpn NAME,...'"},
	{"connect", "--ssl-ciphers", "use '--tls-set CipherString=LIST'"},
	{"connect", "--cacert", "use '--ca FILE'"},
	{"connect", "--CAfile", "use '--ca FILE'"},
	{"connect", "--servername", "use '--server-name NAME'"},
	{"connect", "--sni", "use '--server-name NAME'"},
	{"connect", "--showcerts", "use '--show-certificates'"},
	{"connect", "--verify", "use '--tls', which verifies the server"},
	{"connect", "--no-verify", "use '--insecure'"},
	{"connect", "--tlsv1.*", "use '--tls-min VERSION'"},

	// listen
	{"listen", "--ssl", "use '--tls' with '--cert FILE' or '--self-signed'"},
	{"listen", "--ssl-cert", "use '--cert FILE'"},
	{"listen", "--ssl-key", "use '--key FILE'"},
	{"listen", "-l", "'sockctl listen' listens without it"},
	{"listen", "--listen", "'sockctl listen' listens without it"},
	{"listen", "-p", PORT_LAST},
	{"listen", "--port", PORT_LAST},
	{"listen", "--source-port", PORT_LAST},
	{"listen", "-s", HOST_FIRST},
	{"listen", "--bind", HOST_FIRST},
	{"listen", "--source", HOST_FIRST},
	{"listen", "--host", HOST_FIRST},
	{"listen", "-z", "use 'sockctl connect --check HOST PORT' to test a port"},
	{"listen", "--check", "use 'sockctl connect --check HOST PORT' to test a port"},
	{"listen", "-c", EXEC},
	{"listen", "-f", "use '--keep-open', which serves many connections at once"},
	{"listen", "--fork", "use '--keep-open', which serves many connections at once"},
	{"listen", "--max-conns", "use '--max-connections N'"},
	{"listen", "--max-children", "use '--max-connections N'"},
	{"listen", "--allowfile", "repeat '--allow CIDR' for each line of the file"},
	{"listen", "--denyfile", "repeat '--deny CIDR' for each line of the file"},
	{"listen", "--reuseaddr", "SO_REUSEADDR is set without it"},
	{"listen", "--reuseport", "use '--set SO_REUSEPORT'"},
	{"listen", "--retry", "use 'sockctl connect --retry HOST PORT' to try again"},
	{"listen", "--daemon", "end the command line with & or start it from a service manager"},
	{"listen", "--target", "use '--forward HOST:PORT'"},

	// connect and listen
	{STREAMS, "-U", UNIX_PATH},
	{STREAMS, "--unixsock", UNIX_PATH},
	{STREAMS, "--unix", UNIX_PATH},
	{STREAMS, "--unix-socket", UNIX_PATH},
	{STREAMS, "-N",
		"the end of the input is passed on without it; '--shutdown HOW' changes that"},
	{STREAMS, "--no-shutdown", "use '--shutdown never'"},
	{STREAMS, "-d", OPEN_STDIN},
	{STREAMS, "--recv-only", OPEN_STDIN},
	{STREAMS, "--send-only", "use '--until input' to end with the input"},
	{STREAMS, "-i", "use '--idle-timeout TIME' to end a silent connection"},
	{STREAMS, "-T",
		"use '--idle-timeout TIME' to end a silent connection, '--set IP_TOS=N' for the "
		"TOS"},
	{STREAMS, "-I", "use '--set SO_RCVBUF=SIZE'"},
	{STREAMS, "-O", "use '--set SO_SNDBUF=SIZE'"},
	{STREAMS, "-M", "use '--set IP_TTL=N'"},
	{STREAMS, "--ttl", "use '--set IP_TTL=N'"},
	{STREAMS, "--tos", "use '--set IP_TOS=N'"},
	{STREAMS, "-D", "use '--set SO_DEBUG'"},
	{STREAMS, "--nodelay", "use '--set TCP_NODELAY'"},
	{STREAMS, "--keepalive", "keepalive is on; '--set SO_KEEPALIVE=off' turns it off"},
	{STREAMS, "--max-time", "use '--timeout TIME'"},
	{STREAMS, "--nodns", "use '--numeric'"},
	{STREAMS, "--sh-exec", EXEC},
	{STREAMS, "--lua-exec", EXEC},
	{STREAMS, "--system", EXEC},
	{STREAMS, "--hex-dump", "use '--hex' and redirect standard error: 2> FILE"},
	{STREAMS, "--tcp", "TCP is used without it"},
	{STREAMS, "--broadcast", "use 'sockctl udp-send --broadcast HOST PORT' to send broadcasts"},
	{STREAMS, "--join", "use 'sockctl udp-recv --join GROUP PORT' to receive multicast"},
	{STREAMS, "--raw", "data is passed on as it is without it; '--raw-tty' is for terminals"},
	{STREAMS, "--watch", "use '--progress' to see how far the transfer is"},
	{STREAMS, "-b", "use 'sockctl udp-send --broadcast HOST PORT' to send broadcasts"},
	{STREAMS, "--debug", "use '--verbose', or '--trace' to show each call"},
	{STREAMS, "--file", "use '--input FILE' or '--output FILE'"},
	{STREAMS, "--dump", "use '--hex'"},
	{STREAMS " udp-recv", "[0-9]*/tcp", BARE_PORT},
	{STREAMS " udp-recv", "[0-9]*/udp", BARE_PORT},
	{STREAMS " echo", "tcp:[0-9]*", "write the port without 'tcp:', as HOST PORT or PORT"},
	{STREAMS " echo", "udp:[0-9]*", "use '--udp', and write the port without 'udp:'"},
	{"udp-recv", "udp:[0-9]*", "write the port without 'udp:'"},
	{STREAMS, "tcp:[!/]*:*", ADDRESS_WORD},
	{STREAMS, "udp:[!/]*:*", ADDRESS_WORD},
	{STREAMS, "TCP*:*:*", ADDRESS_WORD},
	{STREAMS, "TCP*-L*:*", ADDRESS_WORD},
	{STREAMS, "UNIX-*:*", ADDRESS_WORD},
	{STREAMS, "OPENSSL*:*:*", ADDRESS_WORD},
	{STREAMS, "UDP*:*:*", ADDRESS_WORD},

	// datagrams
	{DATAGRAMS, "-u", "datagrams are sent and received without it"},
	{DATAGRAMS, "--udp", "datagrams are sent and received without it"},
	{DATAGRAMS, "-U", UNIX_PATH},
	{DATAGRAMS, "-d", OPEN_STDIN},
	{DATAGRAMS, "-x", "use '--hex'"},
	{DATAGRAMS, "-T", "use '--set IP_TOS=N'"},
	{DATAGRAMS, "-I", "use '--interface NAME'"},
	{"udp-send", "-l", "use 'sockctl udp-recv PORT' to receive"},
	{"udp-send", "-z", "use '--connected', which reports a port without a receiver"},
	{SENDERS, "-c", "use '--repeat N'"},
	{SENDERS, "--count", "use '--repeat N'"},
	{SENDERS, "--pps", "use '--rate N' to send N datagrams a second"},
	{SENDERS, "-N", "the command ends at the end of the input without it"},
	{SENDERS, "-t", "use '--ttl N'"},
	{SENDERS, "-M", "use '--ttl N'"},
	{SENDERS, "--hops", "use '--ttl N'"},
	{SENDERS, "--size", "use '--block SIZE' to cut the input"},
	{SENDERS, "--length", "use '--block SIZE' to cut the input"},
	{SENDERS, "--data", "write the data as the last argument"},
	{SENDERS, "--message", "write the data as the last argument"},
	{SENDERS, "-m", "write the data as the last argument"},
	{SENDERS, "--file", "redirect standard input: < FILE"},
	{SENDERS, "--source", "use '--bind ADDRESS'"},
	{SENDERS, "--wait-reply", "use '--wait TIME'"},
	{SENDERS, "-B", "use '--broadcast'"},
	{RECEIVERS, "-l", "the command receives without it"},
	{RECEIVERS, "--listen", "the command receives without it"},
	{RECEIVERS, "-k", "the command goes on without it; '--count N' ends it"},
	{RECEIVERS, "--keep-open", "the command goes on without it; '--count N' ends it"},
	{"udp-recv", "-s", "write the address before the port, as HOST PORT"},
	{"udp-recv", "--bind", "write the address before the port, as HOST PORT"},
	{"raw-recv", "-s", "write the address before the protocol, as HOST PROTOCOL"},
	{"raw-recv", "--bind", "write the address before the protocol, as HOST PROTOCOL"},
	{"raw-send", "--source-port", "raw sockets have no ports; use 'udp-send' or 'udp-recv'"},
	{"udp-recv", "-p", "write the port as the last argument: 'sockctl udp-recv PORT'"},
	{"udp-recv", "--port", "write the port as the last argument: 'sockctl udp-recv PORT'"},
	{RECEIVERS, "-W", "use '--count N' to end after N datagrams"},
	{RECEIVERS, "-r", "use '--raw' to write the data as it is"},
	{RECEIVERS, "-i", "use '--interface NAME'"},
	{RECEIVERS, "-g", "use '--join GROUP' to receive for a multicast group"},
	{RECEIVERS, "--group", "use '--join GROUP' to receive for a multicast group"},
	{RECEIVERS, "--multicast", "use '--join GROUP' to receive for a multicast group"},
	{RECEIVERS, "--output", "redirect standard output: > FILE"},
	{SENDERS, "--input", "redirect standard input: < FILE"},
	{"udp-recv", "--broadcast", "broadcasts are received without it"},
	{"udp-recv", "--idle-timeout", "use '--timeout TIME' or '--count N' to end"},
	{"udp-recv", "--source",
		"use '--join GROUP,SOURCE' for a group, '--allow CIDR' for others"},
	{"udp-recv", "--from", "use '--allow CIDR' to choose the senders"},
	{"udp-recv", "--exec", "use 'sockctl listen --udp --exec COMMAND PORT'"},
	{DATAGRAMS, "--tls", "TLS takes a stream: 'sockctl connect --tls HOST PORT'"},
	{"udp-send", "--proxy", "proxies take a stream: 'sockctl connect --proxy URL HOST PORT'"},
	{"raw-send raw-recv", "-p", "raw sockets have no ports; use 'udp-send' or 'udp-recv'"},
	{"raw-send raw-recv", "--port", "raw sockets have no ports; use 'udp-send' or 'udp-recv'"},

	// echo: ping, iperf
	{"echo", "-t", "use '--set IP_TTL=N'"},
	{"echo", "--ttl", "use '--set IP_TTL=N'"},
	{"echo", "-I", "use '--interface NAME'"},
	{"echo", "-f", "use '--interval 0' to send the next request with each answer"},
	{"echo", "--flood", "use '--interval 0' to send the next request with each answer"},
	{"echo", "-u", "use '--udp'"},
	{"echo", "-l", "'sockctl echo PORT' serves without it"},
	{"echo", "--listen", "'sockctl echo PORT' serves without it"},
	{"echo", "--server", "'sockctl echo PORT' serves without it"},
	{"echo", "-k", "'sockctl echo PORT' serves many connections without it"},
	{"echo", "--keep-open", "'sockctl echo PORT' serves many connections without it"},
	{"echo", "-P", "use '--connections N'"},
	{"echo", "--parallel", "use '--connections N'"},
	{"echo", "--time", "use '--duration TIME'"},
	{"echo", "--deadline", "use '--timeout TIME'"},
	{"echo", "--length", "use '--size SIZE'"},
	{"echo", "--packetsize", "use '--size SIZE'"},
	{"echo", "--bytes", "use '--size SIZE'"},
	{"echo", "--port", "write the port as the last argument: 'sockctl echo PORT'"},
	{"echo", "--bandwidth", "use '--interval TIME' for the pause between requests"},
	{"echo", "--tls", "use 'sockctl listen -k --tls --exec cat PORT' to echo over TLS"},
	{"echo", "--rate", "use '--interval TIME' for the pause between requests"},
	{"echo", "--stats", "the summary is printed without it; '--histogram' draws the times"},

	// resolve: dig, host, getent
	{"resolve", "-x", "write the address alone: 'sockctl resolve ADDRESS'"},
	{"resolve", "-r", "write the address alone: 'sockctl resolve ADDRESS'"},
	{"resolve", "--reverse", "write the address alone: 'sockctl resolve ADDRESS'"},
	{"resolve", "--ptr", "write the address alone: 'sockctl resolve ADDRESS'"},
	{"resolve", "-a", "all addresses are printed without it"},
	{"resolve", "--all", "all addresses are printed without it"},
	{"resolve", "--short", "an address a line is printed without it; '--long' shows more"},
	{"resolve", "-W", "use '--timeout TIME'"},
	{"resolve", "--server", "the name servers are those of resolv.conf(5)"},
	{"resolve", "-p", "use '--service SERVICE' to add a port"},
	{"resolve", "--port", "use '--service SERVICE' to add a port"},
	{"resolve", "--family", "use '--ipv4' or '--ipv6'"},
	{"resolve", "--proto", "use '--type stream' or '--type dgram'"},
	{"resolve", "--protocol", "use '--type stream' or '--type dgram'"},
	{"resolve", "--cname", "use '--canonical'"},
	{"resolve", "--file", "redirect standard input: 'sockctl resolve -' < FILE"},
	{"resolve", "+short", "an address a line is printed without it"},
	{"resolve", "+time=*", "use '--timeout TIME'"},
	{"resolve", "+*", "it is an option of dig(1); 'sockctl help dig' translates"},
	{"resolve", "@*", "the name servers are those of resolv.conf(5)"},

	// the databases
	{TABLES, "-a", "all entries are printed without arguments"},
	{TABLES, "--all", "all entries are printed without arguments"},
	{TABLES, "-l", "all entries are printed without arguments"},
	{TABLES, "--list", "all entries are printed without arguments"},
	{TABLES, "--name", "write the name as an argument"},
	{TABLES, "--number", "write the number as an argument"},
	{"services", "-t", "use '--proto tcp'"},
	{"services", "--tcp", "use '--proto tcp'"},
	{"services", "-u", "use '--proto udp'"},
	{"services", "--udp", "use '--proto udp'"},
	{"services", "--port", "write the port as an argument: 'sockctl services PORT'"},
	{"protocols", "--proto", "write the name as an argument: 'sockctl protocols NAME'"},
	{"hosts", "--file", "the file is /etc/hosts"},
	{"hosts", "-x", "write the address as an argument: 'sockctl hosts ADDRESS'"},

	// reference
	{"address", "--contains", "use '--in CIDR'"},
	{"address", "--range", "use '--in CIDR'"},
	{"address", "-4", "the form of the address tells its family"},
	{"address", "-6", "the form of the address tells its family"},
	{"address", "--struct", "use '--sockaddr'"},
	{"errors", "-l", "all errors are printed without arguments"},
	{"errors", "--list", "all errors are printed without arguments"},
	{"errors", "--name", "write it as an argument: 'sockctl errors NAME'"},
	{"errors", "--number", "write it as an argument: 'sockctl errors NUMBER'"},
	{"errors", "--errno", "write it as an argument: 'sockctl errors NUMBER'"},
	{"errors", "-s", "write the text as an argument: 'sockctl errors TEXT'"},
	{"errors", "--search", "write the text as an argument: 'sockctl errors TEXT'"},
	{"descriptor", "[0-9]*",
		"it makes sockets of its own; 'sockctl sockets --process PID' lists others"},
	{"descriptor", "fd:*",
		"it makes sockets of its own; 'sockctl sockets --process PID' lists others"},
	{"descriptor", "--tcp", "write the kind as an argument: 'sockctl descriptor tcp'"},
	{"descriptor", "--udp", "write the kind as an argument: 'sockctl descriptor udp'"},
	{"descriptor", "-t", "write the kind as an argument: 'sockctl descriptor tcp'"},
	{"descriptor", "-u", "write the kind as an argument: 'sockctl descriptor udp'"},
	{"descriptor", "-a", "all calls are shown without it"},
	{"descriptor", "--all", "all calls are shown without it"},
	{"descriptor", "--process", "use 'sockctl sockets --process PID' for those of a process"},
	{"descriptor", "--pid", "use 'sockctl sockets --process PID' for those of a process"},
	{"descriptor", "--set",
		"use it where a socket is made: 'sockctl connect --set NAME=VALUE'"},
	{"descriptor", "--get", "use it where a socket is made: 'sockctl connect --get NAME'"},
	{"options", "[0-9]*", "use it where a socket is made: 'sockctl connect --set NAME=VALUE'"},
	{"options", "-a", "all socket options are printed without arguments"},
	{"options", "--all", "all socket options are printed without arguments"},
	{"options", "-l", "all socket options are printed without arguments"},
	{"options", "--tcp", "write the kind of socket as an argument: 'sockctl options tcp'"},
	{"options", "--udp", "write the kind of socket as an argument: 'sockctl options udp'"},
	{"options", "SOL_*", "'sockctl options' shows the level of each; pipe it into grep(1)"},
	{"options", "IPPROTO_*", "'sockctl options' shows the level of each; pipe it into grep(1)"},
	{"options", "--level", "'sockctl options' shows the level of each; pipe it into grep(1)"},
	{"options", "--search", "pipe the list into grep(1)"},
	{"options", "[A-Z]*[*]*", "write the whole name, or pipe the list into grep(1)"},
	{"options", "--set", "use it where a socket is made: 'sockctl connect --set NAME=VALUE'"},
	{"options", "--get", "use it where a socket is made: 'sockctl connect --get NAME'"},

	// sockets: ss, netstat, lsof
	{"sockets", "-a", "sockets of all states are listed without it"},
	{"sockets", "--all", "sockets of all states are listed without it"},
	{"sockets", "-i", "use '--long' to show what the kernel measures"},
	{"sockets", "--info", "use '--long' to show what the kernel measures"},
	{"sockets", "-e", "use '--long' to show more"},
	{"sockets", "--extended", "use '--long' to show more"},
	{"sockets", "-o", "use '--long' to show more"},
	{"sockets", "-m", "use '--long' to show more"},
	{"sockets", "--memory", "use '--long' to show more"},
	{"sockets", "-c", "use '--watch' to refresh the list"},
	{"sockets", "--continuous", "use '--watch' to refresh the list"},
	{"sockets", "-E", "use '--watch' to refresh the list"},
	{"sockets", "--events", "use '--watch' to refresh the list"},
	{"sockets", "-r", "addresses are shown as numbers, ports as services unless '--numeric'"},
	{"sockets", "--program", "use '--processes' to show them, '--process NAME' to choose"},
	{"sockets", "--programs", "use '--processes' to show them, '--process NAME' to choose"},
	{"sockets", "--pid", "use '--process PID'"},
	{"sockets", "--sport", "use '--port PORT'"},
	{"sockets", "--dport", "use '--port PORT'"},
	{"sockets", "--src", "use '--address ADDRESS'"},
	{"sockets", "--dst", "use '--address ADDRESS'"},
	{"sockets", "-f", "use '--ipv4', '--ipv6' or '--unix'"},
	{"sockets", "--family", "use '--ipv4', '--ipv6' or '--unix'"},
	{"sockets", "--inet", "use '--ipv4'"},
	{"sockets", "-K", "use 'kill PID' to end a process that '--processes' shows"},
	{"sockets", "--kill", "use 'kill PID' to end a process that '--processes' shows"},
	{"sockets", "--sort", "pipe the list into sort(1)"},
	{"sockets", "--interval", "use '--watch=TIME'"},
	{"sockets", "--uid", "use '--user UID'"},
	{"sockets", "src *", "use '--address ADDRESS'"},
	{"sockets", "dst *", "use '--address ADDRESS'"},
	{"sockets", "sport *", "use '--port PORT'"},
	{"sockets", "dport *", "use '--port PORT'"},
	{"sockets", ":[0-9]*", "use '--port PORT'"},
	{"sockets", "localhost", "use '--address 127.0.0.1' or '--address ::1'"},
	{"sockets", "listen", "use '--listening'"},
	{"sockets", "listening", "use '--listening'"},
	{"sockets", "tcp", "use '--tcp'; 'sockctl sockets --help' lists the options"},
	{"sockets", "udp", "use '--udp'; 'sockctl sockets --help' lists the options"},
	{"sockets", "unix", "use '--unix'; 'sockctl sockets --help' lists the options"},
	{"sockets", "state", "use '--state STATE'"},
	{"sockets", "sport", "use '--port PORT'"},
	{"sockets", "dport", "use '--port PORT'"},
	{"sockets", "src", "use '--address ADDRESS'"},
	{"sockets", "dst", "use '--address ADDRESS'"},
	{"sockets", "[0-9]*", "use '--port PORT' or '--address ADDRESS'"},
	{"sockets", "[!-]*",
		"use '--process NAME', '--port PORT', '--address ADDRESS' or '--state STATE'"},
	{""},
};

static bool is_among(const char *names, const char *name)
{
	if (!*names || !*name)
		return !*names && !*name;
	return strcmp(names, "*") == 0 || opt_words_have(names, name);
}

// Most rows begin with another letter, which is seen at no cost: every word of a command line is
// looked for.
static bool may_fit(const struct habit *h, const char *word)
{
	return *h->word == *word || *h->word == '*' || *h->word == '[';
}

const struct habit *habit_find(const char *command, const char *word, size_t len)
{
	const struct habit *h = habits;
	struct str typed = {0};

	str_addn(&typed, word, len);
	while (*h->word && !(may_fit(h, str_c(&typed)) && is_among(h->commands, command) &&
				   fnmatch(h->word, str_c(&typed), 0) == 0))
		h++;
	str_fini(&typed);
	return *h->word ? h : NULL;
}

bool habit_add_advice(struct str *err, const char *command, const char *word, size_t len)
{
	const struct habit *h = habit_find(command, word, len);

	if (h)
		str_addf(err, "; %s", h->advice);
	return h;
}

bool habit_refuses(struct str *err, const char *command, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		size_t len = strlen(argv[i]);
		const struct habit *h =
			argv[i][0] == '-' ? NULL : habit_find(command, argv[i], len);

		if (!h)
			continue;
		str_addc(err, '\'');
		str_add_word(err, argv[i], len);
		str_addf(err, "': %s", h->advice);
		return true;
	}
	return false;
}

// SPDX-License-Identifier: ISC
#include "help/translations.h"

#include <string.h>

#define WIDTH 80
#define INDENT 2
#define MAX_THEIRS 34 // what is longer has a line of its own

// The tables of the manual in the sections "Coming from other ...", which a test compares. The
// first word of the left side is the tool.
static const struct translation {
	char theirs[64];
	char ours[80];
} translations[] = {
	{"nc -N host 80 < query", "sockctl connect host 80 < query"},
	{"nc -z host 22", "sockctl connect -z host 22"},
	{"nc -w 5 host 80", "sockctl connect --idle-timeout 5 host 80"},
	{"nc -s 198.51.100.1 host 80", "sockctl connect -s 198.51.100.1 host 80"},
	{"nc -p 4000 host 80", "sockctl connect -p 4000 host 80"},
	{"nc -C host 25", "sockctl connect -C host 25"},
	{"nc -I 65536 host 80", "sockctl connect -o SO_RCVBUF=64k host 80"},
	{"nc -U /run/service.sock", "sockctl connect /run/service.sock"},
	{"nc -l 7000", "sockctl listen 7000"},
	{"nc -lk 7000", "sockctl listen -k 7000"},
	{"nc -lU ./socket", "sockctl listen ./socket"},
	{"nc -u host 514", "sockctl connect -u host 514"},
	{"nc -lku 5000", "sockctl udp-recv 5000"},
	{"nc -x PROXY:1080 HOST PORT", "sockctl connect --proxy socks5h://PROXY:1080 HOST PORT"},
	{"nc -X 4 -x PROXY:1080 HOST PORT",
		"sockctl connect --proxy socks4://PROXY:1080 HOST PORT"},
	{"nc -X connect -x PROXY:3128 HOST PORT",
		"sockctl connect --proxy http://PROXY:3128 HOST PORT"},
	{"ncat -w 5s host 80", "sockctl connect --connect-timeout 5 host 80"},
	{"ncat -i 5s host 80", "sockctl connect --idle-timeout 5 host 80"},
	{"ncat --recv-only host 22", "sockctl connect --shutdown never host 22 < /dev/null"},
	{"ncat --send-only host 7 < file", "sockctl connect --until input host 7 < file"},
	{"ncat -t host 22", "sockctl connect -t host 22"},
	{"ncat -x dump host 80", "sockctl connect --hex host 80 2> dump"},
	{"ncat -lk localhost 7000 -c date", "sockctl listen -k localhost 7000 -e date"},
	{"ncat -lk ::1 7000 -e /bin/date", "sockctl listen -k ::1 7000 --exec-file date"},
	{"ncat -lk 7000 --allow 192.0.2.0/24", "sockctl listen -k 7000 --allow 192.0.2.0/24"},
	{"ncat -lk 7000 -m 10", "sockctl listen -k 7000 -m 10"},
	{"ncat -lk 7000 --broker", "sockctl listen -k 7000 --broker"},
	{"ncat -lk 7000 --chat", "sockctl listen -k 7000 --chat"},
	{"ncat --proxy PROXY:1080 --proxy-type socks5 HOST PORT",
		"sockctl connect --proxy socks5h://PROXY:1080 HOST PORT"},
	{"ncat --proxy PROXY:3128 HOST PORT",
		"sockctl connect --proxy http://PROXY:3128 HOST PORT"},
	{"ncat --ssl HOST PORT", "sockctl connect --tls --insecure HOST PORT"},
	{"ncat --ssl-verify HOST PORT", "sockctl connect --tls HOST PORT"},
	{"ncat --ssl -l PORT", "sockctl listen --tls --self-signed PORT"},
	{"socat - TCP:host:80", "sockctl connect host 80"},
	{"socat - UNIX:/run/service.sock", "sockctl connect /run/service.sock"},
	{"socat -T 5 - TCP:host:80", "sockctl connect --until idle --idle-timeout 5 host 80"},
	{"socat -t 5 - TCP:host:80", "sockctl connect --quit-delay 5 host 80"},
	{"socat -x - TCP:host:80", "sockctl connect --hex host 80"},
	{"socat - TCP:host:80,sndbuf=65536", "sockctl connect --set SO_SNDBUF=65536 host 80"},
	{"socat - TCP:host:80,forever", "sockctl connect --retry --retry-delay 1 host 80"},
	{"socat TCP:host:25 EXEC:date", "sockctl connect host 25 --exec-file date"},
	{"socat -u TCP-LISTEN:7000 CREATE:f", "sockctl listen --shutdown never 7000 </dev/null >f"},
	{"socat -u TCP-L:7000 OPEN:f,creat,append",
		"sockctl listen --shutdown never 7000 </dev/null >>f"},
	{"socat TCP-L:7000,fork TCP:host:80", "sockctl listen -k 7000 --forward host:80"},
	{"socat TCP-L:7000,fork UNIX:./socket", "sockctl listen -k 7000 --forward ./socket"},
	{"socat TCP-L:7000,bind=127.0.0.1,fork EXEC:date",
		"sockctl listen -k 127.0.0.1 7000 --exec-file date"},
	{"socat UNIX-L:./s,fork,mode=600 TCP:host:80",
		"sockctl listen -k --mode 600 ./s --forward host:80"},
	{"socat -u UDP-RECV:5000 -", "sockctl udp-recv --raw 5000 </dev/null"},
	{"socat UDP-RECVFROM:5000,fork PIPE", "sockctl udp-recv --echo 5000"},
	{"socat UDP-L:5000,fork UDP:host:53", "sockctl listen -u -k 5000 --forward host:53"},
	{"socat - PROXY:PROXY:HOST:PORT,proxyport=3128",
		"sockctl connect --proxy http://PROXY:3128 HOST PORT"},
	{"socat - SOCKS4A:PROXY:HOST:PORT",
		"sockctl connect --proxy socks4a://PROXY:1080 HOST PORT"},
	{"socat - OPENSSL:HOST:PORT", "sockctl connect tls:HOST:PORT"},
	{"socat OPENSSL-L:PORT,fork,cert=FILE,cafile=CA TCP:HOST:80",
		"sockctl listen -k --tls --cert FILE --client-ca CA PORT --forward HOST:80"},
	{"telnet host 22", "sockctl connect --telnet host 22"},
	{"telnet -4 host 22", "sockctl connect -4 --telnet host 22"},
	{"telnet -b 198.51.100.1 host 22", "sockctl connect -s 198.51.100.1 --telnet host 22"},
	{"telnet -e ^A host 22", "sockctl connect --escape ^A --telnet host 22"},
	{"curl telnet://host:80", "sockctl connect host:80"},
	{"curl --max-time 5 telnet://host:80", "sockctl connect --timeout 5 host:80"},
	{"curl --connect-timeout 5 telnet://host:80",
		"sockctl connect --connect-timeout 5 host:80"},
	{"curl --interface 198.51.100.1 telnet://host:80",
		"sockctl connect -s 198.51.100.1 host:80"},
	{"curl --local-port 4000 telnet://host:80", "sockctl connect -p 4000 host:80"},
	{"curl --retry 3 telnet://host:80", "sockctl connect --retry=3 host:80"},
	{"curl --trace - telnet://host:80", "sockctl connect --hex host:80"},
	{"curl -0 http://host/", "sockctl connect host 80 < query"},
	{"curl --unix-socket /run/service.sock telnet://x", "sockctl connect /run/service.sock"},
	{"curl -x socks5h://PROXY:1080 telnet://HOST:PORT",
		"sockctl connect -x socks5h://PROXY:1080 HOST PORT"},
	{"curl -x http://PROXY:3128 -p telnet://HOST:PORT",
		"sockctl connect -x http://PROXY:3128 HOST PORT"},
	{"openssl s_client -connect HOST:PORT -quiet", "sockctl connect --tls HOST PORT"},
	{"openssl s_client -connect HOST:PORT -showcerts",
		"sockctl connect --check --tls --show-certificates HOST PORT"},
	{"openssl s_client -starttls imap", "sockctl connect --starttls imap"},
	{"openssl s_server -accept PORT -cert FILE", "sockctl listen -k --tls --cert FILE PORT"},
	{"dig +short example.org", "sockctl resolve -4 example.org"},
	{"dig +short AAAA example.org", "sockctl resolve -6 example.org"},
	{"dig +short -x 198.51.100.2", "sockctl resolve 198.51.100.2"},
	{"dig +short +time=5 example.org", "sockctl resolve -4 --timeout 5 example.org"},
	{"dig +short -f names", "sockctl resolve -4 - < names"},
	{"dig +stats example.org", "sockctl resolve -v example.org"},
	{"host 198.51.100.2", "sockctl resolve 198.51.100.2"},
	{"host example.org", "sockctl resolve example.org"},
	{"getent ahosts example.org", "sockctl resolve --long example.org"},
	{"getent ahostsv4 example.org", "sockctl resolve -4 example.org"},
	{"getent hosts example.org", "sockctl hosts example.org"},
	{"getent hosts 127.0.0.1", "sockctl resolve 127.0.0.1"},
	{"getent services 443/tcp", "sockctl services 443/tcp"},
	{"getent protocols 6", "sockctl protocols 6"},
	{"getent networks loopback", "sockctl networks loopback"},
	{"ss -tlnp", "sockctl sockets -tlnp"},
	{"ss -tan", "sockctl sockets -tn"},
	{"ss -ti", "sockctl sockets -tL"},
	{"ss -xl", "sockctl sockets -xl"},
	{"ss -t state time-wait", "sockctl sockets -t -s time-wait"},
	{"ss -tn dst 192.0.2.0/24", "sockctl sockets -tn -A 192.0.2.0/24"},
	{"ss -tn sport = :443 or dport = :443", "sockctl sockets -tn -P 443"},
	{"netstat -tulpn", "sockctl sockets -tulpn"},
	{"netstat -tn", "sockctl sockets -tn"},
	{"netstat -ln", "sockctl sockets -ln"},
	{"netstat -x", "sockctl sockets -x"},
	{"netstat -c -t", "sockctl sockets -t --watch"},
	{"lsof -i -a -p 1", "sockctl sockets --process 1"},
	{""},
};

static bool is_of(const struct translation *t, const char *tool)
{
	size_t len = strlen(tool);

	return strncmp(t->theirs, tool, len) == 0 && t->theirs[len] == ' ';
}

// The rows of a tool stand together.
void translations_add_tools(struct str *out)
{
	const char *last = NULL;

	for (const struct translation *t = translations; *t->theirs; t++) {
		size_t len = strcspn(t->theirs, " ");

		if (last && strncmp(t->theirs, last, len + 1) == 0)
			continue;
		str_add(out, last ? " " : "");
		str_addn(out, t->theirs, len);
		last = t->theirs;
	}
}

bool translations_has(const char *tool)
{
	for (const struct translation *t = translations; *t->theirs; t++)
		if (*tool && is_of(t, tool))
			return true;
	return false;
}

// The column in which what is typed here begins, unless the row is too wide for that.
static size_t column_of(const char *tool)
{
	size_t longest = 0;

	for (const struct translation *t = translations; *t->theirs; t++) {
		size_t len = strlen(t->theirs);

		if (is_of(t, tool) && len > longest && len <= MAX_THEIRS)
			longest = len;
	}
	return INDENT + longest + 2;
}

void translations_add(const char *tool, struct str *out)
{
	size_t column = column_of(tool);

	str_addf(out, "What to type instead of %s.\n\n", tool);
	for (const struct translation *t = translations; *t->theirs; t++) {
		size_t start = out->len;

		if (!is_of(t, tool))
			continue;
		str_addf(out, "%*s%s", INDENT, "", t->theirs);
		if (strlen(t->theirs) <= MAX_THEIRS && column + strlen(t->ours) <= WIDTH)
			str_pad(out, start + column);
		else
			str_addf(out, "\n%*s", 3 * INDENT, "");
		str_addf(out, "%s\n", t->ours);
	}
}

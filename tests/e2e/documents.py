# SPDX-License-Identifier: ISC
"""What the documents on sockets name: each call, constant, structure, table, program and example, the
documents that have it, the command that reaches it, and the value that they give.

test_calls.py runs the commands of the calls, which sockctl-calls(7) names; test_documents.py runs
the others.
"""

from types import SimpleNamespace

DOCUMENTS = {
    "S": "Stallings, Sockets: a programmer's introduction",
    "O": "slides of a course on operating systems",
    "N": "lecture notes, Network IPC: sockets",
    "T": "Donahoo and Calvert, TCP/IP sockets in C",
    "L": "linuxhowtos.org, Sockets tutorial",
}

# Documents, and calls with the constants that matter.
BY_DOCUMENT = """
SONTL socket AF_INET SOCK_STREAM|bind 0.0.0.0:0|connect HOST:PORT|listen|accept4|close|read|write
SONTL gethostbyname|htons
NT    socket AF_INET6 SOCK_STREAM|bind [::]:0
SNL   socket AF_UNIX SOCK_STREAM|socket AF_UNIX SOCK_DGRAM|bind unix:PATH|connect unix:PATH
SNTL  socket AF_INET SOCK_DGRAM|listen 5|sendto|recvfrom
NT    socket AF_INET6 SOCK_DGRAM
SNT   socket AF_INET SOCK_RAW
N     socket AF_INET6 SOCK_RAW|getaddrinfo AF_UNSPEC
O     socket AF_NETLINK
SONT  send|recv
SNT   dup|dup2|getsockname|getpeername|shutdown SHUT_WR|shutdown SHUT_RDWR|shutdown SHUT_RD
SN    send MSG_DONTROUTE|send MSG_OOB|recv MSG_OOB|recv MSG_PEEK
N     send MSG_DONTWAIT|send MSG_EOR|recv MSG_TRUNC|recv MSG_WAITALL|recv MSG_DONTWAIT|sockatmark
SNT   ioctl FIONBIO|fcntl F_SETFL O_NONBLOCK|select
SNT   fcntl F_SETOWN|fcntl F_GETOWN|fcntl F_SETFL O_ASYNC|sigaction SIGIO
TL    sigaction SIGINT|sigaction SIGCHLD
SNT   fcntl F_DUPFD|fcntl F_GETFD|fcntl F_SETFD|fcntl F_GETFL
N     fstat|fchdir|fchmod|fchown|fsync|fdatasync|ftruncate|lseek
STL   fork|waitpid
NT    getaddrinfo AI_ADDRCONFIG|getaddrinfo AI_ALL|getaddrinfo AI_CANONNAME
NT    getaddrinfo AI_NUMERICHOST|getaddrinfo AI_NUMERICSERV|getaddrinfo AI_PASSIVE
NT    getaddrinfo AI_V4MAPPED|gai_strerror
N     getnameinfo NI_DGRAM|getnameinfo NI_NAMEREQD|getnameinfo NI_NOFQDN
N     getnameinfo NI_NUMERICHOST|getnameinfo NI_NUMERICSERV
SONT  gethostbyaddr
N     gethostent|sethostent|endhostent|getservent|setservent|endservent
N     getprotoent|setprotoent|endprotoent|getnetent|setnetent|endnetent|getnetbyname|getnetbyaddr
SONT  getservbyname|getservbyport
SN    getprotobyname|getprotobynumber
SN    getsockopt SO_ACCEPTCONN|getsockopt SO_BROADCAST|getsockopt SO_DEBUG
SN    getsockopt SO_DONTROUTE|getsockopt SO_ERROR|getsockopt SO_KEEPALIVE|getsockopt SO_LINGER
SN    getsockopt SO_OOBINLINE|getsockopt SO_RCVBUF|getsockopt SO_RCVLOWAT|getsockopt SO_RCVTIMEO
SN    getsockopt SO_REUSEADDR|getsockopt SO_SNDBUF|getsockopt SO_SNDLOWAT|getsockopt SO_SNDTIMEO
SN    getsockopt SO_TYPE|setsockopt SO_DEBUG|setsockopt SO_DONTROUTE|setsockopt SO_LINGER
SN    setsockopt SO_OOBINLINE|setsockopt SO_RCVLOWAT|setsockopt SO_RCVTIMEO|setsockopt SO_SNDTIMEO
SNT   setsockopt SO_BROADCAST|setsockopt SO_KEEPALIVE|setsockopt SO_RCVBUF
SNT   setsockopt SO_REUSEADDR|setsockopt SO_SNDBUF
SNTL  htonl|ntohs
SNT   ntohl|inet_addr|inet_ntoa
N     inet_pton|inet_ntop
"""


def calls():
    """call: the documents that name it."""
    found = {}
    for line in BY_DOCUMENT.strip().splitlines():
        who, names = line.split(None, 1)
        for name in names.split("|"):
            assert name not in found and set(who) <= set(DOCUMENTS), line
            found[name] = who
    return found


# Numbers of 4.3BSD; those of WinSock are larger by 10000.
BSD_ERRORS = {
    "EINTR": 4, "EBADF": 9, "EACCES": 13, "EFAULT": 14, "EINVAL": 22, "EMFILE": 24,
    "EWOULDBLOCK": 35, "EINPROGRESS": 36, "EALREADY": 37, "ENOTSOCK": 38, "EDESTADDRREQ": 39,
    "EMSGSIZE": 40, "EPROTOTYPE": 41, "ENOPROTOOPT": 42, "EPROTONOSUPPORT": 43,
    "ESOCKTNOSUPPORT": 44, "EOPNOTSUPP": 45, "EPFNOSUPPORT": 46, "EAFNOSUPPORT": 47,
    "EADDRINUSE": 48, "EADDRNOTAVAIL": 49, "ENETDOWN": 50, "ENETUNREACH": 51, "ENETRESET": 52,
    "ECONNABORTED": 53, "ECONNRESET": 54, "ENOBUFS": 55, "EISCONN": 56, "ENOTCONN": 57,
    "ESHUTDOWN": 58, "ETOOMANYREFS": 59, "ETIMEDOUT": 60, "ECONNREFUSED": 61, "ELOOP": 62,
    "ENAMETOOLONG": 63, "EHOSTDOWN": 64, "EHOSTUNREACH": 65, "ENOTEMPTY": 66, "EUSERS": 68,
    "EDQUOT": 69, "ESTALE": 70, "EREMOTE": 71,
}

# Errors that WinSock alone has.
WINSOCK_ERRORS = {"WSASYSNOTREADY": 10091, "WSAVERNOTSUPPORTED": 10092, "WSANOTINITIALISED": 10093}

# Calls of Windows Sockets 1.1, with a word of what stands for each.
WINSOCK_CALLS = {
    "WSAStartup": "Nothing", "WSACleanup": "Nothing", "closesocket": "close(2)",
    "ioctlsocket": "ioctl(2)", "WSAGetLastError": "errno", "WSASetLastError": "errno",
    "WSAAsyncSelect": "poll(2)", "WSACancelBlockingCall": "EINTR", "WSAIsBlocking": "Nothing",
    "WSASetBlockingHook": "Nothing", "WSAUnhookBlockingHook": "Nothing",
    "WSAAsyncGetHostByName": "getaddrinfo", "WSAAsyncGetHostByAddr": "getnameinfo",
    "WSAAsyncGetServByName": "getservbyname", "WSAAsyncGetServByPort": "getservbyport",
    "WSAAsyncGetProtoByName": "getprotobyname", "WSAAsyncGetProtoByNumber": "getprotobynumber",
    "WSACancelAsyncRequest": "gai_cancel", "__WSAFDIsSet": "FD_ISSET",
}

# What a program passes to setsockopt() and getsockopt().
OPTION_TYPES = {
    "SO_ACCEPTCONN": "int", "SO_BROADCAST": "int", "SO_DEBUG": "int", "SO_DONTROUTE": "int",
    "SO_ERROR": "int", "SO_KEEPALIVE": "int", "SO_LINGER": "struct linger", "SO_OOBINLINE": "int",
    "SO_RCVBUF": "int", "SO_RCVLOWAT": "int", "SO_RCVTIMEO": "struct timeval", "SO_REUSEADDR": "int",
    "SO_SNDBUF": "int", "SO_SNDLOWAT": "int", "SO_SNDTIMEO": "struct timeval", "SO_TYPE": "int",
}

# What the calls of files do on a socket: their result; None: the system may choose.
FILE_CALLS = {
    "dup": r"\d+", "dup2": r"\d+", "fcntl": r"\d+", "ioctl": "0", "fstat": "0", "read": "-1 EAGAIN",
    "write": r"\d+", "select": "0", "lseek": "-1 ESPIPE", "fchdir": "-1 ENOTDIR", "fchmod": None,
    "fchown": None, "fsync": None, "fdatasync": None, "ftruncate": None,
}


def item(name, who, command, *shows, made=(), server=None, server_made=(), stdin=b""):
    """A row of the table.

    command: its words as on sockctl-calls(7), quoted as for a shell; SERVER runs before it, and its
    port is PORT. made, server_made: the calls that the observer must see. shows: patterns of lines
    of what is written, with single blanks.
    """
    assert set(who) <= set(DOCUMENTS)
    return SimpleNamespace(name=name, who=who, command=command, shows=shows, made=made, server=server,
                           server_made=server_made, stdin=stdin)


LISTEN = "listen HOST 0"
STREAM = ("socket AF_INET SOCK_STREAM", "connect HOST:PORT")
SERVER = ("socket AF_INET SOCK_STREAM", "bind 127.0.0.1:0", "listen", "accept4")

CONSTANTS = [
    item("AF_INET = 2", "SONTL", "address --sockaddr 127.0.0.1:80", r".* sin_family .* AF_INET \(2\)",
         made=["inet_pton AF_INET"]),
    item("AF_UNIX = 1", "SNL", "address --sockaddr unix:PATH", r".* sun_family .* AF_UNIX \(1\)"),
    item("INADDR_ANY = 0.0.0.0", "SONTL", "sockets -tln -4 -P PORT", r"tcp LISTEN .* 0\.0\.0\.0:\d+ .*",
         made=["socket AF_NETLINK"], server="listen -4 0", server_made=["bind 0.0.0.0:0"]),
    item("INADDR_LOOPBACK = 0x7f000001", "N", "address 127.0.0.1", "hex 0x7f000001",
         "number 2130706433", made=["inet_addr 127.0.0.1", "inet_pton AF_INET"]),
    item("INADDR_NONE = 0xffffffff", "SN", "address 255.255.255.255", "inet_addr 4294967295",
         made=["inet_addr 255.255.255.255"]),
    item("SOMAXCONN", "SNT", "sockets -tln -4 -P PORT", r"tcp LISTEN 0 (4096|128) .*",
         made=["socket AF_NETLINK"], server=LISTEN, server_made=["listen 4096"]),
    item("SOCK_STREAM", "SONTL", "connect --get SO_TYPE HOST PORT", ".*: SO_TYPE=SOCK_STREAM",
         made=[*STREAM, "getsockopt SO_TYPE"], server=LISTEN),
    item("SOCK_DGRAM", "SNTL", "options udp", "SO_TYPE get name SOCK_DGRAM .*",
         made=["socket AF_INET SOCK_DGRAM", "getsockopt SO_TYPE"]),
    item("IPPROTO_TCP = 6", "SNT", "protocols tcp", "tcp 6 TCP", made=["getprotobyname tcp"]),
    item("IPPROTO_UDP = 17", "SNT", "protocols 17", "udp 17 UDP", made=["getprotobynumber 17"]),
    item("IPPROTO_ICMP = 1", "SN", "protocols icmp", "icmp 1 ICMP", made=["getprotobyname icmp"]),
    *(item(f"port {port} is {name}", "SOT", f"services {name}", f"{name} {port}/tcp well-known.*",
           made=[f"getservbyname {name}"])
      for name, port in {"echo": 7, "discard": 9, "daytime": 13, "ftp": 21, "telnet": 23, "smtp": 25,
                         "time": 37, "domain": 53, "http": 80}.items()),
    item("well-known, registered and dynamic ports", "SNT", "services http socks fido",
         "http 80/tcp well-known.*", "socks 1080/tcp registered", "fido 60179/tcp dynamic",
         made=["getservbyname socks"]),
    item("well-known: 0 to 1023", "SNT", "services --range well-known", "echo 7/tcp well-known",
         made=["setservent", "getservent", "endservent"]),
    item("HOST_NOT_FOUND = 1", "SO", "errors HOST_NOT_FOUND",
         "1 HOST_NOT_FOUND - 11001 WSAHOST_NOT_FOUND Unknown host"),
    item("TRY_AGAIN = 2", "SO", "errors TRY_AGAIN", "2 TRY_AGAIN - 11002 WSATRY_AGAIN .*"),
    item("NO_RECOVERY = 3", "SO", "errors NO_RECOVERY", "3 NO_RECOVERY - 11003 WSANO_RECOVERY .*"),
    item("NO_DATA = 4", "SO", "errors NO_DATA", "4 NO_DATA - 11004 WSANO_DATA .*"),
]

STRUCTURES = [
    item("struct sockaddr", "SONTL", "address --sockaddr 192.0.2.1:80",
         "sockaddr - <sys/socket.h> 0 16", "sockaddr sa_family sa_family_t 0 2 .*",
         r"sockaddr sa_data char\[14\] 2 14 00 50 c0 00 02 01 .*", made=["inet_pton 192.0.2.1"]),
    item("struct sockaddr_in", "SONTL", "address --sockaddr 192.0.2.1:80",
         "sockaddr_in - <netinet/in.h> 0 16 - length 16", "sockaddr_in sin_family sa_family_t 0 2 .*",
         "sockaddr_in sin_port in_port_t 2 2 00 50 80",
         "sockaddr_in sin_addr struct in_addr 4 4 c0 00 02 01 192.0.2.1",
         r"sockaddr_in sin_addr\.s_addr in_addr_t 4 4 c0 00 02 01 .*",
         r"sockaddr_in sin_zero unsigned char\[8\] 8 8 00 00 00 00 00 00 00 00 padding",
         made=["inet_pton 192.0.2.1"]),
    item("struct sockaddr_in6", "NT", "address --sockaddr [::1]:80",
         "sockaddr_in6 - <netinet/in.h> 0 28 - length 28", "sockaddr_in6 sin6_flowinfo .* 4 4 .*",
         "sockaddr_in6 sin6_addr struct in6_addr 8 16 .* ::1", "sockaddr_in6 sin6_scope_id .* 24 4 .*",
         made=["inet_pton AF_INET6"]),
    item("struct sockaddr_un", "SNL", "address --sockaddr /tmp/s",
         "sockaddr_un - <sys/un.h> 0 110 - length 9", r"sockaddr_un sun_path char\[108\] 2 108 .* /tmp/s"),
    item("struct hostent", "SONT", "resolve --via gethostbyname --json localhost",
         r'\{.*"address":"127\.0\.0\.1","family":"inet","length":4,"canonical":"localhost","aliases":.*',
         made=["gethostbyname localhost"]),
    item("struct servent", "SNT", "services http", "http 80/tcp well-known www",
         made=["getservbyname http"]),
    item("struct protoent", "SN", "protocols udp", "udp 17 UDP", made=["getprotobyname udp"]),
    item("struct netent", "N", "networks loopback", r"loopback 127\.0\.0\.0",
         made=["getnetbyname loopback"]),
    item("struct addrinfo", "NT", "resolve --via getaddrinfo --long --type stream 127.0.0.1 80",
         r"127\.0\.0\.1:80 inet stream tcp", made=["getaddrinfo 127.0.0.1 80"]),
    item("struct linger", "SN", "options SO_LINGER", "c_type struct linger",
         "members int l_onoff; int l_linger", made=["getsockopt SO_LINGER"]),
    item("struct timeval", "SNT", "options SO_RCVTIMEO", "c_type struct timeval",
         "members time_t tv_sec; suseconds_t tv_usec", made=["getsockopt SO_RCVTIMEO"]),
]

TABLES = [
    *(item(f"{name} = {number}", "S", f"errors {name}", rf"\d+ \w+ {number} {10000 + number} WSA{name} .*")
      for name, number in BSD_ERRORS.items()),
    *(item(f"{name} = {number}", "S", f"errors {name}", f"{number} {name} - {number} {name} .*")
      for name, number in WINSOCK_ERRORS.items()),
    *(item(name, "S", f"errors {name}", rf"- {name} - - - .*{word.partition('(')[0]}.*")
      for name, word in WINSOCK_CALLS.items()),
    *(item(f"{name}: {kind}", "SN", f"options {name}", f"name {name}", "level SOL_SOCKET",
           f"c_type {kind}", made=[f"getsockopt {name}"]) for name, kind in OPTION_TYPES.items()),
    *(item(f"{name}() on a socket", "N", "descriptor", rf"{name}\(.*\) = {result} .* as promised"
           if result else rf"{name}\(.*\) = .* unspecified", made=[name])
      for name, result in FILE_CALLS.items()),
]

PROGRAMS = [
    item("TCP client and server", "SOL", "connect HOST PORT", "I got your message", stdin=b"hello\n",
         made=[*STREAM, "send", "recv", "shutdown SHUT_WR"],
         server="listen HOST 0 --exec 'read word; echo I got your message'",
         server_made=[*SERVER, "fork"]),
    item("UDP client and server", "SL", "udp-send --replies 1 HOST PORT 'Please enter the message'",
         "Got your message", made=["socket AF_INET SOCK_DGRAM", "sendto HOST:PORT"],
         server="udp-recv --count 1 --reply 'Got your message' HOST 0",
         server_made=["socket AF_INET SOCK_DGRAM", "bind 127.0.0.1:0"]),
    item("client and server in the Unix domain", "SNL", "connect unix:PATH", "answer",
         made=["socket AF_UNIX SOCK_STREAM", "connect unix:PATH"],
         server="listen unix:PATH --exec 'echo answer'",
         server_made=["socket AF_UNIX SOCK_STREAM", "bind unix:PATH", "listen", "accept4"]),
    item("TCPEchoClient", "T", "echo --client HOST PORT 'Echo this!'", "Echo this!",
         made=[*STREAM, "send", "recv", "close"], server="echo --tcp -m 1 HOST 0",
         server_made=[*SERVER, "recv", "send", "close"]),
    item("UDPEchoClient", "T", "echo --client --udp HOST PORT 'Echo this!'", "Echo this!",
         made=["socket AF_INET SOCK_DGRAM"], server="echo --udp HOST 0",
         server_made=["socket AF_INET SOCK_DGRAM", "bind 127.0.0.1:0"]),
    item("forking TCPEchoServer", "TL", "echo --client HOST PORT 'Echo this!'", "Echo this!",
         made=[*STREAM], server="listen -k --exec cat HOST 0",
         server_made=[*SERVER, "fork", "dup2", "sigaction SIGCHLD", "waitpid"]),
    item("iterative TCPEchoServer", "T", "echo --client HOST PORT 'Echo this!'", "Echo this!",
         made=[*STREAM], server="echo --tcp --max-connections 1 HOST 0",
         server_made=[*SERVER, "recv", "send", "close"]),
    item("echo server and telnet", "O", "connect --telnet HOST PORT", "hello", stdin=b"hello\n",
         made=[*STREAM], server="echo --tcp HOST 0", server_made=[*SERVER, "recv", "send"]),
    item("getaddr HOST", "O", "resolve -4 localhost", r"127\.0\.0\.1", made=["getaddrinfo localhost"]),
    item("HOST SERVICE: address:port", "N", "resolve -4 localhost http", r"127\.0\.0\.1:80",
         made=["getaddrinfo localhost http"]),
    item("ADDRESS PORT: host:service", "N", "resolve 127.0.0.1 80", "localhost:http",
         made=["getnameinfo 127.0.0.1:80"]),
    item("known hosts", "N", "hosts", r"127\.0\.0\.1 localhost.*", made=["sethostent", "gethostent"]),
    item("known protocols", "N", "protocols", "tcp 6 TCP.*", "udp 17 UDP.*", made=["getprotoent"]),
    item("known services", "N", "services", "http 80/tcp well-known www", made=["getservent"]),
    item("netstat -na", "O", "sockets -tn -4 -P PORT",
         "PROTO STATE RECV-Q SEND-Q LOCAL REMOTE USER",
         r"tcp LISTEN 0 \d+ 127\.0\.0\.1:\d+ 0\.0\.0\.0:\* \w+",
         made=["socket AF_NETLINK"], server=LISTEN),
    item("remote execution", "S", "connect HOST PORT", "42", stdin=b"echo $((6 * 7))\n", made=[*STREAM],
         server="listen HOST 0 --exec sh", server_made=[*SERVER, "fork", "dup2"]),
    item("signal-driven input", "SNT", "descriptor", "pselect.* is interrupted by SIGIO.* as promised",
         made=["sigaction SIGIO", "fcntl F_SETOWN", "fcntl F_SETFL O_ASYNC"]),
    item("non-blocking accept", "ST", "descriptor", r"accept4\(.*\) = -1 EAGAIN .* as promised",
         made=["ioctl FIONBIO", "accept4"]),
    item("select with a timeout", "SNT", "descriptor", r"select\(.*\) = 0 times out.* as promised",
         made=["select"]),
]

EXAMPLES = [
    item("htons(80)", "SONTL", "address 80", "htons 20480", "htons_bytes 00 50", made=["htons 80"]),
    item("htonl(0x12345678)", "SNT", "address 0x12345678", "htonl_bytes 12 34 56 78",
         made=["htonl 305419896"]),
    item("ntohs, ntohl", "SNT", "address 258", "ntohs 513", "ntohl 33619968",
         made=["ntohs 258", "ntohl 258"]),
    item("inet_addr and inet_ntoa", "ST", "address 128.32.1.5", "inet_addr 83959936",
         r"inet_ntoa 128\.32\.1\.5", made=["inet_addr 128.32.1.5", "inet_ntoa 83959936"]),
    item("inet_pton and inet_ntop", "N", "address ::1", "address ::1", "bytes( 00){15} 01",
         made=["inet_pton AF_INET6 ::1", "inet_ntop AF_INET6"]),
    item("gethostbyaddr", "SON", "resolve --via gethostbyaddr 127.0.0.1", "localhost",
         made=["gethostbyaddr AF_INET"]),
    item("a host that is unknown", "SON", "resolve --flag AI_NUMERICHOST nowhere",
         r".*: nowhere: Name or service not known \(EAI_NONAME\)", made=["gai_strerror -2"]),
    item("a port where nobody listens", "SOTL", "connect HOST CLOSED",
         r".*: Connection refused \(ECONNREFUSED\)", made=["connect"]),
    item("a datagram that nobody takes", "N", "udp-send --connected --wait 10 HOST CLOSED hello",
         r".*Connection refused: port unreachable, .* \(ECONNREFUSED\)", made=["connect", "send"]),
    item("half-close", "SNT", "connect --crlf HOST PORT", "2", stdin=b"one\ntwo\n",
         made=[*STREAM, "shutdown SHUT_WR"], server="listen HOST 0 --exec 'wc -l'"),
]

TABLE = {"constant": CONSTANTS, "structure": STRUCTURES, "table": TABLES, "program": PROGRAMS,
         "example": EXAMPLES}

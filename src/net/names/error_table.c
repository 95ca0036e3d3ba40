// SPDX-License-Identifier: ISC
#include "net/names/error_table.h"

#include "base/nearest.h"
#include "base/util.h"
#include "base/value.h"
#include "sys/names.h"
#include "sys/resolver.h"

#include <errno.h>
#include <netdb.h>
#include <stddef.h>
#include <string.h>

#define MAX_ERRNO 4095 // what the kernel can return
#define WINSOCK_BASE 10000 // and the number of 4.3BSD make that of WinSock

// Errors that WinSock has under a name of its own: WSA and the name, 10000 and the number of
// 4.3BSD (Windows Sockets 1.1, section 2 of its appendix A).
static const struct winsock {
	char name[24];
	int number;
	int error; // errno; 0 where this system has none
	char text[48]; // where this system has none
} winsock[] = {
	{"WSAEINTR", 10004, EINTR},
	{"WSAEBADF", 10009, EBADF},
	{"WSAEACCES", 10013, EACCES},
	{"WSAEFAULT", 10014, EFAULT},
	{"WSAEINVAL", 10022, EINVAL},
	{"WSAEMFILE", 10024, EMFILE},
	{"WSAEWOULDBLOCK", 10035, EWOULDBLOCK},
	{"WSAEINPROGRESS", 10036, EINPROGRESS},
	{"WSAEALREADY", 10037, EALREADY},
	{"WSAENOTSOCK", 10038, ENOTSOCK},
	{"WSAEDESTADDRREQ", 10039, EDESTADDRREQ},
	{"WSAEMSGSIZE", 10040, EMSGSIZE},
	{"WSAEPROTOTYPE", 10041, EPROTOTYPE},
	{"WSAENOPROTOOPT", 10042, ENOPROTOOPT},
	{"WSAEPROTONOSUPPORT", 10043, EPROTONOSUPPORT},
	{"WSAESOCKTNOSUPPORT", 10044, ESOCKTNOSUPPORT},
	{"WSAEOPNOTSUPP", 10045, EOPNOTSUPP},
	{"WSAEPFNOSUPPORT", 10046, EPFNOSUPPORT},
	{"WSAEAFNOSUPPORT", 10047, EAFNOSUPPORT},
	{"WSAEADDRINUSE", 10048, EADDRINUSE},
	{"WSAEADDRNOTAVAIL", 10049, EADDRNOTAVAIL},
	{"WSAENETDOWN", 10050, ENETDOWN},
	{"WSAENETUNREACH", 10051, ENETUNREACH},
	{"WSAENETRESET", 10052, ENETRESET},
	{"WSAECONNABORTED", 10053, ECONNABORTED},
	{"WSAECONNRESET", 10054, ECONNRESET},
	{"WSAENOBUFS", 10055, ENOBUFS},
	{"WSAEISCONN", 10056, EISCONN},
	{"WSAENOTCONN", 10057, ENOTCONN},
	{"WSAESHUTDOWN", 10058, ESHUTDOWN},
	{"WSAETOOMANYREFS", 10059, ETOOMANYREFS},
	{"WSAETIMEDOUT", 10060, ETIMEDOUT},
	{"WSAECONNREFUSED", 10061, ECONNREFUSED},
	{"WSAELOOP", 10062, ELOOP},
	{"WSAENAMETOOLONG", 10063, ENAMETOOLONG},
	{"WSAEHOSTDOWN", 10064, EHOSTDOWN},
	{"WSAEHOSTUNREACH", 10065, EHOSTUNREACH},
	{"WSAENOTEMPTY", 10066, ENOTEMPTY},
	{"WSAEPROCLIM", 10067, 0, "Too many processes use WinSock"},
	{"WSAEUSERS", 10068, EUSERS},
	{"WSAEDQUOT", 10069, EDQUOT},
	{"WSAESTALE", 10070, ESTALE},
	{"WSAEREMOTE", 10071, EREMOTE},
	{"WSASYSNOTREADY", 10091, 0, "The network is not ready"},
	{"WSAVERNOTSUPPORTED", 10092, 0, "This version of WinSock is not supported"},
	{"WSANOTINITIALISED", 10093, 0, "WinSock was not started, or could not be"},
};

// What the resolver's errors are there. Both kinds of them fall together in WinSock.
static const struct {
	enum error_kind kind;
	int error;
	char name[24];
	int number;
} resolver[] = {
	{ERROR_EAI, EAI_AGAIN, "WSATRY_AGAIN", 11002},
	{ERROR_EAI, EAI_BADFLAGS, "WSAEINVAL", 10022},
	{ERROR_EAI, EAI_FAIL, "WSANO_RECOVERY", 11003},
	{ERROR_EAI, EAI_FAMILY, "WSAEAFNOSUPPORT", 10047},
	{ERROR_EAI, EAI_MEMORY, "WSA_NOT_ENOUGH_MEMORY", 8},
	{ERROR_EAI, EAI_NODATA, "WSANO_DATA", 11004},
	{ERROR_EAI, EAI_NONAME, "WSAHOST_NOT_FOUND", 11001},
	{ERROR_EAI, EAI_SERVICE, "WSATYPE_NOT_FOUND", 10109},
	{ERROR_EAI, EAI_SOCKTYPE, "WSAESOCKTNOSUPPORT", 10044},
	{ERROR_HERR, HOST_NOT_FOUND, "WSAHOST_NOT_FOUND", 11001},
	{ERROR_HERR, TRY_AGAIN, "WSATRY_AGAIN", 11002},
	{ERROR_HERR, NO_RECOVERY, "WSANO_RECOVERY", 11003},
	{ERROR_HERR, NO_DATA, "WSANO_DATA", 11004},
};

// Calls that only WinSock has (or needs).
static const struct {
	char name[28], text[64];
} calls[] = {
	{"WSAStartup", "Nothing: sockets are part of the system"},
	{"WSACleanup", "Nothing: the end of the process closes its sockets"},
	{"WSAGetLastError", "errno"},
	{"WSASetLastError", "An assignment to errno"},
	{"closesocket", "close(2)"},
	{"ioctlsocket", "ioctl(2), or fcntl(2) with O_NONBLOCK"},
	{"WSAAsyncSelect", "poll(2), epoll(7), or SIGIO: F_SETOWN and O_ASYNC"},
	{"WSAEventSelect", "epoll_ctl(2)"},
	{"WSAEnumNetworkEvents", "epoll_wait(2)"},
	{"WSAWaitForMultipleEvents", "epoll_wait(2)"},
	{"WSAPoll", "poll(2)"},
	{"WSASocket", "socket(2)"},
	{"WSAConnect", "connect(2)"},
	{"WSAAccept", "accept(2)"},
	{"WSASend", "send(2), or writev(2) for several buffers"},
	{"WSASendTo", "sendto(2), or sendmsg(2) for several buffers"},
	{"WSARecv", "recv(2), or readv(2) for several buffers"},
	{"WSARecvFrom", "recvfrom(2), or recvmsg(2) for several buffers"},
	{"WSAIoctl", "ioctl(2)"},
	{"WSADuplicateSocket", "sendmsg(2) with SCM_RIGHTS, or fork(2)"},
	{"WSACancelBlockingCall", "A signal: the call fails with EINTR"},
	{"WSAIsBlocking", "Nothing: a blocking call yields to other threads only"},
	{"WSASetBlockingHook", "Nothing: a blocking call yields to other threads only"},
	{"WSAUnhookBlockingHook", "Nothing: a blocking call yields to other threads only"},
	{"WSAAsyncGetHostByName", "getaddrinfo_a(3), or getaddrinfo(3) in a thread"},
	{"WSAAsyncGetHostByAddr", "getnameinfo(3) in a thread"},
	{"WSAAsyncGetServByName", "getservbyname(3)"},
	{"WSAAsyncGetServByPort", "getservbyport(3)"},
	{"WSAAsyncGetProtoByName", "getprotobyname(3)"},
	{"WSAAsyncGetProtoByNumber", "getprotobynumber(3)"},
	{"WSACancelAsyncRequest", "gai_cancel(3)"},
	{"__WSAFDIsSet", "FD_ISSET() of select(2)"},
};

// Names that share a number with the one that the C library prefers.
static const struct {
	int error;
	char name[16];
} errno_aliases[] = {
	{EWOULDBLOCK, "EWOULDBLOCK"},
	{EDEADLOCK, "EDEADLOCK"},
	{EOPNOTSUPP, "ENOTSUP"},
};

static void list_errno(error_fn *fn, void *arg, int error)
{
	struct error_entry e = {
		.name = strerrorname_np(error), .number = error, .text = strerror(error)};
	const char *aliases[ARRAY_SIZE(errno_aliases) + 1] = {0};
	size_t n = 0;

	if (!e.name)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(errno_aliases); i++)
		if (errno_aliases[i].error == error && strcmp(errno_aliases[i].name, e.name) != 0)
			aliases[n++] = errno_aliases[i].name;
	e.aliases = aliases;
	for (size_t i = 0; i < ARRAY_SIZE(winsock); i++) {
		if (winsock[i].error == error) {
			e.winsock = winsock[i].name;
			e.winsock_number = winsock[i].number;
			e.bsd_number = winsock[i].number - WINSOCK_BASE;
		}
	}
	fn(arg, &e);
}

static void list_resolver(error_fn *fn, void *arg, enum error_kind kind)
{
	static const char *const none[] = {NULL};

	for (const struct name_value *v = kind == ERROR_EAI ? names_eai : names_herr; *v->name;
		v++) {
		int number = (int)v->value;
		struct error_entry e = {.kind = kind,
			.name = v->name,
			.aliases = none,
			.number = number,
			.text = kind == ERROR_EAI ? sys_gai_strerror(number)
						  : sys_hstrerror(number)};

		for (size_t i = 0; i < ARRAY_SIZE(resolver); i++) {
			if (resolver[i].kind == kind && resolver[i].error == number) {
				e.winsock = resolver[i].name;
				e.winsock_number = resolver[i].number;
			}
		}
		fn(arg, &e);
	}
}

static void list_winsock(error_fn *fn, void *arg)
{
	static const char *const none[] = {NULL};

	for (size_t i = 0; i < ARRAY_SIZE(winsock); i++)
		if (!winsock[i].error)
			fn(arg, &(struct error_entry){.kind = ERROR_WINSOCK,
					.name = winsock[i].name,
					.aliases = none,
					.number = winsock[i].number,
					.text = winsock[i].text,
					.winsock = winsock[i].name,
					.winsock_number = winsock[i].number});
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		fn(arg, &(struct error_entry){.kind = ERROR_CALL,
				.name = calls[i].name,
				.aliases = none,
				.text = calls[i].text});
}

void errors_list(error_fn *fn, void *arg)
{
	for (int error = 1; error <= MAX_ERRNO; error++)
		list_errno(fn, arg, error);
	list_resolver(fn, arg, ERROR_EAI);
	list_resolver(fn, arg, ERROR_HERR);
	list_winsock(fn, arg);
}

// A search through all entries.
struct search {
	const char *word;
	bool has_number;
	int number;
	bool in_text;
	bool found;
	error_fn *fn;
	void *arg;
};

static bool matches(const struct search *s, const struct error_entry *e)
{
	if (s->in_text)
		return strcasestr(e->text, s->word);
	if (s->has_number)
		return e->kind != ERROR_CALL &&
		       ((e->number == s->number && e->kind != ERROR_HERR) ||
			       (e->bsd_number && e->bsd_number == s->number) ||
			       (e->winsock && e->winsock_number == s->number));
	if (strcasecmp(s->word, e->name) == 0)
		return true;
	for (const char *const *a = e->aliases; *a; a++)
		if (strcasecmp(s->word, *a) == 0)
			return true;
	return e->winsock && strcasecmp(s->word, e->winsock) == 0;
}

static void on_entry(void *arg, const struct error_entry *e)
{
	struct search *s = arg;

	if (!matches(s, e))
		return;
	s->found = true;
	s->fn(s->arg, e);
}

bool errors_find(const char *word, error_fn *fn, void *arg)
{
	struct search s = {.word = word, .fn = fn, .arg = arg};
	uint64_t number;

	if (parse_uint(word + (*word == '-'), &number) == 0) {
		s.has_number = true;
		s.number = (int)MIN(number, (uint64_t)INT32_MAX) * (*word == '-' ? -1 : 1);
	}
	errors_list(on_entry, &s);
	if (!s.found && !s.has_number && *word) {
		s.in_text = true;
		errors_list(on_entry, &s);
	}
	return s.found;
}

static void on_candidate(void *arg, const struct error_entry *e)
{
	struct nearest *near = arg;

	nearest_offer(near, e->name);
	for (const char *const *a = e->aliases; *a; a++)
		nearest_offer(near, *a);
	if (e->winsock)
		nearest_offer(near, e->winsock);
}

const char *errors_nearest(const char *word)
{
	struct nearest near;

	nearest_init(&near, word, strlen(word));
	errors_list(on_candidate, &near);
	return near.best;
}

// SPDX-License-Identifier: ISC
// The databases of services, protocols, networks and hosts: all entries of one, or those of a
// word. Entries are the C library's, as its calls return them, and valid during the callback only.
#ifndef SOCKCTL_NET_NAMES_DATABASE_H
#define SOCKCTL_NET_NAMES_DATABASE_H

#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>

typedef void service_fn(void *arg, const struct servent *entry);
typedef void protocol_fn(void *arg, const struct protoent *entry);
typedef void network_fn(void *arg, const struct netent *entry);
typedef void host_fn(void *arg, const struct hostent *entry);

// Call back with every entry. Return how many there were, or a negative errno if the database could
// not be read to its end.
int services_list(service_fn *fn, void *arg);
int protocols_list(protocol_fn *fn, void *arg);
int networks_list(network_fn *fn, void *arg);
int hosts_list(host_fn *fn, void *arg);

// Returns 0 if the file of a database can be read, or a negative errno.
int database_try_file(const char *path);

// Between these two so many words are looked up: the database stays open. The entries that it lists
// are read once where the words are more than a few; what is not among them is asked for, as a
// source of names need not list all it has.
void services_hold(size_t look_ups);
void services_release(void);
void protocols_hold(size_t look_ups);
void protocols_release(void);
void networks_hold(size_t look_ups);
void networks_release(void);
void hosts_hold(size_t look_ups);
void hosts_release(void);

// Call back with the entries of a name, an alias or a number. Return whether there was any.

// WORD is NAME or PORT, with or without /PROTOCOL; PROTOCOL counts where the word has none and may
// be NULL. Most services are registered for TCP and for UDP, but the system's calls return one
// entry at a time: with no protocol at all, the others of these two are asked for beside the first
// entry that there is.
bool services_find(const char *word, const char *protocol, service_fn *fn, void *arg);

bool protocols_find(const char *word, protocol_fn *fn, void *arg);

// A number is written as in networks(5): one to four bytes with dots between them, the rest 0.
bool networks_find(const char *word, network_fn *fn, void *arg);

// WORD is a name or an address; FAMILY is that of the addresses looked for, AF_UNSPEC for both.
// Returns 0, -ENOENT, or -EAGAIN if the name service could not be asked.
int hosts_find(const char *word, int family, host_fn *fn, void *arg);

#endif

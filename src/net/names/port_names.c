// SPDX-License-Identifier: ISC
#include "net/names/port_names.h"

#include "base/mem.h"
#include "net/names/database.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

struct port_entry {
	uint32_t key; // port, and over UDP one bit more
	unsigned endpoint; // in the database
	char *name;
};

static uint32_t key_of(bool udp, uint16_t port)
{
	return (uint32_t)udp << 16 | port;
}

static void on_service(void *arg, const struct servent *entry)
{
	struct port_names *names = arg;
	bool udp = strcmp(entry->s_proto, "udp") == 0;

	if (!udp && strcmp(entry->s_proto, "tcp") != 0)
		return;
	names->items = xrealloc(names->items, (names->count + 1) * sizeof(*names->items));
	names->items[names->count] =
		(struct port_entry){key_of(udp, ntohs((uint16_t)entry->s_port)),
			(unsigned)names->count, xstrdup(entry->s_name)};
	names->count++;
}

static int compare(const void *a, const void *b)
{
	const struct port_entry *x = a;
	const struct port_entry *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->endpoint < y->endpoint ? -1 : x->endpoint > y->endpoint;
}

void port_names_load(struct port_names *names)
{
	services_list(on_service, names);
	if (names->count)
		qsort(names->items, names->count, sizeof(*names->items), compare);
}

void port_names_fini(struct port_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i].name);
	free(names->items);
	*names = (struct port_names){0};
}

const char *port_name(const struct port_names *names, bool udp, uint16_t port)
{
	uint32_t key = key_of(udp, port);
	size_t low = 0;
	size_t high = names->count;

	while (low < high) { // for the first of several names, which a look-up would find
		size_t middle = low + (high - low) / 2;

		if (names->items[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low < names->count && names->items[low].key == key ? names->items[low].name : NULL;
}

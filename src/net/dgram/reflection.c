// SPDX-License-Identifier: ISC
#include "net/dgram/reflection.h"

#include "base/util.h"

#include <stdint.h>

static bool is_reflector(uint16_t port)
{
	// echo, daytime, qotd, chargen, time
	static const uint16_t ports[] = {7, 13, 17, 19, 37};

	for (size_t i = 0; i < ARRAY_SIZE(ports); i++)
		if (port == ports[i])
			return true;
	return false;
}

bool is_reflection(const struct sockaddr_any *source, const struct sockaddr_any *local)
{
	uint16_t port = sockaddr_port(source);

	if (source->sa.sa_family == AF_UNIX)
		return sockaddr_equal(source, local);
	return is_reflector(port) || (port && port == sockaddr_port(local));
}

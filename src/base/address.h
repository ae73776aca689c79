/* Which network addresses anybody may be sent to: a stranger's URL must not make this server knock at its own house. */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <sys/socket.h>

#include "base/str.h"

/* True for a unicast address of the public internet. False for all that IANA's special-purpose registries (RFC 6890, kept up in
 * iana-ipv4-special-registry and iana-ipv6-special-registry) name as not globally reachable: loopback, private, link-local,
 * shared (CGNAT), documentation, benchmarking, multicast, reserved, unique-local, site-local, 6to4, Teredo and every other family
 * than IPv4 and IPv6. An IPv4 address inside an IPv6 one (mapped, RFC 4291; NAT64, RFC 6052) counts as what it is. */
bool address_is_public(const struct sockaddr *address);
/* The same of "192.0.2.1" or "2001:db8::1", which may carry a zone ("%eth0"). False for what is no address. */
bool address_text_is_public(const char *text);

#endif

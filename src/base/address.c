#include "base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

struct net4 {
	uint32_t address;
	int bits;
};

static const struct net4 not_public4[] = {
	{ 0x00000000, 8 },	/* 0.0.0.0/8		this network */
	{ 0x0a000000, 8 },	/* 10.0.0.0/8		private */
	{ 0x64400000, 10 },	/* 100.64.0.0/10	shared, behind a carrier's NAT */
	{ 0x7f000000, 8 },	/* 127.0.0.0/8		loopback */
	{ 0xa9fe0000, 16 },	/* 169.254.0.0/16	link-local: among them the clouds' metadata */
	{ 0xac100000, 12 },	/* 172.16.0.0/12	private */
	{ 0xc0000000, 24 },	/* 192.0.0.0/24		IETF protocols */
	{ 0xc0000200, 24 },	/* 192.0.2.0/24		documentation */
	{ 0xc0586300, 24 },	/* 192.88.99.0/24	6to4 relays, gone */
	{ 0xc0a80000, 16 },	/* 192.168.0.0/16	private */
	{ 0xc6120000, 15 },	/* 198.18.0.0/15	benchmarks */
	{ 0xc6336400, 24 },	/* 198.51.100.0/24	documentation */
	{ 0xcb007100, 24 },	/* 203.0.113.0/24	documentation */
	{ 0xe0000000, 3 },	/* 224.0.0.0/3		multicast, reserved, broadcast */
};

static bool is_public4(uint32_t address)
{
	for (size_t k = 0; k < sizeof(not_public4) / sizeof(not_public4[0]); k++)
		if (((address ^ not_public4[k].address) >> (32 - not_public4[k].bits)) == 0)
			return false;
	return true;
}

static uint32_t last4(const unsigned char *b)
{
	return (uint32_t)b[12] << 24 | (uint32_t)b[13] << 16 | (uint32_t)b[14] << 8 | b[15];
}

static bool is_public6(const unsigned char *b)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff }, nat64[12] = { 0x00, 0x64, 0xff, 0x9b };

	if (memcmp(b, mapped, 12) == 0 || memcmp(b, nat64, 12) == 0)
		return is_public4(last4(b));
	if ((b[0] & 0xe0) != 0x20)						/* only 2000::/3 is given out */
		return false;
	if (b[0] == 0x20 && b[1] == 0x01 && (b[2] & 0xfe) == 0x00)		/* 2001::/23: Teredo, ORCHID, benchmarks ... */
		return false;
	if (b[0] == 0x20 && b[1] == 0x01 && b[2] == 0x0d && b[3] == 0xb8)	/* 2001:db8::/32: documentation */
		return false;
	if (b[0] == 0x20 && b[1] == 0x02)					/* 2002::/16: 6to4 */
		return false;
	return !(b[0] == 0x3f && b[1] == 0xff && (b[2] & 0xf0) == 0x00);	/* 3fff::/20: documentation */
}

bool address_is_public(const struct sockaddr *address)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (address->sa_family == AF_INET) {
		memcpy(&in, address, sizeof(in));
		return is_public4(ntohl(in.sin_addr.s_addr));
	}
	if (address->sa_family != AF_INET6)
		return false;
	memcpy(&in6, address, sizeof(in6));
	return is_public6(in6.sin6_addr.s6_addr);
}

bool address_text_is_public(const char *text)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	char bare[INET6_ADDRSTRLEN];

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		return address_is_public((const struct sockaddr *)&in);
	(void)snprintf(bare, sizeof(bare), "%.*s", (int)strcspn(text, "%"), text);
	return inet_pton(AF_INET6, bare, &in6.sin6_addr) == 1 && address_is_public((const struct sockaddr *)&in6);
}

/* SPDX-License-Identifier: MIT */
/*
 * ARP frames, the UDP datagrams that make the stack ask, and frames with tags, in a stack that has a VLAN and whose
 * settings change: records of a kind byte, a length byte and bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "lib/byteorder.h"
#include "net/inetdevice.h"
#include "net/neighbour.h"
#include "net/platform.h"
#include "net/sysctl.h"
#include "net/vlan.h"
#include "tests/fuzz/lab.h"

#define MAX_RECORDS 128

/* A datagram to port 7 from 10.0.0.x: its echo needs a neighbour. */
static void make_it_ask(u8 host)
{
	static const u8 template[] = {0x02, 0x57, 0, 0,    1,  1, 0x02, 0x57, 0,  0,  1,
				      0x65, 0x08, 0, 0x45, 0,  0, 29,   0,    0,  0,  0,
				      64,   17,   0, 0,    10, 0, 0,    0,    10, 0,  0,
				      1,    0,    9, 0,    7,  0, 9,    0,    0,  'x'};
	u8 frame[sizeof(template)];
	u32 sum = 0;

	memcpy(frame, template, sizeof(frame));
	frame[29] = host;
	for (int i = 14; i < 34; i += 2)
		sum += get_unaligned_be16(frame + i);
	sum = (sum & 0xffff) + (sum >> 16);
	put_unaligned_be16(~sum, frame + 24);
	fuzz_frame(frame, sizeof(frame));
	fuzz_echo();
}

static void arp(const u8 *data, size_t len)
{
	static const u8 head[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x57, 0, 0, 1,
				  0x65, 0x08, 0x06, 0,    1,    8,    0,    6,    4, 0};
	u8 frame[sizeof(head) + 256];

	memcpy(frame, head, sizeof(head));
	memcpy(frame + sizeof(head), data, len);
	fuzz_frame(frame, sizeof(head) + len);
}

static void tagged(const u8 *data, size_t len)
{
	static const u8 head[] = {0x02, 0x57, 0, 0, 1, 1, 0x02, 0x57, 0, 0, 1, 0x65, 0x81, 0};
	u8 frame[sizeof(head) + 256];

	memcpy(frame, head, sizeof(head));
	memcpy(frame + sizeof(head), data, len);
	fuzz_frame(frame, sizeof(head) + len);
}

static void set(struct net *net, u8 n)
{
	static const char *const names[] = {
		"conf.eth0.arp_ignore",
		"conf.all.arp_announce",
		"conf.eth0.arp_filter",
		"conf.all.arp_accept",
		"conf.eth0.proxy_arp",
		"conf.eth0.proxy_arp_pvlan",
		"ip_forward",
		"neigh.eth0.proxy_delay",
		"neigh.eth0.app_solicit",
		"neigh.eth0.mcast_solicit",
		"neigh.default.gc_thresh3",
		"neigh.eth0.locktime",
		"neigh.eth0.retrans_time_ms",
	};
	char name[64] = "net.ipv4.", value[2] = {'0' + n % 4, 0};

	strcat(name, names[n / 4 % ARRAY_SIZE(names)]);
	plat_bh_disable();
	(void)!sysctl_write(net, name, value);
	plat_bh_enable();
}

/* eth0.5, up, 10.5.0.1/24; and a proxied address. */
static void more_devices(struct net *net)
{
	const struct ifaddr_config address = {.local = CPU_TO_BE32(0x0a050001), .prefixlen = 24};
	const struct vlan_config config = {.name = "eth0.5", .vid = 5};
	struct net_device *eth0, *dev;

	plat_bh_disable();
	eth0 = dev_get_by_name(net, "eth0");
	if (vlan_dev_add(eth0, &config, &dev) || dev_open(dev) || inet_addr_add(dev, &address) ||
	    pneigh_add(net, eth0, CPU_TO_BE32(0x0a000109)))
		abort();
	plat_bh_enable();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};

	struct net *net = fuzz_begin(0);

	more_devices(net);
	for (int n = 0; in.size && n < MAX_RECORDS; n++) {
		u8 kind = fuzz_u8(&in), len = fuzz_u8(&in);
		const u8 *bytes;
		size_t got;

		switch (kind % 6) {
		case 0:
			host_advance(len * 100 * NSEC_PER_MSEC);
			break;
		case 1:
			make_it_ask(len);
			break;
		case 2: /* a right head, then anything */
			bytes = fuzz_bytes(&in, len, &got);
			arp(bytes, got);
			break;
		case 4:
			set(net, len);
			break;
		case 5: /* a tag, then anything */
			bytes = fuzz_bytes(&in, len, &got);
			tagged(bytes, got);
			break;
		default:
			bytes = fuzz_bytes(&in, len, &got);
			fuzz_frame(bytes, got);
		}
	}
	fuzz_end();
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* IP options of segments: what is filled in as they leave, and the way back. More of them is in test_tcp_rules.c. */
#include <string.h>

#include "lib/errno.h"
#include "tests/unit/tcp_wire.h"

/* Each segment leaves with our address and the time of its leaving, in what the program left free for them. */
WEIR_TEST(tcp_ip_opt, a_record_of_the_programs)
{
	static const u8 blank[] = {7, 7, 4, 0, 0, 0, 0, 0x44, 13, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	u8 want[] = {7, 7, 8, 10, 0, 0, 1, 0x44, 13, 13, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0};
	struct sock_addr to = {PEER, CPU_TO_BE16(80)};
	struct conn c;

	conn_listen(&c);
	cr_assert_eq(sock_create(c.net, AF_INET, SOCK_STREAM, 0, &c.sk), 0);
	cr_assert_eq(sock_setsockopt(c.sk, SOL_IP, IP_OPTIONS, blank, sizeof(blank)), 0);
	cr_assert_eq(sock_connect(c.sk, &to, true), -EINPROGRESS);
	for (int i = 0; i < 2; i++) { /* the SYN, and again */
		be32 now = cpu_to_be32(plat_wall() / NSEC_PER_MSEC % 86400000);
		struct seg s;

		memcpy(want + 15, &now, 4);
		cr_assert(sent(c.nic, &s) && s.flags == TCP_SYN);
		cr_assert_eq(c.nic->got.ip.optlen, sizeof(want));
		cr_assert_arr_eq(c.nic->got.ip.opt, want, sizeof(want));
		host_advance(NSEC_PER_SEC);
	}
	conn_close(&c);
}

/*
 * MUST-53: the recorded way is the way back, as Linux reads it: who sent it is not visited twice, and a pointer may stand
 * anywhere.
 */
WEIR_TEST(tcp_ip_opt, the_way_back)
{
	static const struct {
		u8 came[16], back[12];
		be32 by;
	} rows[] = {
		{{0x83, 11, 12, 10, 0, 0, 8, 10, 0, 0, 9},
		 {0x83, 11, 4, 10, 0, 0, 8, 10, 0, 0, 2},
		 IP4(10, 0, 0, 9)},
		{{0x83, 11, 12, 10, 0, 0, 2, 10, 0, 0, 9},
		 {0x83, 7, 4, 10, 0, 0, 2},
		 IP4(10, 0, 0, 9)},
		{{0x83, 7, 8, 10, 0, 0, 2}, {0}, PEER},
		{{0x83, 12, 13, 7, 10, 0, 0, 8, 10, 0, 0, 9},
		 {0x83, 11, 4, 10, 0, 0, 8, 10, 0, 0, 2},
		 IP4(10, 0, 0, 9)},
	};
	struct conn c;

	conn_listen(&c);
	CTL(c.net, "sysctl -w net.ipv4.conf.all.accept_source_route=1");
	CTL(c.net, "sysctl -w net.ipv4.conf.eth0.accept_source_route=1");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct seg s = {.seq = IRS,
				.dport = 99,
				.flags = TCP_SYN,
				.ipopt = (const char *)rows[i].came,
				.ipoptlen = ALIGN(rows[i].came[1], 4U)};
		const struct pkt *got = &c.nic->got;

		inject(c.nic, &s);
		cr_assert(sent(c.nic, &s) && s.flags == (TCP_RST | TCP_ACK), "row %zu", i);
		cr_assert_eq(got->ip.daddr, rows[i].by, "row %zu", i);
		cr_assert_eq(got->ip.optlen, ALIGN(rows[i].back[1], 4U), "row %zu", i);
		cr_assert(!memcmp(got->ip.opt, rows[i].back, got->ip.optlen), "row %zu", i);
	}
	sock_close(c.listener);
}

/* SPDX-License-Identifier: MIT */
/*
 * libweir as another program uses it: this file sees host/libweir.h and net/sock.h, and nothing
 * else of weir. The first test is the example of the documentation.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "host/libweir.h"
#include "net/sock.h"

#define SECOND 1000000000ULL

/* Two stacks on a cable; one asks, the other answers; a day passes. */
Test(libweir, example)
{
	struct sock_addr server_addr = {.addr = htonl(0x0a000001), .port = htons(7)};
	struct weir_nic *nics[2];
	struct net *a, *b;
	struct sock *client, *server;
	char question[] = "anybody there?", answer[64];
	struct sock_iovec out = {question, sizeof(question)}, in = {answer, sizeof(answer)};
	struct sock_msg ask = {.name = server_addr, .has_name = true, .iov = &out, .iovlen = 1};
	struct sock_msg msg = {.iov = &in, .iovlen = 1};

	weir_init(42);
	a = weir_stack_new();
	b = weir_stack_new();
	cr_assert_eq(weir_nic_pair(a, b, nics), 0);
	weir_ctl(a, "ip addr add 10.0.0.2/24 dev eth0", NULL, 0);
	weir_ctl(a, "ip link set eth0 up", NULL, 0);
	weir_ctl(b, "ip addr add 10.0.0.1/24 dev eth0", NULL, 0);
	weir_ctl(b, "ip link set eth0 up", NULL, 0);

	cr_assert_eq(sock_create(a, AF_INET, SOCK_DGRAM, 0, &client), 0);
	cr_assert_eq(sock_create(b, AF_INET, SOCK_DGRAM, 0, &server), 0);
	cr_assert_eq(sock_bind(server, &server_addr), 0);
	cr_assert_eq(sock_sendmsg(client, &ask, 0), (long)sizeof(question));
	/* Waiting makes the world go round: ARP is asked and answered, the datagram arrives. */
	cr_assert_eq(sock_recvmsg(server, &msg, 0), (long)sizeof(question));
	cr_assert_str_eq(answer, question);
	cr_assert_eq(ntohl(msg.name.addr), 0x0a000002);

	weir_advance(86400 * SECOND);
	cr_assert_eq(weir_now(), 86401 * SECOND);
	sock_close(client);
	sock_close(server);
	weir_nic_remove(nics[0]);
	weir_nic_remove(nics[1]);
	weir_stack_free(a);
	weir_stack_free(b);
}

static char seen[64];
static size_t seen_len;

static void on_frame(void *arg, const void *frame, size_t len)
{
	cr_assert_str_eq(arg, "me");
	seen_len = len;
	memcpy(seen, frame, len < sizeof(seen) ? len : sizeof(seen));
}

/* Frames in by a call, out by a callback. */
Test(libweir, arp_is_answered_through_the_callback)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
	static const char request[] = "\xff\xff\xff\xff\xff\xff\2\0\0\0\0\2\10\6"
				      "\0\1\10\0\6\4\0\1\2\0\0\0\0\2\12\0\0\2\0\0\0\0\0\0\12\0\0\1";
	static char me[] = "me";
	struct weir_nic *nic;
	struct net *net;

	weir_init(1);
	net = weir_stack_new();
	nic = weir_nic_user(net, "lan", mac, on_frame, me);
	cr_assert_eq(weir_ctl(net, "ip addr add 10.0.0.1/24 dev lan", NULL, 0), 0);
	cr_assert_eq(weir_ctl(net, "ip link set lan up", NULL, 0), 0);
	weir_run();
	seen_len = 0;
	weir_nic_input(nic, request, sizeof(request) - 1);
	cr_assert_eq(seen_len, 0, "nothing happens before weir_run()");
	weir_run();
	cr_assert_geq(seen_len, 42);
	cr_assert_eq(memcmp(seen, "\2\0\0\0\0\2\2\0\0\0\0\1\10\6\0\1\10\0\6\4\0\2", 22), 0);
	weir_nic_remove(nic);
	weir_stack_free(net);
}

Test(libweir, commands_print_and_fail)
{
	struct net *net;
	char text[4096], tiny[5];

	weir_init(1);
	net = weir_stack_new();
	cr_assert_eq(weir_ctl(net, "ip -o link show", text, sizeof(text)), 0);
	cr_assert_not_null(strstr(text, "lo"), "%s", text);
	cr_assert_eq(weir_ctl(net, "ip -o link show", tiny, sizeof(tiny)), 0);
	cr_assert_eq(memcmp(tiny, text, 4), 0);
	cr_assert_eq(tiny[4], 0);
	cr_assert_eq(weir_ctl(net, "no-such-tool", text, sizeof(text)), 127);
	cr_assert_eq(weir_ctl(net, "ip 'unclosed", text, sizeof(text)), 2);
	cr_assert_eq(weir_ctl(net, "  # nothing", text, sizeof(text)), 0);
	cr_assert_neq(weir_ctl(net, "ip addr add 10.0.0.1/24 dev nope", text, sizeof(text)), 0);
	cr_assert_gt(strlen(text), 0);
	weir_stack_free(net);
}

Test(libweir, a_tap_that_cannot_be_opened_is_an_error)
{
	struct net *net;

	weir_init(1);
	net = weir_stack_new();
	cr_assert_null(weir_nic_tap(net, NULL, "a-name-that-is-too-long"));
	cr_assert_null(weir_nic_pcap(net, NULL, "/nonexistent"));
	weir_stack_free(net);
}

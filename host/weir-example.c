/* SPDX-License-Identifier: MIT */
/* A server in a stack, driven frame by frame: the example of host/libweir.h, and a test of `make unit`. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "host/libweir.h"

#define CHECK(cond) ((cond) ? (void)0 : (printf("not so: %s\n", #cond), failed++, (void)0))
static int failed;
static unsigned char sent[2048]; /* the last frame that the stack sent */

static void on_frame(void *arg, const void *frame, size_t len)
{
	(void)arg;
	memcpy(sent, frame, len < sizeof(sent) ? len : sizeof(sent));
}

/* A SYN from 10.0.0.2:4000 to 10.0.0.1:80, number 1; IP's checksum and TCP's are right. */
static const unsigned char syn[] = "\2\0\0\0\0\1\2\0\0\0\0\2\10\0"
				   "\x45\0\0\x28\0\0\x40\0\x40\6\x26\xce\12\0\0\2\12\0\0\1"
				   "\x0f\xa0\0\x50\0\0\0\1\0\0\0\0\x50\2\xff\xff\x8b\xef\0\0";

int main(void)
{
	static const unsigned char mac[6] = {2, 0, 0, 0, 0, 1};
	struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(80)};
	struct pollfd p = {.events = POLLIN};

	weir_init(1); /* the seed of all that is random */
	struct net *net = weir_stack_new();
	struct weir_nic *nic = weir_nic_user(net, "eth0", mac, on_frame, NULL);
	weir_ctl(net, "ip addr add 10.0.0.1/24 dev eth0", NULL, 0);
	weir_ctl(net, "ip link set eth0 up", NULL, 0);
	weir_ctl(net, "ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev eth0", NULL, 0);

	p.fd = weir_socket(net, AF_INET, SOCK_STREAM, 0);
	CHECK(!weir_bind(p.fd, (struct sockaddr *)&here, sizeof(here)) && !weir_listen(p.fd, 5));
	weir_nic_input(nic, syn, sizeof(syn) - 1);
	weir_run();
	CHECK(sent[47] == 0x12); /* SYN and ACK */

	memset(sent, 0, sizeof(sent));
	weir_advance(weir_next_deadline() - weir_now());
	weir_advance(1000000000); /* nobody answers: it is sent again */
	CHECK(sent[47] == 0x12);

	uint64_t start = weir_now(); /* half a second passes, in no time */
	CHECK(!weir_poll(&p, 1, 500) && weir_now() - start == 500000000);

	weir_close(p.fd);
	weir_nic_remove(nic);
	weir_stack_free(net);
	puts(failed ? "weir-example: failed" : "weir-example: ok");
	return failed;
}

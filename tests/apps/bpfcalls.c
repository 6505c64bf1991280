/* SPDX-License-Identifier: MIT */
/*
 * bpfcalls: attaches programs of classic BPF to sockets, odd ones and thousands that chance makes, sends datagrams through
 * them, and prints what each call returned and what was left of each datagram. tests/tap/test_filter.py compares what
 * Linux and weir print.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define RANDOM_RUNS  6000
#define MAX_RANDOM   24
#define MAX_DATA     64

static const char *said(long result)
{
	static char text[32];

	switch (result < 0 ? errno : 0) {
	case 0:
		snprintf(text, sizeof(text), "%ld", result);
		return text;
	case EINVAL:
		return "EINVAL";
	case EPERM:
		return "EPERM";
	case ENOENT:
		return "ENOENT";
	case ENOMEM:
		return "ENOMEM";
	case ENOPROTOOPT:
		return "ENOPROTOOPT";
	case EAGAIN:
		return "EAGAIN";
	case EBUSY:
		return "EBUSY";
	}
	snprintf(text, sizeof(text), "errno %d", errno);
	return text;
}

static int attach_as(int fd, int name, const struct sock_filter *f, unsigned int n)
{
	struct sock_fprog prog = {n, (struct sock_filter *)(uintptr_t)f};

	return setsockopt(fd, SOL_SOCKET, name, &prog, sizeof(prog));
}

static int attach(int fd, const struct sock_filter *f, unsigned int n)
{
	return attach_as(fd, SO_ATTACH_FILTER, f, n);
}

static int set(int fd, int name, int value)
{
	return setsockopt(fd, SOL_SOCKET, name, &value, sizeof(value));
}

/* ---- programs that are none, or hardly ---- */

static const struct {
	const char *name;
	unsigned int n;
	struct sock_filter f[5];
} odd[] = {
	{"nothing", 0, {BPF_STMT(BPF_RET | BPF_K, 1)}},
	{"return", 1, {BPF_STMT(BPF_RET | BPF_K, 1)}},
	{"return a", 1, {BPF_STMT(BPF_RET | BPF_A, 0)}},
	{"return x", 1, {BPF_STMT(BPF_RET | BPF_X, 0)}},
	{"no return", 1, {BPF_STMT(BPF_LD | BPF_IMM, 1)}},
	{"jump away", 2, {BPF_STMT(BPF_JMP | BPF_JA, 1), BPF_STMT(BPF_RET, 1)}},
	{"jump to the end", 2, {BPF_STMT(BPF_JMP | BPF_JA, 0), BPF_STMT(BPF_RET, 1)}},
	{"jump back", 2, {BPF_STMT(BPF_JMP | BPF_JA, -1), BPF_STMT(BPF_RET, 1)}},
	{"jump if true", 2, {BPF_JUMP(BPF_JMP | BPF_JEQ, 0, 1, 0), BPF_STMT(BPF_RET, 1)}},
	{"jump if false", 2, {BPF_JUMP(BPF_JMP | BPF_JEQ, 0, 0, 1), BPF_STMT(BPF_RET, 1)}},
	{"jump inside", 2, {BPF_JUMP(BPF_JMP | BPF_JEQ, 0, 0, 0), BPF_STMT(BPF_RET, 1)}},
	{"ends in a jump", 1, {BPF_STMT(BPF_JMP | BPF_JA, 0)}},
	{"unwritten cell", 2, {BPF_STMT(BPF_LD | BPF_MEM, 3), BPF_STMT(BPF_RET, 1)}},
	{"unwritten cell to x", 2, {BPF_STMT(BPF_LDX | BPF_MEM, 3), BPF_STMT(BPF_RET, 1)}},
	{"written cell",
	 3,
	 {BPF_STMT(BPF_ST, 3), BPF_STMT(BPF_LD | BPF_MEM, 3), BPF_STMT(BPF_RET, 1)}},
	{"another cell",
	 3,
	 {BPF_STMT(BPF_STX, 2), BPF_STMT(BPF_LD | BPF_MEM, 3), BPF_STMT(BPF_RET, 1)}},
	{"written on one way",
	 5,
	 {BPF_JUMP(BPF_JMP | BPF_JEQ, 0, 1, 0), BPF_STMT(BPF_ST, 0), BPF_STMT(BPF_LD | BPF_MEM, 0),
	  BPF_STMT(BPF_RET, 1), BPF_STMT(BPF_RET, 1)}},
	{"written on both ways",
	 5,
	 {BPF_STMT(BPF_ST, 0), BPF_JUMP(BPF_JMP | BPF_JEQ, 0, 1, 0), BPF_STMT(BPF_RET, 1),
	  BPF_STMT(BPF_LD | BPF_MEM, 0), BPF_STMT(BPF_RET, 1)}},
	{"behind a return",
	 4,
	 {BPF_STMT(BPF_RET, 1), BPF_STMT(BPF_LD | BPF_MEM, 0), BPF_STMT(BPF_RET, 1),
	  BPF_STMT(BPF_RET, 1)}},
	{"behind a jump",
	 4,
	 {BPF_STMT(BPF_JMP | BPF_JA, 1), BPF_STMT(BPF_LD | BPF_MEM, 0), BPF_STMT(BPF_RET, 1),
	  BPF_STMT(BPF_RET, 1)}},
	{"cell 15",
	 3,
	 {BPF_STMT(BPF_ST, 15), BPF_STMT(BPF_LD | BPF_MEM, 15), BPF_STMT(BPF_RET, 1)}},
	{"cell 16", 2, {BPF_STMT(BPF_ST, 16), BPF_STMT(BPF_RET, 1)}},
	{"cell -1 of x", 2, {BPF_STMT(BPF_STX, -1), BPF_STMT(BPF_RET, 1)}},
	{"divide by 0", 2, {BPF_STMT(BPF_ALU | BPF_DIV, 0), BPF_STMT(BPF_RET, 1)}},
	{"modulo 0", 2, {BPF_STMT(BPF_ALU | BPF_MOD, 0), BPF_STMT(BPF_RET, 1)}},
	{"divide by x", 2, {BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0), BPF_STMT(BPF_RET, 1)}},
	{"shift by 31", 2, {BPF_STMT(BPF_ALU | BPF_LSH, 31), BPF_STMT(BPF_RET, 1)}},
	{"shift by 32", 2, {BPF_STMT(BPF_ALU | BPF_RSH, 32), BPF_STMT(BPF_RET, 1)}},
	{"load a tag",
	 2,
	 {BPF_STMT(BPF_LD | BPF_ABS, SKF_AD_OFF + SKF_AD_VLAN_TAG), BPF_STMT(BPF_RET, 1)}},
	{"beyond the tags", 2, {BPF_STMT(BPF_LD | BPF_ABS, SKF_AD_OFF + 64), BPF_STMT(BPF_RET, 1)}},
	{"between the tags", 2, {BPF_STMT(BPF_LD | BPF_ABS, SKF_AD_OFF + 2), BPF_STMT(BPF_RET, 1)}},
	{"below the tags", 2, {BPF_STMT(BPF_LD | BPF_ABS, SKF_AD_OFF - 1), BPF_STMT(BPF_RET, 1)}},
	{"the tags by x", 2, {BPF_STMT(BPF_LD | BPF_IND, SKF_AD_OFF + 2), BPF_STMT(BPF_RET, 1)}},
};

static void try_odd(void)
{
	unsigned int i, code;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	static struct sock_filter many[4097];

	for (i = 0; i < ARRAY_LEN(odd); i++)
		printf("odd %s: %s\n", odd[i].name, said(attach(fd, odd[i].f, odd[i].n)));
	printf("odd no program: %s\n", said(attach(fd, NULL, 1)));
	for (code = 0; code < 0x110; code++) { /* each code there could be, with k 1 */
		struct sock_filter f[] = {
			{code, 0, 0, 1}, BPF_STMT(BPF_RET, 1), BPF_STMT(BPF_RET, 1)};

		printf("code %02x: %s\n", code, said(attach(fd, f, 3)));
	}
	for (i = 0; i < ARRAY_LEN(many); i++)
		many[i] = (struct sock_filter)BPF_STMT(BPF_RET, 0xffff);
	for (i = 4095; i <= 4097 && !set(fd, SO_DETACH_FILTER, 0); i++)
		printf("odd %u: %s\n", i, said(attach(fd, many, i)));
	printf("odd 65535: %s\n", said(attach(fd, many, 65535)));
	close(fd);
}

/* ---- the calls, on each kind of socket ---- */

static void try_calls(const char *kind, int type, int protocol)
{
	static const struct sock_filter f[] = {BPF_STMT(BPF_LD | BPF_LEN, 0),
					       BPF_STMT(BPF_RET | BPF_A, 0)};
	static const int names[] = {SO_ATTACH_FILTER, SO_ATTACH_REUSEPORT_CBPF};
	static const socklen_t rooms[] = {0, 1, 2, 3, 16, -1};
	struct sock_filter got[16];
	struct sock_fprog prog = {2, (struct sock_filter *)(uintptr_t)f};
	int fd = socket(AF_INET, type, protocol), v;
	unsigned int i, k;
	socklen_t len;

#define SAY(what, call) (errno = 0, printf("%s %s: %s\n", kind, what, said(call)))
	SAY("detach nothing", set(fd, SO_DETACH_FILTER, 0));
	SAY("detach no group", set(fd, SO_DETACH_REUSEPORT_BPF, 0));
	for (k = 0; k < ARRAY_LEN(names); k++)
		for (i = 0; i < 24; i += 4)
			SAY("attach short or long", setsockopt(fd, SOL_SOCKET, names[k], &prog, i));
	SAY("attach to a group without one", attach_as(fd, SO_ATTACH_REUSEPORT_CBPF, f, 2));
	SAY("attach", attach(fd, f, 2));
	SAY("attach again", attach(fd, f, 2));
	for (i = 0; i < ARRAY_LEN(rooms); i++) {
		len = rooms[i];
		memset(got, 0xee, sizeof(got));
		SAY("get", getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, got, &len));
		printf("%s got %d: %d\n", kind, (int)len, memcmp(got, f, sizeof(f)) != 0);
	}
	SAY("refused", attach(fd, f, 1));
	len = 16;
	SAY("get what was there", getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, got, &len));
	printf("%s is there still: %d\n", kind, (int)len);
	SAY("detach short", setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &prog, 3));
	SAY("detach", set(fd, SO_DETACH_FILTER, 7));
	SAY("detach again", set(fd, SO_DETACH_FILTER, 7));
	SAY("reuseport", set(fd, SO_REUSEPORT, 1));
	SAY("detach an empty group", set(fd, SO_DETACH_REUSEPORT_BPF, 0));
	SAY("attach to a group", attach_as(fd, SO_ATTACH_REUSEPORT_CBPF, f, 2));
	SAY("attach what is none", attach_as(fd, SO_ATTACH_REUSEPORT_CBPF, f, 1));
	SAY("detach the group", set(fd, SO_DETACH_REUSEPORT_BPF, 0));
	SAY("detach it again", set(fd, SO_DETACH_REUSEPORT_BPF, 0));
	SAY("unlock", set(fd, SO_LOCK_FILTER, 0));
	SAY("lock", set(fd, SO_LOCK_FILTER, 5));
	len = sizeof(v);
	SAY("is it locked", getsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &v, &len));
	printf("%s locked: %d\n", kind, v);
	SAY("lock again", set(fd, SO_LOCK_FILTER, 1));
	SAY("unlock", set(fd, SO_LOCK_FILTER, 0));
	SAY("attach locked", attach(fd, f, 2));
	SAY("attach nothing locked", attach(fd, f, 0));
	SAY("attach to the group locked", attach_as(fd, SO_ATTACH_REUSEPORT_CBPF, f, 2));
	SAY("detach locked", set(fd, SO_DETACH_FILTER, 0));
	SAY("detach the group locked", set(fd, SO_DETACH_REUSEPORT_BPF, 0));
	close(fd);
}

/* When a socket belongs to a group. */
static void try_groups(const char *kind, int type)
{
	static const struct sock_filter f[] = {BPF_STMT(BPF_RET, 0)};
	int end[3], i;

	for (i = 0; i < 3; i++) {
		struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(23001)};

		end[i] = socket(AF_INET, type, 0);
		if (i != 2)
			set(end[i], SO_REUSEPORT, 1);
		else
			a.sin_port = htons(23002);
		printf("%s bind %d: %s\n", kind, i,
		       said(bind(end[i], (struct sockaddr *)&a, sizeof(a))));
		if (type == SOCK_STREAM)
			printf("%s listen %d: %s\n", kind, i, said(listen(end[i], 5)));
	}
	SAY("attach to the first", attach_as(end[0], SO_ATTACH_REUSEPORT_CBPF, f, 1));
	SAY("detach from the second", set(end[1], SO_DETACH_REUSEPORT_BPF, 0));
	SAY("detach from the first", set(end[0], SO_DETACH_REUSEPORT_BPF, 0));
	SAY("attach to the second", attach_as(end[1], SO_ATTACH_REUSEPORT_CBPF, f, 1));
	SAY("attach to the first again", attach_as(end[0], SO_ATTACH_REUSEPORT_CBPF, f, 1));
	SAY("attach to who is alone", attach_as(end[2], SO_ATTACH_REUSEPORT_CBPF, f, 1));
	SAY("detach from who is alone", set(end[2], SO_DETACH_REUSEPORT_BPF, 0));
	set(end[2], SO_REUSEPORT, 1);
	SAY("attach to who says so late", attach_as(end[2], SO_ATTACH_REUSEPORT_CBPF, f, 1));
	SAY("detach from who says so late", set(end[2], SO_DETACH_REUSEPORT_BPF, 0));
	close(end[0]);
	SAY("detach from who is left", set(end[1], SO_DETACH_REUSEPORT_BPF, 0));
	close(end[1]);
	close(end[2]);
}

/* ---- what chance makes ---- */

static unsigned int chance_state = 12345;

static unsigned int chance(unsigned int n)
{
	chance_state = chance_state * 1664525 + 1013904223;
	return (chance_state >> 8) % n;
}

/* A number that a program could have: small, at a border, negative. */
static unsigned int number(void)
{
	static const unsigned int some[] = {0,          1,          2,          3,          8,
					    31,         32,         0xff,       0xffff,     0x10000,
					    0x7fffffff, 0x80000000, 0xffffffff, 0xfffffff8, 14,
					    20,         0x12345678, 0xaaaaaaaa};

	return chance(3) ? chance(MAX_DATA + 12) : some[chance(ARRAY_LEN(some))];
}

/* An offset: of the packet, of the network header's fields that are the same everywhere, of the link's, of what is known. */
static unsigned int offset(int indirect)
{
	static const int network[] = {0, 12, 13, 16, 17, 20, 22, 24, 28, 40, 60, 100, 0xff000};
	static const int known[] = {SKF_AD_PROTOCOL, SKF_AD_PKTTYPE,          SKF_AD_MARK,
				    SKF_AD_HATYPE,   SKF_AD_PROTOCOL,         SKF_AD_ALU_XOR_X,
				    SKF_AD_VLAN_TAG, SKF_AD_VLAN_TAG_PRESENT, SKF_AD_PAY_OFFSET,
				    SKF_AD_VLAN_TPID};

	switch (chance(10)) {
	case 0:
		return SKF_NET_OFF + network[chance(ARRAY_LEN(network))];
	case 1:
		return indirect ? chance(20) : SKF_LL_OFF + chance(16);
	case 2:
		return indirect ? chance(20) : SKF_AD_OFF + known[chance(ARRAY_LEN(known))];
	default:
		return number();
	}
}

static struct sock_filter instruction(unsigned int left)
{
	static const unsigned char loads[] = {BPF_W | BPF_ABS, BPF_H | BPF_ABS, BPF_B | BPF_ABS,
					      BPF_W | BPF_IND, BPF_H | BPF_IND, BPF_B | BPF_IND,
					      BPF_LEN,         BPF_IMM,         BPF_MEM};
	static const unsigned char loads_x[] = {BPF_LEN, BPF_IMM, BPF_MEM, BPF_MSH | BPF_B};
	struct sock_filter f = {0, 0, 0, number()};

	switch (chance(16)) {
	case 0:
	case 1:
	case 2:
	case 3:
		f.code = BPF_LD | loads[chance(ARRAY_LEN(loads))];
		if (BPF_MODE(f.code) == BPF_ABS || BPF_MODE(f.code) == BPF_IND)
			f.k = offset(BPF_MODE(f.code) == BPF_IND);
		break;
	case 4:
		f.code = BPF_LDX | loads_x[chance(ARRAY_LEN(loads_x))];
		break;
	case 5:
		f.code = BPF_ST;
		break;
	case 6:
		f.code = BPF_STX;
		break;
	case 7:
		f.code = BPF_MISC | (chance(2) ? BPF_TAX : BPF_TXA);
		break;
	case 8:
		f.code = chance(4) ? BPF_JMP | BPF_JA : BPF_RET | BPF_A;
		f.k = chance(left > 4 ? 4 : left + 1);
		break;
	case 9:
	case 10:
	case 11:
		f.code = BPF_JMP | chance(5) << 4 | (chance(2) ? BPF_X : BPF_K);
		f.jt = chance(left > 5 ? 5 : left + 1);
		f.jf = chance(left > 5 ? 5 : left + 1);
		break;
	default:
		f.code = BPF_ALU | chance(11) << 4 | (chance(2) ? BPF_X : BPF_K);
	}
	if (BPF_MODE(f.code) == BPF_MEM && BPF_CLASS(f.code) <= BPF_LDX)
		f.k = chance(4);
	if (BPF_CLASS(f.code) == BPF_ST || BPF_CLASS(f.code) == BPF_STX)
		f.k = chance(40) ? chance(4) : number();
	return f;
}

static unsigned int program(struct sock_filter *f)
{
	unsigned int n = 5 + chance(MAX_RANDOM - 5), i;

	for (i = 0; i < n; i++)
		f[i] = instruction(n - 2 - i);
	f[0] = (struct sock_filter)BPF_STMT(BPF_STX, chance(4)); /* else few could read any */
	f[1] = (struct sock_filter)BPF_STMT(BPF_ST, chance(4));
	f[n - 3] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND, MAX_DATA - 1);
	f[n - 2] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_ADD,
						9); /* none is lost that went all its way */
	f[n - 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_A, 0);
	return n;
}

/* Bound, with this port; waits for a second at most. */
static int receiver(int type, int protocol, int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons(port),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval second = {5, 0};
	int fd = socket(AF_INET, type, protocol);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)))
		printf("bind: %s\n", said(-1));
	return fd;
}

static void send_to(int fd, int port, const void *data, size_t n)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons(port),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	if (sendto(fd, data, n, 0, (struct sockaddr *)&a, sizeof(a)) < 0)
		printf("sendto: %s\n", said(-1));
}

static void try_random(void)
{
	int to = receiver(SOCK_DGRAM, 0, 23003), marker = receiver(SOCK_DGRAM, 0, 23004);
	int from = receiver(SOCK_DGRAM, 0, 23005), i;
	unsigned int k;

	set(from, SO_NO_CHECK, 1); /* the sum of what is looped is not everywhere complete */
	for (i = 0; i < RANDOM_RUNS; i++) {
		struct sock_filter f[MAX_RANDOM];
		unsigned char data[MAX_DATA];
		unsigned int n = program(f), len = MAX_DATA - chance(chance(2) ? 4 : MAX_DATA);
		long got;

		for (k = 0; k < len; k++)
			data[k] = chance(3) ? chance(256) : k;
		if (attach(to, f, n)) {
			printf("random %d: %s\n", i, said(-1));
			continue;
		}
		send_to(from, 23003, data, len);
		send_to(from, 23004, "", 1);
		if (recv(marker, data, 1, 0) != 1)
			printf("the marker is lost: %s\n", said(-1));
		got = recv(to, data, sizeof(data), MSG_DONTWAIT);
		printf("random %d: left %s of %u\n", i, said(got), len);
	}
	close(from);
	close(marker);
	close(to);
}

/* ---- what a filter does to each kind of socket ---- */

/* The n bytes of filter that are kept, on a raw socket from the IP header on. */
static void try_raw(void)
{
	static const unsigned int keep[] = {0, 1, 19, 20, 27, 28, 30, 0xffffffff};
	int raw = socket(AF_INET, SOCK_RAW, IPPROTO_UDP), marker = receiver(SOCK_DGRAM, 0, 23004);
	unsigned char data[128];
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(keep); i++) {
		struct sock_filter f[] = {BPF_STMT(BPF_LD | BPF_B | BPF_ABS,
						   9), /* the protocol is there */
					  BPF_JUMP(BPF_JMP | BPF_JEQ, IPPROTO_UDP, 0, 1),
					  BPF_STMT(BPF_RET, keep[i]), BPF_STMT(BPF_RET, 0)};

		attach(raw, f, ARRAY_LEN(f));
		send_to(marker, 23004, "0123456789", 10);
		recv(marker, data, sizeof(data), 0);
		printf("raw keep %u: %s\n", keep[i],
		       said(recv(raw, data, sizeof(data), MSG_DONTWAIT)));
	}
	close(marker);
	close(raw);
}

static void try_ping(void)
{
	static const unsigned int keep[] = {0, 1, 7, 8, 11, 0xffffffff};
	int ping = receiver(SOCK_DGRAM, IPPROTO_ICMP, 4711),
	    marker = receiver(SOCK_DGRAM, 0, 23004);
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(keep); i++) {
		struct sock_filter f[] = {BPF_STMT(BPF_LD | BPF_H | BPF_ABS,
						   4), /* the identifier is there */
					  BPF_JUMP(BPF_JMP | BPF_JEQ, 4711, 0, 1),
					  BPF_STMT(BPF_RET, keep[i]), BPF_STMT(BPF_RET, 0)};
		unsigned char echo[16] = {8}, data[32];

		attach(ping, f, ARRAY_LEN(f));
		send_to(ping, 0, echo, sizeof(echo));
		send_to(marker, 23004, "", 1);
		recv(marker, data, 1, 0);
		usleep(1000);
		printf("ping keep %u: %s\n", keep[i],
		       said(recv(ping, data, sizeof(data), MSG_DONTWAIT)));
	}
	close(marker);
	close(ping);
}

/* Text is kept to its first bytes, and of a listener's filter its child has all. */
static void try_stream(void)
{
	static const struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 12), /* the header's length */
		BPF_STMT(BPF_ALU | BPF_RSH, 2), BPF_STMT(BPF_ALU | BPF_AND, 0x3c),
		BPF_STMT(BPF_ALU | BPF_ADD, 3), BPF_STMT(BPF_RET | BPF_A, 0)};
	int l = receiver(SOCK_STREAM, 0, 23006), c = receiver(SOCK_STREAM, 0, 23007), fd, v = -1;
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons(23006),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sock_filter got[16];
	socklen_t len = 16;
	char text[16];

	listen(l, 5);
	printf("stream attach: %s\n", said(attach(l, f, ARRAY_LEN(f))));
	set(l, SO_LOCK_FILTER, 1);
	printf("stream connect: %s\n", said(connect(c, (struct sockaddr *)&a, sizeof(a))));
	fd = accept(l, NULL, NULL);
	close(l);
	printf("stream child get: %s\n",
	       said(getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, got, &len)));
	printf("stream child has: %d %d\n", (int)len, memcmp(got, f, sizeof(f)) != 0);
	len = sizeof(v);
	getsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &v, &len);
	printf("stream child locked: %d\n", v);
	printf("stream child detach: %s\n", said(set(fd, SO_DETACH_FILTER, 0)));
	send(c, "0123456789", 10, 0);
	printf("stream child reads: %s\n", said(recv(fd, text, sizeof(text), 0)));
	close(fd);
	close(c);
}

int main(void)
{
	try_odd();
	try_calls("udp", SOCK_DGRAM, 0);
	try_calls("raw", SOCK_RAW, IPPROTO_UDP);
	try_calls("ping", SOCK_DGRAM, IPPROTO_ICMP);
	try_calls("tcp", SOCK_STREAM, 0);
	try_groups("udp group", SOCK_DGRAM);
	try_groups("tcp group", SOCK_STREAM);
	try_raw();
	try_ping();
	try_stream();
	try_random();
	printf("bpfcalls: done\n");
	return 0;
}

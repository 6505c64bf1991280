/* SPDX-License-Identifier: MIT */
/*
 * libweir: stacks, devices, time and the control language in a process of yours.
 *
 * The library has no threads and starts nothing by itself. You put frames in, get frames out by a
 * callback, and say how much time has passed; weir_next_deadline() tells when the library wants to
 * be called again. Sockets are those of net/sock.h, exported as they are; a call that waits moves
 * the virtual clock until it is served.
 *
 * 	weir_init(1);
 * 	struct net *net = weir_stack_new();
 * 	struct weir_nic *nic = weir_nic_user(net, "eth0", NULL, on_frame, NULL);
 * 	weir_ctl(net, "ip addr add 10.0.0.1/24 dev eth0", NULL, 0);
 * 	weir_ctl(net, "ip link set eth0 up", NULL, 0);
 * 	weir_nic_input(nic, frame, len);	frame is in
 * 	weir_run();				on_frame(NULL, reply, len) has been called
 * 	weir_advance(60 * 1000000000ULL);	a minute has passed
 * 	weir_nic_remove(nic);
 * 	weir_stack_free(net);
 *
 * One world per process, not thread safe. Times are nanoseconds.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct net;
struct weir_nic;

/*
 * Begins (or begins again, when everything has been freed) with a virtual clock; all randomness
 * follows from seed.
 */
void weir_init(uint64_t seed);

/* The machine's clock instead of the virtual one, and true random bytes. After weir_init(). */
void weir_use_real_clock(void);

/* fn gets the lines that the stack logs, with their level (syslog's), instead of standard error. After weir_init(). */
void weir_on_log(void (*fn)(void *arg, int level, const char *line), void *arg);

uint64_t weir_now(void);

/* When something happens by itself next; UINT64_MAX: never. */
uint64_t weir_next_deadline(void);

/* Does all there is to do now. */
void weir_run(void);

/* The same, and lets ns of time pass, with everything that becomes due on the way. */
void weir_advance(uint64_t ns);

/* A stack with its loopback device. NULL: no memory. */
struct net *weir_stack_new(void);

/* Its NICs must be removed and its sockets closed. */
void weir_stack_free(struct net *net);

/*
 * Ethernet devices, down at first. name NULL: eth0, eth1 ...; mac NULL: made up. NULL: the stack
 * refused (no memory, name taken), or errno says why the tap or file cannot be opened.
 */

/* fn gets what the stack sends; it may call weir_nic_input() of any NIC. */
struct weir_nic *weir_nic_user(struct net *net, const char *name, const uint8_t mac[6],
			       void (*fn)(void *arg, const void *frame, size_t len), void *arg);

/* A cable between two stacks: 0 and both NICs in nics, or -1. */
int weir_nic_pair(struct net *a, struct net *b, struct weir_nic *nics[2]);

/* A Linux tap device (with the real clock). */
struct weir_nic *weir_nic_tap(struct net *net, const char *name, const char *tap);

/*
 * Receives the frames of a capture file at the distances of their time stamps; sent frames are
 * dropped.
 */
struct weir_nic *weir_nic_pcap(struct net *net, const char *name, const char *path);

/* Puts a frame on the wire towards the stack. It is taken at the next weir_run(). */
void weir_nic_input(struct weir_nic *nic, const void *frame, size_t len);

void weir_nic_remove(struct weir_nic *nic);

/*
 * Runs one command line ("ip addr show", quotes as in a shell). What it prints goes to text (cut to
 * size, ended by 0; may be NULL). Returns its exit status; 127: no such command; 2: a line that
 * cannot be split into words.
 */
int weir_ctl(struct net *net, const char *line, char *text, size_t size);

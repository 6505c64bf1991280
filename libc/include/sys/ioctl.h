/* SPDX-License-Identifier: MIT */
/* ioctl() on sockets: FIONREAD, FIONBIO, TIOCOUTQ, and questions about interfaces (struct ifreq of net/if.h)
 * and neighbours. */
#pragma once

#include "net/sockopt.h"

#define SIOCGIFFLAGS   0x8913
#define SIOCGIFADDR    0x8915
#define SIOCGIFBRDADDR 0x8919
#define SIOCGIFNETMASK 0x891b
#define SIOCGIFMTU     0x8921
#define SIOCGIFHWADDR  0x8927
#define SIOCGIFINDEX   0x8933
#define SIOCGARP       0x8954 /* struct arpreq of net/if_arp.h; ENXIO: nothing is known */

int ioctl(int fd, unsigned long request, ...);

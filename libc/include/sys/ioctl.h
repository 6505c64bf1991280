/* SPDX-License-Identifier: MIT */
/* ioctl(): FIONREAD, FIONBIO and TIOCOUTQ on sockets. */
#pragma once

#include "net/sockopt.h"

int ioctl(int fd, unsigned long request, ...);

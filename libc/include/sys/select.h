/* SPDX-License-Identifier: MIT */
/* select(): newlib's header, for as many descriptors as an app can have. */
#pragma once

#ifndef FD_SETSIZE
#define FD_SETSIZE 1024
#endif
#include_next <sys/select.h>

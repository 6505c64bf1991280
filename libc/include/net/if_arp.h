/* SPDX-License-Identifier: MIT */
/* Kinds of interfaces, as SIOCGIFHWADDR tells them, by Linux's names. */
#pragma once

#define ARPHRD_ETHER    1
#define ARPHRD_LOOPBACK 772

/* SPDX-License-Identifier: MIT */
/*
 * Error names. The numbers are the C library's of the platform (newlib's or glibc's, which differ):
 * functions return -E..., nothing stores or sends a number.
 */
#pragma once

#include <errno.h>

#ifndef ESHUTDOWN /* newlib 3.3 lacks it; 110 is free there */
#define ESHUTDOWN 110
#endif
#ifndef ESOCKTNOSUPPORT /* newlib has its number, and hides it */
#define ESOCKTNOSUPPORT 124
#endif
#ifndef EREMOTEIO /* newlib has none */
#define EREMOTEIO 144
#endif

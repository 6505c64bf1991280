/* SPDX-License-Identifier: MIT */
/* Error numbers: newlib's, with the three it lacks or hides. */
#pragma once

#include_next <errno.h>

#ifndef ESHUTDOWN
#define ESHUTDOWN 110
#endif
#ifndef ESOCKTNOSUPPORT
#define ESOCKTNOSUPPORT 124
#endif
#ifndef EREMOTEIO
#define EREMOTEIO 144
#endif

/* SPDX-License-Identifier: MIT */
/*
 * newlib's FILEs, kept by each app for itself. newlib keeps what fopen() makes in one list for all threads; then one
 * app's exit could neither flush its own streams nor leave those of others alone. This file takes the
 * place of newlib's findfp.c and fwalk.c: same names, same contracts, a list per struct _reent.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/lock.h>
#include <sys/reent.h>

#include "lib/string.h"
#include "lib/types.h"

#define FILES_AT_ONCE 4 /* FILEs that the list grows by */

/* newlib's, private to its stdio. */
_READ_WRITE_RETURN_TYPE __sread(struct _reent *r, void *cookie, char *buf,
				_READ_WRITE_BUFSIZE_TYPE n);
_READ_WRITE_RETURN_TYPE __swrite(struct _reent *r, void *cookie, const char *buf,
				 _READ_WRITE_BUFSIZE_TYPE n);
_fpos_t __sseek(struct _reent *r, void *cookie, _fpos_t offset, int whence);
int __sclose(struct _reent *r, void *cookie);

void __sinit(struct _reent *r);
FILE *__sfp(struct _reent *r);
struct _glue *__sfmoreglue(struct _reent *r, int n);
void __sfp_lock_acquire(void);
void __sfp_lock_release(void);
void __sinit_lock_acquire(void);
void __sinit_lock_release(void);
void __fp_lock_all(void);
void __fp_unlock_all(void);
void _cleanup_r(struct _reent *r);
void _cleanup(void);
int _fwalk(struct _reent *r, int (*fn)(FILE *));
int _fwalk_reent(struct _reent *r, int (*fn)(struct _reent *, FILE *));

struct files {
	struct _glue glue;
	FILE file[];
};

static void std_init(struct _reent *r, int n, int flags)
{
	FILE *fp = &r->__sf[n];

	memset(fp, 0, sizeof(*fp));
	fp->_flags = flags;
	fp->_file = n;
	fp->_cookie = fp;
	fp->_read = __sread;
	fp->_write = __swrite;
	fp->_seek = __sseek;
	fp->_close = __sclose;
	__lock_init_recursive(fp->_lock);
}

/* Called before the first use of any stream of r. */
void __sinit(struct _reent *r)
{
	if (r->__sdidinit)
		return;
	r->__cleanup = _cleanup_r;
	r->__sglue._next = NULL;
	r->__sglue._niobs = 3;
	r->__sglue._iobs = r->__sf;
	std_init(r, 0, __SRD);
	std_init(r, 1, __SWR);
	std_init(r, 2, __SRW | __SNBF);
	r->__sdidinit = 1;
}

struct _glue *__sfmoreglue(struct _reent *r, int n)
{
	struct files *more = _calloc_r(r, 1, sizeof(*more) + n * sizeof(FILE));

	if (!more)
		return NULL;
	more->glue._niobs = n;
	more->glue._iobs = more->file;
	return &more->glue;
}

static FILE *file_free(struct _glue *g)
{
	int i;

	for (i = 0; i < g->_niobs; i++)
		if (!g->_iobs[i]._flags)
			return &g->_iobs[i];
	return NULL;
}

/* A FILE for fopen() and its kin; NULL: errno is set. */
FILE *__sfp(struct _reent *r)
{
	struct _glue *g = &r->__sglue;
	FILE *fp;

	__sinit(r);
	while (!(fp = file_free(g))) {
		if (!g->_next)
			g->_next = __sfmoreglue(r, FILES_AT_ONCE);
		if (!g->_next)
			return NULL;
		g = g->_next;
	}
	memset(fp, 0, sizeof(*fp));
	fp->_flags = 1; /* taken; the caller sets the real ones */
	fp->_file = -1;
	__lock_init_recursive(fp->_lock);
	return fp;
}

static bool file_in_use(const FILE *fp)
{
	return fp->_flags != 0 && fp->_flags != 1 && fp->_file != -1;
}

/* What newlib calls the files of all threads are the caller's own. */
static struct _glue *files_of(struct _reent *r)
{
	return &(r == _GLOBAL_REENT ? _REENT : r)->__sglue;
}

int _fwalk(struct _reent *r, int (*fn)(FILE *))
{
	struct _glue *g;
	int i, ret = 0;

	for (g = files_of(r); g; g = g->_next)
		for (i = 0; i < g->_niobs; i++)
			if (file_in_use(&g->_iobs[i]))
				ret |= fn(&g->_iobs[i]);
	return ret;
}

int _fwalk_reent(struct _reent *r, int (*fn)(struct _reent *, FILE *))
{
	struct _glue *g;
	int i, ret = 0;

	for (g = files_of(r); g; g = g->_next)
		for (i = 0; i < g->_niobs; i++)
			if (file_in_use(&g->_iobs[i]))
				ret |= fn(_REENT, &g->_iobs[i]);
	return ret;
}

/* Flushes and closes all. */
void _cleanup_r(struct _reent *r)
{
	_fwalk_reent(r, _fclose_r);
}

void _cleanup(void)
{
	_cleanup_r(_REENT);
}

/* The lists of FILEs have no other users than their own thread: there is nothing to lock. */
void __sfp_lock_acquire(void)
{
}

void __sfp_lock_release(void)
{
}

void __sinit_lock_acquire(void)
{
}

void __sinit_lock_release(void)
{
}

void __fp_lock_all(void)
{
}

void __fp_unlock_all(void)
{
}

/* SPDX-License-Identifier: MIT */
/* Answers: the bytes that go back for a request, into the server's buffer. */
#pragma once

#include "apps/httpd/http_conn.h"

/* Appends the answer to s->request, for which there is room; a large file is left to c->file. */
void http_answer(struct http_server *s, struct http_conn *c);

/* Appends the answer with this status, which is an error's, and ends the connection behind it. */
void http_answer_error(struct http_server *s, struct http_conn *c, unsigned int status);

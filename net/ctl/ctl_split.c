/* SPDX-License-Identifier: MIT */
/*
 * Words of a command line, as a POSIX shell sees them, minus expansion: nothing in weir has
 * variables, files to glob or an arithmetic to substitute, so $ * ? and ` are ordinary characters.
 */
#include "net/ctl.h"

#include "lib/errno.h"
#include "lib/string.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void ctl_lexer_init(struct ctl_lexer *lx, char *line, const char *operators)
{
	lx->at = line;
	lx->pending = 0;
	lx->operators = operators;
}

static bool is_operator(const struct ctl_lexer *lx, char c)
{
	return c && strchr(lx->operators, c);
}

/*
 * Copies what stands between quotes; src is behind the opening one. Returns the closing one's
 * place, or NULL.
 */
static char *take_quoted(char *src, char **dst, char quote)
{
	for (; *src != quote; src++) {
		if (quote == '"' && *src == '\\' && (src[1] == '"' || src[1] == '\\'))
			src++;
		if (!*src)
			return NULL;
		*(*dst)++ = *src;
	}
	return src;
}

/* One word, from *at on, unquoted in place. */
static enum ctl_token take_word(struct ctl_lexer *lx, char **word)
{
	char *src = lx->at, *dst = src;

	*word = dst;
	for (; *src && !is_blank(*src) && !is_operator(lx, *src); src++) {
		if (*src == '\'' || *src == '"') {
			lx->token_at = src;
			src = take_quoted(src + 1, &dst, *src);
			if (!src)
				return CTL_UNCLOSED;
			continue;
		}
		if (*src == '\\') {
			lx->token_at = src;
			if (!*++src)
				return CTL_UNCLOSED;
		}
		*dst++ = *src;
	}
	/* The end of the word may overwrite the operator that ends it. */
	lx->pending = is_operator(lx, *src) ? *src : 0;
	lx->at = *src ? src + 1 : src;
	*dst = '\0';
	return CTL_WORD;
}

enum ctl_token ctl_next_token(struct ctl_lexer *lx, char **word)
{
	enum ctl_token token;
	char *start;

	if (lx->pending) {
		lx->token_at = lx->at - 1;
		lx->op = lx->pending;
		lx->pending = 0;
		return CTL_OPERATOR;
	}
	while (is_blank(*lx->at))
		lx->at++;
	start = lx->at;
	lx->token_at = start;
	if (!*start)
		return CTL_END;
	if (*start == '#') {
		lx->at += strlen(lx->at);
		return CTL_END;
	}
	if (is_operator(lx, *start)) {
		lx->op = *start;
		lx->at++;
		return CTL_OPERATOR;
	}
	token = take_word(lx, word);
	if (token == CTL_WORD)
		lx->token_at = start;
	return token;
}

int ctl_split(char *line, char *argv[], int max, const char **where)
{
	struct ctl_lexer lx;
	enum ctl_token token;
	char *word;
	int n = 0;

	ctl_lexer_init(&lx, line, "");
	while ((token = ctl_next_token(&lx, &word)) == CTL_WORD) {
		if (n == max) {
			*where = lx.token_at;
			return -E2BIG;
		}
		argv[n++] = word;
	}
	if (token == CTL_UNCLOSED) {
		*where = lx.token_at;
		return -EINVAL;
	}
	argv[n] = NULL;
	return n;
}

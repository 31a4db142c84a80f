#ifndef PKI_ESTD_ANSWER_H
#define PKI_ESTD_ANSWER_H

/* An answer before it is HTTP. */

#include "pki.h"

#define ANSWER_DETAIL 400

typedef struct http_answer {
	unsigned    status;
	/*
	 * An error's stable code: the body is then "code request-id\n" and a
	 * line of detail, and none for 401, for some clients fail on one.
	 */
	const char *rule;
	char        reason[40];         /* the same, owned; rule goes first */
	char        detail[ANSWER_DETAIL];      /* a second line, or "" */
	const char *type;               /* of body */
	const char *encoding;           /* Content-Transfer-Encoding */
	const char *allow;              /* 405 */
	unsigned    retry_after;        /* seconds; 0: none */
	bool        challenge;          /* 401: ask for Basic */
	bool        close;              /* end the connection in any case */
	char        etag[72];           /* with its quotes; "" for none */
	pki_buf    *body;               /* owned */
} http_answer;

/* Rule or reason; NULL: none. */
const char *answer_rule(const http_answer *answer);

/* A code and a line that need not live as long. */
void answer_copy_reason(http_answer *answer, const char *rule,
    const char *detail);
/* What was refused, and what is accepted. */
void answer_set_reason(http_answer *answer, const pki_err *err);

/* May the connection go on after it, when the request ended where it said? */
bool answer_may_stay(const http_answer *answer);

/*
 * Where there is a code, make the body of it.  When memory is out the answer
 * has none.  RFC 7030, section 4.2.3: plain text.
 */
void answer_write_reason(http_answer *answer, const char *id);

typedef struct answer_header {
	const char *name, *value;
} answer_header;

#define ANSWER_HEADERS_MAX 8

typedef enum answer_end {
	ANSWER_STAY,
	ANSWER_CLOSE,
} answer_end;

typedef struct answer_headers {
	answer_header list[ANSWER_HEADERS_MAX];
	size_t        count;
	char          seconds[16];      /* what Retry-After borrows */
} answer_headers;

/* The headers of an answer, which borrow from it and from out. */
void answer_list_headers(const http_answer *answer, answer_end end,
    answer_headers *out);

#endif

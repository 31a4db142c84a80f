#ifndef PKI_ESTD_HANDLERS_H
#define PKI_ESTD_HANDLERS_H

/*
 * What answers a request that has passed the front: one function per message
 * of routes.h.  What the issuer decides is asked of it, and the request is
 * parked meanwhile.
 */

#include "pki-estd/health.h"
#include "pki-estd/http.h"
#include "pki-estd/offers.h"

/* What handlers work with; all borrowed. */
typedef struct handler_desk {
	offers_table *offers;
	health_table *health;
	pki_issuer   *issuer;
	reaper_table *reaper;
} handler_desk;

#define HANDLER_RETRY_S 2       /* when nobody has said anything else */

/* The hook "run"; arg is a handler_desk. */
http_next handler_run(void *arg, http_request *request);

/* A call that handle-enroll.c asked ends: the issuer's "done" for it. */
void handle_enroll_done(pki_issuer_call *call, const pki_message *reply);

/* One each; they return what http.h says of hooks. */
http_next handle_cacerts(handler_desk *desk, http_request *request);
http_next handle_csrattrs(handler_desk *desk, http_request *request);
http_next handle_enroll(handler_desk *desk, http_request *request);
http_next handle_live(handler_desk *desk, http_request *request);
http_next handle_ready(handler_desk *desk, http_request *request);
http_next handle_metrics(handler_desk *desk, http_request *request);

/* Give a plain answer: text is taken. */
http_next handler_answer_text(http_request *request, unsigned status,
    pki_buf *take);
/* 503 with Retry-After. */
http_next handler_answer_busy(http_request *request, const char *rule,
    unsigned retry_after);
/* 4xx of an error, with its rule, value and what is accepted. */
http_next handler_answer_error(http_request *request, unsigned status,
    const pki_err *err);

#endif

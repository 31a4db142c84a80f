#ifndef PKI_ENROLL_WORK_H
#define PKI_ENROLL_WORK_H

/*
 * A certificate from the server to its slot: everything that "enroll",
 * "renew", "rekey" and "run" do, in an order that a cut anywhere leaves a
 * working pair, or a rerun that ends well (slots.h).
 */

#include "pki-enroll/conf.h"
#include "pki-enroll/plan.h"
#include "pki-enroll/slots.h"

enum work_what {
	WORK_ENROLL,            /* with the token, whatever there is */
	WORK_RENEW,             /* by the pair in use */
	WORK_REKEY,             /* the same, always with a new key */
};

typedef struct enroll_work {
	const enroll_conf *conf;
	enroll_slots      *slots;
	bool               dry;         /* ask, change nothing, get nothing */
	/* What a person may want to know, a sentence without its end. */
	void             (*say)(void *arg, const char *text);
	void              *arg;
} enroll_work;

/*
 * Whom to believe at first: DIR/anchors.pem, else the file of "anchors", else
 * the server's cacerts by "fingerprint".  *out, unless NULL, becomes how many
 * there are.  PKI_DENIED, rule "anchors": none of that, or not that one;
 * est.h's and slots.h's codes.
 */
PKI_CHECKED pki_code work_begin_trust(enroll_work *work, size_t *out,
    pki_err *err);

/* Cacerts of a server that is not verified, to be looked at.  As est.h. */
PKI_CHECKED pki_code work_fetch_blind(const enroll_conf *conf,
    est_certs *out, pki_err *err);

/* Ask the server for new anchors, verified by those there are. */
PKI_CHECKED pki_code work_refresh_trust(enroll_work *work, pki_err *err);

/*
 * A connection without credentials for trying a server: verified by the file
 * of "anchors" when that is given.  http_open's codes, and pki_file_read's.
 */
PKI_CHECKED pki_code work_open_probe(const enroll_conf *conf,
    http_client **out, pki_err *err);

/*
 * Get a certificate and make it current.  A pair that is staged already is
 * finished first, and nothing is asked then.  Success and failure are
 * remembered in DIR/state, and the hooks are run.  Failures: est.h's, plan.h's
 * and slots.h's; PKI_DENIED, rules "token" (there is none), "command" (the
 * probe); PKI_NOT_FOUND: no pair to renew.
 */
PKI_CHECKED pki_code work_run(enroll_work *work, enum work_what what,
    pki_err *err);

/* The slots of a configuration. */
slots_options work_slots_options(const enroll_conf *conf);

#endif

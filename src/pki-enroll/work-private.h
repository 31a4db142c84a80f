#ifndef PKI_ENROLL_WORK_PRIVATE_H
#define PKI_ENROLL_WORK_PRIVATE_H

/* What the files of work.h share. */

#include "pki-enroll/work.h"

#define WORK_PEM_MAX (256 * 1024)       /* octets of an anchors file */

void work_say(const enroll_work *work, const char *fmt, ...) PKI_PRINTF(2, 3);

enum work_as {
	WORK_AS_NOBODY,
	WORK_AS_TOKEN,
	WORK_AS_PAIR,           /* the one in use */
};
/*
 * Connect, verified by the anchors on disk.  PKI_DENIED, rule "token": there
 * is no token; http_open's codes.
 */
PKI_CHECKED pki_code work_connect(enroll_work *work, enum work_as as,
    http_client **out, pki_err *err);

/*
 * Follow what cacerts says of anchors: RFC 7030, 4.1.3.  Strangers are said,
 * and are no failure.  The answer is kept in out, for its CAs.
 */
PKI_CHECKED pki_code work_update_trust(enroll_work *work, est_server *server,
    est_certs *out, pki_err *err);

#endif

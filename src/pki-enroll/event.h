#ifndef PKI_ENROLL_EVENT_H
#define PKI_ENROLL_EVENT_H

/*
 * What the operator's commands are told, each in a variable:
 *
 *   PKI_ENROLL_EVENT        probe, renewed, failed
 *   PKI_ENROLL_NAME         of the configuration, without ".conf"
 *   PKI_ENROLL_DIRECTORY    the certificate's directory
 *   PKI_ENROLL_ANCHORS      paths of files
 *   PKI_ENROLL_KEY
 *   PKI_ENROLL_CERT
 *   PKI_ENROLL_BOTH
 *   PKI_ENROLL_SUBJECT      of the certificate: "CN=meter-0042"
 *   PKI_ENROLL_SERIAL       lower-case hexadecimal
 *   PKI_ENROLL_NOT_AFTER    2026-11-24T08:07:02Z
 *   PKI_ENROLL_ERROR        a sentence, and its code ("busy")
 *   PKI_ENROLL_ERROR_CODE
 *
 * A probe gets the paths of the pair that is to be promoted, the others those
 * of the current one.  What there is nothing to say of is not set.
 */

#include "pki-enroll/conf.h"
#include "pki-enroll/slots.h"

enum enroll_event {
	ENROLL_PROBE,           /* "probe" of the configuration */
	ENROLL_RENEWED,         /* "on-renewed" */
	ENROLL_FAILED,          /* "on-failed" */
};

/*
 * Run the event's command, its output to standard error.  pair is the staged
 * pair for a probe and the current one else, or NULL; why is what failed, or
 * NULL.  What hook_run returns.
 */
PKI_CHECKED pki_code enroll_event_run(const enroll_conf *conf,
    enum enroll_event event, const enroll_slot *pair, const pki_err *why,
    int *out_status, pki_err *err);

#endif

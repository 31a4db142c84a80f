#include "issuer/serve-parts.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const char label_rule[] = "the name of a profile that devices "
    "enroll by";

/* Refuse by our own rule: which label there is not. */
static pki_code
refuse_label(const char *label, pki_err *err)
{
	return pki_refuse(err, PKI_NOT_FOUND, "label", label_rule, "%s",
	    label);
}

bool
pki_serve_may_enroll(const pki_profile *profile)
{
	return profile->kind == PKI_PROFILE_END_ENTITY &&
	    (profile->requesters & (UINT32_C(1) << PKI_BY_EST)) != 0;
}

/*
 * est.md, H-04 and H-05: a label is a profile, an unknown one is not found,
 * and never stands for another.
 */
static pki_code
read_label(pki_seat *seat, pki_work *work, pki_err *err)
{
	const pki_profiles *profiles;
	const pki_profile *profile;
	pki_code rc;

	pki_message_text(&work->message, PKI_TAG_LABEL, work->label,
	    sizeof(work->label));
	if (!work->message.has[PKI_TAG_LABEL])
		return PKI_OK;
	rc = pki_ca_profiles(seat->ca, &profiles, err);
	if (rc != PKI_OK)
		return rc;
	if (pki_profiles_find(profiles, work->label, &profile, NULL) !=
	    PKI_OK || !pki_serve_may_enroll(profile))
		return refuse_label(work->label, err);
	return PKI_OK;
}

/*
 * Without a label it is the credential's profile; who has none gets nothing
 * here, and the default profile's hints at most.
 */
static pki_code
choose_profile(pki_seat *seat, pki_work *work, const char *own, pki_err *err)
{
	const pki_profiles *profiles;
	const pki_profile *profile;
	pki_code rc;

	if (work->label[0] == '\0')
		snprintf(work->label, sizeof(work->label), "%s", own);
	work->request.profile = work->label;
	rc = pki_ca_profiles(seat->ca, &profiles, err);
	if (rc == PKI_OK)
		rc = pki_profiles_find(profiles, work->label, &profile, err);
	if (rc == PKI_OK)
		work->line_width = (unsigned)profile->est_line_width;
	return rc;
}

static void
know(pki_work *work, const char *who, const char *device)
{
	snprintf(work->who, sizeof(work->who), "%s", who);
	snprintf(work->device, sizeof(work->device), "%s", device);
	work->request.who = (pki_requester){ PKI_BY_EST, work->who };
}

/*
 * HTTP Basic's user may be empty or the device's name (RFC 7030, 3.2.3); a
 * wrong one is as good as a wrong token.
 */
static pki_code
check_user(const pki_work *work, pki_err *err)
{
	pki_bytes user = work->message.field[PKI_TAG_TOKEN_USER];

	if (user.len == 0 || pki_bytes_equal(user,
	    pki_bytes_text(work->bearer.device)))
		return PKI_OK;
	return pki_refuse(err, PKI_DENIED, "token-user",
	    "no name, or that of the token's device", "another name");
}

/* Who brings a token: before anything of the request itself is looked at. */
static pki_code
prove_by_token(pki_seat *seat, pki_work *work, pki_err *err)
{
	pki_evidence *evidence = &work->request.evidence;
	pki_code rc = pki_token_parse(work->message.field[PKI_TAG_TOKEN],
	    &work->token, err);

	if (rc != PKI_OK)
		return rc;
	evidence->kind = PKI_EVIDENCE_TOKEN;
	evidence->token = work->token.id;
	evidence->secret = pki_bytes_text(work->token.secret);
	rc = pki_ca_check_token(seat->ca, evidence, &work->bearer, err);
	if (rc == PKI_OK)
		rc = check_user(work, err);
	if (rc != PKI_OK)
		return rc;
	know(work, work->token.id, work->bearer.device);
	work->request.identity = work->bearer.device;
	work->request.purpose = PKI_ISSUE_FIRST;
	return PKI_OK;
}

/* The label of a token is its profile, or none (403 otherwise). */
static pki_code
enroll_by_token(pki_seat *seat, pki_work *work, pki_err *err)
{
	pki_code rc = prove_by_token(seat, work, err);

	if (rc == PKI_OK)
		rc = read_label(seat, work, err);
	if (rc == PKI_OK && work->label[0] != '\0' &&
	    strcmp(work->label, work->bearer.profile) != 0)
		rc = pki_refuse(err, PKI_DENIED, "token-profile",
		    work->bearer.profile, "%s", work->label);
	return rc == PKI_OK ?
	    choose_profile(seat, work, work->bearer.profile, err) : rc;
}

/* TLS has shown who holds the key; whether it counts is decided here. */
static pki_code
prove_by_cert(pki_seat *seat, pki_work *work, pki_credential_use use,
    pki_err *err)
{
	char serial[PKI_SERIAL_TEXT];
	pki_code rc = pki_ca_check_credential(seat->ca,
	    work->message.field[PKI_TAG_CLIENT_CERT], use, &work->credential,
	    err);

	/* Not the request is malformed: whoever it is, is not known. */
	if (rc == PKI_BAD_INPUT)
		return pki_refuse(err, PKI_DENIED, "credential-issuer",
		    "a certificate that a CA here has signed", "malformed");
	if (rc == PKI_OK)
		know(work, pki_serial_format(pki_cert_serial(
		    work->credential->cert), serial),
		    work->credential->identity);
	return rc;
}

/*
 * Either way in renews (RFC 7030, 4.2.1 and 4.2.2), but simpleenroll knows no
 * grace: what has expired proves nothing there.
 */
static pki_code
enroll_by_cert(pki_seat *seat, pki_work *work, pki_err *err)
{
	pki_credential_use use = work->message.type == PKI_MESSAGE_REENROLL ?
	    PKI_CREDENTIAL_RENEWS : PKI_CREDENTIAL_PROVES;
	pki_code rc = prove_by_cert(seat, work, use, err);

	if (rc == PKI_OK)
		rc = read_label(seat, work, err);
	if (rc == PKI_OK)
		rc = choose_profile(seat, work, work->credential->profile,
		    err);
	if (rc == PKI_OK)
		pki_issue_request_renew(work->credential, &work->request);
	return rc;
}

static void
read_binding(pki_work *work)
{
	work->request.evidence.binding = (pki_binding){
		.unique = work->message.field[PKI_TAG_TLS_UNIQUE],
		.exporter = work->message.field[PKI_TAG_TLS_EXPORTER],
	};
}

/* An operator may have let it in: a first request is worth signing then. */
static pki_code
read_csr(pki_seat *seat, pki_work *work, pki_err *err)
{
	pki_issue_request *request = &work->request;
	pki_code rc = pki_csr_parse(work->message.field[PKI_TAG_CSR],
	    &work->csr, err);

	if (rc == PKI_OK)
		rc = pki_issue_request_from_csr(work->csr, request, err);
	if (rc != PKI_OK || request->purpose != PKI_ISSUE_FIRST)
		return rc;
	return pki_approval_is_given(seat->ca, request->identity, request->key,
	    &request->evidence.approved, err);
}

/* In a thread of the batch, after the commit. */
static void
answer(void *arg, pki_issued *issued, const pki_err *err)
{
	pki_work *work = arg;

	if (issued != NULL)
		pki_answer_issued(work, issued);
	else
		pki_answer_error(work, err);
	pki_issued_free(issued);
}

/* What spares the work when nothing can come of it; G7, G13. */
static pki_code
may_issue(const pki_serving *serving, pki_err *err)
{
	if (serving->clock_bad || pki_clock_jumped(serving))
		return pki_refuse(err, PKI_CLOCK, "clock-suspect",
		    "a clock that is right", "one that was set");
	if (serving->log_full)
		return pki_refuse(err, PKI_BUSY, "write-ahead-log",
		    "one within its limit", "too long");
	return PKI_OK;
}

static pki_code
hand_in(pki_work *work, pki_err *err)
{
	static const pki_bytes read_already;
	pki_serving *serving = work->serving;
	pki_code rc;

	pthread_rwlock_rdlock(&serving->lock);
	rc = serving->batch == NULL ?
	    pki_fail(err, PKI_BUSY, "not open yet") :
	    pki_batch_issue(serving->batch, &work->request, read_already,
	    answer, work, err);
	pthread_rwlock_unlock(&serving->lock);
	return rc;
}

static pki_code
enroll(pki_seat *seat, pki_work *work, pki_err *err)
{
	bool token = work->message.type == PKI_MESSAGE_ENROLL &&
	    work->message.has[PKI_TAG_TOKEN];
	pki_code rc = may_issue(work->serving, err);

	read_binding(work);
	if (rc == PKI_OK)
		rc = token ? enroll_by_token(seat, work, err) :
		    enroll_by_cert(seat, work, err);
	if (rc == PKI_OK)
		rc = read_csr(seat, work, err);
	return rc == PKI_OK ? hand_in(work, err) : rc;
}

/* Who is it?  For what relies on a credential and issues nothing. */
static pki_code
check(pki_seat *seat, pki_work *work, pki_err *err)
{
	bool token = work->message.has[PKI_TAG_TOKEN];
	const pki_credential *credential;
	pki_code rc = read_label(seat, work, err);

	if (rc == PKI_OK)
		rc = token ? prove_by_token(seat, work, err) :
		    prove_by_cert(seat, work, PKI_CREDENTIAL_PROVES, err);
	if (rc != PKI_OK)
		return rc;
	credential = work->credential;
	if (token)
		pki_answer_device(work, work->bearer.device,
		    work->bearer.profile, work->bearer.used ? "used" :
		    "unused", 0);
	else
		pki_answer_device(work, credential->identity,
		    credential->profile, "active",
		    pki_cert_not_after(credential->cert));
	return PKI_OK;
}

static pki_code
pong(pki_seat *seat, pki_work *work, pki_err *err)
{
	(void)seat;
	(void)err;
	pki_answer_pong(work);
	return PKI_OK;
}

/* PKI_OK: answered, or will be; work is gone.  Else the caller answers. */
static const struct verb {
	pki_message_type type;
	pki_code       (*run)(pki_seat *seat, pki_work *work, pki_err *err);
} verbs[] = {
	{ PKI_MESSAGE_ENROLL, enroll },
	{ PKI_MESSAGE_REENROLL, enroll },
	{ PKI_MESSAGE_CHECK, check },
	{ PKI_MESSAGE_PING, pong },
};

void
pki_verb_run(pki_seat *seat, pki_work *work)
{
	pki_err err = { 0 };
	pki_code rc = pki_fail(&err, PKI_USAGE, "no such verb");
	size_t i;

	for (i = 0; i < PKI_COUNT(verbs); i++)
		if (verbs[i].type == work->message.type) {
			rc = verbs[i].run(seat, work, &err);
			break;
		}
	if (rc != PKI_OK)
		pki_answer_error(work, &err);
}

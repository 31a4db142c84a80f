#include <stdio.h>
#include <string.h>

#include "pki-enroll/event.h"
#include "pki-enroll/work-private.h"

#define PURPOSE_MAX 200
#define CERTS_MAX (2 * PKI_CERTS_ONLY_COUNT)

void
work_say(const enroll_work *work, const char *fmt, ...)
{
	char text[512];
	va_list args;

	if (work->say == NULL)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	work->say(work->arg, text);
}

slots_options
work_slots_options(const enroll_conf *conf)
{
	return (slots_options){
		.dir = conf->dir, .owner = conf->owner, .group = conf->group,
		.mode = (mode_t)conf->mode,
	};
}

/* ---- from the slot to its use ---- */

/* A handshake with the new pair, unless the probe was one: RFC 7030, 3.3.2. */
static pki_code
use_once(enroll_work *work, pki_err *err)
{
	PKI_AUTO(http_client) http = NULL;
	est_certs certs = { .count = 0 };
	pki_code rc;

	if (work->conf->probe.count > 0)
		return PKI_OK;
	rc = work_connect(work, WORK_AS_PAIR, &http, err);
	if (rc == PKI_OK) {
		est_server server = {
			.http = http, .label = work->conf->label,
		};

		rc = est_get_cacerts(&server, &certs, err);
		est_certs_clear(&certs);
	}
	return rc;
}

/* Whatever fails from here on, the pair is in use. */
static void
after_promotion(enroll_work *work)
{
	const enroll_slot *pair = slots_current(work->slots);
	pki_err why;

	if (enroll_event_run(work->conf, ENROLL_RENEWED, pair, NULL, NULL,
	    &why) != PKI_OK)
		work_say(work, "%s", why.msg);
	if (use_once(work, &why) != PKI_OK ||
	    slots_set_used(work->slots, &why) != PKI_OK)
		work_say(work, "the new pair has not proved itself: %s",
		    why.msg);
}

/* What is staged: probe, promote, use. */
static pki_code
finish(enroll_work *work, pki_err *err)
{
	const enroll_slot *staged = slots_staged(work->slots);
	pki_err own;
	pki_code rc;

	rc = enroll_event_run(work->conf, ENROLL_PROBE, staged, NULL, NULL,
	    err);
	if (rc == PKI_DENIED) {
		if (slots_reject_staged(work->slots, &own) != PKI_OK)
			work_say(work, "%s", own.msg);
		return rc;
	}
	if (rc == PKI_OK)
		rc = slots_promote(work->slots, err);
	if (rc != PKI_OK)
		return rc;
	after_promotion(work);
	return PKI_OK;
}

/* ---- from the server to the slot ---- */

/* All that came, the leaf first, as slots_stage wants it. */
static pki_code
stage(enroll_work *work, const pki_cert *leaf, const est_certs *answer,
    const est_certs *cacerts, enum slots_proven proven, pki_err *err)
{
	const est_certs *const lists[] = { answer, cacerts };
	pki_bytes certs[CERTS_MAX + 1] = { pki_cert_der(leaf) };
	size_t count = 1;

	for (size_t k = 0; k < PKI_COUNT(lists); k++)
		for (size_t i = 0; i < lists[k]->count; i++)
			if (lists[k]->certs[i] != leaf)
				certs[count++] =
				    pki_cert_der(lists[k]->certs[i]);
	return slots_stage(work->slots, certs, count, proven, err);
}

/* What is asked for: by the configuration, or by the pair in use. */
static pki_code
make_plan(enroll_work *work, enum work_what what, const pki_csrattrs *wanted,
    enroll_plan *out, pki_err *err)
{
	const enroll_slot *pair = slots_current(work->slots);
	PKI_AUTO(pki_name) subject = NULL;
	PKI_AUTO(pki_altnames) names = NULL;
	plan_wish wish = { .key_type = (pki_key_type)work->conf->key_type };
	pki_code rc = PKI_OK;

	if (what == WORK_ENROLL) {
		rc = enroll_conf_subject(work->conf, &subject, &names, err);
		wish.subject = subject;
		wish.alt_names = names;
	} else {
		wish.names = PLAN_SAME;
		wish.subject = pki_cert_subject(pair->cert);
		wish.alt_names = pki_cert_alt_names(pair->cert);
		if (work->conf->rekey == ENROLL_REKEY_NEVER &&
		    what == WORK_RENEW)
			wish.key_type = pki_pubkey_type(pki_key_public(
			    pair->key));
	}
	return rc == PKI_OK ? plan_make(&wish, wanted, out, err) : rc;
}

static pki_code
make_key(enroll_work *work, enum work_what what, const enroll_plan *plan,
    const pki_key **out, pki_err *err)
{
	const enroll_slot *pair = slots_current(work->slots);
	char purpose[PURPOSE_MAX];

	snprintf(purpose, sizeof(purpose), "%s %.100s %.64s",
	    what == WORK_ENROLL ? "enroll" : "renew", work->conf->server,
	    work->conf->name);
	if (what == WORK_RENEW && work->conf->rekey == ENROLL_REKEY_NEVER &&
	    plan->key_type == pki_pubkey_type(pki_key_public(pair->key)))
		return slots_pending_same(work->slots, purpose, out, err);
	return slots_pending(work->slots, plan->key_type, purpose, out, err);
}

static void
say_plan(const enroll_work *work, enum work_what what, const enroll_plan *plan)
{
	PKI_AUTO(pki_buf) text = pki_buf_new();

	pki_name_print(plan->subject, text);
	if (pki_altnames_count(plan->alt_names) > 0) {
		pki_buf_add_text(text, ", ");
		pki_altnames_print(plan->alt_names, text);
	}
	if (pki_buf_check(text, NULL) == PKI_OK)
		work_say(work, "would ask %s by %s for '%s' with a key of "
		    "type %s%s", work->conf->server, what == WORK_ENROLL ?
		    "simpleenroll" : "simplereenroll", pki_buf_text(text),
		    pki_key_type_name(plan->key_type), plan->linking != 0 ?
		    ", bound to the connection" : "");
}

/* The key is on the disk before its request leaves. */
static pki_code
ask_and_stage(enroll_work *work, enum work_what what, const enroll_plan *plan,
    est_server *server, const est_certs *cacerts, pki_err *err)
{
	const pki_csr_plan request = plan_request(plan);
	est_enrollment enrollment = {
		.operation = what == WORK_ENROLL ? EST_ENROLL : EST_REENROLL,
		.plan = &request, .linking = plan->linking,
	};
	est_certs answer = { .count = 0 };
	const pki_cert *leaf;
	pki_code rc;

	rc = make_key(work, what, plan, &enrollment.key, err);
	if (rc == PKI_OK)
		rc = est_enroll(server, &enrollment, &answer, err);
	if (rc == PKI_OK)
		rc = plan_check_answer(plan, pki_key_public(enrollment.key),
		    &answer, pki_clock_now(NULL), &leaf, err);
	/* The server has just let the pair in use renew itself. */
	if (rc == PKI_OK && what != WORK_ENROLL)
		rc = slots_set_used(work->slots, err);
	if (rc == PKI_OK)
		rc = stage(work, leaf, &answer, cacerts, what == WORK_ENROLL ?
		    SLOTS_GIVE_UP_PROVEN : SLOTS_KEEP_PROVEN, err);
	est_certs_clear(&answer);
	return rc;
}

static pki_code
talk(enroll_work *work, enum work_what what, est_server *server, pki_err *err)
{
	PKI_AUTO(pki_csrattrs) wanted = NULL;
	est_certs cacerts = { .count = 0 };
	enroll_plan plan = { .subject = NULL };
	pki_code rc;

	rc = work_update_trust(work, server, &cacerts, err);
	if (rc == PKI_OK)
		rc = est_get_csrattrs(server, &wanted, err);
	if (rc == PKI_OK)
		rc = make_plan(work, what, wanted, &plan, err);
	if (rc == PKI_OK && work->dry)
		say_plan(work, what, &plan);
	else if (rc == PKI_OK)
		rc = ask_and_stage(work, what, &plan, server, &cacerts, err);
	plan_clear(&plan);
	est_certs_clear(&cacerts);
	return rc;
}

static pki_code
get_one(enroll_work *work, enum work_what what, int64_t *retry_after,
    pki_err *err)
{
	PKI_AUTO(http_client) http = NULL;
	est_server server = { .label = work->conf->label };
	pki_code rc;

	if (what != WORK_ENROLL && slots_current(work->slots) == NULL)
		return pki_fail(err, PKI_NOT_FOUND,
		    "there is no pair in %s to renew", work->conf->dir);
	rc = work_begin_trust(work, NULL, err);
	if (rc == PKI_OK)
		rc = work_connect(work, what == WORK_ENROLL ? WORK_AS_TOKEN :
		    WORK_AS_PAIR, &http, err);
	if (rc != PKI_OK)
		return rc;
	server.http = http;
	rc = talk(work, what, &server, err);
	*retry_after = server.retry_after_s;
	return rc;
}

/* Waiting for approval (PKI_PENDING) is remembered, and nobody is told. */
static void
remember(enroll_work *work, const pki_err *why, int64_t retry_after)
{
	enroll_state *state = slots_state(work->slots);
	pki_err own;

	enroll_state_add_failure(state, why);
	state->not_before_retry = retry_after == 0 ? 0 :
	    pki_clock_now(NULL) + retry_after;
	if (slots_save(work->slots, &own) != PKI_OK)
		work_say(work, "%s", own.msg);
	if (why->code != PKI_PENDING && enroll_event_run(work->conf,
	    ENROLL_FAILED, slots_current(work->slots), why, NULL, &own) !=
	    PKI_OK)
		work_say(work, "%s", own.msg);
}

pki_code
work_run(enroll_work *work, enum work_what what, pki_err *err)
{
	int64_t retry_after = 0;
	pki_err own;
	pki_code rc = PKI_OK;

	err = err != NULL ? err : &own;
	if (!work->dry) {
		enroll_state_add_try(slots_state(work->slots),
		    pki_clock_now(NULL));
		rc = slots_save(work->slots, err);
	}
	if (rc == PKI_OK && slots_staged(work->slots) == NULL)
		rc = get_one(work, what, &retry_after, err);
	if (rc == PKI_OK && !work->dry)
		rc = finish(work, err);
	if (rc != PKI_OK && !work->dry)
		remember(work, err, retry_after);
	return rc;
}

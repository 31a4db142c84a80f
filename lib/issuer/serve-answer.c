#include "issuer/serve-parts.h"

#include <string.h>

#include "base/text.h"

/* Not for a client: what may be over when he comes again. */
#define LATER 503

/*
 * What HTTP says of a refusal.  RFC 7030, 4.2.3, leaves the choice between
 * 4xx to us: 401 where another credential would help, and who has shown none
 * learns no more; 400 for what is malformed or bound to another connection;
 * 409 for what somebody else has; 403 for the rest.  Never 5xx for a client's
 * fault (est.md, H-14); 503 with Retry-After for ours (G5, G13).
 */
static const struct outcome {
	pki_code    code;
	const char *rule;       /* NULL: any other */
	unsigned    http;
	unsigned    retry_s;    /* of LATER */
} outcomes[] = {
	{ PKI_DENIED, "token", 401, 0 },
	{ PKI_DENIED, "token-user", 401, 0 },
	{ PKI_DENIED, "token-revoked", 401, 0 },
	{ PKI_DENIED, "token-expired", 401, 0 },
	{ PKI_DENIED, "evidence", 401, 0 },
	{ PKI_DENIED, "token-bound", 409, 0 },          /* G23 */
	{ PKI_DENIED, "token-used", 409, 0 },
	{ PKI_DENIED, "key-in-use", 409, 0 },
	{ PKI_DENIED, "identity-taken", 409, 0 },
	{ PKI_DENIED, "alt-name-taken", 409, 0 },
	{ PKI_DENIED, "linking", 400, 0 },              /* RFC 7030, 3.5 */
	{ PKI_DENIED, "proof-of-possession", 400, 0 },  /* RFC 7030, 3.4 */
	{ PKI_DENIED, "ca-state", LATER, 60 },
	{ PKI_DENIED, NULL, 403, 0 },
	{ PKI_NOT_FOUND, "label", 404, 0 },
	/* A template or CA is gone for which we let one in. */
	{ PKI_NOT_FOUND, NULL, LATER, 60 },
	{ PKI_BAD_INPUT, NULL, 400, 0 },
	{ PKI_PENDING, NULL, 202, 0 },
	{ PKI_BUSY, "write-ahead-log", LATER, 10 },
	{ PKI_BUSY, NULL, LATER, 2 },
	{ PKI_CLOCK, NULL, LATER, 60 },
	{ PKI_STORE, NULL, LATER, 5 },
	{ PKI_SYSTEM, NULL, LATER, 5 },
	{ PKI_NO_MEMORY, NULL, LATER, 5 },
	{ PKI_DAMAGED, NULL, LATER, 60 },
	{ PKI_CRYPTO, NULL, LATER, 60 },
	{ PKI_USAGE, NULL, LATER, 60 },
	{ PKI_EXISTS, NULL, 409, 0 },
};

/* What BUSY says of it, where the error has no rule of its own. */
static const struct {
	pki_code    code;
	const char *rule;
} busy_rules[] = {
	{ PKI_BUSY, "busy" }, { PKI_CLOCK, "clock-suspect" },
	{ PKI_STORE, "store" }, { PKI_SYSTEM, "system" },
	{ PKI_NO_MEMORY, "memory" },
};

static const struct outcome *
find_outcome(const pki_err *err)
{
	static const struct outcome unknown = {
		.code = PKI_SYSTEM, .http = LATER, .retry_s = 60,
	};
	size_t i;

	for (i = 0; i < PKI_COUNT(outcomes); i++)
		if (outcomes[i].code == err->code &&
		    (outcomes[i].rule == NULL ||
		    strcmp(outcomes[i].rule, err->rule) == 0))
			return &outcomes[i];
	return &unknown;
}

unsigned
pki_answer_status(const pki_err *err)
{
	return find_outcome(err)->http;
}

static const char *
busy_rule(const pki_err *err)
{
	size_t i;

	if (err->rule[0] != '\0')
		return err->rule;
	for (i = 0; i < PKI_COUNT(busy_rules); i++)
		if (busy_rules[i].code == err->code)
			return busy_rules[i].rule;
	return "internal";
}

/*
 * A link that ended takes no answers, which is no error here.  What does not
 * fit the table of messages is one, and must not be lost silently.
 */
static void
send_answer(pki_serving *serving, const pki_message *message)
{
	pki_err err = { 0 };
	pki_code rc = pki_notice_send(serving, message, &err);

	if (rc != PKI_OK && rc != PKI_NOT_FOUND)
		pki_watch_note(serving, "answer-failed", &err);
}

static void
finish(pki_work *work, pki_message *message, pki_count count)
{
	pki_serving *serving = work->serving;

	message->id = work->message.id;
	pki_count_add(serving, count);
	send_answer(serving, message);
	pki_work_free(work);
	serving->inside--;
}

void
pki_answer_issued(pki_work *work, const pki_issued *issued)
{
	pki_message message = pki_message_of(PKI_MESSAGE_ISSUED);

	pki_message_put(&message, PKI_TAG_CERT, pki_cert_der(issued->cert));
	pki_message_put_number(&message, PKI_TAG_WIDTH, work->line_width);
	pki_message_put_number(&message, PKI_TAG_REPLAY, issued->again);
	pki_message_put_number(&message, PKI_TAG_POP,
	    work->request.evidence.link == PKI_LINK_MATCHES);
	finish(work, &message, issued->again ? PKI_COUNT_AGAIN :
	    PKI_COUNT_ISSUED);
}

void
pki_answer_device(pki_work *work, const char *name, const char *profile,
    const char *status, int64_t not_after)
{
	pki_message message = pki_message_of(PKI_MESSAGE_DEVICE);

	pki_message_put_text(&message, PKI_TAG_DEVICE, name);
	pki_message_put_text(&message, PKI_TAG_PROFILE, profile);
	pki_message_put_text(&message, PKI_TAG_STATUS, status);
	pki_message_put_number(&message, PKI_TAG_NOT_AFTER,
	    (uint64_t)not_after);
	finish(work, &message, PKI_COUNT_REQUESTS);
}

void
pki_answer_pong(pki_work *work)
{
	pki_message message = pki_message_of(PKI_MESSAGE_PONG);

	finish(work, &message, PKI_COUNT_REQUESTS);
}

static pki_message
busy_message(const char *rule, unsigned retry_s)
{
	pki_message message = pki_message_of(PKI_MESSAGE_BUSY);

	pki_message_put_number(&message, PKI_TAG_RETRY_AFTER, retry_s);
	pki_message_put_text(&message, PKI_TAG_RULE, rule);
	return message;
}

/* The value is the id that an operator finds it by. */
static void
answer_pending(pki_work *work, const pki_err *err)
{
	pki_message message = pki_message_of(PKI_MESSAGE_PENDING);
	unsigned seconds;

	pthread_rwlock_rdlock(&work->serving->lock);
	seconds = work->serving->settings.approval_s;
	pthread_rwlock_unlock(&work->serving->lock);
	pki_message_put_number(&message, PKI_TAG_RETRY_AFTER, seconds);
	pki_message_put_text(&message, PKI_TAG_PENDING_ID, err->value);
	finish(work, &message, PKI_COUNT_PENDING);
}

void
pki_answer_error(pki_work *work, const pki_err *err)
{
	const struct outcome *outcome = find_outcome(err);
	pki_message message;

	if (outcome->http == 202) {
		answer_pending(work, err);
		return;
	}
	if (outcome->http == LATER) {
		if (err->code != PKI_BUSY && err->code != PKI_CLOCK)
			pki_watch_note(work->serving, "request-failed", err);
		message = busy_message(busy_rule(err), outcome->retry_s);
		finish(work, &message, PKI_COUNT_BUSY);
		return;
	}
	pki_refusals_note(work, err);
	pki_message_refuse(&message, work->message.id, outcome->http, err);
	finish(work, &message, work->who[0] != '\0' ? PKI_COUNT_REFUSED :
	    PKI_COUNT_UNKNOWN);
}

void
pki_answer_busy(pki_serving *serving, uint64_t id, const char *rule)
{
	pki_message message = busy_message(rule, 2);

	message.id = id;
	pki_count_add(serving, PKI_COUNT_BUSY);
	send_answer(serving, &message);
}

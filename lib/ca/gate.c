#include "ca/gate.h"

static const char rule[] = PKI_GATE_RULE;

/* What no CRL may say, whatever was before it. */
static pki_code
check_alone(const pki_gate_terms *terms, pki_err *err)
{
	const pki_crl_list *next = terms->next;
	char text[PKI_TIME_TEXT];

	if (next->next_update <= next->this_update ||
	    next->next_update <= terms->now)
		return pki_refuse(err, PKI_DENIED, rule,
		    "a nextUpdate in the future", "nextUpdate %s",
		    pki_time_format(next->next_update, text));
	/* It would keep every later one from following until then. */
	if (next->this_update > terms->now + PKI_CRL_AHEAD_MAX)
		return pki_refuse(err, PKI_DENIED, rule,
		    "a thisUpdate that is not in the future", "thisUpdate %s",
		    pki_time_format(next->this_update, text));
	if (next->number > PKI_CRL_NUMBER_MAX)
		return pki_refuse(err, PKI_DENIED, rule,
		    "a number of at most 2^62", "number %lld",
		    (long long)next->number);
	return PKI_OK;
}

/* G16: numbers and times only go forward. */
static pki_code
check_order(const pki_gate_terms *terms, pki_err *err)
{
	const pki_crl_list *previous = terms->previous, *next = terms->next;
	char a[PKI_TIME_TEXT], b[PKI_TIME_TEXT];
	pki_code rc = check_alone(terms, err);

	if (rc != PKI_OK || previous == NULL)
		return rc;
	if (next->number <= previous->number)
		return pki_refuse(err, PKI_DENIED, rule,
		    "a number above the published one", "number %lld, "
		    "published %lld", (long long)next->number,
		    (long long)previous->number);
	if (next->this_update <= previous->this_update &&
	    (terms->ahead == PKI_AHEAD_REFUSED ||
	    previous->this_update <= terms->now))
		return pki_refuse(err, PKI_DENIED, rule,
		    "a thisUpdate after the published one",
		    "thisUpdate %s, published %s",
		    pki_time_format(next->this_update, a),
		    pki_time_format(previous->this_update, b));
	return PKI_OK;
}

static pki_code
check_date(const pki_gate_terms *terms, const pki_crl_entry *entry,
    pki_err *err)
{
	char serial[PKI_SERIAL_TEXT], when[PKI_TIME_TEXT];

	if (entry->revoked_at <= terms->now)
		return PKI_OK;
	return pki_refuse(err, PKI_DENIED, rule,
	    "no revocation in the future", "%s revoked at %s",
	    pki_serial_format(&entry->serial, serial),
	    pki_time_format(entry->revoked_at, when));
}

/* One step of the merge: the lower serial goes first. */
struct merge {
	pki_crl_entry before, after;    /* of previous, of next */
	bool          more_before, more_after;
	pki_serial    missing;          /* the first one */
	int64_t       missing_count;
	pki_crl_entry was, is;          /* the first one that changed */
	int64_t       changed_count;
};

/* G17: who was on the list stays, until one list after he expired. */
static pki_code
check_leaving(const pki_gate_terms *terms, struct merge *merge, pki_err *err)
{
	bool may = false;
	pki_code rc = PKI_OK;

	if (terms->may_leave != NULL)
		rc = terms->may_leave(terms->arg, &merge->before, &may, err);
	if (rc != PKI_OK || may)
		return rc;
	if (merge->missing_count++ == 0)
		merge->missing = merge->before.serial;
	if (terms->missing != NULL)
		terms->missing(terms->missing_arg, &merge->before);
	return PKI_OK;
}

bool
pki_gate_may_follow(const pki_crl_entry *before, const pki_crl_entry *after,
    int64_t now)
{
	if (before->reason == PKI_REASON_CERTIFICATE_HOLD)
		return true;
	return (after->revoked_at == before->revoked_at ||
	    before->revoked_at > now) &&
	    (after->reason == before->reason ||
	    after->reason == PKI_REASON_KEY_COMPROMISE);
}

/* Who may be missing may be there otherwise too. */
static pki_code
check_follower(const pki_gate_terms *terms, struct merge *merge, pki_err *err)
{
	bool may = pki_gate_may_follow(&merge->before, &merge->after,
	    terms->now);
	pki_code rc = PKI_OK;

	if (!may && terms->may_leave != NULL)
		rc = terms->may_leave(terms->arg, &merge->before, &may, err);
	if (rc != PKI_OK || may)
		return rc;
	if (merge->changed_count++ == 0) {
		merge->was = merge->before;
		merge->is = merge->after;
	}
	if (terms->missing != NULL)
		terms->missing(terms->missing_arg, &merge->before);
	return PKI_OK;
}

static pki_code
refuse_changed(const struct merge *merge, pki_err *err)
{
	char serial[PKI_SERIAL_TEXT], was[PKI_TIME_TEXT], is[PKI_TIME_TEXT];

	return pki_refuse(err, PKI_DENIED, rule,
	    "the published date, and the published reason or keyCompromise",
	    "serial %s, %s since %s (published: %s since %s)",
	    pki_serial_format(&merge->is.serial, serial),
	    pki_reason_name(merge->is.reason),
	    pki_time_format(merge->is.revoked_at, is),
	    pki_reason_name(merge->was.reason),
	    pki_time_format(merge->was.revoked_at, was));
}

static pki_code
refuse_missing(const struct merge *merge, pki_err *err)
{
	static const char accepts[] =
	    "every unexpired entry of the published CRL";
	char serial[PKI_SERIAL_TEXT];

	pki_serial_format(&merge->missing, serial);
	if (merge->missing_count == 1)
		return pki_refuse(err, PKI_DENIED, rule, accepts,
		    "serial %s is missing", serial);
	return pki_refuse(err, PKI_DENIED, rule, accepts,
	    "serial %s and %lld more are missing", serial,
	    (long long)merge->missing_count - 1);
}

static pki_code
step(const pki_gate_terms *terms, struct merge *merge, pki_err *err)
{
	int order = 0;
	pki_code rc = PKI_OK;

	if (!merge->more_after)
		order = -1;
	else if (!merge->more_before)
		order = 1;
	else
		order = pki_serial_compare(&merge->before.serial,
		    &merge->after.serial);
	if (order < 0)
		rc = check_leaving(terms, merge, err);
	else
		rc = check_date(terms, &merge->after, err);
	if (rc == PKI_OK && order == 0)
		rc = check_follower(terms, merge, err);
	if (rc == PKI_OK && order == 0)
		rc = pki_crl_list_skip_same(terms->previous, terms->next, err);
	if (rc == PKI_OK && order <= 0)
		rc = pki_crl_list_next(terms->previous, &merge->before,
		    &merge->more_before, err);
	if (rc == PKI_OK && order >= 0)
		rc = pki_crl_list_next(terms->next, &merge->after,
		    &merge->more_after, err);
	return rc;
}

pki_code
pki_gate_merge(const pki_gate_terms *terms, pki_err *err)
{
	struct merge merge = { .more_before = false };
	pki_code rc = check_order(terms, err);

	pki_crl_list_rewind(terms->next);
	if (terms->previous != NULL)
		pki_crl_list_rewind(terms->previous);
	/* What passed the gate before passes it again. */
	if (rc == PKI_OK && terms->previous != NULL)
		rc = pki_crl_list_skip_same(terms->previous, terms->next, err);
	if (rc == PKI_OK && terms->previous != NULL)
		rc = pki_crl_list_next(terms->previous, &merge.before,
		    &merge.more_before, err);
	if (rc == PKI_OK)
		rc = pki_crl_list_next(terms->next, &merge.after,
		    &merge.more_after, err);
	while (rc == PKI_OK && (merge.more_before || merge.more_after))
		rc = step(terms, &merge, err);
	if (rc == PKI_OK && merge.missing_count > 0)
		return refuse_missing(&merge, err);
	if (rc == PKI_OK && merge.changed_count > 0)
		return refuse_changed(&merge, err);
	return rc;
}

static pki_code
ask_expired(void *arg, const pki_crl_entry *entry, bool *out, pki_err *err)
{
	const pki_gate *gate = arg;

	return gate->expired(gate->arg, &entry->serial,
	    pki_crl_this_update(gate->previous), out, err);
}

pki_code
pki_gate_check(const pki_gate *gate, pki_err *err)
{
	pki_gate copy = *gate;
	pki_crl_list previous, next;
	pki_gate_terms terms = {
		.next = &next, .now = gate->now, .arg = &copy,
		.may_leave = gate->expired == NULL ? NULL : ask_expired,
	};
	pki_code rc = pki_crl_check_issuer(gate->next, gate->issuer, err);

	if (rc != PKI_OK)
		return rc;
	pki_crl_list_of_crl(&next, gate->next);
	if (gate->previous != NULL) {
		pki_crl_list_of_crl(&previous, gate->previous);
		terms.previous = &previous;
	}
	return pki_gate_merge(&terms, err);
}

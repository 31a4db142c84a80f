#include "ca/crl-source.h"

#include "ca/gate.h"

struct walk {
	pki_crl_source         *source;
	pki_crl_source_visitor *visit;
	void                   *arg;
	bool                    visited;        /* visit refused, not the row */
	pki_crl_entry           before;         /* of the published CRL */
	bool                    more_before;
};

static pki_code
give(struct walk *walk, const pki_crl_entry *entry, pki_err *err)
{
	pki_code rc = walk->visit(entry, walk->arg, err);

	if (rc != PKI_OK)
		walk->visited = true;
	return rc;
}

static pki_code
next_before(struct walk *walk, pki_err *err)
{
	return pki_crl_list_next(walk->source->previous, &walk->before,
	    &walk->more_before, err);
}

/* The record has nothing of it: in a union it stays, unless it may leave. */
static pki_code
keep_before(struct walk *walk, pki_err *err)
{
	bool may = true;
	pki_code rc = PKI_OK;

	if (walk->source->leaving != NULL)
		rc = pki_leaving_ask(walk->source->leaving, &walk->before,
		    &may, err);

	if (rc == PKI_OK && !may) {
		walk->source->kept++;
		rc = give(walk, &walk->before, err);
	}
	return rc == PKI_OK ? next_before(walk, err) : rc;
}

/*
 * A published date stays when the record's is later: the clock was behind when
 * it was published, or it was revoked once more in a restored database.  And
 * no list may speak of the future: the clock was ahead when it was revoked.
 */
static void
settle_date(const struct walk *walk, pki_crl_entry *entry, bool listed)
{
	const pki_crl_entry *before = &walk->before;

	if (listed && before->reason != PKI_REASON_CERTIFICATE_HOLD &&
	    before->revoked_at < entry->revoked_at)
		entry->revoked_at = before->revoked_at;
	if (entry->revoked_at > walk->source->now)
		entry->revoked_at = walk->source->now;
}

/*
 * Entries of the published CRL below this serial.  One of the same serial is
 * what counts in a union when the record speaks against it.
 */
static pki_code
keep_up_to(struct walk *walk, pki_crl_entry *entry, pki_err *err)
{
	pki_code rc = PKI_OK;
	int order = 1;

	while (rc == PKI_OK && walk->more_before) {
		order = pki_serial_compare(&walk->before.serial,
		    &entry->serial);
		if (order >= 0)
			break;
		rc = keep_before(walk, err);
	}
	if (rc != PKI_OK)
		return rc;
	if (!walk->more_before || order != 0) {
		settle_date(walk, entry, false);
		return PKI_OK;
	}
	settle_date(walk, entry, true);
	if (walk->source->leaving != NULL &&
	    !pki_gate_may_follow(&walk->before, entry, walk->source->now)) {
		walk->source->kept++;
		*entry = walk->before;
	}
	return next_before(walk, err);
}

/* In a union the published CRL may know more of it. */
static pki_code
pass_damaged(struct walk *walk, const pki_revoked_row *row, pki_err *err)
{
	char serial[PKI_SERIAL_TEXT];

	walk->source->damaged = true;
	if (walk->source->leaving != NULL)
		return PKI_OK;
	return pki_fail(err, PKI_DAMAGED, "the row of certificate '%s' has a "
	    "column of wrong type or value; run 'pki-ctl db check'",
	    pki_serial_format(&row->serial, serial));
}

static pki_code
take_row(const pki_revoked_row *row, void *arg, pki_err *err)
{
	struct walk *walk = arg;
	pki_crl_entry entry = {
		.serial = row->serial, .revoked_at = row->revoked_at,
		.reason = (pki_reason)row->reason,
		.invalid_since = row->invalid_since,
	};
	pki_code rc = PKI_OK;

	if (row->damaged)
		return pass_damaged(walk, row, err);
	rc = keep_up_to(walk, &entry, err);
	if (rc != PKI_OK)
		walk->visited = true;
	return rc == PKI_OK ? give(walk, &entry, err) : rc;
}

pki_code
pki_crl_source_each(pki_crl_source *source, pki_crl_source_visitor *visit,
    void *arg, pki_err *err)
{
	struct walk walk = { .source = source, .visit = visit, .arg = arg };
	pki_code rc = PKI_OK;

	source->kept = 0;
	source->damaged = false;
	if (source->previous != NULL) {
		pki_crl_list_rewind(source->previous);
		rc = next_before(&walk, err);
	}
	if (rc == PKI_OK)
		rc = pki_store_each_revoked(source->ca->store,
		    source->authority->id, source->scope,
		    source->previous == NULL ? 0 :
		    pki_crl_list_expiry(source->previous, source->now),
		    take_row, &walk, err);
	if (rc == PKI_DAMAGED && source->leaving != NULL && !walk.visited) {
		source->damaged = true;
		rc = PKI_OK;
	}
	while (rc == PKI_OK && walk.more_before)
		rc = keep_before(&walk, err);
	return rc;
}

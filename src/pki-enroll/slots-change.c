#include "pki-enroll/slots-private.h"

#define STAGE_MAX 32            /* certificates of one answer */

/* What a server sent. */
struct offer {
	pki_cert *certs[STAGE_MAX];
	size_t    count;
	pki_cert *leaf;                 /* one of certs, or NULL */
	pki_cert *chain[SLOTS_CHAIN_MAX];       /* others of certs, in order */
	size_t    chain_count;
	pki_err   unread;               /* of the first that is none of ours */
};

static void
offer_clear(struct offer *offer)
{
	for (size_t i = 0; i < offer->count; i++)
		pki_cert_free(offer->certs[i]);
}

/*
 * A certificate that we cannot read may still stand in somebody's bag; it is
 * of no use here.  RFC 5272, 4.1: their order means nothing.
 */
static pki_code
read_offer(const enroll_slots *slots, const pki_bytes *certs, size_t count,
    struct offer *out, pki_err *err)
{
	const pki_digest *wanted = pki_pubkey_digest(
	    pki_key_public(slots->pending.key));
	pki_err why;

	if (count > STAGE_MAX)
		return pki_fail(err, PKI_BAD_INPUT,
		    "%zu certificates, expected 1 to %d", count, STAGE_MAX);
	for (size_t i = 0; i < count; i++) {
		pki_cert *cert = NULL;
		pki_code rc = pki_cert_parse(certs[i], &cert, &why);

		if (rc == PKI_NO_MEMORY)
			return pki_fail_memory(err);
		if (rc != PKI_OK && out->unread.code == PKI_OK)
			out->unread = why;
		if (rc != PKI_OK)
			continue;
		out->certs[out->count++] = cert;
		if (out->leaf == NULL && pki_digest_equal(wanted,
		    pki_pubkey_digest(pki_cert_key(cert))))
			out->leaf = cert;
	}
	if (out->leaf != NULL)
		return PKI_OK;
	if (out->unread.code != PKI_OK) {
		*err = out->unread;
		return err->code;
	}
	return pki_refuse(err, PKI_DENIED, "key",
	    "a certificate for the key that was sent",
	    "%zu certificates for other keys", count);
}

static bool
is_anchor(const enroll_slots *slots, const pki_cert *cert)
{
	for (size_t i = 0; i < slots->anchor_count; i++)
		if (pki_digest_equal(pki_cert_digest(slots->anchors[i]),
		    pki_cert_digest(cert)))
			return true;
	return false;
}

static bool
is_signed_by_anchor(const enroll_slots *slots, const pki_cert *cert)
{
	for (size_t i = 0; i < slots->anchor_count; i++)
		if (pki_cert_check_issuer(cert, slots->anchors[i], NULL) ==
		    PKI_OK)
			return true;
	return false;
}

/* The certificates between the leaf and an anchor, in their order. */
static void
find_chain(const enroll_slots *slots, struct offer *offer)
{
	const pki_cert *cert = offer->leaf;

	while (offer->chain_count < SLOTS_CHAIN_MAX &&
	    !is_signed_by_anchor(slots, cert)) {
		pki_cert *issuer = NULL;

		for (size_t i = 0; issuer == NULL && i < offer->count; i++)
			if (offer->certs[i] != cert &&
			    !is_anchor(slots, offer->certs[i]) &&
			    pki_cert_check_issuer(cert, offer->certs[i],
			    NULL) == PKI_OK)
				issuer = offer->certs[i];
		if (issuer == NULL)
			return;
		offer->chain[offer->chain_count++] = issuer;
		cert = issuer;
	}
}

bool
slots_is_used(const enroll_slots *slots)
{
	return slots->use != SLOT_NONE && pki_digest_equal(
	    &slots->state.proven,
	    pki_cert_digest(slots->slot[slots->use].cert));
}

/* The only pair that has ever worked is not overwritten. */
static pki_code
check_proven(const enroll_slots *slots, pki_err *err)
{
	const enroll_slot *other = slots_other(slots);

	if (slots->use == SLOT_NONE || slots_is_used(slots) ||
	    other->state != SLOT_WHOLE ||
	    pki_cert_not_after(other->cert) < slots_now(slots) ||
	    !pki_digest_equal(&slots->state.proven,
	    pki_cert_digest(other->cert)))
		return PKI_OK;
	return pki_refuse(err, PKI_DENIED, "unused",
	    "a current pair that was used with success, or a rollback",
	    "%s, and %s has the last one that worked", slots->dir,
	    other->name);
}

static pki_code
write_offer(enroll_slots *slots, const struct offer *offer, pki_err *err)
{
	PKI_AUTO(pki_buf) key = pki_buf_new();
	PKI_AUTO(pki_buf) certs = pki_buf_new();
	pki_code rc;

	if (key == NULL || certs == NULL)
		return pki_fail_memory(err);
	rc = pki_key_encode(slots->pending.key, pki_bytes_of(NULL, 0), key,
	    err);
	slots_add_pem(certs, offer->leaf, offer->chain, offer->chain_count);
	if (rc == PKI_OK)
		rc = pki_buf_check(certs, err);
	/* First, so that a slot that is whole is known for what it is. */
	if (rc == PKI_OK)
		rc = slots_write_pending(slots, slots->pending.key,
		    slots->pending.purpose, pki_cert_digest(offer->leaf), err);
	if (rc == PKI_OK)
		rc = slots_write_pair(slots, slots_spare(slots),
		    pki_buf_bytes(key), pki_buf_bytes(certs), err);
	return rc;
}

pki_code
slots_stage(enroll_slots *slots, const pki_bytes *certs, size_t count,
    enum slots_proven proven, pki_err *err)
{
	struct offer offer = { .count = 0 };
	pki_code rc;

	if (slots->pending.key == NULL)
		return pki_fail(err, PKI_NOT_FOUND,
		    "no key waits for a certificate in %s", slots->dir);
	rc = read_offer(slots, certs, count, &offer, err);
	if (rc == PKI_OK) {
		find_chain(slots, &offer);
		rc = slots_verify(slots, offer.leaf, offer.chain,
		    offer.chain_count, err);
	}
	if (rc == PKI_OK && proven == SLOTS_KEEP_PROVEN)
		rc = check_proven(slots, err);
	/* What is written over must not be what current points at. */
	if (rc == PKI_OK)
		rc = slots_repair(slots, err);
	if (rc == PKI_OK)
		rc = write_offer(slots, &offer, err);
	offer_clear(&offer);
	return rc == PKI_OK ? slots_reload(slots, err) : rc;
}

static pki_code
point_at(enroll_slots *slots, int i, pki_err *err)
{
	char path[PKI_PATH_MAX];
	pki_code rc = slots_path(slots, SLOTS_LINK, path, err);

	return rc != PKI_OK ? rc :
	    pki_link_replace(path, slots->slot[i].name, err);
}

pki_code
slots_repair(enroll_slots *slots, pki_err *err)
{
	pki_code rc;

	if (slots->use == SLOT_NONE || slots->use == slots->link)
		return PKI_OK;
	rc = point_at(slots, slots->use, err);
	if (rc == PKI_OK)
		slots->link = slots->use;
	return rc;
}

pki_code
slots_reject_staged(enroll_slots *slots, pki_err *err)
{
	pki_code rc;

	if (slots_staged(slots) == NULL)
		return pki_fail(err, PKI_NOT_FOUND, "nothing is staged in %s",
		    slots->dir);
	rc = slots_empty_pair(slots, slots_spare(slots), err);
	if (rc == PKI_OK)
		rc = slots_drop_pending(slots, err);
	return rc == PKI_OK ? slots_reload(slots, err) : rc;
}

/* The new pair is in use: what follows may fail, and is done another time. */
static void
finish_promotion(enroll_slots *slots)
{
	pki_err why;

	if (slots_drop_pending(slots, &why) != PKI_OK)
		slots_complain(slots, &why, NULL);
	enroll_state_add_success(&slots->state, slots_now(slots));
	if (slots_save(slots, &why) != PKI_OK)
		slots_complain(slots, &why, NULL);
}

pki_code
slots_promote(enroll_slots *slots, pki_err *err)
{
	int i = slots_spare(slots);
	const enroll_slot *staged;
	pki_code rc;

	/* As the disk has it, and not as it was meant. */
	rc = slots_read_pair(slots, i, err);
	if (rc != PKI_OK)
		return rc;
	staged = slots_staged(slots);
	if (staged == NULL)
		return pki_fail(err, PKI_NOT_FOUND, "nothing is staged in %s",
		    slots->dir);
	rc = slots_verify(slots, staged->cert, staged->chain,
	    staged->chain_count, err);
	if (rc == PKI_OK)
		rc = point_at(slots, i, err);
	if (rc == PKI_OK)
		rc = slots_reload(slots, err);
	if (rc == PKI_OK)
		finish_promotion(slots);
	return rc;
}

pki_code
slots_rollback(enroll_slots *slots, pki_err *err)
{
	int i = slots_spare(slots);
	const enroll_slot *other = &slots->slot[i];
	pki_code rc;

	if (other->state != SLOT_WHOLE || slots_staged(slots) != NULL)
		return pki_fail(err, PKI_NOT_FOUND,
		    "there is no other pair in %s: %s is %s", slots->dir,
		    other->name, slots_staged(slots) != NULL ?
		    "not promoted yet" : slot_state_name(other->state));
	rc = slots_verify(slots, other->cert, other->chain,
	    other->chain_count, err);
	if (rc == PKI_OK)
		rc = point_at(slots, i, err);
	return rc == PKI_OK ? slots_reload(slots, err) : rc;
}

pki_code
slots_set_used(enroll_slots *slots, pki_err *err)
{
	if (slots->use == SLOT_NONE)
		return pki_fail(err, PKI_NOT_FOUND, "there is no pair in %s",
		    slots->dir);
	if (slots_is_used(slots))
		return PKI_OK;
	slots->state.proven =
	    *pki_cert_digest(slots->slot[slots->use].cert);
	return slots_save(slots, err);
}

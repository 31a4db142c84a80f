#include "pki-ctl/cert-choice.h"

#include <string.h>

enum rank { RANK_IN_FORCE, RANK_EXPIRED, RANK_REVOKED };

static enum rank
rank_of(const struct found_cert *cert, int64_t now)
{
	const char *state = pki_cert_state(&cert->row, now);

	if (strcmp(state, "revoked") == 0)
		return RANK_REVOKED;
	return strcmp(state, "expired") == 0 ? RANK_EXPIRED : RANK_IN_FORCE;
}

static enum rank
best_rank(const found_certs *certs, int64_t now)
{
	enum rank best = RANK_REVOKED;
	size_t i;

	for (i = 0; i < certs->count; i++)
		if (rank_of(certs->items[i], now) < best)
			best = rank_of(certs->items[i], now);
	return best;
}

static pki_code
list_certs(struct session *s, const found_certs *certs, enum rank wanted,
    int64_t now)
{
	PKI_AUTO(print_doc) doc = NULL;
	pki_code rc;
	size_t i;

	rc = print_open_rows(s->cli->format, certs_columns, CERTS_COLUMNS,
	    &doc, s->err);
	for (i = 0; i < certs->count && rc == PKI_OK; i++)
		if (rank_of(certs->items[i], now) == wanted)
			rc = certs_print_row(doc, &certs->items[i]->row, now,
			    s->err);
	return rc == PKI_OK ? print_close(doc, s->err) : rc;
}

pki_code
choose_certs(struct session *s, const char *id, enum choice_extent extent,
    found_certs *out)
{
	PKI_AUTO(found_certs) found = found_certs_new();
	int64_t now = session_now();
	enum rank best, worst;
	size_t i, count = 0;
	pki_code rc;

	if (found == NULL)
		return pki_fail_memory(s->err);
	rc = certs_find(s, id, found);
	if (rc != PKI_OK)
		return rc;
	best = worst = best_rank(found, now);
	if (extent == CHOICE_ALL && best < RANK_REVOKED)
		worst = RANK_EXPIRED;
	for (i = 0; i < found->count; i++)
		count += rank_of(found->items[i], now) <= worst;
	if (count > 1 && extent == CHOICE_ONE && best == RANK_REVOKED)
		return pki_refuse(s->err, PKI_DENIED, "already-revoked",
		    "an ID that fits something in force, or only one",
		    "%s", id);
	if (count > 1 && extent == CHOICE_ONE) {
		rc = list_certs(s, found, best, now);
		return rc != PKI_OK ? rc : pki_refuse(s->err, PKI_DENIED,
		    "ambiguous", "an ID of one certificate, or --all", "%s",
		    id);
	}
	for (i = 0; i < found->count && rc == PKI_OK; i++)
		if (rank_of(found->items[i], now) <= worst)
			rc = certs_move(found, i, out, s->err);
	return rc;
}

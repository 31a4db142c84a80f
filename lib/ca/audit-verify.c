#include "ca/audit.h"

#include <jansson.h>
#include <string.h>

#include "ca/record.h"
#include "x509/digest.h"

/*
 * A set of (CA, serial) pairs, summed up: the sums of two sets agree when the
 * sets do, and no list of ten million serials has to be kept.  (Tampering is
 * the tree's business; this finds what was left out.)
 */
struct tally {
	uint64_t lanes[4];
	int64_t  count;
};

static pki_code
tally_add(struct tally *tally, const char *ca, const char *serial,
    pki_err *err)
{
	const pki_bytes pieces[] = {
		pki_bytes_text(ca), PKI_BYTES_TEXT(":"), pki_bytes_text(serial),
	};
	uint64_t lanes[4];
	pki_digest digest;
	pki_code rc;
	size_t i;

	rc = pki_digest_of_all(pieces, PKI_COUNT(pieces), &digest, err);
	if (rc != PKI_OK)
		return rc;
	memcpy(lanes, digest.octets, sizeof(lanes));
	for (i = 0; i < PKI_COUNT(lanes); i++)
		tally->lanes[i] += lanes[i];
	tally->count++;
	return PKI_OK;
}

/*
 * Others write while we read.  When nothing was written meanwhile, everything
 * must agree; otherwise what is older than SETTLED must (a clock that is
 * believed never goes back further, see floor.h).
 */
enum { ISSUED, REVOKED, KINDS };
enum { ALL, OLD, AGES };
#define SETTLED (PKI_FLOOR_SLACK + PKI_FLOOR_STEP)

struct verify {
	const pki_audit_head *known;
	pki_audit_tree        tree;
	struct tally          log[KINDS][AGES], rows[KINDS][AGES];
	int64_t               settled;          /* before this it is old */
	pki_progress         *progress;
	void                 *arg;
	int64_t               done, total;
};

static pki_code
count_event(const struct verify *v, struct tally ages[AGES], const char *ca,
    const char *serial, int64_t at, pki_err *err)
{
	pki_code rc = tally_add(&ages[ALL], ca, serial, err);

	if (rc == PKI_OK && at < v->settled)
		rc = tally_add(&ages[OLD], ca, serial, err);
	return rc;
}

static void
step(struct verify *v)
{
	if (++v->done % 1000 == 0 && v->progress != NULL)
		v->progress(v->done, v->total, v->arg);
}

/* The line must say what its row says, and feeds the tallies. */
static pki_code
read_line(struct verify *v, const pki_audit_row *row, pki_err *err)
{
	const char *action = NULL, *ca = NULL, *serial = NULL, *time = NULL;
	char when[PKI_TIME_TEXT];
	json_error_t why;
	json_int_t seq = -1;
	json_t *line = json_loads(row->line, JSON_REJECT_DUPLICATES, &why);
	pki_code rc = PKI_OK;

	if (line == NULL || json_unpack(line, "{s:s, s:I, s:s, s?s, s?s}",
	    "action", &action, "seq", &seq, "time", &time, "ca", &ca,
	    "serial", &serial) != 0 || seq != row->seq ||
	    strcmp(time, pki_time_format(row->at, when)) != 0)
		rc = pki_fail(err, PKI_DAMAGED, "audit row %lld: the line is "
		    "not that of its row", (long long)row->seq);
	else if (strcmp(action, PKI_AUDIT_ISSUE) == 0)
		rc = count_event(v, v->log[ISSUED], ca, serial, row->at, err);
	else if (strcmp(action, PKI_AUDIT_REVOKE) == 0)
		rc = count_event(v, v->log[REVOKED], ca, serial, row->at, err);
	json_decref(line);
	return rc;
}

/* The log as it was when somebody noted its head. */
static pki_code
compare_known(const struct verify *v, pki_err *err)
{
	pki_digest root;
	pki_code rc;

	if (v->known == NULL || v->known->size != v->tree.size)
		return PKI_OK;
	rc = pki_audit_tree_root(&v->tree, &root, err);
	if (rc == PKI_OK && !pki_digest_equal(&root, &v->known->root))
		rc = pki_fail(err, PKI_DAMAGED, "the first %lld audit rows are "
		    "not those of the known head", (long long)v->known->size);
	return rc;
}

static pki_code
verify_row(const pki_audit_row *row, void *arg, pki_err *err)
{
	struct verify *v = arg;
	pki_digest leaf;
	pki_code rc;

	if (row->seq != v->tree.size)
		return pki_fail(err, PKI_DAMAGED, "audit row %lld is missing",
		    (long long)v->tree.size);
	rc = pki_audit_leaf(pki_bytes_text(row->line), &leaf, err);
	if (rc == PKI_OK && !pki_digest_equal(&leaf, &row->leaf))
		rc = pki_fail(err, PKI_DAMAGED, "audit row %lld does not match "
		    "its hash", (long long)row->seq);
	if (rc == PKI_OK)
		rc = pki_audit_tree_add(&v->tree, &leaf, err);
	if (rc == PKI_OK)
		rc = read_line(v, row, err);
	if (rc == PKI_OK)
		rc = compare_known(v, err);
	step(v);
	return rc;
}

static pki_code
count_cert(const pki_cert_row *row, void *arg, pki_err *err)
{
	char serial[PKI_SERIAL_TEXT];
	struct verify *v = arg;
	pki_code rc;

	pki_serial_format(&row->serial, serial);
	rc = count_event(v, v->rows[ISSUED], row->ca, serial, row->issued_at,
	    err);
	if (rc == PKI_OK && row->status == PKI_CERT_REVOKED)
		rc = count_event(v, v->rows[REVOKED], row->ca, serial,
		    row->revoked_at, err);
	step(v);
	return rc;
}

static pki_code
compare_tallies(const struct verify *v, int age, pki_err *err)
{
	static const char *const kinds[KINDS] = {
		[ISSUED] = "certificates", [REVOKED] = "revocations",
	};
	int kind;

	for (kind = 0; kind < KINDS; kind++) {
		const struct tally *log = &v->log[kind][age];
		const struct tally *rows = &v->rows[kind][age];

		if (memcmp(log, rows, sizeof(*log)) != 0)
			return pki_fail(err, PKI_DAMAGED, "the audit log has "
			    "%lld %s, the store %lld: they are not the same",
			    (long long)log->count, kinds[kind],
			    (long long)rows->count);
	}
	return PKI_OK;
}

/* The tree that the store keeps must be the one just grown. */
static pki_code
compare_tree(const struct verify *v, const pki_audit_tree *stored,
    pki_err *err)
{
	pki_digest root, stored_root;
	pki_code rc;

	if (v->known != NULL && v->known->size > v->tree.size)
		return pki_fail(err, PKI_DAMAGED, "the audit log has %lld "
		    "rows, the known head %lld: it was cut",
		    (long long)v->tree.size, (long long)v->known->size);
	rc = pki_audit_tree_root(&v->tree, &root, err);
	if (rc == PKI_OK)
		rc = pki_audit_tree_root(stored, &stored_root, err);
	if (rc == PKI_OK && (v->tree.size != stored->size ||
	    !pki_digest_equal(&root, &stored_root)))
		rc = pki_fail(err, PKI_DAMAGED, "the audit log has %lld rows, "
		    "its stored tree is another one of %lld",
		    (long long)v->tree.size, (long long)stored->size);
	return rc;
}

/* Rows never change: read them up to a tree that the store had meanwhile. */
static pki_code
verify_log(pki_ca *ca, struct verify *v, pki_err *err)
{
	pki_audit_tree stored;
	int64_t before;
	pki_code rc;

	do {
		before = v->tree.size;
		rc = pki_store_get_audit_tree(ca->store, &stored, err);
		v->total = stored.size;
		if (rc == PKI_OK && v->tree.size == 0)
			rc = compare_known(v, err);
		if (rc == PKI_OK)
			rc = pki_store_each_audit(ca->store, v->tree.size,
			    verify_row, v, err);
		if (rc == PKI_OK)
			rc = pki_store_get_audit_tree(ca->store, &stored, err);
	} while (rc == PKI_OK && v->tree.size > before &&
	    stored.size > v->tree.size);
	return rc == PKI_OK ? compare_tree(v, &stored, err) : rc;
}

static pki_code
verify_rows(pki_ca *ca, struct verify *v, pki_err *err)
{
	pki_audit_tree after;
	pki_code rc;

	rc = pki_store_each_cert(ca->store, &(pki_cert_filter){ 0 }, count_cert,
	    v, err);
	if (rc == PKI_OK)
		rc = pki_store_get_audit_tree(ca->store, &after, err);
	if (rc == PKI_OK)
		rc = compare_tallies(v, after.size == v->tree.size ? ALL : OLD,
		    err);
	return rc;
}

pki_code
pki_audit_verify(pki_ca *ca, const pki_audit_head *known, pki_audit_head *out,
    pki_progress *progress, void *arg, pki_err *err)
{
	struct verify v = {
		.known = known, .progress = progress, .arg = arg,
		.settled = pki_clock_now(ca->clock) - SETTLED,
	};
	pki_code rc = verify_log(ca, &v, err);

	if (rc == PKI_OK)
		rc = verify_rows(ca, &v, err);
	if (rc != PKI_OK)
		return rc;
	out->size = v.tree.size;
	return pki_audit_tree_root(&v.tree, &out->root, err);
}

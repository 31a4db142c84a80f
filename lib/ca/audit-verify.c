#include "ca/audit.h"

#include <jansson.h>
#include <string.h>

#include "ca/record.h"
#include "x509/digest.h"

/*
 * A set of (CA, serial, text) triples, summed up: the sums of two sets agree
 * when the sets do, and no list of ten million serials has to be kept.
 * (Tampering is the tree's business; this finds what was left out.)
 */
struct tally {
	uint64_t lanes[4];
	int64_t  count;
};

/* What a line says, and what a certificate's row says. */
struct event {
	const char *ca, *serial, *name;
	int64_t     at;
};

/* Put in (by 1) or take out (by -1). */
static pki_code
tally_add(struct tally *tally, const struct event *event, const char *text,
    int by, pki_err *err)
{
	/* Neither a CA's name nor a serial holds a colon. */
	const pki_bytes pieces[] = {
		pki_bytes_text(event->ca), PKI_BYTES_TEXT(":"),
		pki_bytes_text(event->serial), PKI_BYTES_TEXT(":"),
		pki_bytes_text(text),
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
		tally->lanes[i] += by < 0 ? 0 - lanes[i] : lanes[i];
	tally->count += by;
	return PKI_OK;
}

/*
 * Others write while we read.  When nothing was written meanwhile, everything
 * must agree; otherwise what is older than SETTLED must (a clock that is
 * believed never goes back further, see floor.h).
 */
enum {
	ISSUED, REVOKED, HELD, REASONS,
	TOKENS, TOKENS_USED, TOKENS_ENDED, RETIRED,
	APPROVED, DENIED, KINDS
};
enum { ALL, OLD, AGES };
/* Of these a row does not say when it changed: ALL only. */
#define FIRST_UNDATED HELD
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
count_event(const struct verify *v, struct tally ages[AGES],
    const struct event *event, pki_err *err)
{
	pki_code rc = tally_add(&ages[ALL], event, event->name, 1, err);

	if (rc == PKI_OK && event->at < v->settled)
		rc = tally_add(&ages[OLD], event, event->name, 1, err);
	return rc;
}

static void
step(struct verify *v)
{
	if (++v->done % 1000 == 0 && v->progress != NULL)
		v->progress(v->done, v->total, v->arg);
}

/* An action that changes certificates, and what then must be on record. */
static const struct change {
	const char *action;
	int         kind;               /* KINDS: neither issued nor revoked */
	int         held;               /* 1: on hold from now on; -1: over */
} changes[] = {
	{ PKI_AUDIT_ISSUE, ISSUED, 0 },
	{ PKI_AUDIT_REVOKE, REVOKED, 0 },
	{ PKI_AUDIT_REASON, KINDS, 0 },
	{ PKI_AUDIT_HOLD, KINDS, 1 },
	{ PKI_AUDIT_RELEASE, KINDS, -1 },
};

/* An action of the registry, and what it leaves on record. */
static const struct registry {
	const char *action;
	int         kind;
} registry[] = {
	{ PKI_AUDIT_TOKEN_CREATE, TOKENS },
	{ PKI_AUDIT_ISSUE, TOKENS_USED },       /* by one, or by none */
	{ PKI_AUDIT_TOKEN_REVOKE, TOKENS_ENDED },
	{ PKI_AUDIT_DEVICE_RETIRE, RETIRED },
};

/* What an operator said of a request, and how its row then is called. */
static const struct decision {
	const char *action, *state;
	int         kind;
} decisions[] = {
	{ PKI_AUDIT_APPROVE, "approved", APPROVED },
	{ PKI_AUDIT_DENY, "denied", DENIED },
};

/* A token by its id, or (id NULL) a device. */
static pki_code
count_registry(struct tally *tally, const char *id, const char *name,
    pki_err *err)
{
	const struct event event = {
		.ca = id == NULL ? "device" : "token",
		.serial = id == NULL ? "" : id,
	};

	return tally_add(tally, &event, name, 1, err);
}

static pki_code
read_registry(struct verify *v, const char *action, const char *token,
    const char *name, bool *good, pki_err *err)
{
	pki_code rc = PKI_OK;
	size_t i;

	for (i = 0; rc == PKI_OK && i < PKI_COUNT(registry); i++) {
		if (strcmp(registry[i].action, action) != 0 ||
		    (registry[i].kind == TOKENS_USED && token == NULL))
			continue;
		*good = name != NULL &&
		    (token != NULL || registry[i].kind == RETIRED);
		if (*good)
			rc = count_registry(&v->log[registry[i].kind][ALL],
			    registry[i].kind == RETIRED ? NULL : token, name,
			    err);
	}
	return rc;
}

static pki_code
count_request(struct tally *tally, const char *id, const char *device, int by,
    pki_err *err)
{
	const struct event event = { .ca = "request", .serial = id };

	return tally_add(tally, &event, device, by, err);
}

/* A decision, in the place of the one before. */
static pki_code
read_decision(struct verify *v, const char *action, const char *id,
    const char *device, const char *was, bool *good, pki_err *err)
{
	pki_code rc = PKI_OK;
	size_t i, before;

	for (i = 0; i < PKI_COUNT(decisions); i++)
		if (strcmp(decisions[i].action, action) == 0)
			break;
	if (i == PKI_COUNT(decisions))
		return PKI_OK;
	*good = id != NULL && device != NULL && was != NULL;
	if (!*good)
		return PKI_OK;
	rc = count_request(&v->log[decisions[i].kind][ALL], id, device, 1,
	    err);
	for (before = 0; before < PKI_COUNT(decisions); before++)
		if (rc == PKI_OK && strcmp(decisions[before].state, was) == 0)
			rc = count_request(&v->log[decisions[before].kind][
			    ALL], id, device, -1, err);
	return rc;
}

static const struct change *
find_change(const char *action)
{
	size_t i;

	for (i = 0; i < PKI_COUNT(changes); i++)
		if (strcmp(changes[i].action, action) == 0)
			return &changes[i];
	return NULL;
}

/* The reason that a revocation gives, in the place of the one before. */
static pki_code
count_reason(struct verify *v, const struct event *event, const char *reason,
    const char *was, pki_err *err)
{
	const char *hold = pki_reason_name(PKI_REASON_CERTIFICATE_HOLD);
	pki_code rc = tally_add(&v->log[REASONS][ALL], event, reason, 1, err);

	if (rc != PKI_OK || was == NULL)
		return rc;
	if (strcmp(was, hold) == 0)
		return tally_add(&v->log[HELD][ALL], event, event->name, -1,
		    err);
	return tally_add(&v->log[REASONS][ALL], event, was, -1, err);
}

static pki_code
count_change(struct verify *v, const struct change *change,
    const struct event *event, const char *reason, const char *was,
    pki_err *err)
{
	pki_code rc = PKI_OK;

	if (change->kind != KINDS)
		rc = count_event(v, v->log[change->kind], event, err);
	if (rc == PKI_OK && change->held != 0)
		rc = tally_add(&v->log[HELD][ALL], event, event->name,
		    change->held, err);
	if (rc == PKI_OK && reason != NULL)
		rc = count_reason(v, event, reason, was, err);
	return rc;
}

/* The line must say what its row says, and feeds the tallies. */
static pki_code
read_line(struct verify *v, const pki_audit_row *row, pki_err *err)
{
	const char *action = NULL, *time = NULL, *reason = NULL, *was = NULL;
	const char *token = NULL, *request = NULL;
	struct event event = { .at = row->at };
	const struct change *change = NULL;
	char when[PKI_TIME_TEXT];
	json_int_t seq = -1;
	json_t *line = json_loads(row->line, JSON_REJECT_DUPLICATES, NULL);
	bool good = line != NULL && json_unpack(line,
	    "{s:s, s:I, s:s, s?s, s?s, s?s, s?s, s?s, s?s, s?s}", "action",
	    &action, "seq", &seq, "time", &time, "ca", &event.ca,
	    "serial", &event.serial, "name", &event.name, "reason",
	    &reason, "was", &was, "token", &token, "request",
	    &request) == 0 && seq == row->seq && strcmp(time,
	    pki_time_format(row->at, when)) == 0;
	pki_code rc = PKI_OK;

	if (good)
		change = find_change(action);
	if (good)
		rc = read_registry(v, action, token, event.name, &good, err);
	if (good && rc == PKI_OK)
		rc = read_decision(v, action, request, event.name, was, &good,
		    err);
	if (rc == PKI_OK && (!good || (change != NULL && (event.ca == NULL ||
	    event.serial == NULL || event.name == NULL))))
		rc = pki_fail(err, PKI_DAMAGED, "audit row %lld: the line is "
		    "not that of its row", (long long)row->seq);
	else if (rc == PKI_OK && change != NULL)
		rc = count_change(v, change, &event, reason, was, err);
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
	struct event event = {
		.ca = row->ca, .name = row->identity, .at = row->issued_at,
		.serial = pki_serial_format(&row->serial, serial),
	};
	struct verify *v = arg;
	pki_code rc = count_event(v, v->rows[ISSUED], &event, err);

	event.at = row->revoked_at;
	if (rc == PKI_OK && row->status == PKI_CERT_HELD)
		rc = tally_add(&v->rows[HELD][ALL], &event, event.name, 1,
		    err);
	if (rc == PKI_OK && row->status == PKI_CERT_REVOKED)
		rc = count_event(v, v->rows[REVOKED], &event, err);
	if (rc == PKI_OK && row->status == PKI_CERT_REVOKED)
		rc = tally_add(&v->rows[REASONS][ALL], &event,
		    pki_reason_name((pki_reason)row->reason), 1, err);
	step(v);
	return rc;
}

static pki_code
count_token(const pki_token_row *row, void *arg, pki_err *err)
{
	struct verify *v = arg;
	pki_code rc = count_registry(&v->rows[TOKENS][ALL], row->name,
	    row->identity, err);

	if (rc == PKI_OK && row->use.used_at != 0)
		rc = count_registry(&v->rows[TOKENS_USED][ALL], row->name,
		    row->identity, err);
	if (rc == PKI_OK && row->revoked_at != 0)
		rc = count_registry(&v->rows[TOKENS_ENDED][ALL], row->name,
		    row->identity, err);
	return rc;
}

static pki_code
count_approval(const pki_approval_row *row, void *arg, pki_err *err)
{
	struct verify *v = arg;
	int kind = row->state == PKI_APPROVAL_DENIED ? DENIED : APPROVED;

	return row->state == PKI_APPROVAL_WAITING ? PKI_OK :
	    count_request(&v->rows[kind][ALL], row->name, row->identity, 1,
	    err);
}

static pki_code
count_device(const pki_identity_row *row, void *arg, pki_err *err)
{
	struct verify *v = arg;

	return row->state != PKI_IDENTITY_RETIRED ? PKI_OK :
	    count_registry(&v->rows[RETIRED][ALL], NULL, row->name, err);
}

static pki_code
compare_tallies(const struct verify *v, int age, pki_err *err)
{
	static const char *const kinds[KINDS] = {
		[ISSUED] = "certificates", [REVOKED] = "revocations",
		[HELD] = "certificates on hold",
		[REASONS] = "reasons of revocations", [TOKENS] = "tokens",
		[TOKENS_USED] = "used tokens",
		[TOKENS_ENDED] = "revoked tokens",
		[RETIRED] = "retired devices",
		[APPROVED] = "approved requests", [DENIED] = "denied requests",
	};
	int kind;

	for (kind = 0; kind < (age == ALL ? KINDS : FIRST_UNDATED); kind++) {
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
		rc = pki_store_each_token(ca->store, NULL, 0, count_token, v,
		    err);
	if (rc == PKI_OK)
		rc = pki_store_each_approval(ca->store, NULL, 0,
		    count_approval, v, err);
	if (rc == PKI_OK)
		rc = pki_store_each_identity(ca->store, 0, count_device, v,
		    err);
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

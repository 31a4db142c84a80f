#include <stdlib.h>
#include <string.h>

#include "common/term.h"
#include "pki-ctl/cert-choice.h"
#include "pki-ctl/cmd.h"
#include "pki-ctl/publish.h"

static const struct cli_option options[] = {
	{ .name = "reason", .arg = "REASON",
	  .help = "by RFC 5280's names (unspecified)" },
	{ .name = "invalid-since", .arg = "TIME",
	  .help = "not to be trusted since (2026-01-31T12:00:00Z)" },
	{ .name = "all", .help = "everything in force that an ID fits" },
	{ .name = "yes", .help = "do not ask the person at the terminal" },
	{ .name = "dry-run", .help = "check everything, revoke nothing" },
	{ .name = NULL },
};

/* What is asked for, and how far it got. */
struct work {
	struct session     *s;
	pki_revocation      how;        /* without CA and serial */
	found_certs        *certs;
	size_t              going;      /* in force, that would go with them */
	size_t              done;       /* of those, revoked */
	size_t              others;     /* revoked with them */
	struct publish_list touched;    /* CAs whose CRL changes */
	int64_t             numbers[PUBLISH_CAS_MAX];   /* 0: not published */
};

static pki_code
read_work(struct session *s, struct work *out)
{
	const char *reason = cli_value(s->cli, "reason");
	pki_reason code;

	out->s = s;
	out->how.who = s->who;
	if (reason != NULL) {
		/* Those that the CRL knows, but no revocation takes, too. */
		if (pki_reason_parse(reason, &code, NULL) != PKI_OK)
			return pki_refuse(s->err, PKI_USAGE, "reason",
			    "unspecified, keyCompromise, cACompromise (of a "
			    "CA), affiliationChanged, superseded, "
			    "cessationOfOperation, privilegeWithdrawn", "%s",
			    reason);
		out->how.reason = code;
	}
	return cli_time(s->cli, "invalid-since", &out->how.invalid_since,
	    s->err);
}

/* Find every ID's certificates; files are read before the CA is opened. */
static pki_code
find_certs(struct session *s, struct work *work)
{
	size_t i, count = s->cli->arg_count;
	char (*ids)[CERTS_ID_MAX] = calloc(count, sizeof(*ids));
	enum choice_extent extent = cli_has(s->cli, "all") ? CHOICE_ALL :
	    CHOICE_ONE;
	pki_code rc = ids == NULL ? pki_fail_memory(s->err) : PKI_OK;

	for (i = 0; i < count && rc == PKI_OK; i++)
		rc = certs_resolve_id(s, s->cli->args[i], ids[i]);
	if (rc == PKI_OK)
		rc = session_open(s);
	for (i = 0; i < count && rc == PKI_OK; i++)
		rc = choose_certs(s, ids[i], extent, work->certs);
	free(ids);
	return rc;
}

static pki_revocation
revocation_of(const struct work *work, size_t i)
{
	pki_revocation revocation = work->how;

	revocation.ca = work->certs->items[i]->ca;
	revocation.serial = work->certs->items[i]->row.serial;
	return revocation;
}

/* A CA's own CRL fills when its certificate is revoked. */
struct own_crl {
	struct work *work;
	pki_bytes    der;
};

static pki_code
touch_own(const pki_ca_info *info, void *arg, pki_err *err)
{
	const struct own_crl *own = arg;

	if (!info->has_key ||
	    !pki_bytes_equal(pki_cert_der(info->cert), own->der))
		return PKI_OK;
	return publish_add(&own->work->touched, info->row->name, err);
}

static pki_code
touch_row(const pki_cert_row *row, void *arg, pki_err *err)
{
	struct work *work = arg;

	return publish_add(&work->touched, row->ca, err);
}

/* Every CA whose CRL changes by revoking certificate i. */
static pki_code
touch(struct work *work, size_t i)
{
	struct session *s = work->s;
	const struct found_cert *cert = work->certs->items[i];
	struct own_crl own = { work, cert->row.der };
	const pki_cert_filter same_key = {
		.pubkey = &cert->row.pubkey_digest,
	};
	pki_code rc;

	rc = publish_add(&work->touched, cert->ca, s->err);
	if (rc == PKI_OK)
		rc = pki_ca_each(s->ca, touch_own, &own, s->err);
	/* keyCompromise takes every certificate of the key with it. */
	if (rc == PKI_OK && work->how.reason == PKI_REASON_KEY_COMPROMISE)
		rc = pki_ca_each_cert(s->ca, NULL, &same_key, touch_row, work,
		    s->err);
	return rc;
}

static pki_code
check(struct work *work)
{
	pki_code rc = PKI_OK;
	size_t i;

	for (i = 0; i < work->certs->count && rc == PKI_OK; i++) {
		pki_revocation revocation = revocation_of(work, i);
		size_t others = 0;

		rc = pki_ca_revoke_check(work->s->ca, &revocation, &others,
		    work->s->err);
		work->going += others;
	}
	return rc;
}

/* ", and the 3 in force that go with it": of key or CA; may be empty. */
static void
describe_going(const struct work *work, char *out, size_t room)
{
	out[0] = '\0';
	if (work->going != 0)
		snprintf(out, room, ", and the %zu in force that go with %s",
		    work->going, work->certs->count == 1 ? "it" : "them");
}

static pki_code
confirm(struct work *work)
{
	struct session *s = work->s;
	const found_certs *certs = work->certs;
	char question[256], going[64];
	bool yes;
	pki_code rc;

	if (cli_has(s->cli, "yes") || !term_has_person())
		return PKI_OK;
	if (!term_can_ask())
		return pki_refuse(s->err, PKI_DENIED, "confirmation",
		    "--yes, or a question on standard error",
		    "standard error is not the terminal");
	describe_going(work, going, sizeof(going));
	snprintf(question, sizeof(question), "Revoke %zu certificate%s "
	    "(%s%s)%s for ever, reason %s?", certs->count,
	    certs->count == 1 ? "" : "s", certs->items[0]->identity,
	    certs->count == 1 ? "" : ", ...", going,
	    pki_reason_name(work->how.reason));
	rc = term_confirm(question, &yes, s->err);
	if (rc == PKI_OK && !yes)
		rc = pki_refuse(s->err, PKI_DENIED, "confirmation",
		    "y, or --yes", "no");
	return rc;
}

static pki_code
revoke(struct work *work)
{
	struct session *s = work->s;

	for (; work->done < work->certs->count; work->done++) {
		pki_revocation revocation = revocation_of(work, work->done);
		size_t count = 0;
		pki_code rc;

		rc = pki_ca_revoke(s->ca, &revocation, &count, s->err);
		/* All were checked; an earlier one of ours took it along. */
		if (rc == PKI_DENIED && work->done > 0 &&
		    strcmp(s->err->rule, "already-revoked") == 0)
			rc = PKI_OK;
		if (rc == PKI_OK)
			rc = touch(work, work->done);
		if (rc != PKI_OK)
			return pki_wrap(s->err, rc, "%s",
			    work->certs->items[work->done]->identity);
		if (count > 1)
			work->others += count - 1;
	}
	return PKI_OK;
}

/* One CA's failure keeps no other CA's CRL back. */
static pki_code
publish(struct work *work)
{
	struct session *s = work->s;
	pki_err *err = s->err;
	pki_err reason;
	pki_code first = PKI_OK;
	size_t i;

	s->err = &reason;
	for (i = 0; i < work->touched.count; i++) {
		const char *name = work->touched.names[i];
		pki_code rc;

		rc = publish_ca(s, name, publish_note_number,
		    &work->numbers[i]);
		if (rc == PKI_OK)
			rc = publish_check(s, name, work->certs, work->done);
		if (rc == PKI_OK || first != PKI_OK)
			continue;
		first = pki_wrap(&reason, rc, "the revocation is recorded, but "
		    "the CRL of '%s' is not published; run 'pki-ctl crl "
		    "publish %s'", name, name);
		*err = reason;
	}
	s->err = err;
	return first;
}

static int64_t
crl_number(const struct work *work, const char *ca)
{
	size_t i;

	for (i = 0; i < work->touched.count; i++)
		if (strcmp(work->touched.names[i], ca) == 0)
			return work->numbers[i];
	return 0;
}

static pki_code
print_one(print_doc *doc, const struct work *work, size_t i, pki_err *err)
{
	const struct found_cert *cert = work->certs->items[i];
	int64_t number = crl_number(work, cert->ca);
	char serial[PKI_SERIAL_TEXT];
	const struct print_value values[] = {
		{ .text = cert->identity },
		{ .text = pki_serial_format(&cert->row.serial, serial) },
		{ .text = cert->ca },
		{ .text = pki_reason_name(work->how.reason) },
		{ .number = number, .none = number == 0 },
	};

	return print_row(doc, values, err);
}

static pki_code
print_work(struct work *work)
{
	static const struct print_column columns[] = {
		{ .key = "name" },
		{ .key = "serial" },
		{ .key = "ca", .spare = 2 },
		{ .key = "reason", .spare = 1 },
		{ .key = "crl-number", .kind = PRINT_NUMBER, .spare = 3 },
	};
	struct session *s = work->s;
	PKI_AUTO(print_doc) doc = NULL;
	pki_code rc;
	size_t i;

	rc = print_open_rows(s->cli->format, columns, PKI_COUNT(columns), &doc,
	    s->err);
	for (i = 0; i < work->done && rc == PKI_OK; i++)
		rc = print_one(doc, work, i, s->err);
	return rc == PKI_OK ? print_close(doc, s->err) : rc;
}

/* Revoke, publish whatever was revoked, report; the first failure counts. */
static pki_code
carry_out(struct work *work)
{
	struct session *s = work->s;
	pki_err *err = s->err;
	pki_err later = { .code = PKI_OK };
	pki_code rc, next;

	rc = revoke(work);
	if (rc != PKI_OK && work->touched.count == 0)
		return rc;
	s->err = rc == PKI_OK ? err : &later;
	next = publish(work);
	if (rc == PKI_OK)
		rc = next;
	s->err = rc == PKI_OK ? err : &later;
	next = print_work(work);
	if (rc == PKI_OK)
		rc = next;
	s->err = err;
	if (work->others != 0)
		cli_say(s->cli, "%zu more went with them: of the same key, or "
		    "of the same CA.", work->others);
	return rc;
}

/*
 * Revoked already?  Then an earlier run may have been cut off before it
 * published: what the CRL lacks goes out now, and the refusal stays one.
 */
static pki_code
finish_cut_off(struct session *s, pki_code rc)
{
	pki_err *err = s->err;
	pki_err later = { .code = PKI_OK };
	int64_t number = 0;

	if (strcmp(err->rule, "already-revoked") != 0)
		return rc;
	s->err = &later;
	rc = publish_missing(s, publish_note_number, &number);
	s->err = err;
	/* A script that reads JSON wants the refusal and nothing beside it. */
	if (s->cli->format == PRINT_JSON)
		return err->code;
	if (rc != PKI_OK)
		cli_say(s->cli, "The CRL lacks revocations and could not be "
		    "published: %s", later.msg);
	else if (number != 0)
		cli_say(s->cli, "The CRL lacked revocations; it is published "
		    "now.");
	return err->code;
}

static pki_code
revoke_certs(struct session *s)
{
	PKI_AUTO(found_certs) certs = found_certs_new();
	struct work work = { .certs = certs };
	char going[64];
	pki_code rc;

	if (certs == NULL)
		return pki_fail_memory(s->err);
	rc = read_work(s, &work);
	if (rc == PKI_OK)
		rc = find_certs(s, &work);
	if (rc == PKI_OK)
		rc = check(&work);
	if (rc == PKI_DENIED && !cli_has(s->cli, "dry-run"))
		return finish_cut_off(s, rc);
	if (rc == PKI_OK && cli_has(s->cli, "dry-run")) {
		work.done = certs->count;
		describe_going(&work, going, sizeof(going));
		cli_say(s->cli, "Nothing was revoked; this would be%s:", going);
		return print_work(&work);
	}
	if (rc == PKI_OK)
		rc = confirm(&work);
	return rc == PKI_OK ? carry_out(&work) : rc;
}

const struct cli_command cmd_cert_revoke = {
	.noun = "cert",
	.verb = "revoke",
	.args = "ID...",
	.summary = "revoke certificates and publish the CRL",
	.description =
"ID is a name, a serial or its last 8 or more hex digits, a SHA-256 of the\n"
"certificate, or a certificate file; 'name:', 'serial:', 'sha256:' and\n"
"'file:' in front say which.  An ID that fits several certificates in force\n"
"lists them and changes nothing, unless --all is given.\n"
"\n"
"A revocation is final.  keyCompromise blocks the key for ever.  The CRL of\n"
"each CA concerned is published before the command returns.  Reasons:\n"
"unspecified, keyCompromise, cACompromise (a CA), affiliationChanged,\n"
"superseded, cessationOfOperation, privilegeWithdrawn.",
	.options = options,
	.min_args = 1,
	.max_args = -1,
	.run = revoke_certs,
};

#include "pki-ctl/device-change.h"

#include "pki-ctl/certs.h"
#include "pki-ctl/devices.h"
#include "pki-ctl/publish.h"

const struct cli_option device_change_options[] = {
	{ .name = "dry-run", .help = "check everything, change nothing" },
	{ .name = NULL },
};

static const char *const done_words[] = {
	[PKI_DEVICE_HOLD] = "held", [PKI_DEVICE_RELEASE] = "released",
	[PKI_DEVICE_RETIRE] = "retired", [PKI_DEVICE_REPLACE] = "replaced",
};

struct work {
	struct session     *s;
	pki_device_change   what;
	found_certs        *certs;      /* that change, or would */
	struct publish_list touched;
	int64_t             numbers[PUBLISH_CAS_MAX];
};

/* Will this one change with its device? */
static bool
is_meant(const struct work *work, const pki_cert_row *row, int64_t device_id)
{
	return row->identity_id == device_id &&
	    (work->what == PKI_DEVICE_HOLD ? row->status == PKI_CERT_GOOD :
	    work->what == PKI_DEVICE_RELEASE ? row->status == PKI_CERT_HELD :
	    row->status != PKI_CERT_REVOKED);
}

static pki_code
find_certs(struct work *work, const char *name)
{
	PKI_AUTO(found_certs) found = found_certs_new();
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	struct session *s = work->s;
	char id[CERTS_ID_MAX];
	pki_identity_row row;
	pki_code rc;
	size_t i;

	if (found == NULL)
		return pki_fail_memory(s->err);
	rc = pki_text_format(id, sizeof(id), s->err, "name:%s", name);
	if (rc == PKI_OK)
		rc = pki_ca_get_device(s->ca, name, &row, hold, s->err);
	if (rc == PKI_OK)
		rc = certs_find(s, id, found);
	if (rc == PKI_NOT_FOUND)
		return PKI_OK;
	for (i = 0; rc == PKI_OK && i < found->count; i++) {
		if (!is_meant(work, &found->items[i]->row, row.id))
			continue;
		rc = publish_add(&work->touched, found->items[i]->ca, s->err);
		if (rc == PKI_OK)
			rc = certs_move(found, i, work->certs, s->err);
	}
	return rc;
}

static pki_code
check_all(struct work *work)
{
	struct session *s = work->s;
	pki_code rc = PKI_OK;
	size_t i;

	for (i = 0; rc == PKI_OK && i < s->cli->arg_count; i++)
		rc = pki_ca_change_device_check(s->ca, s->cli->args[i],
		    work->what, s->err);
	for (i = 0; rc == PKI_OK && i < s->cli->arg_count; i++)
		rc = find_certs(work, s->cli->args[i]);
	return rc;
}

static pki_code
print_changes(struct work *work, const size_t *certs)
{
	static const struct print_column columns[] = {
		{ .key = "name" },
		{ .key = "change" },
		{ .key = "certificates", .kind = PRINT_NUMBER },
	};
	PKI_AUTO(print_doc) doc = NULL;
	struct session *s = work->s;
	pki_code rc;
	size_t i;

	rc = print_open_rows(s->cli->format, columns, PKI_COUNT(columns), &doc,
	    s->err);
	for (i = 0; rc == PKI_OK && i < s->cli->arg_count; i++) {
		const struct print_value values[] = {
			{ .text = s->cli->args[i] },
			{ .text = done_words[work->what] },
			{ .number = (int64_t)certs[i] },
		};

		rc = print_row(doc, values, s->err);
	}
	return rc == PKI_OK ? print_close(doc, s->err) : rc;
}

/* The certificates of each name, as they were found. */
static void
count_certs(const struct work *work, size_t *out)
{
	const struct cli *cli = work->s->cli;
	size_t i, k;

	for (i = 0; i < cli->arg_count; i++)
		for (k = 0; k < work->certs->count; k++)
			out[i] += pki_text_equal_nocase(cli->args[i],
			    work->certs->items[k]->identity);
}

/* Also what was changed before a later one failed. */
static pki_code
publish_changes(struct work *work, pki_code rc)
{
	struct session *s = work->s;
	bool listed = rc == PKI_OK && work->what != PKI_DEVICE_RELEASE;
	pki_err first = *s->err;
	pki_code later = publish_all(s, &work->touched, work->certs,
	    listed ? work->certs->count : 0, work->numbers);

	if (rc == PKI_OK)
		return later;
	*s->err = first;
	return rc;
}

static pki_code
run(struct work *work, size_t *certs)
{
	struct session *s = work->s;
	pki_code rc = check_all(work);
	size_t i;

	if (rc != PKI_OK)
		return rc;
	if (cli_has(s->cli, "dry-run")) {
		cli_say(s->cli, "Nothing was changed; this would be:");
		count_certs(work, certs);
		return print_changes(work, certs);
	}
	for (i = 0; rc == PKI_OK && i < s->cli->arg_count; i++)
		rc = pki_ca_change_device(s->ca, s->cli->args[i], work->what,
		    &s->who, &certs[i], s->err);
	rc = publish_changes(work, rc);
	return rc == PKI_OK ? print_changes(work, certs) : rc;
}

pki_code
device_change(struct session *s, pki_device_change what)
{
	PKI_AUTO(found_certs) found = found_certs_new();
	struct work work = { .s = s, .what = what, .certs = found };
	size_t certs[64] = { 0 };

	if (found == NULL)
		return pki_fail_memory(s->err);
	if (s->cli->arg_count > PKI_COUNT(certs))
		return pki_fail(s->err, PKI_USAGE, "%zu names, expected 1 to "
		    "%zu", s->cli->arg_count, PKI_COUNT(certs));
	return run(&work, certs);
}

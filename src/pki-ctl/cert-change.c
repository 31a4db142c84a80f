#include "pki-ctl/cert-change.h"

#include <stdlib.h>
#include <string.h>

#include "pki-ctl/cert-choice.h"
#include "pki-ctl/publish.h"

const struct cli_option cert_change_options[] = {
	{ .name = "dry-run", .help = "check everything, change nothing" },
	{ .name = NULL },
};

/* Find every ID's certificate; files are read before the CA is opened. */
static pki_code
find_certs(struct session *s, found_certs *out)
{
	size_t i, count = s->cli->arg_count;
	char (*ids)[CERTS_ID_MAX] = calloc(count, sizeof(*ids));
	pki_code rc = ids == NULL ? pki_fail_memory(s->err) : PKI_OK;

	for (i = 0; i < count && rc == PKI_OK; i++)
		rc = certs_resolve_id(s, s->cli->args[i], ids[i]);
	if (rc == PKI_OK)
		rc = session_open(s);
	for (i = 0; i < count && rc == PKI_OK; i++)
		rc = choose_certs(s, ids[i], CHOICE_ONE, out);
	free(ids);
	return rc;
}

static pki_hold
hold_of(const struct session *s, const struct found_cert *cert)
{
	return (pki_hold){
		.ca = cert->ca, .serial = cert->row.serial, .who = s->who,
	};
}

static pki_code
check_all(struct session *s, const struct cert_change *change,
    const found_certs *certs)
{
	pki_code rc = PKI_OK;
	size_t i;

	for (i = 0; i < certs->count && rc == PKI_OK; i++) {
		pki_hold hold = hold_of(s, certs->items[i]);

		rc = change->check(s->ca, &hold, s->err);
	}
	return rc;
}

/* Whatever was changed is published, also when a later one failed. */
static pki_code
apply_all(struct session *s, const struct cert_change *change,
    const found_certs *certs, struct publish_list *touched, size_t *done)
{
	pki_code rc = PKI_OK;
	size_t i;

	for (i = 0; i < certs->count && rc == PKI_OK; i++) {
		pki_hold hold = hold_of(s, certs->items[i]);

		rc = change->apply(s->ca, &hold, s->err);
		if (rc == PKI_OK)
			rc = publish_add(touched, hold.ca, s->err);
		*done += rc == PKI_OK;
	}
	return rc;
}

static int64_t
number_of(const struct publish_list *touched, const int64_t *numbers,
    const char *ca)
{
	size_t i;

	for (i = 0; i < touched->count; i++)
		if (strcmp(touched->names[i], ca) == 0)
			return numbers[i];
	return 0;
}

static pki_code
print_one(print_doc *doc, const struct found_cert *cert, const char *state,
    int64_t number, pki_err *err)
{
	char serial[PKI_SERIAL_TEXT];
	const struct print_value values[] = {
		{ .text = cert->identity },
		{ .text = pki_serial_format(&cert->row.serial, serial) },
		{ .text = cert->ca },
		{ .text = state },
		{ .number = number, .none = number == 0 },
	};

	return print_row(doc, values, err);
}

static pki_code
print_all(struct session *s, const struct cert_change *change,
    const found_certs *certs, const struct publish_list *touched,
    const int64_t *numbers)
{
	static const struct print_column columns[] = {
		{ .key = "name" },
		{ .key = "serial" },
		{ .key = "ca", .spare = 1 },
		{ .key = "change" },
		{ .key = "crl-number", .kind = PRINT_NUMBER },
	};
	PKI_AUTO(print_doc) doc = NULL;
	pki_code rc;
	size_t i;

	rc = print_open_rows(s->cli->format, columns, PKI_COUNT(columns), &doc,
	    s->err);
	for (i = 0; i < certs->count && rc == PKI_OK; i++)
		rc = print_one(doc, certs->items[i], change->done,
		    number_of(touched, numbers, certs->items[i]->ca), s->err);
	return rc == PKI_OK ? print_close(doc, s->err) : rc;
}

pki_code
cert_change(struct session *s, const struct cert_change *change)
{
	PKI_AUTO(found_certs) certs = found_certs_new();
	struct publish_list touched = { .count = 0 };
	int64_t numbers[PUBLISH_CAS_MAX] = { 0 };
	size_t done = 0;
	pki_code rc, later;
	pki_err first;

	if (certs == NULL)
		return pki_fail_memory(s->err);
	rc = find_certs(s, certs);
	if (rc == PKI_OK)
		rc = check_all(s, change, certs);
	if (rc != PKI_OK)
		return rc;
	if (cli_has(s->cli, "dry-run")) {
		cli_say(s->cli, "Nothing was changed; this would be:");
		return print_all(s, change, certs, &touched, numbers);
	}
	rc = apply_all(s, change, certs, &touched, &done);
	first = *s->err;
	later = publish_all(s, &touched, certs, change->is_listed ? done : 0,
	    numbers);
	if (rc != PKI_OK) {
		*s->err = first;
		return rc;
	}
	return later == PKI_OK ?
	    print_all(s, change, certs, &touched, numbers) : later;
}

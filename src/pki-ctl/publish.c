#include "pki-ctl/publish.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct print_column publish_columns[PUBLISH_COLUMNS] = {
	{ .key = "ca", .width = 8 },
	{ .key = "number", .kind = PRINT_NUMBER },
	{ .key = "entries", .kind = PRINT_NUMBER },
	{ .key = "this-update", .kind = PRINT_TIME, .spare = 2 },
	{ .key = "next-update", .kind = PRINT_TIME },
	{ .key = "file" },
	{ .key = "kept", .kind = PRINT_NUMBER, .json_only = true },
};

pki_code
publish_add(struct publish_list *list, const char *name, pki_err *err)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (strcmp(list->names[i], name) == 0)
			return PKI_OK;
	if (list->count == PUBLISH_CAS_MAX)
		return pki_fail(err, PKI_USAGE, "more than %d CAs at once",
		    PUBLISH_CAS_MAX);
	return pki_text_format(list->names[list->count++],
	    sizeof(list->names[0]), err, "%s", name);
}

pki_code
publish_print(const pki_published *published, void *doc, pki_err *err)
{
	const struct print_value values[PUBLISH_COLUMNS] = {
		{ .text = published->ca },
		{ .number = published->number },
		{ .number = published->entries },
		{ .number = published->this_update },
		{ .number = published->next_update },
		{ .text = published->file },
		{ .number = published->kept },
	};

	return print_row(doc, values, err);
}

/* Whom to tell about each CRL, beside the one who asked. */
struct telling {
	struct session            *s;
	const pki_publish_options *options;
};

static pki_code
tell(const pki_published *published, void *arg, pki_err *err)
{
	const struct telling *telling = arg;
	const pki_publish_options *options = telling->options;

	if (published->damaged)
		cli_say(telling->s->cli, "warning: the database is damaged: "
		    "revocations may be missing in the CRL of '%s'; run "
		    "'pki-ctl db check'", published->ca);
	if (published->replaced_unknown)
		cli_say(telling->s->cli, "warning: the published CRL of '%s' "
		    "was not the one on record: the database is an older copy, "
		    "or somebody has replaced %s; run 'pki-ctl audit verify'",
		    published->ca, published->file);
	if (published->kept > 0)
		cli_say(telling->s->cli, "warning: %lld entries of the "
		    "published CRL of '%s' are not what the database says; "
		    "they stay listed until 'pki-ctl crl publish %s "
		    "--accept-lost FILE' drops them",
		    (long long)published->kept, published->ca, published->ca);
	return options->visit == NULL ? PKI_OK :
	    options->visit(published, options->arg, err);
}

static void
tell_missing(void *arg, const pki_crl_entry *entry)
{
	const struct telling *telling = arg;
	char serial[PKI_SERIAL_TEXT], when[PKI_TIME_TEXT];

	/* A script that reads JSON wants the refusal and nothing beside it. */
	if (telling->s->cli->format == PRINT_JSON)
		return;
	cli_say(telling->s->cli, "Missing in the database: %s (%s, %s)",
	    pki_serial_format(&entry->serial, serial),
	    pki_reason_name(entry->reason),
	    pki_time_format(entry->revoked_at, when));
}

pki_code
publish_with(struct session *s, const char *name,
    const pki_publish_options *options)
{
	struct telling telling = { s, options };
	pki_publish_options told = *options;
	bool dry_run = cli_has(s->cli, "dry-run");
	pki_code rc;

	told.who = &s->who;
	told.visit = tell;
	told.arg = &telling;
	told.missing = options->mode == PKI_PUBLISH_STRICT ? tell_missing :
	    NULL;
	do {
		rc = dry_run ? pki_ca_publish_check(s->ca, name, &told, s->err)
		    : pki_ca_publish_with(s->ca, name, &told, s->err);
	} while (session_retry(s, rc));
	return rc;
}

pki_code
publish_ca(struct session *s, const char *name, pki_published_visitor *visit,
    void *arg)
{
	const pki_publish_options options = {
		.mode = PKI_PUBLISH_UNION, .visit = visit, .arg = arg,
	};

	return publish_with(s, name, &options);
}

pki_code
publish_note_number(const pki_published *published, void *number, pki_err *err)
{
	int64_t *greatest = number;

	(void)err;
	if (published->number > *greatest)
		*greatest = published->number;
	return PKI_OK;
}

pki_code
publish_check(struct session *s, const char *name, const found_certs *certs,
    size_t count)
{
	pki_serial *serials = calloc(count == 0 ? 1 : count, sizeof(*serials));
	size_t i, used = 0;
	pki_code rc;

	if (serials == NULL)
		return pki_fail_memory(s->err);
	for (i = 0; i < count; i++)
		if (strcmp(certs->items[i]->ca, name) == 0)
			serials[used++] = certs->items[i]->row.serial;
	rc = pki_ca_check_listed(s->ca, name, serials, used, s->err);
	free(serials);
	return rc;
}

struct missing {
	struct session     *s;
	struct publish_list list;
};

static pki_code
add_missing(const pki_ca_info *info, void *arg, pki_err *err)
{
	struct missing *missing = arg;
	int64_t count = 0;
	pki_code rc;

	if (!info->has_key)
		return PKI_OK;
	rc = pki_ca_unpublished(missing->s->ca, info->row->name, &count, err);
	/* One that is gone or damaged is made anew. */
	if (rc == PKI_NOT_FOUND || rc == PKI_DAMAGED)
		count = 1;
	else if (rc != PKI_OK)
		return rc;
	return count == 0 ? PKI_OK :
	    publish_add(&missing->list, info->row->name, err);
}

pki_code
publish_missing(struct session *s, pki_published_visitor *visit, void *arg)
{
	struct missing missing = { .s = s };
	pki_code rc = pki_ca_each(s->ca, add_missing, &missing, s->err);
	size_t i;

	for (i = 0; i < missing.list.count && rc == PKI_OK; i++)
		rc = publish_ca(s, missing.list.names[i], visit, arg);
	return rc;
}

pki_code
publish_say_head(struct session *s)
{
	char text[PKI_AUDIT_HEAD_TEXT];
	pki_audit_head head;
	pki_code rc;

	rc = pki_audit_get_head(s->ca, &head, s->err);
	if (rc == PKI_OK)
		cli_say(s->cli, "Audit head: %s",
		    pki_audit_head_format(&head, text));
	return rc;
}

pki_code
publish_all(struct session *s, const struct publish_list *touched,
    const found_certs *listed, size_t count, int64_t numbers[PUBLISH_CAS_MAX])
{
	pki_code rc = PKI_OK;
	size_t i;

	for (i = 0; i < touched->count && rc == PKI_OK; i++) {
		const char *name = touched->names[i];

		rc = publish_ca(s, name, publish_note_number, &numbers[i]);
		if (rc == PKI_OK)
			rc = publish_check(s, name, listed, count);
		if (rc != PKI_OK)
			rc = pki_wrap(s->err, rc, "the change is recorded, but "
			    "the CRL of '%s' is not published; run 'pki-ctl "
			    "crl publish %s'", name, name);
	}
	return rc;
}

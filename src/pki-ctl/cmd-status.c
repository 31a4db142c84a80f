#include <stdlib.h>

#include "pki-ctl/cmd.h"

static const struct print_column ca_columns[] = {
	{ .key = "name" },
	{ .key = "key", .spare = 1 },
	{ .key = "expires", .kind = PRINT_TIME },
	{ .key = "good", .kind = PRINT_NUMBER },
	{ .key = "expiring", .kind = PRINT_NUMBER },
	{ .key = "expired", .kind = PRINT_NUMBER, .spare = 2 },
	{ .key = "held", .kind = PRINT_NUMBER },
	{ .key = "revoked", .kind = PRINT_NUMBER },
	{ .key = "crl-number", .kind = PRINT_NUMBER, .spare = 4 },
	{ .key = "crl-entries", .kind = PRINT_NUMBER, .spare = 3 },
	{ .key = "crl-next-update", .kind = PRINT_TIME, .spare = 5 },
	{ .key = "crl-life-left", .kind = PRINT_SPAN },
};

/* What the library reports, kept until all of it is known. */
struct report {
	const struct cli *cli;
	pki_code          rc;
	pki_status_ca    *cas;
	char            (*names)[PKI_CA_NAME_MAX + 1];
	size_t            ca_count;
	pki_text_list     warnings;
};

static void
note_ca(void *arg, const pki_status_ca *line)
{
	struct report *report = arg;
	size_t count = report->ca_count + 1;
	void *cas, *names;

	cas = realloc(report->cas, count * sizeof(*report->cas));
	if (cas != NULL)
		report->cas = cas;
	names = realloc(report->names, count * sizeof(*report->names));
	if (names != NULL)
		report->names = names;
	if (cas == NULL || names == NULL) {
		report->rc = PKI_NO_MEMORY;
		return;
	}
	report->cas[count - 1] = *line;
	snprintf(report->names[count - 1], sizeof(*report->names), "%s",
	    line->name);
	report->ca_count = count;
}

static void
note_warning(void *arg, const char *sentence)
{
	struct report *report = arg;
	pki_text_list *list = &report->warnings;
	PKI_AUTO(pki_buf) text = pki_buf_new();
	char **more;

	more = realloc(list->items, (list->count + 1) * sizeof(*list->items));
	if (more != NULL)
		list->items = more;
	cli_add_hinted(report->cli, text, sentence);
	if (more == NULL || pki_buf_check(text, NULL) != PKI_OK ||
	    (more[list->count] = pki_text_copy(pki_buf_text(text))) == NULL)
		report->rc = PKI_NO_MEMORY;
	else
		list->count++;
}

static pki_code
print_cas(print_doc *doc, const struct report *report, int64_t now,
    pki_err *err)
{
	pki_code rc;
	size_t i;

	rc = print_rows(doc, "cas", PRINT_LINES, ca_columns,
	    PKI_COUNT(ca_columns), err);
	for (i = 0; i < report->ca_count && rc == PKI_OK; i++) {
		const pki_status_ca *ca = &report->cas[i];
		bool none = ca->crl_next_update == 0;
		const struct print_value values[] = {
			{ .text = report->names[i] },
			{ .text = ca->has_key ? "here" : "elsewhere" },
			{ .number = ca->not_after },
			{ .number = ca->good },
			{ .number = ca->expiring },
			{ .number = ca->expired },
			{ .number = ca->held },
			{ .number = ca->revoked },
			{ .number = ca->crl_number, .none = none },
			{ .number = ca->crl_entries, .none = none },
			{ .number = ca->crl_next_update },
			{ .number = ca->crl_next_update - now, .none = none },
		};

		rc = print_row(doc, values, err);
	}
	return rc;
}

/* 0: none waits.  One that came just now, or before a clock was set: 1 s. */
static int64_t
age_of(const pki_approval_queue *queue, int64_t now)
{
	int64_t age = now - queue->oldest;

	return queue->waiting == 0 ? 0 : age < 1 ? 1 : age;
}

static pki_code
print_status(struct session *s, const struct report *report,
    const pki_status *status)
{
	static const struct print_column columns[] = {
		{ .key = "now", .kind = PRINT_TIME },
		{ .key = "state" },
		{ .key = "conf" },
		{ .key = "waiting", .kind = PRINT_NUMBER },
		{ .key = "oldest", .kind = PRINT_SPAN },
		{ .key = "audit-head" },
		{ .key = "wal-bytes", .kind = PRINT_NUMBER },
		{ .key = "warnings", .kind = PRINT_LIST, .json_only = true },
	};
	const pki_approval_queue *queue = &status->approvals;
	char head[PKI_AUDIT_HEAD_TEXT];
	const struct print_value values[] = {
		{ .number = status->now },
		{ .text = s->state_dir },
		{ .text = s->conf_dir },
		{ .number = queue->waiting },
		{ .number = age_of(queue, status->now) },
		{ .text = pki_audit_head_format(&status->head, head) },
		{ .number = status->wal_bytes },
		{ .list = &report->warnings },
	};
	PKI_AUTO(print_doc) doc = NULL;
	pki_code rc;
	size_t i;

	rc = print_open(s->cli->format, &doc, s->err);
	if (rc == PKI_OK)
		rc = print_cas(doc, report, status->now, s->err);
	if (rc == PKI_OK)
		rc = print_fields(doc, columns, PKI_COUNT(columns), values,
		    s->err);
	if (rc == PKI_OK)
		rc = print_close(doc, s->err);
	for (i = 0; s->cli->format == PRINT_TABLE && rc == PKI_OK &&
	    i < report->warnings.count; i++)
		printf("warning: %s\n", report->warnings.items[i]);
	return rc == PKI_OK ? print_flush(s->err) : rc;
}

static pki_code
show_status(struct session *s)
{
	struct report report = { .cli = s->cli };
	pki_status status = {
		.ca = note_ca, .warning = note_warning, .arg = &report,
	};
	pki_code rc;

	rc = pki_ca_status(s->ca, &status, s->err);
	if (rc == PKI_OK && report.rc != PKI_OK)
		rc = pki_fail_memory(s->err);
	if (rc == PKI_OK)
		rc = print_status(s, &report, &status);
	free(report.cas);
	free(report.names);
	pki_text_list_clear(&report.warnings);
	return rc;
}

const struct cli_command cmd_status = {
	.noun = "status",
	.summary = "how things stand, and what needs attention",
	.description =
"Each CA with its certificates and its CRL, requests that wait for approval,\n"
"the audit log's head, and a warning for everything that somebody should see\n"
"to.",
	.flags = SESSION_NEEDS_CA,
	.run = show_status,
};

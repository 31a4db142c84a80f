#include "common/term.h"
#include "pki-ctl/cmd.h"

static pki_code
check_db(struct session *s)
{
	static const struct print_column columns[] = {
		{ .key = "result" },
		{ .key = "rows", .kind = PRINT_NUMBER },
	};
	struct print_value values[PKI_COUNT(columns)] = { { .text = "ok" } };
	struct term_progress progress;
	int64_t rows = 0;
	pki_code rc;

	term_progress_begin(&progress, "db check", s->cli->quiet);
	rc = pki_ca_check(s->ca, &rows, term_progress_step, &progress, s->err);
	term_progress_end(&progress);
	if (rc != PKI_OK)
		return rc;
	values[1].number = rows;
	return print_record(s->cli->format, columns, PKI_COUNT(columns),
	    values, s->err);
}

const struct cli_command cmd_db_check = {
	.noun = "db",
	.verb = "check",
	.summary = "look for damage in the database",
	.description =
"The database's own check, then the hash of every row, that each certificate\n"
"says what its row says and is signed by its CA, that the keys of lost\n"
"certificates are blocked, and what 'audit verify' looks at.  Others may\n"
"work meanwhile.",
	.flags = SESSION_NEEDS_CA,
	.run = check_db,
};

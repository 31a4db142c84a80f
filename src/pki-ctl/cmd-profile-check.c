#include "pki-ctl/cmd.h"

static pki_code
print_result(print_doc *doc, const char *file, const pki_profile *profile,
    const pki_err *problem, pki_err *err)
{
	const struct print_value values[] = {
		{ .text = file },
		{ .text = profile == NULL ? NULL : profile->name },
		{ .number = profile != NULL },
		{ .text = profile != NULL ? NULL : problem->msg },
	};

	return print_row(doc, values, err);
}

static pki_code
check_profiles(struct session *s)
{
	static const struct print_column columns[] = {
		{ .key = "file" },
		{ .key = "profile" },
		{ .key = "ok", .kind = PRINT_BOOL },
		{ .key = "problem" },
	};
	PKI_AUTO(print_doc) doc = NULL;
	pki_err problem, first = { .code = PKI_OK };
	size_t i, bad = 0;
	pki_code rc;

	rc = print_open_rows(s->cli->format, columns, PKI_COUNT(columns), &doc,
	    s->err);
	for (i = 0; i < s->cli->arg_count && rc == PKI_OK; i++) {
		PKI_AUTO(pki_profile) profile = NULL;

		if (pki_profile_load(s->cli->args[i], &profile, &problem) !=
		    PKI_OK && bad++ == 0)
			first = problem;
		rc = print_result(doc, s->cli->args[i], profile, &problem,
		    s->err);
	}
	if (rc == PKI_OK)
		rc = print_close(doc, s->err);
	if (rc != PKI_OK || bad == 0)
		return rc;
	*s->err = first;
	if (bad > 1)
		return pki_wrap(s->err, first.code, "%zu of %zu refused, the "
		    "first", bad, s->cli->arg_count);
	return first.code;
}

const struct cli_command cmd_profile_check = {
	.noun = "profile",
	.verb = "check",
	.args = "FILE...",
	.summary = "check templates without using them",
	.min_args = 1,
	.max_args = -1,
	.run = check_profiles,
};

#include <stdlib.h>
#include <string.h>

#include "pki-ctl/cmd.h"
#include "pki-ctl/output.h"

#define WEEK (INT64_C(7) * 86400)

static const struct cli_option options[] = {
	{ .name = "group", .arg = "GROUP",
	  .help = "for every registered device of GROUP" },
	{ .name = "tag", .arg = "TAG",
	  .help = "for every registered device with TAG" },
	{ .name = "profile", .arg = "PROFILE",
	  .help = "only if the devices are of this profile" },
	{ .name = "expires", .arg = "TIME",
	  .help = "good for TIME from now (7d)" },
	{ .name = "out", .arg = "FILE",
	  .help = "write the tokens to FILE (mode 0600), not to stdout" },
	{ .name = "force", .help = "replace an existing file" },
	{ .name = "dry-run", .help = "check everything, create nothing" },
	{ .name = NULL },
};

/* For whom; names are owned when they come from the registry. */
struct work {
	struct session *s;
	char          **names;
	size_t          count, room;
	output         *file;
};

static void
clear_work(struct work *work)
{
	size_t i;

	for (i = 0; i < work->count; i++)
		free(work->names[i]);
	free(work->names);
	output_free(work->file);
}

static pki_code
add_name(struct work *work, const char *name, pki_err *err)
{
	size_t room = work->room == 0 ? 64 : 2 * work->room;
	char **names;

	if (work->count == work->room) {
		names = reallocarray(work->names, room, sizeof(*names));
		if (names == NULL)
			return pki_fail_memory(err);
		work->names = names;
		work->room = room;
	}
	work->names[work->count] = pki_text_copy(name);
	if (work->names[work->count] == NULL)
		return pki_fail_memory(err);
	work->count++;
	return PKI_OK;
}

static pki_code
add_device(const pki_identity_row *row, void *arg, pki_err *err)
{
	return add_name(arg, row->name, err);
}

static pki_code
find_names(struct work *work)
{
	struct session *s = work->s;
	const pki_device_filter filter = {
		.group = cli_value(s->cli, "group"),
		.tag = cli_value(s->cli, "tag"),
		.profile = cli_value(s->cli, "profile"),
		.by_state = true, .state = PKI_IDENTITY_REGISTERED,
	};
	pki_code rc = PKI_OK;
	size_t i;

	for (i = 0; rc == PKI_OK && i < s->cli->arg_count; i++)
		rc = add_name(work, s->cli->args[i], s->err);
	if (rc != PKI_OK || s->cli->arg_count > 0)
		return rc;
	rc = pki_ca_each_device(s->ca, &filter, add_device, work, s->err);
	if (rc == PKI_OK && work->count == 0)
		return pki_fail(s->err, PKI_NOT_FOUND,
		    "no registered device fits");
	return rc;
}

static const struct print_column columns[] = {
	{ .key = "name" },
	{ .key = "token" },
	{ .key = "profile", .spare = 2 },
	{ .key = "expires", .kind = PRINT_TIME, .spare = 1 },
};

/* What goes to stdout: the tokens, or only their ids when a file has them. */
static pki_code
print_tokens(struct work *work, const pki_token_drafts *drafts)
{
	struct session *s = work->s;
	bool whole = work->file == NULL && !cli_has(s->cli, "dry-run");
	PKI_AUTO(print_doc) doc = NULL;
	char id[PKI_TOKEN_TEXT];
	pki_code rc;
	size_t i;

	rc = print_open_rows(s->cli->format, columns, PKI_COUNT(columns), &doc,
	    s->err);
	for (i = 0; rc == PKI_OK && i < drafts->count; i++) {
		const pki_token_draft *draft = &drafts->items[i];
		const struct print_value values[] = {
			{ .text = draft->device },
			{ .text = cli_has(s->cli, "dry-run") ? NULL :
			    whole ? draft->text : id },
			{ .text = draft->profile },
			{ .number = draft->expires_at },
		};

		memcpy(id, draft->text, PKI_TOKEN_ID_LEN);
		id[PKI_TOKEN_ID_LEN] = '\0';
		rc = print_row(doc, values, s->err);
	}
	return rc == PKI_OK ? print_close(doc, s->err) : rc;
}

/* CSV: names, tokens and profiles hold nothing that needs a quote. */
static pki_code
write_tokens(struct work *work, const pki_token_drafts *drafts)
{
	PKI_AUTO(pki_buf) text = pki_buf_new();
	char until[PKI_TIME_TEXT];
	size_t i;

	pki_buf_add_text(text, "name,token,profile,expires\n");
	for (i = 0; i < drafts->count; i++) {
		const pki_token_draft *draft = &drafts->items[i];

		pki_buf_add_format(text, "%s,%s,%s,%s\n", draft->device,
		    draft->text, draft->profile,
		    pki_time_format(draft->expires_at, until));
	}
	if (pki_buf_check(text, work->s->err) != PKI_OK)
		return PKI_NO_MEMORY;
	/* Before they are good: no token is created that nobody has. */
	return output_commit_for_now(work->file, pki_buf_bytes(text),
	    work->s->err);
}

static pki_code
create(struct work *work, const pki_token_drafts *drafts)
{
	struct session *s = work->s;
	const char *out = cli_value(s->cli, "out");
	pki_file_clash clash = cli_has(s->cli, "force") ? PKI_FILE_REPLACE :
	    PKI_FILE_KEEP;
	pki_code rc = PKI_OK;

	if (cli_has(s->cli, "dry-run")) {
		if (out != NULL)
			rc = output_check(s, out, 0600, clash);
		if (rc == PKI_OK)
			cli_say(s->cli, "Nothing was created; this would be:");
		return rc == PKI_OK ? print_tokens(work, drafts) : rc;
	}
	if (out != NULL)
		rc = output_begin(s, out, 0600, clash, &work->file);
	if (rc == PKI_OK && out != NULL)
		rc = write_tokens(work, drafts);
	if (rc != PKI_OK)
		return rc;
	rc = pki_ca_create_tokens(s->ca, drafts, &s->who, s->err);
	if (rc != PKI_OK && out != NULL)
		output_undo(work->file);
	return rc == PKI_OK ? print_tokens(work, drafts) : rc;
}

static pki_code
create_tokens(struct session *s)
{
	PKI_AUTO(pki_token_drafts) drafts = NULL;
	pki_token_order order = {
		.profile = cli_value(s->cli, "profile"), .lifetime = WEEK,
		.who = s->who,
	};
	struct work work = { .s = s };
	bool by_list = cli_has(s->cli, "group") || cli_has(s->cli, "tag");
	pki_code rc;

	if (by_list == (s->cli->arg_count > 0))
		return pki_fail(s->err, PKI_USAGE,
		    "needs either NAME... or --group or --tag");
	rc = cli_duration(s->cli, "expires", &order.lifetime, s->err);
	if (rc == PKI_OK)
		rc = session_open(s);
	if (rc == PKI_OK)
		rc = find_names(&work);
	if (rc == PKI_OK)
		rc = pki_ca_draft_tokens(s->ca,
		    (const char *const *)work.names, work.count, &order,
		    &drafts, s->err);
	if (rc == PKI_OK)
		rc = create(&work, drafts);
	clear_work(&work);
	return rc;
}

const struct cli_command cmd_token_create = {
	.noun = "token",
	.verb = "create",
	.args = "[NAME...]",
	.summary = "give registered devices the right to a certificate",
	.description =
"One token for each, told now and never again.  The first valid request with\n"
"it binds its key; the same key gets the same certificate again.",
	.options = options,
	.max_args = -1,
	.run = create_tokens,
};

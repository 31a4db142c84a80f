#include <string.h>

#include "pki-ctl/cmd.h"
#include "pki-ctl/publish.h"

static const struct cli_option options[] = {
	{ .name = "dry-run", .help = "check everything, publish nothing" },
	{ .name = NULL },
};

#define KEY_SCHEME "file:"

/* Which CAs to publish when none is named, and why others are not. */
struct choice {
	struct session     *s;
	struct publish_list list;
};

static pki_code
key_is_encrypted(const struct session *s, const char *key_ref, bool *out)
{
	PKI_AUTO(pki_buf) key = NULL;
	char path[PKI_PATH_MAX];
	pki_code rc;

	*out = false;
	if (strncmp(key_ref, KEY_SCHEME, sizeof(KEY_SCHEME) - 1) != 0)
		return PKI_OK;
	rc = pki_path_join(path, s->state_dir,
	    key_ref + sizeof(KEY_SCHEME) - 1, s->err);
	if (rc == PKI_OK)
		rc = pki_file_read(path, PKI_KEY_FILE_MAX, PKI_FILE_SECRET,
		    &key, s->err);
	if (rc == PKI_OK)
		*out = pki_key_is_encrypted(pki_buf_bytes(key));
	return rc;
}

static pki_code
choose(const pki_ca_info *info, void *arg, pki_err *err)
{
	struct choice *choice = arg;
	const struct session *s = choice->s;
	const char *name = info->row->name;
	bool encrypted = false;
	pki_code rc;

	if (!info->has_key) {
		cli_say(s->cli, "Left out %s: its key is not here; its CRLs "
		    "come by 'pki-ctl crl import'.", name);
		return PKI_OK;
	}
	rc = key_is_encrypted(s, info->row->key_ref, &encrypted);
	if (rc != PKI_OK)
		return rc;
	if (encrypted && s->secret == NULL) {
		cli_say(s->cli, "Left out %s: its key is encrypted; run "
		    "'pki-ctl crl publish %s'.", name, name);
		return PKI_OK;
	}
	return publish_add(&choice->list, name, err);
}

/* One CA's failure keeps no other's CRL back: the first one is returned. */
static pki_code
publish(struct session *s, const struct publish_list *list, print_doc *doc)
{
	bool dry_run = cli_has(s->cli, "dry-run");
	pki_err *err = s->err;
	pki_code first = PKI_OK;
	size_t i;

	for (i = 0; i < list->count; i++) {
		const char *name = list->names[i];
		pki_err reason = { .code = PKI_OK };
		pki_code rc;

		s->err = &reason;
		rc = dry_run ? pki_ca_publish_check(s->ca, name,
		    publish_print, doc, s->err) :
		    publish_ca(s, name, publish_print, doc);
		s->err = err;
		if (rc != PKI_OK && first == PKI_OK)
			*err = reason;
		else if (rc != PKI_OK)
			cli_say(s->cli, "%s", reason.msg);
		first = first == PKI_OK ? rc : first;
	}
	return first;
}

/* The rows of what was published stand before any failure is told. */
static pki_code
publish_and_print(struct session *s, const struct publish_list *list)
{
	PKI_AUTO(print_doc) doc = NULL;
	pki_err later = { .code = PKI_OK };
	pki_err *err = s->err;
	pki_code rc, closed;

	rc = print_open_rows(s->cli->format, publish_columns, PUBLISH_COLUMNS,
	    &doc, s->err);
	if (rc != PKI_OK)
		return rc;
	rc = publish(s, list, doc);
	closed = print_close(doc, rc == PKI_OK ? err : &later);
	return rc == PKI_OK ? closed : rc;
}

static pki_code
publish_crls(struct session *s)
{
	struct choice choice = { .s = s };
	pki_code rc = PKI_OK;
	size_t i;

	for (i = 0; i < s->cli->arg_count && rc == PKI_OK; i++)
		rc = publish_add(&choice.list, s->cli->args[i], s->err);
	if (rc == PKI_OK && s->cli->arg_count == 0)
		rc = pki_ca_each(s->ca, choose, &choice, s->err);
	if (rc == PKI_OK && choice.list.count == 0)
		rc = pki_fail(s->err, PKI_NOT_FOUND,
		    "there is no CA whose key can be used here");
	if (rc == PKI_OK)
		rc = publish_and_print(s, &choice.list);
	if (rc == PKI_OK && cli_has(s->cli, "dry-run"))
		cli_say(s->cli, "Nothing was published.");
	else if (rc == PKI_OK)
		rc = publish_say_head(s);
	return rc;
}

const struct cli_command cmd_crl_publish = {
	.noun = "crl",
	.verb = "publish",
	.args = "[CA...]",
	.summary = "sign and publish new CRLs",
	.description =
"Without a name: every CA whose key is here and can be used without asking,\n"
"the root too with --passphrase-file; those left out are named.  With a\n"
"name the passphrase is asked for when the key needs one.",
	.options = options,
	.max_args = -1,
	.flags = SESSION_NEEDS_CA,
	.run = publish_crls,
};

#include <string.h>

#include "common/term.h"
#include "pki-ctl/cmd.h"
#include "pki-ctl/passphrase.h"

static const struct cli_option options[] = {
	{ .name = "name", .arg = "NAME",
	  .help = "\"Example\" makes \"Example Root CA\" (Private)" },
	{ .name = "algorithm", .arg = "TYPE",
	  .help = "key of the issuing CA (p256)" },
	{ .name = "root-algorithm", .arg = "TYPE",
	  .help = "key of the root CA (p256)" },
	{ .name = "base-url", .arg = "URL",
	  .help = "where CRLs and CA certificates will be found" },
	{ .name = "crl", .arg = "FORM",
	  .help = "full or partitioned CRLs of the issuing CA" },
	{ .name = "offline-root", .arg = "DIR",
	  .help = "put the root into a directory of its own" },
	{ .name = "root-passphrase-file", .arg = "FILE",
	  .help = "encrypt the root key by the passphrase in FILE" },
	{ .name = "root-passphrase-fd", .arg = "N",
	  .help = "... by the passphrase read from descriptor N" },
	{ .name = "root-unencrypted",
	  .help = "do not encrypt the root key" },
	{ .name = "issuing-passphrase-file", .arg = "FILE",
	  .help = "encrypt the issuing key (it is not by default)" },
	{ .name = "templates", .arg = "DIR",
	  .help = "copy the templates from DIR" },
	{ .name = "dry-run", .help = "check everything, make nothing" },
	{ .name = NULL },
};

/* Passphrases for the new keys; NULL: not encrypted. */
struct secrets {
	pki_buf       *root, *issuing;
	pki_passphrase root_get, issuing_get;
};

static void
clear_secrets(struct secrets *secrets)
{
	pki_buf_free(secrets->root);
	pki_buf_free(secrets->issuing);
}

static pki_code
read_root_passphrase(struct session *s, pki_buf **out)
{
	static const char *const ways[] = {
		"root-passphrase-file", "root-passphrase-fd",
		"root-unencrypted",
	};
	const char *file = cli_value(s->cli, ways[0]);
	const char *fd = cli_value(s->cli, ways[1]);
	pki_code rc;

	rc = cli_at_most_one(s->cli, ways, PKI_COUNT(ways), s->err);
	if (rc != PKI_OK || cli_has(s->cli, ways[2]))
		return rc;
	if (file != NULL)
		return passphrase_read_file(file, out, s->err);
	if (fd != NULL)
		return passphrase_read_fd(fd, out, s->err);
	/* Nothing will be made, so nothing needs to be typed. */
	if (cli_has(s->cli, "dry-run"))
		return PKI_OK;
	if (!term_can_ask())
		return pki_refuse(s->err, PKI_DENIED, "passphrase",
		    "--root-passphrase-file FILE, --root-passphrase-fd N, "
		    "--root-unencrypted, or a terminal to ask at",
		    "no passphrase for the root key");
	return term_ask_new_passphrase("the root key", out, s->err);
}

static pki_code
read_secrets(struct session *s, struct secrets *out)
{
	const char *file = cli_value(s->cli, "issuing-passphrase-file");
	pki_code rc;

	if (s->secret != NULL)
		return pki_fail(s->err, PKI_USAGE, "the options of 'init' are "
		    "--root-passphrase-file and --issuing-passphrase-file");
	rc = read_root_passphrase(s, &out->root);
	if (rc == PKI_OK && file != NULL)
		rc = passphrase_read_file(file, &out->issuing, s->err);
	if (rc != PKI_OK)
		return rc;
	if (out->root != NULL)
		out->root_get = passphrase_fixed(out->root);
	if (out->issuing != NULL)
		out->issuing_get = passphrase_fixed(out->issuing);
	return PKI_OK;
}

static pki_code
read_setup(struct session *s, const struct secrets *secrets,
    pki_ca_setup *out)
{
	static const pki_choice forms[] = {
		{ "full", PKI_CRL_FULL },
		{ "partitioned", PKI_CRL_PARTITIONED },
		{ NULL, 0 },
	};
	const char *name = cli_value(s->cli, "name");
	const char *templates = cli_value(s->cli, "templates");
	int root = PKI_KEY_P256, issuing = PKI_KEY_P256, form = -1;
	pki_code rc;

	rc = cli_choice(s->cli, "algorithm", pki_key_type_names, &issuing,
	    s->err);
	if (rc == PKI_OK)
		rc = cli_choice(s->cli, "root-algorithm", pki_key_type_names,
		    &root, s->err);
	if (rc == PKI_OK)
		rc = cli_choice(s->cli, "crl", forms, &form, s->err);
	*out = (pki_ca_setup){
		.options = {
			.state_dir = s->state_dir, .conf_dir = s->conf_dir,
		},
		.templates_dir = templates != NULL ? templates :
		    PKI_TEMPLATES_DIR,
		.display_name = name != NULL ? name : "Private",
		.root_key = (pki_key_type)root,
		.issuing_key = (pki_key_type)issuing,
		.base_url = cli_value(s->cli, "base-url"),
		.crl_form = form,
		.offline_root = cli_value(s->cli, "offline-root"),
		.root_passphrase = secrets->root != NULL ?
		    &secrets->root_get : NULL,
		.issuing_passphrase = secrets->issuing != NULL ?
		    &secrets->issuing_get : NULL,
		.who = s->who,
	};
	return rc;
}

static pki_code
print_made(struct session *s, const pki_ca_setup *setup)
{
	static const struct print_column columns[] = {
		{ .key = "state" },
		{ .key = "conf" },
		{ .key = "offline-root" },
		{ .key = "dry-run", .kind = PRINT_BOOL, .json_only = true },
	};
	const struct print_value values[] = {
		{ .text = s->state_dir },
		{ .text = s->conf_dir },
		{ .text = setup->offline_root },
		{ .number = cli_has(s->cli, "dry-run") },
	};

	if (s->cli->format != PRINT_JSON)
		return PKI_OK;
	return print_record(s->cli->format, columns, PKI_COUNT(columns),
	    values, s->err);
}

static void
say_made(struct session *s, const pki_ca_setup *setup)
{
	const char *root_dir = setup->offline_root != NULL ?
	    setup->offline_root : s->state_dir;

	cli_say(s->cli, "Made the CAs 'root' (%s) and 'issuing' (%s).",
	    pki_key_type_name(setup->root_key),
	    pki_key_type_name(setup->issuing_key));
	cli_say(s->cli, "  state      %s", s->state_dir);
	cli_say(s->cli, "  settings   %s/pki.conf, %s/" SESSION_TEMPLATES "/",
	    s->conf_dir, s->conf_dir);
	cli_say(s->cli, "  publish    %s/public/ (serve it below the base "
	    "URL)", s->state_dir);
	cli_say(s->cli, "  base URL   %s", setup->base_url != NULL ?
	    setup->base_url : "that of pki.conf; it stands in every "
	    "certificate for ever");
	cli_say(s->cli, "  root key   %s/keys/root.key, %s", root_dir,
	    setup->root_passphrase != NULL ? "encrypted" : "not encrypted");
	if (setup->offline_root != NULL)
		cli_say(s->cli, "Move %s to a machine without a network; its "
		    "CRLs come back by 'crl import'.", root_dir);
	cli_say(s->cli, "Next:\n"
	    "  pki-ctl cert issue --profile auditor --csr FILE\n"
	    "  pki-ctl status");
}

/* Before anybody types a passphrase; pki_ca_init() looks more closely. */
static pki_code
check_place(struct session *s)
{
	char path[PKI_PATH_MAX], marker[PKI_PATH_MAX];
	pki_code rc = pki_path_join(path, s->state_dir, "ca.db", s->err);

	if (rc == PKI_OK)
		rc = pki_path_join(marker, s->state_dir, PKI_INIT_MARKER,
		    s->err);
	if (rc == PKI_OK && pki_file_exists(path) && !pki_file_exists(marker))
		rc = pki_fail(s->err, PKI_EXISTS,
		    "there is a CA in %s already", s->state_dir);
	return rc;
}

static pki_code
init(struct session *s)
{
	struct secrets secrets = { NULL, NULL, { NULL, NULL },
	    { NULL, NULL } };
	bool dry_run = cli_has(s->cli, "dry-run");
	pki_ca_setup setup;
	pki_code rc;

	rc = check_place(s);
	if (rc == PKI_OK)
		rc = read_secrets(s, &secrets);
	if (rc == PKI_OK)
		rc = read_setup(s, &secrets, &setup);
	if (rc == PKI_OK)
		rc = session_become_owner(s);
	if (rc == PKI_OK)
		rc = dry_run ? pki_ca_init_check(&setup, s->err) :
		    pki_ca_init(&setup, s->err);
	if (rc == PKI_OK && dry_run)
		cli_say(s->cli, "Everything is in order; nothing was made in "
		    "%s.", s->state_dir);
	else if (rc == PKI_OK)
		say_made(s, &setup);
	if (rc == PKI_OK)
		rc = print_made(s, &setup);
	clear_secrets(&secrets);
	return rc;
}

const struct cli_command cmd_init = {
	.noun = "init",
	.summary = "make a root and an issuing CA",
	.description =
"Makes the state directory, keys, certificates and first CRLs, all or\n"
"nothing.  The root key is encrypted: its passphrase is asked for at the\n"
"terminal unless an option says where it comes from.  The issuing key is\n"
"not, so that a daemon can start without a person.\n"
"Key types: p256 p384 p521 ed25519 rsa2048 rsa3072 rsa4096.",
	.options = options,
	.run = init,
};

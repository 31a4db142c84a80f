#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "pki-ctl/cmd.h"
#include "pki-ctl/issue-print.h"
#include "pki-ctl/output.h"
#include "pki-ctl/passphrase.h"
#include "pki-ctl/publish.h"

static const struct cli_option options[] = {
	{ .name = "profile", .arg = "PROFILE",
	  .help = "what it is for: see 'profile list'" },
	{ .name = "csr", .arg = "FILE",
	  .help = "certification request, PEM or DER; \"-\": stdin" },
	{ .name = "new-key", .arg = "FILE",
	  .help = "make a key here, write it to FILE (mode 0600)" },
	{ .name = "key-type", .arg = "TYPE",
	  .help = "of the new key (p256)" },
	{ .name = "key-passphrase-file", .arg = "FILE",
	  .help = "encrypt the new key by the passphrase in FILE" },
	{ .name = "name", .arg = "NAME",
	  .help = "the identity (the common name of the CSR)" },
	{ .name = "alt-name", .arg = "KIND:NAME", .kind = CLI_REPEAT,
	  .help = "ask for dns:, ip:, uri: or email:NAME too" },
	{ .name = "validity", .arg = "TIME",
	  .help = "less than the profile gives (30d)" },
	{ .name = "replace", .arg = "NAME",
	  .help = "revoke NAME's certificates as superseded" },
	{ .name = "renew", .arg = "NAME",
	  .help = "once more what NAME has, which stays good" },
	{ .name = "change-profile",
	  .help = "--replace by another profile than NAME has" },
	{ .name = "share-names",
	  .help = "DNS names that other certificates have" },
	{ .name = "out", .arg = "FILE",
	  .help = "write the certificate to FILE, not to stdout" },
	{ .name = "force", .help = "replace an existing key file" },
	{ .name = "dry-run", .help = "check everything, issue nothing" },
	{ .name = NULL },
};

/* Everything that one issuance owns. */
struct work {
	struct session   *s;
	const char       *key_path, *out_path;
	pki_csr          *csr;
	pki_key          *key;
	pki_buf          *key_pem;
	pki_altnames     *alt_names;
	pki_before       *before;
	output           *key_file, *cert_file;
	pki_issue_request request;
};

static void
clear_work(struct work *work)
{
	pki_csr_free(work->csr);
	pki_key_free(work->key);
	pki_buf_free(work->key_pem);
	pki_altnames_free(work->alt_names);
	pki_before_free(work->before);
	output_free(work->key_file);
	output_free(work->cert_file);
}

/* Is it the same file, by name or by what it is? */
static bool
same_file(const char *a, const char *b)
{
	struct stat a_stat, b_stat;

	if (a == NULL || b == NULL)
		return false;
	return strcmp(a, b) == 0 ||
	    (stat(a, &a_stat) == 0 && stat(b, &b_stat) == 0 &&
	    a_stat.st_dev == b_stat.st_dev && a_stat.st_ino == b_stat.st_ino);
}

/* NAME may be given in three ways, and by two of them when it is the same. */
static pki_code
check_names(const struct cli *cli, pki_err *err)
{
	const char *name = cli_value(cli, "name");
	const char *old = cli_has(cli, "renew") ? "renew" : "replace";
	const char *old_name = cli_value(cli, old);

	if (cli_has(cli, "renew") && cli_has(cli, "replace"))
		return pki_fail(err, PKI_USAGE,
		    "needs one of --renew and --replace");
	if (name != NULL && old_name != NULL && strcmp(name, old_name) != 0)
		return pki_fail(err, PKI_USAGE,
		    "--name and --%s name different identities", old);
	if (!cli_has(cli, "csr") && name == NULL && old_name == NULL)
		return pki_fail(err, PKI_USAGE, "--new-key needs --name NAME, "
		    "--renew NAME or --replace NAME");
	if (cli_has(cli, "change-profile") && !cli_has(cli, "replace"))
		return pki_fail(err, PKI_USAGE,
		    "--change-profile goes with --replace");
	return PKI_OK;
}

static pki_code
check_usage(const struct work *work, pki_err *err)
{
	static const char *const of_new_key[] = {
		"key-type", "key-passphrase-file", "force",
	};
	const struct cli *cli = work->s->cli;
	const char *csr = cli_value(cli, "csr");
	size_t i;

	if (!cli_has(cli, "profile") && !cli_has(cli, "renew"))
		return pki_fail(err, PKI_USAGE, "needs --profile PROFILE");
	if ((csr == NULL) == (work->key_path == NULL))
		return pki_fail(err, PKI_USAGE,
		    "needs either --csr FILE or --new-key FILE");
	for (i = 0; csr != NULL && i < PKI_COUNT(of_new_key); i++)
		if (cli_has(cli, of_new_key[i]))
			return pki_fail(err, PKI_USAGE,
			    "--%s goes with --new-key", of_new_key[i]);
	if (same_file(work->out_path, csr) ||
	    same_file(work->out_path, work->key_path))
		return pki_fail(err, PKI_USAGE,
		    "--out would replace '%s'", work->out_path);
	return check_names(cli, err);
}

static pki_code
read_csr(struct work *work, const char *path)
{
	struct session *s = work->s;
	PKI_AUTO(pki_buf) file = NULL;
	pki_code rc;

	rc = session_read(s, path, PKI_CSR_FILE_MAX, &file);
	if (rc != PKI_OK)
		return rc;
	rc = pki_csr_parse(pki_buf_bytes(file), &work->csr, s->err);
	if (rc == PKI_OK)
		rc = pki_issue_request_from_csr(work->csr, &work->request,
		    s->err);
	return rc == PKI_OK ? rc : pki_wrap(s->err, rc, "%s",
	    strcmp(path, "-") == 0 ? "standard input" : path);
}

/* In memory only: the file is written after every check. */
static pki_code
make_key(struct work *work)
{
	struct session *s = work->s;
	const char *file = cli_value(s->cli, "key-passphrase-file");
	PKI_AUTO(pki_buf) passphrase = NULL;
	int type = PKI_KEY_P256;
	pki_code rc;

	rc = cli_choice(s->cli, "key-type", pki_key_type_names, &type, s->err);
	if (rc == PKI_OK && file != NULL)
		rc = passphrase_read_file(file, &passphrase, s->err);
	if (rc == PKI_OK)
		rc = pki_key_generate((pki_key_type)type, &work->key, s->err);
	work->key_pem = pki_buf_new();
	if (rc == PKI_OK)
		rc = pki_buf_check(work->key_pem, s->err);
	if (rc == PKI_OK)
		rc = pki_key_encode(work->key, pki_buf_bytes(passphrase),
		    work->key_pem, s->err);
	if (rc != PKI_OK)
		return rc;
	work->request.key = pki_key_public(work->key);
	work->request.possession = PKI_POP_GENERATED;
	return PKI_OK;
}

/* Those of the CSR and those of the options, in this order. */
static pki_code
add_alt_names(struct work *work)
{
	struct session *s = work->s;
	const pki_altnames *asked = work->request.alt_names;
	const char *text;
	pki_code rc = PKI_OK;
	size_t i;

	if (!cli_has(s->cli, "alt-name"))
		return PKI_OK;
	work->alt_names = pki_altnames_new();
	if (work->alt_names == NULL)
		return pki_fail_memory(s->err);
	for (i = 0; i < pki_altnames_count(asked) && rc == PKI_OK; i++) {
		const pki_altname *name = pki_altnames_at(asked, i);

		rc = pki_altnames_add(work->alt_names, name->type, name->text,
		    s->err);
	}
	for (i = 0; rc == PKI_OK &&
	    (text = cli_value_at(s->cli, "alt-name", i)) != NULL; i++)
		rc = pki_altnames_add_text(work->alt_names, text, s->err);
	work->request.alt_names = work->alt_names;
	return rc;
}

static pki_code
read_request(struct work *work)
{
	struct session *s = work->s;
	const char *csr = cli_value(s->cli, "csr");
	pki_code rc;

	work->request.profile = cli_value(s->cli, "profile");
	work->request.identity = cli_value(s->cli, "name");
	work->request.who = s->who;
	work->request.change_profile = cli_has(s->cli, "change-profile");
	work->request.share_names = cli_has(s->cli, "share-names");
	if (cli_has(s->cli, "replace")) {
		work->request.identity = cli_value(s->cli, "replace");
		work->request.purpose = PKI_ISSUE_REPLACE;
	}
	if (cli_has(s->cli, "renew"))
		work->request.identity = cli_value(s->cli, "renew");
	rc = cli_duration(s->cli, "validity", &work->request.validity, s->err);
	/* To the library none is the profile's: the longest of all. */
	if (rc == PKI_OK && work->request.validity == 0 &&
	    cli_has(s->cli, "validity"))
		rc = pki_refuse(s->err, PKI_DENIED, "validity", "at least 1m, "
		    "or no --validity for what the profile gives", "%s",
		    cli_value(s->cli, "validity"));
	if (rc == PKI_OK)
		rc = csr != NULL ? read_csr(work, csr) : make_key(work);
	return rc == PKI_OK ? add_alt_names(work) : rc;
}

/* What it has, and what the request does not state is taken from. */
static pki_code
follow(struct work *work)
{
	struct session *s = work->s;
	pki_code rc;

	if (!cli_has(s->cli, "renew"))
		return PKI_OK;
	rc = pki_ca_find_before(s->ca, work->request.identity, &work->before,
	    s->err);
	if (rc == PKI_OK)
		pki_issue_request_follow(work->before, &work->request);
	return rc;
}

static pki_file_clash
key_clash(const struct work *work)
{
	return cli_has(work->s->cli, "force") ? PKI_FILE_REPLACE :
	    PKI_FILE_KEEP;
}

static pki_code
explain_clash(const struct work *work, pki_code rc)
{
	return rc != PKI_EXISTS || key_clash(work) != PKI_FILE_KEEP ? rc :
	    pki_fail(work->s->err, rc, "%s exists; --force replaces it",
	    work->key_path);
}

/* What would be refused when the files are made. */
static pki_code
check_files(const struct work *work)
{
	struct session *s = work->s;
	pki_code rc = PKI_OK;

	if (work->key_path != NULL)
		rc = explain_clash(work, output_check(s, work->key_path, 0600,
		    key_clash(work)));
	if (rc == PKI_OK && work->out_path != NULL)
		rc = output_check(s, work->out_path, 0644, PKI_FILE_REPLACE);
	return rc;
}

/* Find out now whether the files can be made; put the key on the disk. */
static pki_code
prepare_files(struct work *work)
{
	struct session *s = work->s;
	pki_code rc = PKI_OK;

	if (work->key_path != NULL)
		rc = explain_clash(work, output_begin(s, work->key_path, 0600,
		    key_clash(work), &work->key_file));
	if (rc == PKI_OK && work->out_path != NULL)
		rc = output_begin(s, work->out_path, 0644, PKI_FILE_REPLACE,
		    &work->cert_file);
	if (rc == PKI_OK && work->key_path != NULL)
		rc = output_commit_for_now(work->key_file,
		    pki_buf_bytes(work->key_pem), s->err);
	return rc;
}

static pki_code
deliver(struct work *work, const pki_issued *issued)
{
	struct session *s = work->s;
	char serial[PKI_SERIAL_TEXT];
	pki_code rc = PKI_OK;

	if (work->cert_file != NULL)
		rc = output_commit(work->cert_file,
		    pki_buf_bytes(issued->chain), s->err);
	if (rc == PKI_OK)
		rc = print_issued(s, &work->request, issued);
	if (rc == PKI_OK)
		return rc;
	/* It is on record and good: nobody must issue it once more. */
	return pki_wrap(s->err, rc, "the certificate is issued but not "
	    "delivered, get it by 'pki-ctl cert show serial:%s --chain'",
	    pki_serial_format(pki_cert_serial(issued->cert), serial));
}

/* Serials, as many as come. */
struct serials {
	pki_serial *items;
	size_t      count, room;
};

static pki_code
add_serial(const pki_cert_row *row, void *arg, pki_err *err)
{
	struct serials *serials = arg;
	size_t room = serials->room == 0 ? 16 : 2 * serials->room;
	pki_serial *more;

	if (serials->count == serials->room) {
		more = realloc(serials->items, room * sizeof(*more));
		if (more == NULL)
			return pki_fail_memory(err);
		serials->items = more;
		serials->room = room;
	}
	serials->items[serials->count++] = row->serial;
	return PKI_OK;
}

/* Publish, and see that every certificate the name had before is listed. */
static pki_code
publish_replaced(const struct work *work, const pki_issued *issued)
{
	const pki_cert_filter filter = {
		.identity = work->request.identity, .by_status = true,
		.status = PKI_CERT_REVOKED,
	};
	struct serials serials = { .count = 0 };
	struct session *s = work->s;
	pki_code rc = publish_ca(s, issued->ca, NULL, NULL);

	if (rc == PKI_OK)
		rc = pki_ca_each_cert(s->ca, issued->ca, &filter, add_serial,
		    &serials, s->err);
	if (rc == PKI_OK)
		rc = pki_ca_check_listed(s->ca, issued->ca, serials.items,
		    serials.count, s->err);
	free(serials.items);
	return rc;
}

/*
 * Who was replaced is out when everybody knows, also when the new certificate
 * did not reach its file; that failure is then the one to report.
 */
static pki_code
finish(struct work *work, const pki_issued *issued)
{
	struct session *s = work->s;
	pki_err *err = s->err;
	pki_err later = { .code = PKI_OK };
	pki_code rc, next;

	rc = deliver(work, issued);
	if (issued->replaced == 0)
		return rc;
	s->err = rc == PKI_OK ? err : &later;
	next = publish_replaced(work, issued);
	s->err = err;
	if (rc != PKI_OK || next == PKI_OK)
		return rc;
	return pki_wrap(err, next, "the certificate is issued and the ones "
	    "before it are revoked, but the CRL is not published; run 'pki-ctl "
	    "crl publish %s'", issued->ca);
}

static pki_code
issue(struct work *work)
{
	struct session *s = work->s;
	PKI_AUTO(pki_issue_plan) plan = NULL;
	PKI_AUTO(pki_issued) issued = NULL;
	pki_code rc;

	rc = pki_ca_issue_check(s->ca, &work->request, &plan, s->err);
	if (rc == PKI_OK && cli_has(s->cli, "dry-run")) {
		rc = check_files(work);
		return rc == PKI_OK ? print_plan(s, &work->request, plan) : rc;
	}
	if (rc == PKI_OK)
		rc = prepare_files(work);
	if (rc != PKI_OK)
		return rc;
	do {
		rc = pki_ca_issue(s->ca, &work->request, &issued, s->err);
	} while (session_retry(s, rc));
	if (rc == PKI_OK)
		return finish(work, issued);
	if (work->key_file != NULL)
		output_undo(work->key_file);
	return rc;
}

static pki_code
issue_cert(struct session *s)
{
	struct work work = {
		.s = s,
		.key_path = cli_value(s->cli, "new-key"),
		.out_path = cli_value(s->cli, "out"),
	};
	pki_code rc;

	rc = check_usage(&work, s->err);
	if (rc == PKI_OK)
		rc = read_request(&work);
	if (rc == PKI_OK)
		rc = session_open(s);
	if (rc == PKI_OK)
		rc = follow(&work);
	if (rc == PKI_OK)
		rc = issue(&work);
	clear_work(&work);
	return rc;
}

const struct cli_command cmd_cert_issue = {
	.noun = "cert",
	.verb = "issue",
	.summary = "issue a certificate for a CSR or a new key",
	.description =
"Prints the certificate and its issuing CA's below it, as PEM; with --out a\n"
"file of mode 0644 holds them.  A request that asks for more than the profile\n"
"grants is refused, and the rule is named.  A new key is on the disk before\n"
"the certificate exists, and is removed again when that is refused.\n"
"--replace publishes the CRL too.  --renew gives NAME one more certificate,\n"
"of the profile and with the alternative names that it has, for the same key\n"
"or a new one.",
	.options = options,
	.run = issue_cert,
};

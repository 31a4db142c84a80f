#include <stdlib.h>
#include <string.h>

#include "pki-ctl/cmd.h"
#include "pki-ctl/publish.h"

static const struct cli_option options[] = {
	{ .name = "dry-run", .help = "check everything, publish nothing" },
	{ .name = "if-due",
	  .help = "only where it is time: for a timer; warns, seldom refuses" },
	{ .name = "accept-lost", .arg = "FILE",
	  .help = "these serials, a line each, may be missing from now on" },
	{ .name = "accept-clock",
	  .help = "the clock is right, the published CRL is ahead of it" },
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

/* No key is needed for what is made of a CRL that lies there. */
static pki_code
repair(const struct session *s, const char *name, pki_err *err)
{
	return cli_has(s->cli, "dry-run") ? PKI_OK :
	    pki_ca_crl_repair(s->ca, name, err);
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
		return repair(s, name, err);
	}
	rc = key_is_encrypted(s, info->row->key_ref, &encrypted);
	if (rc != PKI_OK)
		return rc;
	if (encrypted && s->secret == NULL) {
		cli_say(s->cli, "Left out %s: its key is encrypted; run "
		    "'pki-ctl crl publish %s'.", name, name);
		return repair(s, name, err);
	}
	return publish_add(&choice->list, name, err);
}

#define LOST_FILE_MAX ((size_t)64 << 20)

static int
compare_serials(const void *a, const void *b)
{
	return pki_serial_compare(a, b);
}

/* Of a file with one serial a line: ascending, each once. */
struct lost_list {
	pki_serial *serials;
	bool       *missing;
	size_t      count;
};

static void
lost_list_clear(struct lost_list *list)
{
	free(list->serials);
	free(list->missing);
}

static void
sort_lost(struct lost_list *list)
{
	size_t i, kept = 0;

	if (list->count == 0)
		return;
	qsort(list->serials, list->count, sizeof(*list->serials),
	    compare_serials);
	for (i = 1; i < list->count; i++)
		if (!pki_serial_equal(&list->serials[kept], &list->serials[i]))
			list->serials[++kept] = list->serials[i];
	list->count = kept + 1;
}

/* text is cut into lines in place. */
static pki_code
parse_lost(char *text, struct lost_list *out, pki_err *err)
{
	char *line, *rest = NULL;
	size_t room = 1;
	pki_code rc = PKI_OK;

	for (line = text; *line != '\0'; line++)
		room += *line == '\n';
	out->serials = calloc(room, sizeof(*out->serials));
	out->missing = calloc(room, sizeof(*out->missing));
	if (out->serials == NULL || out->missing == NULL)
		return pki_fail_memory(err);
	for (line = strtok_r(text, " \t\r\n", &rest);
	    rc == PKI_OK && line != NULL && out->count < room;
	    line = strtok_r(NULL, " \t\r\n", &rest))
		rc = pki_serial_parse(line, &out->serials[out->count++], err);
	if (rc == PKI_OK && line != NULL)
		rc = pki_fail(err, PKI_BAD_INPUT, "more than one serial in a "
		    "line: '%s'", line);
	if (rc == PKI_OK)
		sort_lost(out);
	return rc;
}

static pki_code
read_lost(struct session *s, struct lost_list *out)
{
	const char *path = cli_value(s->cli, "accept-lost");
	PKI_AUTO(pki_buf) text = NULL;
	pki_code rc;

	if (path == NULL)
		return PKI_OK;
	if (s->cli->arg_count != 1)
		return pki_fail(s->err, PKI_USAGE,
		    "--accept-lost needs the name of one CA");
	rc = session_read(s, path, LOST_FILE_MAX, &text);
	if (rc == PKI_OK)
		rc = parse_lost((char *)text->data, out, s->err);
	return rc == PKI_OK ? rc : pki_wrap(s->err, rc, "%s", path);
}

/* By hand: refused when something is missing.  By a timer: never, for that. */
static pki_code
publish_one(struct session *s, const char *name, struct lost_list *lost,
    print_doc *doc)
{
	pki_lost accepted = { lost->serials, lost->missing, lost->count };
	const pki_publish_options how = {
		.mode = cli_has(s->cli, "if-due") ? PKI_PUBLISH_UNION :
		    PKI_PUBLISH_STRICT,
		.lost = cli_has(s->cli, "accept-lost") ? &accepted : NULL,
		.ahead = cli_has(s->cli, "accept-clock") ? PKI_AHEAD_ACCEPTED :
		    PKI_AHEAD_REFUSED,
		.visit = publish_print, .arg = doc,
	};

	return publish_with(s, name, &how);
}

/* Those for which it is not time leave the list. */
static pki_code
keep_due(struct session *s, struct publish_list *list)
{
	struct publish_list due = { .count = 0 };
	pki_code rc = PKI_OK;
	size_t i;

	if (!cli_has(s->cli, "if-due"))
		return PKI_OK;
	for (i = 0; i < list->count && rc == PKI_OK; i++) {
		bool is_due = false;

		rc = pki_ca_crl_is_due(s->ca, list->names[i], &is_due, s->err);
		if (rc == PKI_OK && is_due)
			rc = publish_add(&due, list->names[i], s->err);
	}
	*list = due;
	return rc;
}

static pki_code
choose_cas(struct session *s, struct choice *choice)
{
	pki_code rc = PKI_OK;
	size_t i;

	for (i = 0; i < s->cli->arg_count && rc == PKI_OK; i++)
		rc = publish_add(&choice->list, s->cli->args[i], s->err);
	if (rc == PKI_OK && s->cli->arg_count == 0)
		rc = pki_ca_each(s->ca, choose, choice, s->err);
	if (rc == PKI_OK && choice->list.count == 0)
		rc = pki_fail(s->err, PKI_NOT_FOUND,
		    "there is no CA whose key can be used here");
	return rc == PKI_OK ? keep_due(s, &choice->list) : rc;
}

/*
 * A CRL that is ahead of the clock is a reason to look at the clock before any
 * is signed by it.  Not for a timer: it would keep the other CAs' CRLs back
 * until they expire.
 */
static pki_code
check_clocks(const struct session *s, const struct publish_list *list)
{
	pki_code rc = PKI_OK;
	size_t i;

	if (cli_has(s->cli, "if-due") || cli_has(s->cli, "accept-clock"))
		return PKI_OK;
	for (i = 0; i < list->count && rc == PKI_OK; i++)
		rc = pki_ca_check_crl_clock(s->ca, list->names[i], s->err);
	return rc;
}

/* One CA's failure keeps no other's CRL back: the first one is returned. */
static pki_code
publish_each(struct session *s, const struct publish_list *list,
    struct lost_list *lost, print_doc *doc)
{
	pki_err *err = s->err;
	pki_code first = PKI_OK;
	size_t i;

	for (i = 0; i < list->count; i++) {
		pki_err reason = { .code = PKI_OK };
		pki_code rc;

		s->err = &reason;
		rc = publish_one(s, list->names[i], lost, doc);
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
publish(struct session *s, const struct publish_list *list,
    struct lost_list *lost)
{
	PKI_AUTO(print_doc) doc = NULL;
	pki_err later = { .code = PKI_OK };
	pki_err *err = s->err;
	pki_code rc, closed;

	rc = check_clocks(s, list);
	if (rc == PKI_OK)
		rc = print_open_rows(s->cli->format, publish_columns,
		    PUBLISH_COLUMNS, &doc, s->err);
	if (rc != PKI_OK)
		return rc;
	rc = publish_each(s, list, lost, doc);
	closed = print_close(doc, rc == PKI_OK ? err : &later);
	return rc == PKI_OK ? closed : rc;
}

static pki_code
choose_and_publish(struct session *s, struct lost_list *lost)
{
	struct choice choice = { .s = s };
	pki_code rc = choose_cas(s, &choice);

	if (rc == PKI_OK && choice.list.count == 0)
		cli_say(s->cli, "Nothing was due.");
	/* A script gets its list, if an empty one. */
	if (rc == PKI_OK && (choice.list.count > 0 ||
	    s->cli->format == PRINT_JSON))
		rc = publish(s, &choice.list, lost);
	if (rc != PKI_OK || choice.list.count == 0)
		return rc;
	if (!cli_has(s->cli, "dry-run"))
		return publish_say_head(s);
	cli_say(s->cli, "Nothing was published.");
	return PKI_OK;
}

static pki_code
publish_crls(struct session *s)
{
	static const char *const either[] = { "if-due", "accept-lost" };
	static const char *const with_clock[] = { "if-due", "accept-clock" };
	struct lost_list lost = { .count = 0 };
	pki_code rc;

	rc = cli_at_most_one(s->cli, either, PKI_COUNT(either), s->err);
	if (rc == PKI_OK)
		rc = cli_at_most_one(s->cli, with_clock,
		    PKI_COUNT(with_clock), s->err);
	if (rc == PKI_OK)
		rc = read_lost(s, &lost);
	if (rc == PKI_OK)
		rc = session_open(s);
	if (rc == PKI_OK)
		rc = choose_and_publish(s, &lost);
	lost_list_clear(&lost);
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
"name the passphrase is asked for when the key needs one.\n"
"\n"
"When the database lacks entries of the published CRL (it was restored, or is\n"
"damaged), they are named and nothing is published; --accept-lost gives up\n"
"exactly the serials in FILE.  --if-due, for a timer, lists them all the\n"
"same and warns: an expired CRL locks every device out.\n"
"\n"
"When the published CRL is ahead of the clock, none is signed; --accept-clock\n"
"says that the clock is right and was wrong before.",
	.options = options,
	.max_args = -1,
	.run = publish_crls,
};

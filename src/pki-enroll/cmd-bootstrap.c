#include <stdio.h>

#include "common/term.h"
#include "pki-enroll/cmd.h"

/* A root as people compare it. */
static void
add_root(const struct cli *cli, const pki_cert *root, size_t i, pki_buf *out)
{
	PKI_AUTO(pki_buf) name = pki_buf_new();
	char digest[PKI_DIGEST_TEXT], until[PKI_TIME_TEXT];

	pki_name_print(pki_cert_subject(root), name);
	pki_digest_format(pki_cert_digest(root), digest);
	pki_time_format(pki_cert_not_after(root), until);
	if (cli->format == PRINT_TABLE) {
		pki_buf_add_format(out, "%s  %s  until %s\n", digest,
		    pki_buf_text(name), until);
		return;
	}
	pki_buf_add_text(out, i == 0 ? "[\n{\"subject\":" :
	    ",\n{\"subject\":");
	print_json_text(out, pki_buf_text(name));
	pki_buf_add_format(out, ",\"sha256\":\"%s\",\"not_after\":\"%s\"}",
	    digest, until);
}

static pki_code
show_roots(struct session *s, const pki_cert *const *roots, size_t count)
{
	PKI_AUTO(pki_buf) out = pki_buf_new();

	for (size_t i = 0; i < count; i++)
		add_root(s->cli, roots[i], i, out);
	if (s->cli->format == PRINT_JSON)
		pki_buf_add_text(out, count == 0 ? "[]\n" : "\n]\n");
	if (pki_buf_check(out, s->err) != PKI_OK)
		return PKI_NO_MEMORY;
	return print_bytes(pki_buf_bytes(out), s->err);
}

/* RFC 7030, 4.1.1: a person says which root it is. */
static pki_code
ask_person(struct session *s, enroll_slots *slots, const pki_cert *root)
{
	bool yes = false;
	pki_code rc = PKI_OK;

	if (term_can_ask())
		rc = term_confirm("Is this SHA-256 the one that you were "
		    "given by the CA? [y/N] ", &yes, s->err);
	if (rc == PKI_OK && !yes)
		rc = pki_refuse(s->err, PKI_DENIED, "anchors",
		    "--fingerprint, or fingerprint in the configuration",
		    "nobody said that this is the CA");
	return rc == PKI_OK ? slots_set_anchors(slots, &root, 1, s->err) : rc;
}

static pki_code
show_and_ask(struct session *s, const enroll_conf *conf, enroll_slots *slots)
{
	const pki_cert *roots[PKI_CERTS_ONLY_COUNT];
	est_certs certs = { .count = 0 };
	size_t count = 0;
	pki_code rc = work_fetch_blind(conf, &certs, s->err);

	for (size_t i = 0; rc == PKI_OK && i < certs.count; i++)
		if (plan_is_root(certs.certs[i]))
			roots[count++] = certs.certs[i];
	if (rc == PKI_OK && count == 0)
		rc = pki_refuse(s->err, PKI_DENIED, "anchors",
		    "a root in cacerts", "there is none");
	if (rc == PKI_OK)
		rc = show_roots(s, roots, count);
	if (rc == PKI_OK && count != 1)
		rc = pki_refuse(s->err, PKI_DENIED, "anchors",
		    "--fingerprint, of one of them", "%zu roots", count);
	if (rc == PKI_OK)
		rc = ask_person(s, slots, roots[0]);
	est_certs_clear(&certs);
	return rc;
}

static pki_code
bootstrap_one(struct session *s, const enroll_conf *conf)
{
	PKI_AUTO(enroll_slots) slots = NULL;
	const pki_cert *const *anchors = NULL;
	size_t count = 0;
	enroll_work work;
	pki_code rc = session_open(s, conf, &slots, s->err);

	if (rc == PKI_OK)
		rc = slots_anchors(slots, &anchors, &count, s->err);
	if (rc != PKI_OK)
		return rc;
	work = session_work(s, conf, slots);
	if (count == 0 && conf->anchors[0] == '\0' &&
	    conf->fingerprint[0] == '\0')
		return show_and_ask(s, conf, slots);
	rc = count == 0 ? work_begin_trust(&work, NULL, s->err) :
	    work_refresh_trust(&work, s->err);
	if (rc == PKI_OK)
		rc = slots_anchors(slots, &anchors, &count, s->err);
	return rc == PKI_OK ? show_roots(s, anchors, count) : rc;
}

static pki_code
bootstrap(struct session *s)
{
	return session_each(s, bootstrap_one);
}

const struct cli_command cmd_bootstrap = {
	.noun = "bootstrap",
	.args = "[NAME...]",
	.summary = "learn whom to believe",
	.description =
"With a fingerprint, the root that has it is taken from the server.  Without\n"
"one, and with nothing known, the server's root is shown, and a person asked.\n"
"Where anchors are known, the server is asked for new ones, which are taken\n"
"when a link leads from the old ones to them.",
	.max_args = -1,
	.run = bootstrap,
};

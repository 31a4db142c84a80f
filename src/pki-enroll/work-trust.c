#include <stdio.h>
#include <string.h>

#include "pki-enroll/work-private.h"

/* ---- connections ---- */

static pki_code
read_token(const enroll_conf *conf, pki_buf **out, pki_err *err)
{
	PKI_AUTO(pki_buf) token = NULL;
	size_t len;
	pki_code rc;

	if (conf->token_file[0] == '\0')
		return pki_refuse(err, PKI_DENIED, "token",
		    "token-file in its configuration",
		    "there is no token for '%s'", conf->name);
	rc = pki_file_read(conf->token_file, 4096, PKI_FILE_SECRET, &token,
	    err);
	if (rc != PKI_OK)
		return pki_wrap(err, rc, "token");
	for (len = token->len; len > 0 && (token->data[len - 1] == '\n' ||
	    token->data[len - 1] == '\r' || token->data[len - 1] == ' ');)
		len--;
	pki_buf_cut(token, len);
	if (len == 0)
		return pki_refuse(err, PKI_DENIED, "token", "one word",
		    "'%s' is empty", conf->token_file);
	*out = PKI_TAKE(token);
	return PKI_OK;
}

pki_code
work_connect(enroll_work *work, enum work_as as, http_client **out,
    pki_err *err)
{
	const enroll_slot *pair = slots_current(work->slots);
	PKI_AUTO(pki_buf) token = NULL;
	http_options options = {
		.origin = work->conf->server, .trust = HTTP_VERIFIED,
		.user = work->conf->user, .timeout_s = work->conf->timeout_s,
	};
	pki_code rc;

	rc = slots_anchors(work->slots, &options.tls.anchors,
	    &options.tls.anchor_count, err);
	if (rc == PKI_OK && as == WORK_AS_TOKEN)
		rc = read_token(work->conf, &token, err);
	if (rc != PKI_OK)
		return rc;
	if (token != NULL)
		options.token = pki_buf_bytes(token);
	if (as == WORK_AS_PAIR && pair != NULL) {
		options.tls.key = pair->key;
		options.tls.cert = pair->cert;
		options.tls.chain = (const pki_cert *const *)pair->chain;
		options.tls.chain_count = pair->chain_count;
	}
	return http_open(&options, out, err);
}

pki_code
work_fetch_blind(const enroll_conf *conf, est_certs *out, pki_err *err)
{
	const http_options options = {
		.origin = conf->server, .trust = HTTP_BLIND,
		.timeout_s = conf->timeout_s,
	};
	PKI_AUTO(http_client) http = NULL;
	pki_code rc = http_open(&options, &http, err);
	est_server server = { .http = http, .label = conf->label };

	return rc == PKI_OK ? est_get_cacerts(&server, out, err) : rc;
}

/* ---- anchors ---- */

/* A pki_pem_visitor: one certificate of a file. */
static pki_code
take_anchor(pki_bytes der, void *arg, pki_err *err)
{
	est_certs *certs = arg;
	pki_code rc;

	if (certs->count == PLAN_ANCHORS_MAX)
		return pki_refuse(err, PKI_BAD_INPUT, "anchors",
		    "at most 16 certificates", "more");
	rc = pki_cert_parse(der, &certs->certs[certs->count], err);
	if (rc == PKI_OK)
		certs->count++;
	return rc;
}

/* Clear out in any case. */
static pki_code
read_anchors(const char *path, est_certs *out, pki_err *err)
{
	PKI_AUTO(pki_buf) pem = NULL;
	pki_code rc;

	rc = pki_file_read(path, WORK_PEM_MAX, PKI_FILE_OURS, &pem, err);
	if (rc == PKI_OK)
		rc = pki_pem_each(pki_buf_bytes(pem), PKI_PEM_CERT,
		    PKI_CERT_MAX, take_anchor, out, err);
	return rc == PKI_OK ? PKI_OK : pki_wrap(err, rc, "anchors '%s'",
	    path);
}

static pki_code
load_anchors(enroll_work *work, pki_err *err)
{
	est_certs certs = { .count = 0 };
	pki_code rc = read_anchors(work->conf->anchors, &certs, err);

	if (rc == PKI_OK)
		rc = slots_set_anchors(work->slots,
		    (const pki_cert *const *)certs.certs, certs.count, err);
	est_certs_clear(&certs);
	return rc;
}

pki_code
work_open_probe(const enroll_conf *conf, http_client **out, pki_err *err)
{
	http_options options = {
		.origin = conf->server, .trust = HTTP_BLIND,
		.timeout_s = conf->timeout_s,
	};
	est_certs certs = { .count = 0 };
	pki_code rc = PKI_OK;

	if (conf->anchors[0] != '\0') {
		rc = read_anchors(conf->anchors, &certs, err);
		options.trust = HTTP_VERIFIED;
		options.tls.anchors = (const pki_cert *const *)certs.certs;
		options.tls.anchor_count = certs.count;
	}
	if (rc == PKI_OK)
		rc = http_open(&options, out, err);
	est_certs_clear(&certs);
	return rc;
}

static bool
has_pin(const enroll_conf *conf)
{
	return conf->fingerprint[0] != '\0';
}

static void
say_strangers(const enroll_work *work, const plan_anchors *anchors)
{
	PKI_AUTO(pki_buf) name = pki_buf_new();

	if (anchors->strangers == 0 || name == NULL)
		return;
	pki_name_print(pki_cert_subject(anchors->stranger), name);
	if (pki_buf_check(name, NULL) == PKI_OK)
		work_say(work, "not believed: the root '%s' that the server "
		    "sent, for no link leads to it", pki_buf_text(name));
}

/* Choose among what came, and save what is new. */
static pki_code
adopt(enroll_work *work, const pki_digest *pin, const est_certs *came,
    pki_err *err)
{
	const pki_cert *const *known = NULL;
	size_t known_count = 0;
	plan_anchors chosen;
	pki_code rc;

	rc = slots_anchors(work->slots, &known, &known_count, err);
	if (rc == PKI_OK)
		rc = plan_choose_anchors(known, known_count, pin, came,
		    pki_clock_now(NULL), &chosen, err);
	if (rc != PKI_OK)
		return rc;
	say_strangers(work, &chosen);
	if (chosen.added == 0 || work->dry)
		return PKI_OK;
	work_say(work, "%zu new trust anchor%s", chosen.added,
	    chosen.added == 1 ? "" : "s");
	return slots_set_anchors(work->slots, chosen.list, chosen.count, err);
}

pki_code
work_update_trust(enroll_work *work, est_server *server, est_certs *out,
    pki_err *err)
{
	est_certs certs = { .count = 0 };
	pki_code rc = est_get_cacerts(server, &certs, err);

	/* A fingerprint is for an empty directory: not for ever. */
	if (rc == PKI_OK)
		rc = adopt(work, NULL, &certs, err);
	if (rc == PKI_OK)
		*out = certs;
	else
		est_certs_clear(&certs);
	return rc;
}

pki_code
work_begin_trust(enroll_work *work, size_t *out, pki_err *err)
{
	const enroll_conf *conf = work->conf;
	const pki_cert *const *known = NULL;
	est_certs certs = { .count = 0 };
	size_t count = 0;
	pki_code rc;

	rc = slots_anchors(work->slots, &known, &count, err);
	if (rc == PKI_OK && count == 0) {
		if (conf->anchors[0] != '\0')
			rc = load_anchors(work, err);
		else if (has_pin(conf))
			rc = work_fetch_blind(conf, &certs, err);
		else
			rc = pki_refuse(err, PKI_DENIED, "anchors",
			    "anchors or fingerprint in the configuration, or "
			    "pki-enroll bootstrap", "nobody is known to be "
			    "the CA of '%s'", conf->server);
		if (rc == PKI_OK && certs.count > 0)
			rc = adopt(work, &conf->pin, &certs, err);
		est_certs_clear(&certs);
		if (rc == PKI_OK)
			rc = slots_anchors(work->slots, &known, &count, err);
	}
	if (rc == PKI_OK && out != NULL)
		*out = count;
	return rc;
}

pki_code
work_refresh_trust(enroll_work *work, pki_err *err)
{
	PKI_AUTO(http_client) http = NULL;
	est_certs certs = { .count = 0 };
	pki_code rc = work_connect(work, WORK_AS_NOBODY, &http, err);
	est_server server = { .http = http, .label = work->conf->label };

	if (rc == PKI_OK)
		rc = work_update_trust(work, &server, &certs, err);
	est_certs_clear(&certs);
	return rc;
}

#include "issuer/serve-parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "est/body.h"
#include "est/certs-only.h"
#include "x509/digest.h"

/* What one set is made of, while it is sent. */
struct set {
	pki_serving          *serving;
	uint64_t              generation;
	const pki_serve_copy *settings;
	const pki_profiles   *profiles;
	const pki_chains     *chains;
	const pki_material   *material;
};

pki_code
pki_notice_send(pki_serving *serving, const pki_message *message,
    pki_err *err)
{
	/* Wiped when freed: it may hold a key. */
	PKI_AUTO(pki_buf) packet = pki_buf_new();
	pki_code rc = pki_buf_check(packet, err);

	if (rc == PKI_OK)
		rc = pki_wire_encode(message, packet, err);
	return rc == PKI_OK ? pki_wire_send_wait(serving->options.link_fd,
	    pki_buf_bytes(packet), err) : rc;
}

pki_code
pki_notice_hello(pki_serving *serving, pki_err *err)
{
	pki_message message = pki_message_of(PKI_MESSAGE_HELLO);
	int64_t epoch = serving->health.epoch;

	pki_message_put_text(&message, PKI_TAG_BUILD, serving->options.build);
	pki_message_put_number(&message, PKI_TAG_MOST_INSIDE, serving->most);
	pki_message_put_number(&message, PKI_TAG_EPOCH,
	    epoch < 1 ? 1 : (uint64_t)epoch);
	return pki_notice_send(serving, &message, err);
}

static pki_message
notice(const struct set *set, pki_message_type type)
{
	pki_message message = pki_message_of(type);

	pki_message_put_number(&message, PKI_TAG_GENERATION, set->generation);
	return message;
}

static pki_code
send_tls(const struct set *set, pki_err *err)
{
	pki_message message = notice(set, PKI_MESSAGE_TLS);
	pki_bytes chain[PKI_CHAINS_MAX];
	size_t count = pki_chains_path(set->chains, set->material->ca, chain);
	size_t i;

	pki_message_put(&message, PKI_TAG_KEY,
	    pki_buf_bytes(set->material->key));
	pki_message_add(&message, pki_cert_der(set->material->cert));
	for (i = 0; i < count; i++)
		pki_message_add(&message, chain[i]);
	return pki_notice_send(set->serving, &message, err);
}

#define HINTS_MAX 8

static pki_code
send_client_cas(const struct set *set, pki_err *err)
{
	pki_message message = notice(set, PKI_MESSAGE_CLIENT_CAS);

	message.n_list = pki_chains_hints(set->chains, message.list,
	    HINTS_MAX);
	return pki_notice_send(set->serving, &message, err);
}

/* Of the label without a profile: what est.line-width is by default. */
static unsigned
width_of(const pki_profile *profile)
{
	return profile != NULL ? (unsigned)profile->est_line_width :
	    PKI_EST_WIDTH_MAX;
}

/* RFC 7030, 4.1.3. */
static pki_code
send_cacerts(const struct set *set, const char *label, const char *ca,
    unsigned width, pki_err *err)
{
	pki_message message = notice(set, PKI_MESSAGE_CACERTS);
	PKI_AUTO(pki_buf) cms = pki_buf_new();
	pki_bytes certs[PKI_CHAINS_MAX];
	size_t count = pki_chains_set(set->chains, ca, certs);
	pki_digest digest;
	pki_code rc = pki_buf_check(cms, err);

	if (rc == PKI_OK)
		rc = pki_certs_only_encode(certs, count, cms, err);
	if (rc == PKI_OK)
		rc = pki_digest_of(pki_buf_bytes(cms), &digest, err);
	if (rc != PKI_OK)
		return pki_wrap(err, rc, "cacerts of '%s'", label);
	pki_message_put_text(&message, PKI_TAG_LABEL, label);
	pki_message_put(&message, PKI_TAG_CMS, pki_buf_bytes(cms));
	pki_message_put(&message, PKI_TAG_ETAG, pki_digest_bytes(&digest));
	pki_message_put_number(&message, PKI_TAG_WIDTH, width);
	return pki_notice_send(set->serving, &message, err);
}

/* No octets: 204 (est.md, CS-01). */
static pki_code
send_csrattrs(const struct set *set, const char *label,
    const pki_profile *profile, pki_err *err)
{
	pki_message message = notice(set, PKI_MESSAGE_CSRATTRS);
	PKI_AUTO(pki_buf) attrs = pki_buf_new();
	pki_code rc = pki_buf_check(attrs, err);

	if (rc == PKI_OK && profile != NULL)
		rc = pki_hints_encode(profile, attrs, err);
	if (rc != PKI_OK)
		return rc;
	pki_message_put_text(&message, PKI_TAG_LABEL, label);
	pki_message_put(&message, PKI_TAG_ATTRS, pki_buf_bytes(attrs));
	pki_message_put_number(&message, PKI_TAG_WIDTH, width_of(profile));
	return pki_notice_send(set->serving, &message, err);
}

static pki_code
send_label(const struct set *set, const char *label,
    const pki_profile *profile, pki_err *err)
{
	pki_code rc = send_cacerts(set, label, profile != NULL ? profile->ca :
	    set->material->ca, width_of(profile), err);

	return rc == PKI_OK ? send_csrattrs(set, label, profile, err) : rc;
}

/* A label for each profile that devices enroll by, and the one without. */
static pki_code
send_labels(const struct set *set, pki_err *err)
{
	pki_message labels = notice(set, PKI_MESSAGE_LABELS);
	const pki_profile *profile = NULL;
	pki_code rc = PKI_OK;
	size_t i;

	if (set->settings->default_profile[0] != '\0')
		rc = pki_profiles_find(set->profiles,
		    set->settings->default_profile, &profile, err);
	if (rc == PKI_OK)
		rc = send_label(set, "", profile, err);
	pki_message_add(&labels, pki_bytes_text(""));
	for (i = 0; i < pki_profiles_count(set->profiles) && rc == PKI_OK;
	    i++) {
		profile = pki_profiles_at(set->profiles, i);
		if (!pki_serve_may_enroll(profile))
			continue;
		if (!pki_message_add(&labels, pki_bytes_text(profile->name)))
			return pki_fail(err, PKI_USAGE, "more than %d "
			    "profiles for enrollment", PKI_WIRE_LIST_MAX - 1);
		rc = send_label(set, profile->name, profile, err);
	}
	return rc == PKI_OK ? pki_notice_send(set->serving, &labels, err) :
	    rc;
}

static pki_code
send_set(const struct set *set, pki_err *err)
{
	pki_code rc = send_tls(set, err);

	if (rc == PKI_OK)
		rc = send_client_cas(set, err);
	return rc == PKI_OK ? send_labels(set, err) : rc;
}

pki_code
pki_notice_set(pki_serving *serving, pki_ca *ca,
    const pki_serve_copy *settings, pki_err *err)
{
	PKI_AUTO(pki_material) material = NULL;
	PKI_AUTO(pki_chains) chains = NULL;
	struct set set = {
		.serving = serving, .settings = settings,
		/* One that was cut off is never used (LABELS is missing). */
		.generation = ++serving->generation,
	};
	pki_code rc = pki_ca_profiles(ca, &set.profiles, err);

	if (rc == PKI_OK)
		rc = pki_chains_load(ca, &chains, err);
	if (rc == PKI_OK)
		rc = pki_material_get(serving, ca, settings, &material, err);
	if (rc != PKI_OK)
		return rc;
	set.chains = chains;
	set.material = material;
	rc = send_set(&set, err);
	if (rc != PKI_OK)
		return rc;
	serving->has_set = true;
	serving->renew_at = material->renew_at;
	serving->server_cert = *pki_cert_digest(material->cert);
	return PKI_OK;
}

static const char *const count_names[PKI_COUNTS] = {
	[PKI_COUNT_REQUESTS] = "requests", [PKI_COUNT_ISSUED] = "issued",
	[PKI_COUNT_AGAIN] = "issued-again", [PKI_COUNT_PENDING] = "pending",
	[PKI_COUNT_REFUSED] = "refused",
	[PKI_COUNT_UNKNOWN] = "refused-unknown", [PKI_COUNT_BUSY] = "busy",
	[PKI_COUNT_RELOADS] = "reloads",
	[PKI_COUNT_RELOADS_FAILED] = "reloads-failed",
	[PKI_COUNT_WAITING] = "approvals-waiting",
	[PKI_COUNT_OLDEST] = "approvals-oldest-timestamp-seconds",
};

static const char *
unready_reason(const pki_serving *serving)
{
	if (!serving->health.clock)
		return "clock-suspect";
	if (!serving->health.store)
		return "store";
	if (!serving->has_set)
		return "server-certificate";
	return serving->batch == NULL ? "not-open" : !serving->health.log ?
	    "write-ahead-log" : "";
}

void
pki_notice_state(pki_serving *serving)
{
	pki_message message = pki_message_of(PKI_MESSAGE_STATE);
	uint8_t room[PKI_COUNTS][PKI_COUNTER_MAX];
	const char *reason = unready_reason(serving);
	pki_bytes octets;
	size_t i;

	pki_message_put_number(&message, PKI_TAG_READY, reason[0] == '\0');
	pki_message_put_text(&message, PKI_TAG_REASON, reason);
	pki_message_put_number(&message, PKI_TAG_CLOCK,
	    serving->health.clock);
	pki_message_put_number(&message, PKI_TAG_STORE,
	    serving->health.store && serving->health.log);
	pki_message_put_number(&message, PKI_TAG_RETRY_AFTER,
	    reason[0] == '\0' ? 0 : serving->health.clock ? 5 : 60);
	for (i = 0; i < PKI_COUNTS; i++) {
		serving->told_counts[i] = serving->counts[i];
		if (pki_counter_encode(count_names[i],
		    serving->told_counts[i], room[i], &octets, NULL) == PKI_OK)
			pki_message_add(&message, octets);
	}
	serving->told_ready = reason[0] == '\0';
	serving->told_clock = serving->health.clock;
	serving->told_store = serving->health.store && serving->health.log;
	serving->told = pki_notice_send(serving, &message, NULL) == PKI_OK;
}

void
pki_notice_reloaded(pki_serving *serving, pki_code rc, const pki_err *err)
{
	pki_message message = pki_message_of(PKI_MESSAGE_RELOADED);

	pki_message_put_number(&message, PKI_TAG_GENERATION,
	    serving->generation == 0 ? 1 : serving->generation);
	pki_message_put_number(&message, PKI_TAG_READY, rc == PKI_OK);
	pki_message_put_text(&message, PKI_TAG_REASON, rc == PKI_OK ? "" :
	    err->msg);
	if (pki_notice_send(serving, &message, NULL) != PKI_OK)
		serving->told = false;
}

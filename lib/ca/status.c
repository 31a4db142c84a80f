#include "ca/status.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/file.h"
#include "base/text.h"
#include "ca/approval.h"
#include "ca/due.h"
#include "ca/handle.h"
#include "ca/public-check.h"
#include "ca/public-files.h"

/* A full CRL is hashed anew in every handshake: DESIGN 5. */
#define FULL_CRL_LIMIT 5000
#define WAL_ALARM ((int64_t)256 << 20)
#define WAL_STOP ((int64_t)1 << 30)
#define CRL_ALARM_PERCENT 25
/* 9999-12-31T23:59:59Z */
#define TIME_MAX INT64_C(253402300799)

pki_code
pki_fail_log(pki_err *err)
{
	return pki_fail(err, PKI_BUSY, "busy: the write-ahead log is over "
	    "1 GiB, a reader holds it");
}

pki_code
pki_ca_check_log(pki_ca *ca, pki_err *err)
{
	return pki_store_wal_bytes(ca->store) <=
	    pki_fault_number("PKI_FAULT_WAL_STOP", WAL_STOP) ? PKI_OK :
	    pki_fail_log(err);
}

struct survey {
	pki_ca     *ca;
	pki_status *status;
};

static void warn(const struct survey *survey, const char *fmt, ...)
    PKI_PRINTF(2, 3);

static void
warn(const struct survey *survey, const char *fmt, ...)
{
	char sentence[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, args);
	va_end(args);
	survey->status->warning(survey->status->arg, sentence);
}

static void
warn_crl(const struct survey *survey, const pki_status_ca *line,
    const pki_crl_row *crl, const pki_authority *authority)
{
	int64_t left = crl->next_update - survey->status->now;
	int64_t life = crl->next_update - crl->this_update;
	char text[PKI_DURATION_TEXT], when[PKI_TIME_TEXT];

	if (crl->this_update > survey->status->now + 5)
		warn(survey, "the CRL of '%s' is ahead of the clock until %s: "
		    "none can follow before; when the clock is right, run "
		    "'pki-ctl crl publish --accept-clock %s'", line->name,
		    pki_time_format(crl->this_update, when), line->name);
	if (left <= 0)
		warn(survey, "the CRL of '%s' has expired: brokers refuse "
		    "everyone; run 'pki-ctl crl publish %s'", line->name,
		    line->name);
	else if (left * 100 < life * CRL_ALARM_PERCENT)
		warn(survey, "the CRL of '%s' expires in %s; run 'pki-ctl crl "
		    "publish %s'", line->name, pki_duration_rough(left, text),
		    line->name);
	if (authority->crl_form == PKI_CRL_FULL &&
	    crl->entries > FULL_CRL_LIMIT)
		warn(survey, "the full CRL of '%s' has %lld entries, which "
		    "slows every handshake; new CAs should be partitioned",
		    line->name, (long long)crl->entries);
}

/* A CA that ends before a certificate of full length would. */
static void
warn_short_life(const struct survey *survey, const pki_authority *authority,
    int64_t left)
{
	const pki_profiles *profiles;
	char text[PKI_DURATION_TEXT];
	size_t i;

	/* Templates that do not load have a warning of their own. */
	if (pki_ca_profiles(survey->ca, &profiles, NULL) != PKI_OK)
		return;
	for (i = 0; i < pki_profiles_count(profiles); i++) {
		const pki_profile *profile = pki_profiles_at(profiles, i);

		if (profile->kind != PKI_PROFILE_ROOT_CA &&
		    strcmp(profile->ca, authority->name) == 0 &&
		    left < profile->validity) {
			warn(survey, "CA '%s' expires in %s: too soon for "
			    "profile '%s'", authority->name,
			    pki_duration_rough(left, text), profile->name);
			return;
		}
	}
}

static void
warn_ca(const struct survey *survey, const pki_authority *authority,
    bool revoked)
{
	int64_t left = pki_cert_not_after(authority->cert) -
	    survey->status->now;
	char text[PKI_DURATION_TEXT], path[PKI_PATH_MAX];

	if (revoked)
		warn(survey, "CA '%s' is revoked", authority->name);
	if (left < 0)
		warn(survey, "CA '%s' has expired, %s ago: it signs nothing "
		    "any more", authority->name,
		    pki_duration_rough(-left, text));
	else if (left < survey->ca->config->expiry_warning)
		warn(survey, "CA '%s' expires in %s", authority->name,
		    pki_duration_rough(left, text));
	else
		warn_short_life(survey, authority, left);
	if (strncmp(authority->key_ref, "file:", 5) == 0 &&
	    pki_ca_path(survey->ca, path, NULL, "%s",
	    authority->key_ref + 5) == PKI_OK && !pki_file_exists(path))
		warn(survey, "the key file of CA '%s' is missing: %s",
		    authority->name, path);
}

static void
warn_unpublished(const struct survey *survey, const pki_authority *authority)
{
	const char *name = authority->name;
	pki_public_state state = { 0 };
	pki_err err = { 0 };
	int64_t count;
	pki_code rc;

	rc = pki_unpublished_entries(survey->ca, authority, &count, &err);
	if (rc == PKI_OK)
		rc = pki_public_check(survey->ca, authority, &state, &err);

	if (rc != PKI_OK)
		warn(survey, "the published CRL of '%s': %s", name, err.msg);
	else if (count > 0)
		warn(survey, "revocations of '%s' are missing in its published "
		    "CRL: %lld; run 'pki-ctl crl publish %s'", name,
		    (long long)count, name);
	else if (state.behind > 0)
		warn(survey, "published files of '%s' are not what was "
		    "recorded: %lld, %s is the first; run 'pki-ctl crl publish "
		    "%s'", name, (long long)state.behind, state.file, name);
}

static pki_code
survey_crl(const struct survey *survey, const pki_authority *authority,
    pki_status_ca *line, pki_err *err)
{
	pki_crl_row crl;
	pki_code rc;

	rc = pki_store_get_crl(survey->ca->store, authority->id,
	    PKI_SCOPE_COMPLETE, &crl, err);
	if (rc == PKI_NOT_FOUND) {
		warn(survey, "CA '%s' has never published a CRL; run 'pki-ctl "
		    "crl publish %s'", authority->name, authority->name);
		return PKI_OK;
	}
	if (rc != PKI_OK)
		return rc;
	if (crl.this_update < 0 || crl.this_update > TIME_MAX ||
	    crl.next_update < 0 || crl.next_update > TIME_MAX) {
		warn(survey, "what is on record of the CRL of '%s' is damaged: "
		    "no such dates", authority->name);
		return PKI_OK;
	}
	line->crl_number = crl.number;
	line->crl_next_update = crl.next_update;
	line->crl_entries = crl.entries;
	warn_crl(survey, line, &crl, authority);
	warn_unpublished(survey, authority);
	return PKI_OK;
}

static pki_code
survey_ca(const pki_ca_info *info, void *arg, pki_err *err)
{
	const struct survey *survey = arg;
	int64_t now = survey->status->now;
	pki_status_ca line = {
		.name = info->row->name, .has_key = info->has_key,
		.not_after = pki_cert_not_after(info->cert),
	};
	pki_authority *authority;
	pki_cert_counts counts;
	pki_code rc;

	rc = pki_authority_get(survey->ca, info->row->name, &authority, err);
	if (rc == PKI_OK)
		rc = pki_store_tally_certs(survey->ca->store, info->row->id,
		    now, now + survey->ca->config->expiry_warning, &counts,
		    err);
	if (rc == PKI_OK)
		rc = survey_crl(survey, authority, &line, err);
	if (rc != PKI_OK)
		return rc;
	line.good = counts.good;
	line.expiring = counts.expiring;
	line.expired = counts.expired;
	line.held = counts.held;
	line.revoked = counts.revoked;
	warn_ca(survey, authority, info->revoked);
	survey->status->ca(survey->status->arg, &line);
	return PKI_OK;
}

/* A command that was killed while it replaced a key leaves the old one. */
static void
warn_old_keys(const struct survey *survey)
{
	char path[PKI_PATH_MAX], name[128];
	const struct dirent *entry;
	DIR *keys;

	if (pki_ca_path(survey->ca, path, NULL, "keys") != PKI_OK ||
	    (keys = opendir(path)) == NULL)
		return;
	while ((entry = readdir(keys)) != NULL) {
		size_t len = strlen(entry->d_name);

		if (len > strlen(".old") && strcmp(entry->d_name + len -
		    strlen(".old"), ".old") == 0)
			warn(survey, "%s/%s is a key that was being replaced: "
			    "put it back, or remove it", path,
			    pki_text_escape(pki_bytes_text(entry->d_name),
			    name, sizeof(name)));
	}
	closedir(keys);
}

/* What is wrong with the surroundings is a warning here, never a failure. */
static void
survey_surroundings(const struct survey *survey)
{
	const pki_profiles *profiles;
	pki_err err = { 0 };

	if (pki_ca_check_clock(survey->ca, &err) != PKI_OK)
		warn(survey, "%s", err.msg);
	if (pki_ca_profiles(survey->ca, &profiles, &err) != PKI_OK)
		warn(survey, "nothing can be issued: %s", err.msg);
	if (survey->status->wal_bytes > pki_fault_number("PKI_FAULT_WAL_ALARM",
	    WAL_ALARM))
		warn(survey, "the write-ahead log has %lld MiB: a reader holds "
		    "it", (long long)(survey->status->wal_bytes >> 20));
	warn_old_keys(survey);
}

pki_code
pki_ca_status(pki_ca *ca, pki_status *status, pki_err *err)
{
	struct survey survey = { ca, status };
	pki_code rc;

	status->now = pki_clock_now(ca->clock);
	status->wal_bytes = pki_store_wal_bytes(ca->store);
	rc = pki_audit_get_head(ca, &status->head, err);
	if (rc == PKI_OK)
		rc = pki_approval_count(ca, &status->approvals, err);
	if (rc == PKI_OK)
		rc = pki_ca_each(ca, survey_ca, &survey, err);
	if (rc == PKI_OK)
		survey_surroundings(&survey);
	return rc;
}

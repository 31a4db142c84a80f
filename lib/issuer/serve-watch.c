#include "issuer/serve-parts.h"

#include <string.h>

#include "base/text.h"
#include "issuer/spawn.h"

#define SECOND_MS 1000
/* A server's certificate that cannot be renewed: when to try again. */
#define RETRY_MS 10000

void
pki_watch_note(pki_serving *serving, const char *event, const pki_err *err)
{
	if (serving->options.note != NULL)
		serving->options.note(serving->options.arg, event, err);
}

static pki_code
copy_hosts(const pki_serve_settings *from, pki_altnames **out, pki_err *err)
{
	PKI_AUTO(pki_altnames) hosts = pki_altnames_new();
	pki_code rc = PKI_OK;
	size_t i;

	if (hosts == NULL)
		return pki_fail_memory(err);
	if (from->host_count > PKI_SERVE_HOSTS_MAX)
		return pki_fail(err, PKI_USAGE, "%zu names for the server, "
		    "expected at most %d", from->host_count,
		    PKI_SERVE_HOSTS_MAX);
	for (i = 0; i < from->host_count && rc == PKI_OK; i++)
		rc = pki_altnames_add_text(hosts, from->hosts[i], err);
	if (rc == PKI_OK)
		*out = PKI_TAKE(hosts);
	return rc;
}

pki_code
pki_settings_copy(const pki_serve_settings *from, pki_serve_copy *out,
    pki_err *err)
{
	pki_serve_copy copy = {
		.approval_s = from->approval_s != 0 ? from->approval_s : 60,
	};
	pki_code rc;

	if (from->identity == NULL)
		return pki_fail(err, PKI_USAGE, "the server has no identity");
	rc = pki_text_format(copy.identity, sizeof(copy.identity), err, "%s",
	    from->identity);
	if (rc == PKI_OK && from->default_profile != NULL)
		rc = pki_text_format(copy.default_profile,
		    sizeof(copy.default_profile), err, "%s",
		    from->default_profile);
	if (rc == PKI_OK)
		rc = copy_hosts(from, &copy.hosts, err);
	if (rc == PKI_OK)
		*out = copy;
	return rc;
}

static pki_code
open_batch(pki_serving *serving, pki_batch **out, pki_err *err)
{
	const pki_batch_options options = {
		.ca = serving->options.ca, .signers = serving->seat_count,
		.waiting = serving->most,
	};

	return pki_batch_open(&options, out, err);
}

static pki_code
add_batch(pki_serving *serving, pki_err *err)
{
	pki_batch *batch = NULL;
	pki_code rc = open_batch(serving, &batch, err);

	if (rc != PKI_OK)
		return rc;
	pthread_rwlock_wrlock(&serving->lock);
	serving->batch = batch;
	pthread_rwlock_unlock(&serving->lock);
	return PKI_OK;
}

/*
 * Without a clock there are no certificates, but the worker may serve what
 * there is (DESIGN 3) if the server has a certificate from before.
 */
pki_code
pki_watch_open(pki_serving *serving, pki_err *err)
{
	pki_code rc = serving->batch != NULL ? PKI_OK :
	    add_batch(serving, err);

	if (serving->has_set || (rc != PKI_OK && rc != PKI_CLOCK))
		return rc;
	if (rc == PKI_OK)
		return pki_notice_set(serving, serving->ca,
		    &serving->settings, err);
	if (pki_notice_set(serving, serving->ca, &serving->settings, NULL) !=
	    PKI_OK)
		pki_watch_note(serving, "server-certificate", err);
	return rc;
}

/* What a reload reads, until all of it was found good. */
struct reading {
	pki_ca         *ca;
	pki_batch      *batch;
	pki_serve_copy  settings;
};

static pki_code
read_files(pki_serving *serving, struct reading *out, pki_err *err)
{
	pki_serve_settings settings = serving->options.settings;
	const pki_profiles *profiles;
	pki_code rc = PKI_OK;

	if (serving->options.reread != NULL)
		rc = serving->options.reread(serving->options.arg, &settings,
		    err);
	if (rc == PKI_OK)
		rc = pki_settings_copy(&settings, &out->settings, err);
	if (rc == PKI_OK)
		rc = pki_ca_open(&serving->options.ca, &out->ca, err);
	if (rc == PKI_OK)
		rc = pki_ca_profiles(out->ca, &profiles, err);
	if (rc == PKI_OK)
		rc = open_batch(serving, &out->batch, err);
	return rc == PKI_OK ?
	    pki_notice_set(serving, out->ca, &out->settings, err) : rc;
}

/* Requests that are inside the old batch are answered by it. */
static void
take_over(pki_serving *serving, struct reading *reading)
{
	const struct reading old = {
		serving->ca, serving->batch, serving->settings,
	};

	pthread_rwlock_wrlock(&serving->lock);
	serving->batch = reading->batch;
	serving->settings = reading->settings;
	serving->ca = reading->ca;
	pthread_rwlock_unlock(&serving->lock);
	serving->files++;
	*reading = old;
}

static void
tell_parent(pki_serving *serving, pki_control what)
{
	pki_err err = { 0 };

	if (serving->options.control_fd < 0)
		return;
	/* A parent that is busy or gone shows elsewhere. */
	if (pki_control_send(serving->options.control_fd, what, -1, &err) ==
	    PKI_SYSTEM)
		pki_watch_note(serving, "control-failed", &err);
}

void
pki_watch_reload(pki_serving *serving)
{
	struct reading reading = { 0 };
	pki_err err = { 0 };
	pki_code rc = read_files(serving, &reading, &err);

	if (rc == PKI_OK)
		take_over(serving, &reading);
	/* Not the files are bad: nobody should have to ask again. */
	serving->reload_waits = rc == PKI_CLOCK;
	pki_watch_note(serving, rc == PKI_OK ? "reloaded" : "reload-failed",
	    rc == PKI_OK ? NULL : &err);
	pki_batch_close(reading.batch);
	pki_ca_free(reading.ca);
	pki_altnames_free(reading.settings.hosts);
	pki_count_add(serving, rc == PKI_OK ? PKI_COUNT_RELOADS :
	    PKI_COUNT_RELOADS_FAILED);
	pki_notice_reloaded(serving, rc, &err);
	tell_parent(serving, rc == PKI_OK ? PKI_CONTROL_READY :
	    PKI_CONTROL_RELOAD_FAILED);
}

/* What turned bad is an alarm; that it is good again is worth a line. */
static void
note_turn(pki_serving *serving, const char *bad, const char *good, bool was,
    bool is)
{
	if (was && !is)
		pki_watch_note(serving, bad, &serving->health.why);
	else if (!was && is)
		pki_watch_note(serving, good, NULL);
}

static void
look(pki_serving *serving)
{
	const pki_ca_health before = serving->health;

	pki_ca_look(serving->ca, &serving->health);
	pki_clock_compare(serving, &serving->health);
	serving->stale |= serving->health.changed;
	serving->clock_bad = !serving->health.clock;
	serving->log_full = !serving->health.log;
	note_turn(serving, "clock-suspect", "clock-trusted", before.clock,
	    serving->health.clock);
	note_turn(serving, "store-failed", "store-good", before.store,
	    serving->health.store);
	note_turn(serving, "log-too-long", "log-good", before.log,
	    serving->health.log);
}

/* What cannot be read stays as it was: health says so. */
static void
count_waiting(pki_serving *serving)
{
	pki_approval_queue queue;

	if (pki_approval_count(serving->ca, &queue, NULL) != PKI_OK)
		return;
	serving->counts[PKI_COUNT_WAITING] = (uint64_t)queue.waiting;
	serving->counts[PKI_COUNT_OLDEST] = (uint64_t)queue.oldest;
}

/* Due at two thirds of its life; or revoked, and so of no use to anybody. */
static bool
needs_renewal(pki_serving *serving)
{
	bool good = true;

	if (!serving->has_set || pki_clock_now(serving->options.ca.clock) >=
	    serving->renew_at)
		return true;
	if (!serving->stale)
		return false;
	serving->stale = false;
	return pki_material_is_good(serving, serving->ca,
	    serving->settings.identity, &serving->server_cert, &good, NULL) ==
	    PKI_OK && !good;
}

static void
try_open(pki_serving *serving, int64_t now)
{
	pki_err err = { 0 };
	pki_code rc = PKI_OK;

	if (!serving->health.clock || !serving->health.store ||
	    now < serving->retry_at)
		return;
	if (serving->reload_waits) {
		serving->retry_at = now + RETRY_MS;
		pki_watch_reload(serving);
		return;
	}
	if (serving->batch == NULL || !serving->has_set)
		rc = pki_watch_open(serving, &err);
	else if (needs_renewal(serving))
		rc = pki_notice_set(serving, serving->ca, &serving->settings,
		    &err);
	if (rc == PKI_OK)
		return;
	serving->stale = true;
	serving->retry_at = now + RETRY_MS;
	pki_watch_note(serving, "server-certificate", &err);
}

static bool
has_news(const pki_serving *serving, bool full_second)
{
	size_t i;

	if (!serving->told || serving->told_clock != serving->health.clock ||
	    serving->told_store != (serving->health.store &&
	    serving->health.log) || serving->told_ready !=
	    (serving->told_clock && serving->told_store && serving->has_set &&
	    serving->batch != NULL))
		return true;
	for (i = 0; full_second && i < PKI_COUNTS; i++)
		if (serving->told_counts[i] != serving->counts[i])
			return true;
	return false;
}

void
pki_watch_tick(pki_serving *serving)
{
	int64_t now = pki_clock_monotonic_ms();
	bool full_second = now - serving->looked_at >= SECOND_MS;

	look(serving);
	if (full_second) {
		serving->looked_at = now;
		pki_refusals_write(serving, serving->ca);
		count_waiting(serving);
		try_open(serving, now);
		tell_parent(serving, PKI_CONTROL_ALIVE);
	}
	if (has_news(serving, full_second))
		pki_notice_state(serving);
}

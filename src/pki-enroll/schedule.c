#include "pki-enroll/schedule.h"

#include <string.h>

#define STEP_GROWTH 2
/* The longest step, and the first one, of what is left. */
#define STEPS_TO_EXPIRY 8
#define STEPS_CALM 16
#define STEP_MAX_UNENROLLED PKI_HOUR
/* Of the life: how far a point moves, and how young a renewal may be. */
#define SPREAD_BEFORE 4
#define SPREAD_AFTER 6
#define YOUNGEST 50

const char *
schedule_why_text(enum schedule_why why)
{
	static const char *const texts[] = {
		[SCHEDULE_NO_CERT] = "there is no certificate yet",
		[SCHEDULE_FRESH] = "the certificate is fresh",
		[SCHEDULE_ASKED] = "the server asked for an early renewal",
		[SCHEDULE_DUE] = "renewal is due",
		[SCHEDULE_FAILED] = "renewal is due and has failed so far",
		[SCHEDULE_EXPIRED] = "the certificate has expired; "
		    "it may still be renewed",
		[SCHEDULE_LOST] = "the certificate has expired for too long: "
		    "a new token is needed",
	};

	return texts[why];
}

schedule_life
schedule_life_of(const pki_cert *cert)
{
	return (schedule_life){
		.not_before = pki_cert_not_before(cert),
		.not_after = pki_cert_not_after(cert),
		.digest = *pki_cert_digest(cert),
	};
}

schedule_rules
schedule_rules_of(const enroll_conf *conf)
{
	return (schedule_rules){
		.renew_ppm = conf->renew_ppm,
		.grace_s = conf->grace_s,
		.retry_min_s = conf->retry_min_s,
		.retry_max_s = conf->retry_max_s,
		.per_hour = conf->retry_per_hour,
	};
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
greatest(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* A number from the digest, evenly from 0 to most. */
static int64_t
spread(const pki_digest *digest, int64_t most)
{
	uint64_t number = 0;

	for (size_t i = 0; i < sizeof(number); i++)
		number = number << 8 | digest->octets[i];
	return (int64_t)(number % ((uint64_t)most + 1));
}

int64_t
schedule_renew_at(const schedule_rules *rules, const schedule_life *life,
    int64_t renew_after)
{
	int64_t length = life->not_after - life->not_before + 1;
	int64_t offset = length / SCHEDULE_MILLION * rules->renew_ppm +
	    length % SCHEDULE_MILLION * rules->renew_ppm / SCHEDULE_MILLION;
	int64_t before = least(length / SPREAD_BEFORE, offset / 2);
	int64_t after = least(length / SPREAD_AFTER, (length - offset) / 2);
	int64_t at = life->not_before + offset - before +
	    spread(&life->digest, before + after);

	if (renew_after == 0 || renew_after >= at)
		return at;
	/* A server that always asks must not be asked always. */
	return least(at,
	    greatest(renew_after, life->not_before + length / YOUNGEST));
}

/* Was it made by a clock that is right now? */
static bool
is_past(int64_t try, int64_t now)
{
	return try != 0 && try <= now + SCHEDULE_CLOCK_SLACK;
}

/* How far it is to the end, or since then. */
static int64_t
distance(int64_t not_after, int64_t last)
{
	return not_after > last ? not_after - last : last - not_after;
}

/* How long to wait after this many failures, before chance. */
static int64_t
step_after(const schedule_rules *rules, int64_t failures, int64_t not_after,
    int64_t last)
{
	int64_t away = not_after == 0 ? 0 : distance(not_after, last);
	int64_t limit = not_after == 0 ? STEP_MAX_UNENROLLED :
	    away / STEPS_TO_EXPIRY;
	/* Half of the step is waited at least, and that is retry_min_s. */
	int64_t step = greatest(2 * rules->retry_min_s, away / STEPS_CALM);

	limit = least(limit, rules->retry_max_s);
	for (int64_t i = 1; i < failures && step < limit; i++)
		step *= STEP_GROWTH;
	return least(step, limit);
}

/* The limit of an hour: the oldest of the last per_hour tries has to leave. */
static int64_t
check_hour(const schedule_rules *rules, const enroll_state *state,
    int64_t now, int64_t at)
{
	int64_t count = 0;

	for (size_t i = 0; i < STATE_TRIES && state->tries[i] != 0; i++)
		if (is_past(state->tries[i], now) &&
		    ++count == rules->per_hour)
			return greatest(at, state->tries[i] + PKI_HOUR);
	return at;
}

/* A server that wants a person's approval (202) says when to come again. */
static bool
is_told(const enroll_state *state)
{
	return state->error_code == PKI_PENDING &&
	    state->not_before_retry != 0;
}

int64_t
schedule_retry_at(const schedule_rules *rules, const enroll_state *state,
    int64_t not_after, int64_t now, uint32_t chance)
{
	int64_t last = state->tries[0], at = 0, step, wait;

	if (is_told(state) && is_past(last, now))
		at = last + rules->retry_min_s;
	else if (state->failures > 0 && is_past(last, now)) {
		step = step_after(rules, state->failures, not_after, last);
		wait = step / 2 + (int64_t)(((uint64_t)(step - step / 2) *
		    chance) >> 32);
		at = last + greatest(wait, rules->retry_min_s);
	}
	at = greatest(at, least(state->not_before_retry,
	    now + rules->retry_max_s));
	return check_hour(rules, state, now, at);
}

/* FNV-1a, 64 bits: mixes, and keeps no secret. */
static uint64_t
mix(uint64_t hash, const void *data, size_t len)
{
	const uint8_t *octets = data;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ octets[i]) * UINT64_C(0x100000001b3);
	return hash;
}

uint32_t
schedule_chance(const enroll_state *state, const schedule_life *life,
    const char *who)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	hash = mix(hash, &state->tries[0], sizeof(state->tries[0]));
	hash = mix(hash, &state->failures, sizeof(state->failures));
	if (life != NULL)
		hash = mix(hash, life->digest.octets,
		    sizeof(life->digest.octets));
	hash = mix(hash, who, strlen(who));
	/* The upper half is what was mixed best, after one more turn. */
	return (uint32_t)((hash ^ hash >> 29) *
	    UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

static pki_code
refuse_clock(pki_err *err, const schedule_clock *clock, const char *what,
    int64_t than)
{
	char now[PKI_TIME_TEXT], floor[PKI_TIME_TEXT];

	return pki_fail(err, PKI_CLOCK,
	    "the clock says %s, which is before %s, %s: waiting for the time",
	    pki_time_format(clock->now, now), what,
	    pki_time_format(than, floor));
}

pki_code
schedule_check_clock(const schedule_clock *clock, pki_err *err)
{
	/* A server's clock may be ahead of a right one, too. */
	int64_t now = clock->now + SCHEDULE_CLOCK_SLACK;

	if (now < clock->built)
		return refuse_clock(err, clock, "this program was built",
		    clock->built);
	if (now < clock->not_before)
		return refuse_clock(err, clock,
		    "the newest certificate begins", clock->not_before);
	if (now < clock->greatest && !clock->synchronised &&
	    clock->up_s < SCHEDULE_CLOCK_PATIENCE)
		return refuse_clock(err, clock, "a time already seen",
		    clock->greatest);
	return PKI_OK;
}

int64_t
schedule_greatest(const schedule_clock *clock, int64_t not_after)
{
	int64_t seen = not_after == 0 ? clock->now :
	    least(clock->now, not_after);

	if (clock->now + SCHEDULE_CLOCK_SLACK < clock->greatest)
		return seen;
	return greatest(clock->greatest, seen);
}

schedule_plan
schedule_next(const schedule_rules *rules, const enroll_state *state,
    const schedule_life *life, int64_t now, uint32_t chance)
{
	int64_t retry = schedule_retry_at(rules, state,
	    life == NULL ? 0 : life->not_after, now, chance);
	int64_t asked, at;

	if (life == NULL)
		return (schedule_plan){ SCHEDULE_ENROLL, retry,
		    SCHEDULE_NO_CERT };
	if (now - rules->grace_s > life->not_after)
		return (schedule_plan){ SCHEDULE_ENROLL_ANEW, retry,
		    SCHEDULE_LOST };
	if (now > life->not_after)
		return (schedule_plan){ SCHEDULE_RENEW, retry,
		    SCHEDULE_EXPIRED };
	asked = pki_digest_equal(&state->renew_after_of, &life->digest) ?
	    state->renew_after : 0;
	at = schedule_renew_at(rules, life, asked);
	if (now < at)
		return (schedule_plan){ SCHEDULE_RENEW, at,
		    at < schedule_renew_at(rules, life, 0) ?
		    SCHEDULE_ASKED : SCHEDULE_FRESH };
	return (schedule_plan){ SCHEDULE_RENEW, greatest(at, retry),
	    state->failures > 0 ? SCHEDULE_FAILED : SCHEDULE_DUE };
}

#include "pki-enroll/schedule.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/support.h"

TestSuite(schedule, .timeout = 30);

#define NOW TEST_BEGIN

static const schedule_rules usual = {
	.renew_ppm = 666666, .grace_s = 30 * PKI_DAY, .retry_min_s = 60,
	.retry_max_s = PKI_DAY, .per_hour = 12,
};

/* A life that began at NOW, with a digest that begins so. */
static schedule_life
life_of(int64_t seconds, uint64_t number)
{
	schedule_life life = {
		.not_before = NOW, .not_after = NOW + seconds - 1,
	};

	for (int i = 0; i < 8; i++)
		life.digest.octets[i] = (uint8_t)(number >> (56 - 8 * i));
	return life;
}

static const struct point {
	int64_t ppm, life_s;
	int64_t first, last;            /* of the window, after NOW */
} points[] = {
	/* 5/12 to 5/6 of the life */
	{ 666666, 90 * PKI_DAY, 3239995, 6479998 },
	{ 666666, PKI_DAY, 35999, 71999 },
	{ 500000, 1200, 300, 800 },
	/* what is left halves what comes after */
	{ 900000, 1000, 650, 950 },
	/* and the point itself what comes before */
	{ 100000, 1000, 50, 266 },
	{ 666666, 1, 0, 0 },
	/* a certificate without an end */
	{ 500000, PKI_TIME_MAX - NOW, (PKI_TIME_MAX - NOW) / 4, PKI_TIME_MAX },
};

Test(schedule, each_certificate_has_its_point_in_the_window)
{
	for (size_t i = 0; i < PKI_COUNT(points); i++) {
		const struct point *row = &points[i];
		schedule_rules rules = usual;
		int64_t low = INT64_MAX, high = 0;

		rules.renew_ppm = row->ppm;
		for (uint64_t n = 0; n < 20000; n++) {
			schedule_life life = life_of(row->life_s,
			    n * UINT64_C(0x9e3779b97f4a7c15));
			int64_t at = schedule_renew_at(&rules, &life, 0) - NOW;

			cr_assert_eq(at, schedule_renew_at(&rules, &life, 0) -
			    NOW);
			low = at < low ? at : low;
			high = at > high ? at : high;
		}
		cr_expect_geq(low, row->first - 2, "%zu: %lld", i,
		    (long long)low);
		cr_expect_leq(high, row->last + 2, "%zu: %lld", i,
		    (long long)high);
		/* The whole window is used. */
		if (row->life_s < PKI_YEAR)
			cr_expect_geq(high - low,
			    (row->last - row->first) * 99 / 100, "%zu", i);
	}
}

static const struct wish {
	int64_t after, want;            /* after NOW; want 0: the own point */
} wishes[] = {
	{ 10 * PKI_DAY, 10 * PKI_DAY },
	/* never before a fiftieth of the life, however long ago it asks for */
	{ 1, 155520 },
	{ -30 * PKI_DAY, 155520 },
	/* never later */
	{ 89 * PKI_DAY, 0 },
	{ 400 * PKI_DAY, 0 },
};

Test(schedule, a_server_may_ask_for_it_earlier_and_not_later)
{
	schedule_life life = life_of(90 * PKI_DAY, 77);
	int64_t own = schedule_renew_at(&usual, &life, 0);

	for (size_t i = 0; i < PKI_COUNT(wishes); i++)
		cr_expect_eq(schedule_renew_at(&usual, &life,
		    NOW + wishes[i].after), wishes[i].want == 0 ? own :
		    NOW + wishes[i].want, "%zu", i);
}

static enroll_state
failed(int64_t failures, int64_t last)
{
	enroll_state state = enroll_state_new();

	state.failures = failures;
	state.tries[0] = last;
	return state;
}

static const struct retry {
	const char *what;
	int64_t failures, left_s;       /* to not_after; 0: no certificate */
	int64_t least, most;            /* wait, at chance 0 and the greatest */
} retries[] = {
	{ "not enrolled",           1, 0, 60, 120 },
	{ "twice",                  2, 0, 120, 240 },
	{ "five times",             5, 0, 960, 1920 },
	{ "often",                  6, 0, 1800, 3600 },
	{ "without end", INT64_MAX,    0, 1800, 3600 },
	{ "a month left",           1, 32 * PKI_DAY, 43200, 86400 },
	{ "and again",              2, 32 * PKI_DAY, 43200, 86400 },
	{ "four days left",         1, 4 * PKI_DAY, 10800, 21600 },
	{ "and again",              2, 4 * PKI_DAY, 21600, 43200 },
	{ "and again",              9, 4 * PKI_DAY, 21600, 43200 },
	{ "a day left",             9, PKI_DAY, 5400, 10800 },
	{ "an hour left",           9, PKI_HOUR, 225, 450 },
	{ "ten minutes left",       9, 10 * PKI_MINUTE, 60, 75 },
	{ "none left",              9, 1, 60, 60 },
	{ "expired an hour ago",    9, -PKI_HOUR, 225, 450 },
	{ "expired ten days ago",   9, -10 * PKI_DAY, 43200, 86400 },
};

Test(schedule, tries_are_denser_towards_the_end)
{
	for (size_t i = 0; i < PKI_COUNT(retries); i++) {
		const struct retry *row = &retries[i];
		enroll_state state = failed(row->failures, NOW);
		int64_t not_after = row->left_s == 0 ? 0 : NOW + row->left_s;

		cr_expect_eq(schedule_retry_at(&usual, &state, not_after, NOW,
		    0) - NOW, row->least, "%s", row->what);
		cr_expect_leq(schedule_retry_at(&usual, &state, not_after,
		    NOW, UINT32_MAX) - NOW, row->most, "%s", row->what);
		cr_expect_geq(schedule_retry_at(&usual, &state, not_after,
		    NOW, UINT32_MAX) - NOW, row->most - 1, "%s", row->what);
	}
}

Test(schedule, there_is_nothing_to_wait_for_without_a_failure)
{
	enroll_state state = enroll_state_new();

	cr_expect_eq(schedule_retry_at(&usual, &state, 0, NOW, 0), 0);
	state.tries[0] = NOW - 10;
	cr_expect_eq(schedule_retry_at(&usual, &state, 0, NOW, 0), 0);
}

Test(schedule, retry_after_is_kept_and_not_believed_for_ever)
{
	enroll_state state = failed(1, NOW);

	state.not_before_retry = NOW + PKI_HOUR;
	cr_expect_eq(schedule_retry_at(&usual, &state, 0, NOW, 0),
	    NOW + PKI_HOUR);
	state.not_before_retry = NOW + 1;
	cr_expect_eq(schedule_retry_at(&usual, &state, 0, NOW, 0), NOW + 60);
	state.not_before_retry = PKI_TIME_MAX;
	cr_expect_eq(schedule_retry_at(&usual, &state, 0, NOW, 0),
	    NOW + PKI_DAY);
}

Test(schedule, who_waits_for_approval_comes_when_told)
{
	enroll_state state = failed(30, NOW);

	state.error_code = PKI_PENDING;
	state.not_before_retry = NOW + 300;
	cr_expect_eq(schedule_retry_at(&usual, &state, 0, NOW, UINT32_MAX),
	    NOW + 300);
	/* Not more often than ever, */
	state.not_before_retry = NOW + 1;
	cr_expect_eq(schedule_retry_at(&usual, &state, 0, NOW, UINT32_MAX),
	    NOW + 60);
	/* and like all others when nothing was said. */
	state.not_before_retry = 0;
	cr_expect_eq(schedule_retry_at(&usual, &state, 0, NOW, 0),
	    NOW + 1800);
}

Test(schedule, never_more_than_so_many_in_an_hour)
{
	schedule_rules rules = usual;
	enroll_state state = enroll_state_new();
	static int64_t tries[2000];
	const pki_err why = { .code = PKI_BUSY };
	int64_t now = NOW;

	/* One second each, were it not for the limit. */
	rules.retry_min_s = rules.retry_max_s = 1;
	for (size_t i = 0; i < PKI_COUNT(tries); i++) {
		int64_t next = schedule_retry_at(&rules, &state, NOW, now, 0);

		now = next > now ? next : now;
		tries[i] = now;
		enroll_state_add_try(&state, now);
		enroll_state_add_failure(&state, &why);
	}
	for (size_t i = 12; i < PKI_COUNT(tries); i++)
		cr_expect_geq(tries[i] - tries[i - 12], PKI_HOUR, "%zu", i);
	/* Nor less: it is the limit, and no other, that holds them back. */
	cr_expect_leq(tries[1999] - tries[0], 170 * PKI_HOUR);
}

Test(schedule, tries_of_a_wrong_clock_hold_nobody_back)
{
	enroll_state state = enroll_state_new();
	const pki_err why = { .code = PKI_BUSY };

	for (int i = 0; i < STATE_TRIES; i++) {
		enroll_state_add_try(&state, NOW + 70 * PKI_YEAR);
		enroll_state_add_failure(&state, &why);
	}
	cr_expect_leq(schedule_retry_at(&usual, &state, 0, NOW, 0), NOW);
	enroll_state_add_try(&state, NOW);
	cr_expect_leq(schedule_retry_at(&usual, &state, 0, NOW, UINT32_MAX),
	    NOW + PKI_HOUR);
}

#define BUILT (NOW - PKI_DAY)

static const struct reading {
	const char    *what;
	schedule_clock clock;
	bool           good;
} readings[] = {
	{ "nothing known", { NOW, 0, 0, 0, 0, false }, true },
	{ "1970", { 100, BUILT, 0, 0, 0, false }, false },
	{ "1970, for long", { 100, BUILT, 0, 0, PKI_YEAR, false }, false },
	{ "1970, called right", { 100, BUILT, 0, 0, 0, true }, false },
	{ "a bit before it was built",
	    { BUILT - 60, BUILT, 0, 0, 0, false }, true },
	{ "before the certificate",
	    { NOW, BUILT, NOW + PKI_HOUR, 0, 0, false }, false },
	{ "before it, called right",
	    { NOW, BUILT, NOW + PKI_HOUR, 0, 0, true }, false },
	{ "a bit before it", { NOW, BUILT, NOW + 60, 0, 0, false }, true },
	{ "before a time seen",
	    { NOW, BUILT, 0, NOW + PKI_DAY, 10, false }, false },
	{ "a bit before it", { NOW, BUILT, 0, NOW + 60, 10, false }, true },
	{ "before it, called right",
	    { NOW, BUILT, 0, NOW + PKI_DAY, 10, true }, true },
	{ "before it, after an hour",
	    { NOW, BUILT, 0, NOW + PKI_DAY, PKI_HOUR, false }, true },
};

Test(schedule, a_clock_that_cannot_be_right_is_waited_for)
{
	for (size_t i = 0; i < PKI_COUNT(readings); i++) {
		pki_err err = { .code = PKI_OK };
		pki_code rc = schedule_check_clock(&readings[i].clock, &err);

		cr_expect_eq(rc, readings[i].good ? PKI_OK : PKI_CLOCK, "%s",
		    readings[i].what);
		if (rc != PKI_OK)
			cr_expect_not_null(strstr(err.msg, "the clock says "),
			    "%s", err.msg);
	}
}

Test(schedule, one_jump_of_the_clock_is_forgotten)
{
	const int64_t end = NOW + 90 * PKI_DAY;
	schedule_clock clock = { .now = NOW + 70 * PKI_YEAR, .greatest = NOW };

	/* No further than the certificate's end. */
	clock.greatest = schedule_greatest(&clock, end);
	cr_assert_eq(clock.greatest, end);
	/* The right time is refused for an hour, */
	clock.now = NOW + PKI_DAY;
	cr_assert_eq(schedule_check_clock(&clock, NULL), PKI_CLOCK);
	/* then taken, and is what is remembered from then on. */
	clock.up_s = PKI_HOUR;
	cr_assert_eq(schedule_check_clock(&clock, NULL), PKI_OK);
	clock.greatest = schedule_greatest(&clock, end);
	cr_assert_eq(clock.greatest, NOW + PKI_DAY);
	/* A bit back is no news, forwards is. */
	clock.now = NOW + PKI_DAY - 60;
	cr_expect_eq(schedule_greatest(&clock, end), NOW + PKI_DAY);
	clock.now = NOW + 2 * PKI_DAY;
	cr_expect_eq(schedule_greatest(&clock, end), NOW + 2 * PKI_DAY);
	cr_expect_eq(schedule_greatest(&clock, 0), NOW + 2 * PKI_DAY);
}

#define LIFE (90 * PKI_DAY)

static const struct moment {
	int64_t           now;          /* after not_before */
	int64_t           failures;
	enum schedule_do  what;
	enum schedule_why why;
	bool              waits;
} moments[] = {
	{ 0,                     0, SCHEDULE_RENEW, SCHEDULE_FRESH, true },
	{ 37 * PKI_DAY,          3, SCHEDULE_RENEW, SCHEDULE_FRESH, true },
	{ 76 * PKI_DAY,          0, SCHEDULE_RENEW, SCHEDULE_DUE, false },
	{ 76 * PKI_DAY,          1, SCHEDULE_RENEW, SCHEDULE_FAILED, true },
	{ LIFE - 1,              0, SCHEDULE_RENEW, SCHEDULE_DUE, false },
	{ LIFE,                  0, SCHEDULE_RENEW, SCHEDULE_EXPIRED, false },
	{ LIFE,                  1, SCHEDULE_RENEW, SCHEDULE_EXPIRED, true },
	{ LIFE + 30 * PKI_DAY - 1, 0, SCHEDULE_RENEW, SCHEDULE_EXPIRED,
	    false },
	{ LIFE + 30 * PKI_DAY,   0, SCHEDULE_ENROLL_ANEW, SCHEDULE_LOST,
	    false },
	{ 9999 * PKI_DAY,        1, SCHEDULE_ENROLL_ANEW, SCHEDULE_LOST, true },
};

Test(schedule, what_is_next_in_a_certificates_life)
{
	schedule_life life = life_of(LIFE, 12345);

	for (size_t i = 0; i < PKI_COUNT(moments); i++) {
		const struct moment *row = &moments[i];
		int64_t now = NOW + row->now;
		enroll_state state = failed(row->failures,
		    row->failures == 0 ? 0 : now - 1);
		schedule_plan plan = schedule_next(&usual, &state, &life, now,
		    0);

		cr_expect_eq(plan.what, row->what, "%zu", i);
		cr_expect_eq(plan.why, row->why, "%zu", i);
		cr_expect_eq(plan.at > now, row->waits, "%zu", i);
	}
}

Test(schedule, what_is_next_without_a_certificate)
{
	enroll_state state = enroll_state_new();
	schedule_plan plan = schedule_next(&usual, &state, NULL, NOW, 0);

	cr_expect_eq(plan.what, SCHEDULE_ENROLL);
	cr_expect_eq(plan.why, SCHEDULE_NO_CERT);
	cr_expect_leq(plan.at, NOW);
}

Test(schedule, a_wish_is_for_one_certificate_only)
{
	schedule_life life = life_of(LIFE, 9), next = life_of(LIFE, 10);
	enroll_state state = enroll_state_new();
	schedule_plan plan;

	state.renew_after = NOW + 10 * PKI_DAY;
	state.renew_after_of = life.digest;
	plan = schedule_next(&usual, &state, &life, NOW, 0);
	cr_expect_eq(plan.why, SCHEDULE_ASKED);
	cr_expect_eq(plan.at, NOW + 10 * PKI_DAY);
	plan = schedule_next(&usual, &state, &next, NOW, 0);
	cr_expect_eq(plan.why, SCHEDULE_FRESH);
}

Test(schedule, chance_is_a_devices_own_and_keeps)
{
	enroll_state state = failed(1, NOW);
	schedule_life life = life_of(LIFE, 9);
	uint32_t most = 0, least = UINT32_MAX;
	size_t lower = 0;

	for (int i = 0; i < 1000; i++) {
		char name[16];
		uint32_t chance;

		snprintf(name, sizeof(name), "meter-%04d", i);
		chance = schedule_chance(&state, NULL, name);
		cr_assert_eq(chance, schedule_chance(&state, NULL, name));
		most = chance > most ? chance : most;
		least = chance < least ? chance : least;
		lower += chance < UINT32_MAX / 2;
	}
	cr_expect_gt(most, UINT32_MAX / 100 * 98);
	cr_expect_lt(least, UINT32_MAX / 100 * 2);
	cr_expect(lower > 430 && lower < 570, "%zu", lower);
	cr_expect_neq(schedule_chance(&state, &life, "a"),
	    schedule_chance(&state, NULL, "a"));
	cr_expect_neq(schedule_chance(&state, NULL, "a"), schedule_chance(
	    &(enroll_state){ .failures = 2, .tries = { NOW } }, NULL, "a"));
}

Test(schedule, every_reason_has_its_words)
{
	for (int why = SCHEDULE_NO_CERT; why <= SCHEDULE_LOST; why++)
		cr_expect_not_null(schedule_why_text((enum schedule_why)why));
}

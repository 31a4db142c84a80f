/*
 * A thousand devices through three renewals each, in virtual time, with a
 * server that is down for 30 % of it: nobody's certificate expires, nobody is
 * asked for help, and no day sees more than three times the mean.
 */
#include "pki-enroll/schedule.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/support.h"

#define DEVICES 1000
#define RENEWALS 3
#define DAYS 1000
#define OUTAGES 4000
#define SEEDS 20

TestSuite(fleet, .timeout = 60);

struct device {
	enroll_state  state;
	schedule_life life;
	int64_t       next;
	int           renewals;
};

struct fleet {
	schedule_rules rules;
	int64_t        life_s;          /* of each certificate */
	int64_t        bin_s;           /* requests are counted per this */
	uint64_t       random;
	struct device  devices[DEVICES];
	int64_t        down[OUTAGES], up[OUTAGES];      /* begin, end */
	size_t         outages;
	int            expired, lost;
	long           requests, refused;
	long           per_bin[DAYS];
	int64_t        downtime, end;
};

/* xorshift64*: the same fleet each time. */
static uint64_t
roll(struct fleet *fleet)
{
	fleet->random ^= fleet->random >> 12;
	fleet->random ^= fleet->random << 25;
	fleet->random ^= fleet->random >> 27;
	return fleet->random * UINT64_C(2685821657736338717);
}

static int64_t
between(struct fleet *fleet, int64_t low, int64_t high)
{
	return low + (int64_t)(roll(fleet) % (uint64_t)(high - low + 1));
}

/* Outages of 0 to twice the mean, and gaps so that 30 % is down. */
static void
plan_outages(struct fleet *fleet, int64_t mean)
{
	int64_t at = TEST_BEGIN;

	for (size_t i = 0; i < OUTAGES; i++) {
		at += between(fleet, 0, 2 * mean * 7 / 3);
		fleet->down[i] = at;
		at += between(fleet, 0, 2 * mean);
		fleet->up[i] = at;
	}
	fleet->outages = OUTAGES;
}

static bool
is_down(const struct fleet *fleet, int64_t now)
{
	size_t low = 0, high = fleet->outages;

	/* The last outage that has begun. */
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (fleet->down[middle] <= now)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && now < fleet->up[low - 1];
}

static void
give_cert(struct fleet *fleet, struct device *device, int64_t now)
{
	device->life.not_before = now - 60;
	device->life.not_after = now + fleet->life_s - 1;
	for (size_t i = 0; i < sizeof(device->life.digest.octets); i++)
		device->life.digest.octets[i] = (uint8_t)(roll(fleet) >> 56);
}

static void
plan(struct fleet *fleet, struct device *device, int64_t now)
{
	schedule_plan next = schedule_next(&fleet->rules, &device->state,
	    &device->life, now, (uint32_t)(roll(fleet) >> 32));

	device->next = next.at > now ? next.at : now;
	if (device->renewals == RENEWALS)
		device->next = INT64_MAX;
}

static void
ask(struct fleet *fleet, struct device *device)
{
	static const pki_err why = { .code = PKI_BUSY, .msg = "down" };
	int64_t now = device->next;

	fleet->requests++;
	fleet->per_bin[(now - TEST_BEGIN) / fleet->bin_s]++;
	fleet->end = now;
	if (now > device->life.not_after)
		fleet->expired++;
	if (now > device->life.not_after + fleet->rules.grace_s)
		fleet->lost++;
	enroll_state_add_try(&device->state, now);
	if (is_down(fleet, now)) {
		fleet->refused++;
		enroll_state_add_failure(&device->state, &why);
	} else {
		enroll_state_add_success(&device->state, now);
		give_cert(fleet, device, now);
		device->renewals++;
	}
	plan(fleet, device, now);
}

static struct device *
first_due(struct fleet *fleet)
{
	struct device *first = &fleet->devices[0];

	for (size_t i = 1; i < DEVICES; i++)
		if (fleet->devices[i].next < first->next)
			first = &fleet->devices[i];
	return first->next == INT64_MAX ? NULL : first;
}

static void
measure_downtime(struct fleet *fleet)
{
	for (size_t i = 0; i < fleet->outages &&
	    fleet->down[i] < fleet->end; i++)
		fleet->downtime += (fleet->up[i] < fleet->end ?
		    fleet->up[i] : fleet->end) - fleet->down[i];
}

/* The whole fleet is enrolled within an hour: the worst there is. */
static void
live(struct fleet *fleet, int64_t outage_s, int64_t enrolled_s)
{
	plan_outages(fleet, outage_s);
	for (size_t i = 0; i < DEVICES; i++) {
		struct device *device = &fleet->devices[i];
		int64_t now = TEST_BEGIN + between(fleet, 0, enrolled_s);

		device->state = enroll_state_new();
		give_cert(fleet, device, now);
		plan(fleet, device, now);
	}
	for (struct device *device; (device = first_due(fleet)) != NULL;)
		ask(fleet, device);
	measure_downtime(fleet);
}

/* From the first request to the last, in bins. */
static double
peak_over_mean(const struct fleet *fleet)
{
	size_t last = (size_t)((fleet->end - TEST_BEGIN) / fleet->bin_s);
	size_t first = 0;
	long peak = 0;

	while (fleet->per_bin[first] == 0)
		first++;
	for (size_t i = first; i <= last; i++)
		if (fleet->per_bin[i] > peak)
			peak = fleet->per_bin[i];
	return (double)peak * (double)(last - first + 1) /
	    (double)fleet->requests;
}

/*
 * An outage as long as a bin leaves its backlog to the next one: there the
 * fullest bin is allowed more.
 */
static const struct world {
	const char *name;
	int64_t     enrolled_s;         /* the fleet is enrolled within this */
	int64_t     life_s, bin_s, outage_s, retry_max_s;
	double      worst, usual;       /* of 20 fleets */
} worlds[] = {
	{ "all enrolled in one hour, 90 days, outages of 2 hours",
	    PKI_HOUR, 90 * PKI_DAY, PKI_DAY, 2 * PKI_HOUR, 2 * PKI_DAY,
	    3.0, 2.5 },
	{ "90 days, outages of 8 hours",
	    60 * PKI_DAY, 90 * PKI_DAY, PKI_DAY, 8 * PKI_HOUR, 2 * PKI_DAY,
	    3.5, 3.0 },
	{ "90 days, outages of 1 day",
	    60 * PKI_DAY, 90 * PKI_DAY, PKI_DAY, PKI_DAY, 2 * PKI_DAY,
	    5.0, 3.5 },
	{ "1 day, outages of 15 minutes",
	    16 * PKI_HOUR, PKI_DAY, 16 * PKI_MINUTE, 15 * PKI_MINUTE,
	    2 * PKI_DAY, 3.5, 3.0 },
	{ "1 year, outages of 1 day",
	    240 * PKI_DAY, PKI_YEAR, 4 * PKI_DAY, PKI_DAY, 7 * PKI_DAY,
	    3.5, 3.0 },
};

/* One life of the fleet; the crowd of its fullest bin. */
static double
measure(struct fleet *fleet, const struct world *world, uint64_t seed)
{
	memset(fleet, 0, sizeof(*fleet));
	fleet->rules = (schedule_rules){
		.renew_ppm = 666666, .grace_s = 30 * PKI_DAY,
		.retry_min_s = 60, .retry_max_s = world->retry_max_s,
		.per_hour = 12,
	};
	fleet->life_s = world->life_s;
	fleet->bin_s = world->bin_s;
	fleet->random = seed;
	live(fleet, world->outage_s, world->enrolled_s);
	return peak_over_mean(fleet);
}

Test(fleet, nobody_expires_and_no_day_is_crowded)
{
	static struct fleet fleet;

	for (size_t i = 0; i < PKI_COUNT(worlds); i++) {
		double crowd = 0, sum = 0;

		for (uint64_t seed = 1; seed <= SEEDS; seed++) {
			double one = measure(&fleet, &worlds[i], seed);

			crowd = one > crowd ? one : crowd;
			sum += one;
			cr_expect_eq(fleet.expired, 0, "%s", worlds[i].name);
			cr_expect_eq(fleet.requests - fleet.refused,
			    DEVICES * RENEWALS);
		}
		fprintf(stderr, "%s: %ld requests, %ld in vain, down %.0f %%, "
		    "peak %.2f times the mean, usually %.2f\n",
		    worlds[i].name, fleet.requests, fleet.refused, 100.0 *
		    (double)fleet.downtime /
		    (double)(fleet.end - TEST_BEGIN), crowd, sum / SEEDS);
		cr_expect_leq(crowd, worlds[i].worst, "%s: %.2f",
		    worlds[i].name, crowd);
		cr_expect_leq(sum / SEEDS, worlds[i].usual, "%s: %.2f",
		    worlds[i].name, sum / SEEDS);
	}
}

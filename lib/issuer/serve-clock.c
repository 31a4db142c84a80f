#include "issuer/serve-parts.h"

#include <time.h>

/* The same that the floor allows (DESIGN 3). */
#define SLACK_S (5 * PKI_MINUTE)

static int64_t
read_boottime(void *arg)
{
	struct timespec now;

	(void)arg;
	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static const pki_clock boottime = { read_boottime, NULL };

/* A clock that tests set is compared with one that they set, or none. */
static const pki_clock *
steady_of(const pki_serve_options *options)
{
	if (options->steady != NULL || options->ca.clock != NULL)
		return options->steady;
	return &boottime;
}

static int64_t
distance(int64_t a, int64_t b)
{
	return a > b ? a - b : b - a;
}

void
pki_clock_begin(pki_serving *serving)
{
	const pki_clock *steady = steady_of(&serving->options);

	if (steady != NULL)
		serving->clock_offset =
		    pki_clock_now(serving->options.ca.clock) -
		    pki_clock_now(steady);
}

/* Any thread; *out_offset: what it is compared by now. */
static bool
has_jumped(const pki_serving *serving, int64_t *out_offset)
{
	const pki_clock *steady = steady_of(&serving->options);

	*out_offset = serving->clock_offset;
	if (steady == NULL)
		return false;
	*out_offset = pki_clock_now(serving->options.ca.clock) -
	    pki_clock_now(steady);
	return distance(*out_offset, serving->clock_offset) > SLACK_S;
}

bool
pki_clock_jumped(const pki_serving *serving)
{
	int64_t offset;

	return has_jumped(serving, &offset);
}

/*
 * Nobody sets the time of a CA by five minutes without a reason; until he
 * has it back, or accepts it, nothing is issued (G13).  Accepted it is when
 * the floor is where the clock is: whatever was issued before the jump has
 * left it behind.
 */
void
pki_clock_compare(pki_serving *serving, pki_ca_health *health)
{
	int64_t now = pki_clock_now(serving->options.ca.clock);
	int64_t offset;

	if (!health->clock || !has_jumped(serving, &offset))
		return;
	if (distance(now, health->floor) <= SLACK_S) {
		serving->clock_offset = offset;
		return;
	}
	health->clock = false;
	if (health->why.code != PKI_OK)
		return;
	pki_fail(&health->why, PKI_CLOCK, "clock-suspect: the clock was set "
	    "by %lld s while the issuer was running; set it back, or run "
	    "'pki-ctl clock accept'",
	    (long long)(offset - serving->clock_offset));
}

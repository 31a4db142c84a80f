#ifndef PKI_ESTD_NOW_H
#define PKI_ESTD_NOW_H

/* Time that only goes forward: for deadlines and limits, never for dates. */

#include <stdint.h>
#include <time.h>

/* Milliseconds since some moment before the program began. */
static inline int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif

#ifndef PKI_BASE_CLOCK_H
#define PKI_BASE_CLOCK_H

/*
 * Time: UTC seconds since 1970 in int64_t, and text forms of it.
 */

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

PKI_BEGIN_DECLS

/* Where the time comes from.  Tests give their own; NULL means the system. */
typedef struct pki_clock {
	int64_t (*now_ms)(void *arg);
	void     *arg;
} pki_clock;

int64_t pki_clock_now(const pki_clock *clock);          /* seconds */
int64_t pki_clock_now_ms(const pki_clock *clock);       /* milliseconds */

/*
 * Milliseconds since some moment before the program began, which only go
 * forward: for deadlines and limits, never for dates.
 */
int64_t pki_clock_monotonic_ms(void);

#define PKI_MINUTE INT64_C(60)
#define PKI_HOUR (60 * PKI_MINUTE)
#define PKI_DAY (24 * PKI_HOUR)
#define PKI_YEAR (365 * PKI_DAY)

/* 9999-12-31T23:59:59Z, "no well-defined expiration": RFC 5280, 4.1.2.5. */
#define PKI_TIME_MAX INT64_C(253402300799)

#define PKI_TIME_TEXT 24        /* "2026-11-24T08:07:02Z" with its NUL */

/* RFC 3339, UTC, seconds.  Returns out.  Times outside 0..9999 print "-". */
const char *pki_time_format(int64_t when, char out[PKI_TIME_TEXT]);

/* Parse exactly "YYYY-MM-DDTHH:MM:SSZ".  PKI_BAD_INPUT otherwise. */
PKI_CHECKED pki_code pki_time_parse(const char *text, int64_t *out,
    pki_err *err);

/*
 * Parse a duration: one decimal number and one unit of s, m, h, d, w, y
 * (365 days), as in "90d".  Seconds, 0 to 1000 years.  PKI_BAD_INPUT.
 */
PKI_CHECKED pki_code pki_duration_parse(const char *text, int64_t *out,
    pki_err *err);

#define PKI_DURATION_TEXT 64

/* The largest unit that divides seconds evenly: "90d".  Returns out. */
const char *pki_duration_format(int64_t seconds, char out[PKI_DURATION_TEXT]);

/* All units: "5m 1s", "1y 35d", "0s"; seconds >= 0.  Returns out. */
const char *pki_duration_exact(int64_t seconds, char out[PKI_DURATION_TEXT]);

/* Seconds for people, two units at most: "89 d 4 h", "12 min".  Returns out. */
const char *pki_duration_rough(int64_t seconds, char out[PKI_DURATION_TEXT]);

/*
 * Calendar fields of a UTC time.  Proleptic Gregorian, years 0 to 9999; free
 * of time zones and of the C library's state.
 */
typedef struct pki_date {
	int year, month, day, hour, minute, second;     /* month, day from 1 */
} pki_date;

pki_date pki_date_of(int64_t when);
/* PKI_BAD_INPUT when a field is out of range (leap seconds are). */
PKI_CHECKED pki_code pki_date_seconds(const pki_date *date, int64_t *out,
    pki_err *err);

PKI_END_DECLS

#endif

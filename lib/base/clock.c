#include "base/clock.h"

#include <stdio.h>
#include <time.h>

#include "base/auto.h"
#include "base/text.h"

static int64_t
read_ms(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
pki_clock_monotonic_ms(void)
{
	return read_ms(CLOCK_MONOTONIC);
}

int64_t
pki_clock_now_ms(const pki_clock *clock)
{
	return clock != NULL ? clock->now_ms(clock->arg) :
	    read_ms(CLOCK_REALTIME);
}

int64_t
pki_clock_now(const pki_clock *clock)
{
	return pki_clock_now_ms(clock) / 1000;
}

/*
 * Civil date from days since 1970 and back.  Years are counted from 1 March
 * of year 0, in eras of 400 years (146097 days), so that the leap day is the
 * last of its year.
 */
#define DAYS_TO_1970 719468
#define DAYS_PER_ERA 146097

pki_date
pki_date_of(int64_t when)
{
	int64_t days = when / PKI_DAY, seconds = when % PKI_DAY;
	int64_t era, of_era, year, of_year, month;
	pki_date date;

	if (seconds < 0) {
		seconds += PKI_DAY;
		days--;
	}
	days += DAYS_TO_1970;
	era = (days >= 0 ? days : days - DAYS_PER_ERA + 1) / DAYS_PER_ERA;
	of_era = days - era * DAYS_PER_ERA;
	year = (of_era - of_era / 1460 + of_era / 36524 -
	    of_era / (DAYS_PER_ERA - 1)) / 365;
	of_year = of_era - (365 * year + year / 4 - year / 100);
	month = (5 * of_year + 2) / 153;
	date.day = (int)(of_year - (153 * month + 2) / 5 + 1);
	date.month = (int)(month < 10 ? month + 3 : month - 9);
	date.year = (int)(year + era * 400 + (date.month <= 2));
	date.hour = (int)(seconds / PKI_HOUR);
	date.minute = (int)(seconds % PKI_HOUR / PKI_MINUTE);
	date.second = (int)(seconds % PKI_MINUTE);
	return date;
}

static int
days_in_month(int year, int month)
{
	static const int days[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31,
	};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return month == 2 && leap ? 29 : days[month - 1];
}

pki_code
pki_date_seconds(const pki_date *date, int64_t *out, pki_err *err)
{
	int64_t year, era, of_era, of_year;

	if (date->year < 0 || date->year > 9999 ||
	    date->month < 1 || date->month > 12 || date->day < 1 ||
	    date->day > days_in_month(date->year, date->month) ||
	    date->hour < 0 || date->hour > 23 ||
	    date->minute < 0 || date->minute > 59 ||
	    date->second < 0 || date->second > 59)
		return pki_fail(err, PKI_BAD_INPUT, "no such date or time");
	year = date->year - (date->month <= 2);
	era = (year >= 0 ? year : year - 399) / 400;
	of_year = (153 * (date->month + (date->month > 2 ? -3 : 9)) + 2) / 5 +
	    date->day - 1;
	of_era = year - era * 400;
	of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
	*out = (era * DAYS_PER_ERA + of_era - DAYS_TO_1970) * PKI_DAY +
	    date->hour * PKI_HOUR + date->minute * PKI_MINUTE + date->second;
	return PKI_OK;
}

const char *
pki_time_format(int64_t when, char out[PKI_TIME_TEXT])
{
	pki_date date = pki_date_of(when);

	if (when < INT64_C(-62167219200) || when > PKI_TIME_MAX) {
		snprintf(out, PKI_TIME_TEXT, "-");
		return out;
	}
	snprintf(out, PKI_TIME_TEXT, "%04u-%02u-%02uT%02u:%02u:%02uZ",
	    (unsigned)date.year % 10000, (unsigned)date.month % 100,
	    (unsigned)date.day % 100, (unsigned)date.hour % 100,
	    (unsigned)date.minute % 100, (unsigned)date.second % 100);
	return out;
}

/* Two or four digits at text; -1 when they are not digits. */
static int
read_digits(const char *text, int count)
{
	int value = 0;

	while (count-- > 0) {
		if (*text < '0' || *text > '9')
			return -1;
		value = value * 10 + (*text++ - '0');
	}
	return value;
}

pki_code
pki_time_parse(const char *text, int64_t *out, pki_err *err)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:ddZ";
	pki_date date;
	size_t i;

	for (i = 0; text[i] != '\0' && i < sizeof(shape) - 1; i++)
		if (shape[i] == 'd' ? text[i] < '0' || text[i] > '9' :
		    text[i] != shape[i])
			break;
	if (i != sizeof(shape) - 1 || text[i] != '\0')
		return pki_fail(err, PKI_BAD_INPUT, "time '%s': wants UTC as "
		    "in 2026-11-24T08:00:00Z", text);
	date = (pki_date){
		.year = read_digits(text, 4), .month = read_digits(text + 5, 2),
		.day = read_digits(text + 8, 2),
		.hour = read_digits(text + 11, 2),
		.minute = read_digits(text + 14, 2),
		.second = read_digits(text + 17, 2),
	};
	if (pki_date_seconds(&date, out, err) != PKI_OK)
		return pki_wrap(err, PKI_BAD_INPUT, "time '%s'", text);
	return PKI_OK;
}

/* Largest first, for printing. */
static const struct unit {
	char    letter;
	int64_t seconds;
	const char *word;
} units[] = {
	{ 'y', PKI_YEAR, "y" },
	{ 'w', 7 * PKI_DAY, "w" },
	{ 'd', PKI_DAY, "d" },
	{ 'h', PKI_HOUR, "h" },
	{ 'm', PKI_MINUTE, "min" },
	{ 's', 1, "s" },
};

pki_code
pki_duration_parse(const char *text, int64_t *out, pki_err *err)
{
	int64_t value = 0;
	const char *p = text;
	size_t i;

	for (; *p >= '0' && *p <= '9' && value <= INT32_MAX * 100LL; p++)
		value = value * 10 + (*p - '0');
	for (i = 0; i < PKI_COUNT(units); i++) {
		if (p == text || p[0] != units[i].letter || p[1] != '\0')
			continue;
		if (value > 1000 * PKI_YEAR / units[i].seconds)
			break;
		*out = value * units[i].seconds;
		return PKI_OK;
	}
	return pki_fail(err, PKI_BAD_INPUT, "duration '%s': wants a number and "
	    "one of s, m, h, d, w, y, at most 1000y, as in 90d", text);
}

const char *
pki_duration_format(int64_t seconds, char out[PKI_DURATION_TEXT])
{
	size_t i = 0;

	/* Weeks are for reading only: 90d stays 90d, 7d stays 7d. */
	while (i < PKI_COUNT(units) - 1 && (seconds == 0 ||
	    units[i].letter == 'w' || seconds % units[i].seconds != 0))
		i++;
	snprintf(out, PKI_DURATION_TEXT, "%lld%c",
	    (long long)(seconds / units[i].seconds), units[i].letter);
	return out;
}

const char *
pki_duration_exact(int64_t seconds, char out[PKI_DURATION_TEXT])
{
	size_t len = 0, i;

	snprintf(out, PKI_DURATION_TEXT, "0s");
	for (i = 0; i < PKI_COUNT(units) && len < PKI_DURATION_TEXT; i++) {
		int64_t count = units[i].letter == 'w' ? 0 :
		    seconds / units[i].seconds;

		seconds -= count * units[i].seconds;
		if (count != 0)
			len += (size_t)snprintf(out + len,
			    PKI_DURATION_TEXT - len, "%s%lld%c",
			    len == 0 ? "" : " ", (long long)count,
			    units[i].letter);
	}
	return out;
}

const char *
pki_duration_rough(int64_t seconds, char out[PKI_DURATION_TEXT])
{
	const char *sign = seconds < 0 ? "-" : "";
	int64_t left = seconds < 0 ? -seconds : seconds;
	size_t i = 0, next;

	while (i < PKI_COUNT(units) - 1 &&
	    (units[i].letter == 'w' || left < units[i].seconds))
		i++;
	next = units[i].letter == 'y' ? i + 2 : i + 1;
	if (next >= PKI_COUNT(units) || units[i].letter == 'm' ||
	    left % units[i].seconds / units[next].seconds == 0)
		snprintf(out, PKI_DURATION_TEXT, "%s%lld %s", sign,
		    (long long)(left / units[i].seconds), units[i].word);
	else
		snprintf(out, PKI_DURATION_TEXT, "%s%lld %s %lld %s", sign,
		    (long long)(left / units[i].seconds), units[i].word,
		    (long long)(left % units[i].seconds / units[next].seconds),
		    units[next].word);
	return out;
}

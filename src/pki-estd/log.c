#include "pki-estd/log.h"

#include <inttypes.h>
#include <pthread.h>
#include <unistd.h>


#define FIELDS_MAX 24

static void
add_text(pki_buf *out, pki_bytes text)
{
	bool cut = text.len > LOG_TEXT_MAX;
	size_t len = cut ? LOG_TEXT_MAX : text.len;

	pki_buf_add_byte(out, '"');
	for (size_t i = 0; i < len; i++) {
		uint8_t c = text.data[i];

		if (c == '"' || c == '\\')
			pki_buf_add_format(out, "\\%c", c);
		else if (c < 0x20 || c > 0x7e)
			pki_buf_add_format(out, "\\u%04x", c);
		else
			pki_buf_add_byte(out, c);
	}
	pki_buf_add_text(out, cut ? "...\"" : "\"");
}

void
log_format(const char *event, const log_field *fields, size_t count,
    pki_buf *out)
{
	char when[PKI_TIME_TEXT];

	pki_buf_add_format(out, "{\"time\":\"%s\",\"event\":",
	    pki_time_format(pki_clock_now(NULL), when));
	add_text(out, pki_bytes_text(event));
	for (size_t i = 0; i < count; i++) {
		if (fields[i].type == LOG_TEXT && fields[i].text.len == 0)
			continue;
		pki_buf_add_format(out, ",\"%s\":", fields[i].name);
		if (fields[i].type == LOG_TEXT)
			add_text(out, fields[i].text);
		else
			pki_buf_add_format(out, "%" PRId64, fields[i].number);
	}
	pki_buf_add_text(out, "}\n");
}

void
log_event(const char *event, const log_field *fields, size_t count)
{
	PKI_AUTO(pki_buf) line = pki_buf_new();
	ssize_t n;

	if (line == NULL)
		return;
	log_format(event, fields, count, line);
	if (line->failed)
		return;
	/* One write, so lines of threads stay whole; nobody to tell if not. */
	n = write(STDERR_FILENO, line->data, line->len);
	(void)n;
}

/* How many lines were left out before this one; -1: this one is, too. */
static int64_t
may_write(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static int64_t second, written, suppressed;
	int64_t now = pki_clock_monotonic_ms() / 1000;
	int64_t out = -1;

	pthread_mutex_lock(&lock);
	if (now != second) {
		second = now;
		written = 0;
	}
	if (written++ < LOG_STRANGERS) {
		out = suppressed;
		suppressed = 0;
	} else
		suppressed++;
	pthread_mutex_unlock(&lock);
	return out;
}

void
log_stranger(const char *event, const log_field *fields, size_t count)
{
	log_field with[FIELDS_MAX + 1];
	int64_t suppressed = may_write();
	size_t n = 0;

	if (suppressed < 0)
		return;
	while (n < count && n < FIELDS_MAX) {
		with[n] = fields[n];
		n++;
	}
	if (suppressed > 0)
		with[n++] = LOG_AS_NUMBER("suppressed", suppressed);
	log_event(event, with, n);
}

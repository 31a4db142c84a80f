#include "base/err.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"

/* Printable form of text, cut to fit. */
static void
set_text(char *out, size_t room, const char *text)
{
	pki_bytes raw = pki_bytes_text(text);
	size_t i;

	/* Messages are escaped once: what was escaped before has no octet left
	 * that needs it, but for the backslash, which must not double. */
	for (i = 0; i < raw.len && raw.data[i] >= 0x20 && raw.data[i] < 0x7f;)
		i++;
	if (i == raw.len)
		snprintf(out, room, "%s", text);
	else
		pki_text_escape(raw, out, room);
}

static void
reset(pki_err *err, pki_code code)
{
	memset(err, 0, sizeof(*err));
	err->code = code;
}

pki_code
pki_fail(pki_err *err, pki_code code, const char *fmt, ...)
{
	char text[sizeof(err->msg)];
	va_list args;

	if (err == NULL)
		return code;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	reset(err, code);
	set_text(err->msg, sizeof(err->msg), text);
	return code;
}

pki_code
pki_refuse(pki_err *err, pki_code code, const char *rule, const char *accepts,
    const char *value_fmt, ...)
{
	char text[sizeof(err->msg)];
	va_list args;

	if (err == NULL)
		return code;
	va_start(args, value_fmt);
	vsnprintf(text, sizeof(text), value_fmt, args);
	va_end(args);
	reset(err, code);
	set_text(err->rule, sizeof(err->rule), rule);
	set_text(err->value, sizeof(err->value), text);
	set_text(err->accepts, sizeof(err->accepts), accepts);
	snprintf(err->msg, sizeof(err->msg), "%s: '%s' refused, accepted: %s",
	    err->rule, err->value, err->accepts);
	return code;
}

pki_code
pki_wrap(pki_err *err, pki_code code, const char *fmt, ...)
{
	char text[sizeof(err->msg)], front[sizeof(err->msg)];
	char back[sizeof(err->msg)];
	va_list args;
	int room;

	if (err == NULL)
		return code;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	set_text(front, sizeof(front), text);
	memcpy(back, err->msg, sizeof(back));
	err->code = code;
	/* The inner cause matters most: it is the end that must survive. */
	room = (int)(sizeof(err->msg) - sizeof(": ") - strlen(back));
	if (room > 0 && snprintf(err->msg, sizeof(err->msg), "%.*s: %s", room,
	    front, back) < 0)
		err->msg[0] = '\0';
	return code;
}

pki_code
pki_fail_errno(pki_err *err, const char *fmt, ...)
{
	char text[sizeof(err->msg)];
	int saved = errno;
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return pki_fail(err, saved == ENOMEM ? PKI_NO_MEMORY : PKI_SYSTEM,
	    "%s: %s", text, strerror(saved));
}

pki_code
pki_fail_memory(pki_err *err)
{
	return pki_fail(err, PKI_NO_MEMORY, "out of memory");
}

const char *
pki_code_name(pki_code code)
{
	static const char *const names[] = {
		[PKI_OK] = "ok",
		[PKI_USAGE] = "usage",
		[PKI_BAD_INPUT] = "bad-input",
		[PKI_DENIED] = "denied",
		[PKI_NOT_FOUND] = "not-found",
		[PKI_EXISTS] = "exists",
		[PKI_PENDING] = "pending",
		[PKI_BUSY] = "busy",
		[PKI_CLOCK] = "clock-suspect",
		[PKI_DAMAGED] = "damaged",
		[PKI_CRYPTO] = "crypto",
		[PKI_STORE] = "store",
		[PKI_SYSTEM] = "system",
		[PKI_NO_MEMORY] = "no-memory",
	};

	return (size_t)code < PKI_COUNT(names) ? names[code] : "unknown";
}

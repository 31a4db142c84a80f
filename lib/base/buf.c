#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

pki_bytes
pki_bytes_of(const void *data, size_t len)
{
	return (pki_bytes){ data, len };
}

pki_bytes
pki_bytes_text(const char *text)
{
	return pki_bytes_of(text, text == NULL ? 0 : strlen(text));
}

bool
pki_bytes_equal(pki_bytes a, pki_bytes b)
{
	return a.len == b.len &&
	    (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool
pki_bytes_equal_secret(pki_bytes a, pki_bytes b)
{
	/* Volatile: the loop must not end where they begin to differ. */
	volatile uint8_t differ = 0;

	if (a.len != b.len || a.len == 0)
		return false;
	for (size_t i = 0; i < a.len; i++)
		differ = (uint8_t)(differ | (a.data[i] ^ b.data[i]));
	return differ == 0;
}

int
pki_bytes_compare(pki_bytes a, pki_bytes b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len == 0 ? 0 : memcmp(a.data, b.data, len);

	if (order != 0)
		return order;
	return a.len < b.len ? -1 : a.len > b.len;
}

void
pki_wipe(void *data, size_t len)
{
	if (data != NULL && len != 0)
		explicit_bzero(data, len);
}

pki_buf *
pki_buf_new(void)
{
	return calloc(1, sizeof(pki_buf));
}

void
pki_buf_free(pki_buf *buf)
{
	if (buf == NULL)
		return;
	pki_wipe(buf->data, buf->room);
	free(buf->data);
	free(buf);
}

/* realloc would leave a copy of secrets behind; so move and wipe. */
static bool
grow(pki_buf *buf, size_t need)
{
	size_t room = buf->room < 64 ? 64 : buf->room;
	uint8_t *data;

	while (room < need) {
		if (room > SIZE_MAX / 2)
			return false;
		room *= 2;
	}
	data = malloc(room);
	if (data == NULL)
		return false;
	if (buf->len != 0)
		memcpy(data, buf->data, buf->len);
	pki_wipe(buf->data, buf->room);
	free(buf->data);
	buf->data = data;
	buf->room = room;
	return true;
}

uint8_t *
pki_buf_reserve(pki_buf *buf, size_t len)
{
	if (buf == NULL || buf->failed)
		return NULL;
	if (len > SIZE_MAX - 1 - buf->len ||
	    (buf->room < buf->len + len + 1 && !grow(buf, buf->len + len + 1)))
		buf->failed = true;
	return buf->failed ? NULL : buf->data + buf->len;
}

void
pki_buf_add(pki_buf *buf, pki_bytes bytes)
{
	uint8_t *at = pki_buf_reserve(buf, bytes.len);

	if (at == NULL)
		return;
	if (bytes.len != 0)
		memcpy(at, bytes.data, bytes.len);
	buf->len += bytes.len;
	buf->data[buf->len] = '\0';
}

void
pki_buf_add_byte(pki_buf *buf, uint8_t byte)
{
	pki_buf_add(buf, pki_bytes_of(&byte, 1));
}

void
pki_buf_add_text(pki_buf *buf, const char *text)
{
	pki_buf_add(buf, pki_bytes_text(text));
}

void
pki_buf_add_format(pki_buf *buf, const char *fmt, ...)
{
	va_list args;
	uint8_t *at;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	at = len < 0 ? NULL : pki_buf_reserve(buf, (size_t)len);
	if (at == NULL)
		return;
	va_start(args, fmt);
	vsnprintf((char *)at, (size_t)len + 1, fmt, args);
	va_end(args);
	buf->len += (size_t)len;
}

pki_code
pki_buf_check(const pki_buf *buf, pki_err *err)
{
	return buf == NULL || buf->failed ? pki_fail_memory(err) : PKI_OK;
}

void
pki_buf_cut(pki_buf *buf, size_t len)
{
	if (buf == NULL || len >= buf->len)
		return;
	pki_wipe(buf->data + len, buf->len - len);
	buf->len = len;
}

pki_bytes
pki_buf_bytes(const pki_buf *buf)
{
	if (buf == NULL || buf->failed)
		return pki_bytes_of(NULL, 0);
	return pki_bytes_of(buf->data, buf->len);
}

const char *
pki_buf_text(const pki_buf *buf)
{
	if (buf == NULL || buf->failed || buf->data == NULL)
		return "";
	return (const char *)buf->data;
}

pki_buf *
pki_buf_copy(pki_bytes bytes)
{
	PKI_AUTO(pki_buf) buf = pki_buf_new();

	pki_buf_add(buf, bytes);
	if (pki_buf_check(buf, NULL) != PKI_OK)
		return NULL;
	return PKI_TAKE(buf);
}

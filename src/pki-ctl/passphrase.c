#include "pki-ctl/passphrase.h"

#include <string.h>

#include "common/term.h"

#define FD_PREFIX "/dev/fd/"

/* Without the end of its line; then check what is left. */
static pki_code
trim(pki_buf *text, const char *where, pki_err *err)
{
	size_t len = text->len;

	if (len != 0 && text->data[len - 1] == '\n')
		len--;
	if (len != 0 && text->data[len - 1] == '\r')
		len--;
	pki_buf_cut(text, len);
	if (len == 0 || len > TERM_PASSPHRASE_MAX ||
	    memchr(text->data, '\n', len) != NULL ||
	    memchr(text->data, '\0', len) != NULL)
		return pki_refuse(err, PKI_BAD_INPUT, "passphrase",
		    "one line of 1 to 1024 octets, none of them NUL", "%s",
		    where);
	return PKI_OK;
}

pki_code
passphrase_read_fd(const char *fd, pki_buf **out, pki_err *err)
{
	PKI_AUTO(pki_buf) text = NULL;
	int64_t number;
	char where[48];
	pki_code rc;

	if (pki_number_parse(fd, 0, 1 << 20, &number, err) != PKI_OK)
		return pki_wrap(err, PKI_USAGE, "descriptor of a passphrase");
	rc = pki_text_format(where, sizeof(where), err, "descriptor %lld",
	    (long long)number);
	if (rc == PKI_OK)
		rc = pki_file_read_fd((int)number, where,
		    TERM_PASSPHRASE_MAX + 2, &text, err);
	if (rc == PKI_OK)
		rc = trim(text, where, err);
	if (rc == PKI_OK)
		*out = PKI_TAKE(text);
	return rc;
}

pki_code
passphrase_read_file(const char *path, pki_buf **out, pki_err *err)
{
	PKI_AUTO(pki_buf) text = NULL;
	pki_code rc;

	/* What a shell's <(...) gives is a pipe of ours, and no file. */
	if (strncmp(path, FD_PREFIX, sizeof(FD_PREFIX) - 1) == 0)
		return passphrase_read_fd(path + sizeof(FD_PREFIX) - 1, out,
		    err);
	rc = pki_file_read(path, TERM_PASSPHRASE_MAX + 2, PKI_FILE_SECRET,
	    &text, err);
	if (rc == PKI_OK)
		rc = trim(text, path, err);
	if (rc != PKI_OK)
		return pki_wrap(err, rc, "passphrase file");
	*out = PKI_TAKE(text);
	return PKI_OK;
}

static pki_code
get_fixed(void *arg, const char *what, pki_buf **out, pki_err *err)
{
	const pki_buf *text = arg;
	PKI_AUTO(pki_buf) copy = pki_buf_copy(pki_buf_bytes(text));

	(void)what;
	if (copy == NULL)
		return pki_fail_memory(err);
	*out = PKI_TAKE(copy);
	return PKI_OK;
}

pki_passphrase
passphrase_fixed(pki_buf *text)
{
	return (pki_passphrase){ get_fixed, text };
}

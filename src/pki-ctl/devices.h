#ifndef PKI_CTL_DEVICES_H
#define PKI_CTL_DEVICES_H

/* The columns that lists of devices show, and words joined by commas. */

#include "pki-ctl/session.h"

#define DEVICES_COLUMNS 8
extern const struct print_column devices_columns[DEVICES_COLUMNS];

/* The fields of one device, and what its lists own. */
struct device_fields {
	struct print_value values[DEVICES_COLUMNS];
	pki_text_list      groups, tags;
};
PKI_CHECKED pki_code devices_fields(const pki_identity_row *row,
    struct device_fields *out, pki_err *err);
void devices_fields_clear(struct device_fields *fields);
PKI_CHECKED pki_code devices_print_row(print_doc *doc,
    const pki_identity_row *row, pki_err *err);

/* All values of a repeated option, joined by commas; NULL: memory. */
pki_buf *devices_join(const struct cli *cli, const char *option);

#define TOKENS_COLUMNS 9
extern const struct print_column tokens_columns[TOKENS_COLUMNS];
PKI_CHECKED pki_code tokens_print_row(print_doc *doc, const pki_token_row *row,
    int64_t now, pki_err *err);

#endif

#ifndef PKI_BASE_SETTINGS_VALUE_H
#define PKI_BASE_SETTINGS_VALUE_H

/* Checking one value against its row of the table, and storing it. */

#include "base/settings-report.h"

#define PKI_SETTING_TEXT_MAX 1000       /* octets */
#define PKI_SETTING_LIST_MAX 200        /* entries */

typedef struct pki_setting_slot {
	const pki_setting *row;
	pki_setting_place  place;
	void              *out;         /* the struct filled */
} pki_setting_slot;

/* TEXT, DURATION and CHOICE, which are all written as text. */
PKI_CHECKED pki_code pki_setting_store_text(const pki_setting_slot *slot,
    const char *text, pki_err *err);
PKI_CHECKED pki_code pki_setting_store_int(const pki_setting_slot *slot,
    int64_t value, pki_err *err);
void pki_setting_store_bool(const pki_setting_slot *slot, bool value);

/* One more entry of CHOICES or LIST; at the end their number is checked. */
PKI_CHECKED pki_code pki_setting_store_entry(const pki_setting_slot *slot,
    const char *text, pki_err *err);
PKI_CHECKED pki_code pki_setting_check_entries(const pki_setting_slot *slot,
    size_t count, pki_err *err);

#endif

#ifndef PKI_BASE_SETTINGS_SCAN_H
#define PKI_BASE_SETTINGS_SCAN_H

/*
 * What libconfig 1.5 would take silently, or not at all, is refused before
 * it reads: NUL, @include, two texts side by side (joined), numbers that do
 * not fit (cut) or of another base, comments that swallow what follows.
 */

#include "base/settings.h"

#define PKI_SETTINGS_MAX (64 * 1024)    /* octets of a file */

PKI_CHECKED pki_code pki_settings_scan(pki_bytes text, const char *where,
    pki_err *err);

#endif

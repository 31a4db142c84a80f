#ifndef PKI_CTL_DEVICE_CHANGE_H
#define PKI_CTL_DEVICE_CHANGE_H

/* Devices held, released, retired or replaced, and what is published then. */

#include "pki-ctl/session.h"

extern const struct cli_option device_change_options[];

/* Of all names on the command line; whatever was changed is published. */
PKI_CHECKED pki_code device_change(struct session *s, pki_device_change what);

#endif

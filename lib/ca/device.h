#ifndef PKI_CA_DEVICE_H
#define PKI_CA_DEVICE_H

/*
 * The registry: which devices there are, before and after they have
 * certificates.  A device is an identity with a profile; who got his first
 * certificate without being registered is one too.
 *
 *   registered  known, no certificate: a token, or an operator, gives one
 *   live        has had one
 *   held        it, or one of its certificates, is on hold
 *   retired     over; its name is free again
 */

#include "ca/ca.h"

PKI_BEGIN_DECLS

/* Most words of groups or of tags, and each one's length. */
#define PKI_DEVICE_WORD_MAX 64
#define PKI_DEVICE_WORD_RULE \
	"words of 1 to 64 of A-Z a-z 0-9 . _ : = / @ -, each once"

typedef struct pki_device {
	const char *name;
	const char *profile;
	/* Words separated by commas, or NULL. */
	const char *groups, *tags;
	const char *notes;              /* one line of UTF-8, or NULL */
} pki_device;

/* How a state is called: "registered", "live", "held", "retired". */
const char *pki_device_state(int state);

/* Who adds, and who is told how far it is; progress may be NULL. */
typedef struct pki_device_adding {
	pki_requester who;
	void        (*progress)(int64_t done, int64_t total, void *arg);
	void         *arg;
	size_t        at;       /* out: the one that was refused */
} pki_device_adding;

/*
 * Register, all or none, each with its audit row.  PKI_DENIED: the rules of
 * pki_policy_check() about the identity, "profile-kind", "identity-taken",
 * "groups", "tags", "notes" (PKI_DEVICE_WORD_RULE; printable);
 * PKI_NOT_FOUND: rule "profile".  check: the same, nothing is written.
 */
PKI_CHECKED pki_code pki_ca_add_devices(pki_ca *ca, const pki_device *devices,
    size_t count, pki_device_adding *adding, pki_err *err);
PKI_CHECKED pki_code pki_ca_add_devices_check(pki_ca *ca,
    const pki_device *devices, size_t count, pki_device_adding *adding,
    pki_err *err);

/* Which ones to walk over; zero or NULL: any. */
typedef struct pki_device_filter {
	const char *profile, *group, *tag;
	bool        by_state;
	int         state;
	int64_t     after_id;
} pki_device_filter;
PKI_CHECKED pki_code pki_ca_each_device(pki_ca *ca,
    const pki_device_filter *filter, pki_identity_visitor *visit, void *arg,
    pki_err *err);

/*
 * One, by its name in just these letters; a retired one when nobody has the
 * name now.  PKI_DENIED: rule "identity-unknown".
 */
PKI_CHECKED pki_code pki_ca_get_device(pki_ca *ca, const char *name,
    pki_identity_row *out, pki_buf *hold, pki_err *err);

typedef enum pki_device_change {
	/* Every certificate in force goes on hold, and it gets no other. */
	PKI_DEVICE_HOLD,
	/* That is over, and so is the hold of each of its certificates. */
	PKI_DEVICE_RELEASE,
	/* Its certificates end (cessationOfOperation), its tokens, its name. */
	PKI_DEVICE_RETIRE,
	/*
	 * Another box takes its place: its certificates end (superseded), its
	 * tokens too, and it is registered again.
	 */
	PKI_DEVICE_REPLACE,
} pki_device_change;

/*
 * Change a device in one transaction; *out_certs certificates change with it,
 * so that the caller publishes.  PKI_DENIED: rule "identity-unknown",
 * "identity-state" (the state does not allow it).  G21.  check: the same,
 * nothing changed.
 */
PKI_CHECKED pki_code pki_ca_change_device(pki_ca *ca, const char *name,
    pki_device_change change, const pki_requester *who, size_t *out_certs,
    pki_err *err);
PKI_CHECKED pki_code pki_ca_change_device_check(pki_ca *ca, const char *name,
    pki_device_change change, pki_err *err);

PKI_END_DECLS

#endif

#ifndef PKI_CA_FLOOR_H
#define PKI_CA_FLOOR_H

/*
 * The floor: a small file beside the database that keeps the greatest time,
 * CRL number and epoch ever used.  It is written before anything that depends
 * on it leaves, and is no part of a database backup: so a clock set back or
 * an old database is noticed.
 *
 * Shape, five lines, each "name value", the last a SHA-256 of the others:
 *   pki-ctl-floor 1 / time N / crl-number N / epoch N / sha256 HEX
 */

#include "base/ids.h"

typedef struct pki_floor {
	int64_t time;           /* UTC seconds */
	int64_t crl_number;
	int64_t epoch;          /* 1..127, the serial's first octet */
} pki_floor;

/* The clock may be this much behind the floor. */
#define PKI_FLOOR_SLACK (5 * PKI_MINUTE)
/* The floor's time is raised in steps, to spare the disk. */
#define PKI_FLOOR_STEP PKI_MINUTE

/* PKI_DAMAGED when it is missing or not whole. */
pki_code pki_floor_read(const char *path, pki_floor *out, pki_err *err);
pki_code pki_floor_write(const char *path, const pki_floor *floor,
    pki_err *err);

/*
 * Raise the floor to at least this time and CRL number.  Call it inside a
 * transaction: the write lock is what keeps two writers apart.
 */
pki_code pki_floor_raise(const char *path, int64_t time, int64_t crl_number,
    pki_err *err);

#endif

#ifndef PKI_CA_INIT_STATE_H
#define PKI_CA_INIT_STATE_H

/*
 * The bare state directory: folders, pki.conf, templates, an empty store and
 * the floor.  A marker file stands in it from the first write to the last, so
 * that an init that was cut off is noticed, and the next one clears what it
 * left.
 */

#include "ca/handle.h"

/*
 * PKI_EXISTS unless there is room for a new CA in dir: it is empty, or holds
 * what an init left that was cut off.  A marker alone does not make a CA that:
 * one that has its keys and CRLs is never cleared away.  Changes nothing.
 */
pki_code pki_state_check(const char *dir, pki_err *err);

/* Are these the same directory, by whatever path, also before it is made? */
bool pki_state_same(const char *a, const char *b);

/*
 * The profiles that a CA in conf would have: its own templates, or those of
 * templates_dir when it has none.
 */
pki_code pki_state_profiles(const char *conf_dir, const char *templates_dir,
    pki_profiles **out, pki_err *err);

/* Make it; *out is a handle with store and settings, marker in place. */
typedef struct pki_state {
	const char      *dir;
	const char      *conf_dir;
	const char      *templates_dir;
	const char      *base_url;      /* for a new pki.conf; NULL: default */
	int              crl_form;      /* -1: default */
	const pki_clock *clock;
} pki_state;
pki_code pki_state_make(const pki_state *state, pki_ca **out, pki_err *err);

/* Let the next init begin here; does nothing without the lock. */
void pki_state_unlock(pki_ca *ca);

/* Remove what was made, but for pki.conf and templates; best effort. */
void pki_state_abandon(pki_ca *ca);

/* Take the marker away: the CA exists from here on. */
pki_code pki_state_finish(pki_ca *ca, pki_err *err);

#endif

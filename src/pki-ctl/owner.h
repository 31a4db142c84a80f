#ifndef PKI_CTL_OWNER_H
#define PKI_CTL_OWNER_H

/*
 * A state directory belongs to one user, and only as that user is it worked
 * on.  root becomes the owner (effective ids); any other user is refused.
 */

#include "pki.h"

#include <sys/types.h>

#define OWNER_GROUPS_MAX 256

struct owner {
	bool  differs;                  /* we are root, and it is not root's */
	bool  for_good;                 /* once become, never root again */
	uid_t uid;
	gid_t gid;
	char  name[64];
	int   group_count;              /* of the caller, to go back */
	gid_t groups[OWNER_GROUPS_MAX];
};

/*
 * Whose is dir?  One that does not exist is the caller's.  PKI_DENIED:
 * somebody else's; PKI_SYSTEM.
 */
PKI_CHECKED pki_code owner_find(const char *dir, struct owner *out,
    pki_err *err);

/*
 * Both do nothing unless owner->differs, and leave fails after one that was
 * for good.  PKI_SYSTEM.
 */
PKI_CHECKED pki_code owner_become(const struct owner *owner, pki_err *err);
PKI_CHECKED pki_code owner_leave(const struct owner *owner, pki_err *err);

#endif

#include "pki-ctl/owner.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/process.h"

/* Fill in how the owner is called and which group is his own. */
static void
name_owner(struct owner *owner)
{
	const struct passwd *entry = getpwuid(owner->uid);

	if (entry != NULL) {
		owner->gid = entry->pw_gid;
		snprintf(owner->name, sizeof(owner->name), "%s",
		    entry->pw_name);
	} else {
		snprintf(owner->name, sizeof(owner->name), "#%u",
		    (unsigned)owner->uid);
	}
}

pki_code
owner_find(const char *dir, struct owner *out, pki_err *err)
{
	struct owner owner = { .uid = geteuid(), .gid = getegid() };
	struct stat st;

	if (stat(dir, &st) == 0) {
		owner.uid = st.st_uid;
		owner.gid = st.st_gid;
	} else if (errno != ENOENT) {
		return pki_fail_errno(err, "look at state directory %s", dir);
	}
	*out = owner;
	if (owner.uid == geteuid())
		return PKI_OK;
	name_owner(out);
	if (geteuid() != 0)
		return pki_fail(err, PKI_DENIED, "state directory %s belongs "
		    "to user %s (uid %u); run: sudo -u %s pki-ctl ...", dir,
		    out->name, (unsigned)out->uid, out->name);
	out->differs = true;
	out->group_count = getgroups(OWNER_GROUPS_MAX, out->groups);
	if (out->group_count < 0)
		return pki_fail_errno(err, "read the groups of this process");
	return PKI_OK;
}

pki_code
owner_become(const struct owner *owner, pki_err *err)
{
	/* -1 leaves one as it is. */
	gid_t gid = owner->for_good ? owner->gid : (gid_t)-1;
	uid_t uid = owner->for_good ? owner->uid : (uid_t)-1;

	if (!owner->differs || geteuid() == owner->uid)
		return PKI_OK;
	/* No group of the caller stays; the user last, who may change none. */
	if (setgroups(1, &owner->gid) != 0 ||
	    setresgid(gid, owner->gid, gid) != 0 ||
	    setresuid(uid, owner->uid, uid) != 0)
		return pki_fail_errno(err, "become user %s", owner->name);
	process_hide();
	return PKI_OK;
}

pki_code
owner_leave(const struct owner *owner, pki_err *err)
{
	if (!owner->differs)
		return PKI_OK;
	if (seteuid(0) != 0 || setegid(getgid()) != 0 ||
	    setgroups((size_t)owner->group_count, owner->groups) != 0)
		return pki_fail_errno(err, "become the calling user again");
	process_hide();
	return PKI_OK;
}

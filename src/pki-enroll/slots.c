#include "pki-enroll/slots-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const slot_names[SLOT_COUNT] = { "slot-a", "slot-b" };

const char *
slot_state_name(enum slot_state state)
{
	static const char *const names[] = {
		[SLOT_WHOLE] = "whole", [SLOT_EXPOSED] = "exposed",
		[SLOT_EMPTY] = "empty", [SLOT_HALF] = "half",
		[SLOT_DAMAGED] = "damaged", [SLOT_FOREIGN] = "foreign",
	};

	return names[state];
}

void
slots_complain(enroll_slots *slots, const pki_err *why, const char *where)
{
	pki_err *complaint;

	if (slots->complaint_count == SLOTS_COMPLAINTS)
		return;
	complaint = &slots->complaints[slots->complaint_count++];
	*complaint = *why;
	if (where != NULL)
		pki_wrap(complaint, why->code, "%s", where);
}

const char *
slots_complaint(const enroll_slots *slots, size_t i)
{
	return i < slots->complaint_count ? slots->complaints[i].msg : NULL;
}

pki_code
slots_path(const enroll_slots *slots, const char *name, char out[PKI_PATH_MAX],
    pki_err *err)
{
	return pki_path_join(out, slots->dir, name, err);
}

int64_t
slots_now(const enroll_slots *slots)
{
	return pki_clock_now(slots->options.clock);
}

void
enroll_slots_free(enroll_slots *slots)
{
	if (slots == NULL)
		return;
	pending_clear(&slots->pending);
	slots_clear_anchors(slots);
	for (int i = 0; i < SLOT_COUNT; i++)
		slot_clear(&slots->slot[i]);
	if (slots->lock >= 0)
		close(slots->lock);
	free(slots);
}

/* Where current points; what is no link of ours points nowhere. */
static int
read_link(enroll_slots *slots)
{
	char path[PKI_PATH_MAX], target[16];
	ssize_t len;
	pki_err why;

	if (slots_path(slots, SLOTS_LINK, path, NULL) != PKI_OK)
		return SLOT_NONE;
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0 && errno == ENOENT)
		return SLOT_NONE;
	target[len < 0 ? 0 : len] = '\0';
	for (int i = 0; i < SLOT_COUNT; i++)
		if (strcmp(target, slot_names[i]) == 0)
			return i;
	pki_fail(&why, PKI_DAMAGED, "%s is no link to slot-a or slot-b", path);
	slots_complain(slots, &why, NULL);
	return SLOT_NONE;
}

static bool
is_usable(const enroll_slot *slot)
{
	return slot->state == SLOT_WHOLE || slot->state == SLOT_EXPOSED;
}

/* Is the slot's certificate the one put there for the pending key? */
static bool
is_staged(const enroll_slots *slots, int i)
{
	const enroll_slot *slot = &slots->slot[i];

	return i != slots->link && is_usable(slot) &&
	    slots->pending.key != NULL &&
	    pki_digest_equal(&slots->pending.staged,
	    pki_cert_digest(slot->cert));
}

static bool
is_expired(const enroll_slots *slots, const enroll_slot *slot)
{
	return pki_cert_not_after(slot->cert) < slots_now(slots);
}

/* Of two slots that current does not decide between: the newer. */
static int
pick_newer(const enroll_slots *slots)
{
	int best = SLOT_NONE;

	for (int i = 0; i < SLOT_COUNT; i++) {
		const enroll_slot *slot = &slots->slot[i];

		if (!is_usable(slot) || is_staged(slots, i))
			continue;
		if (best == SLOT_NONE ||
		    slot->state < slots->slot[best].state ||
		    (slot->state == slots->slot[best].state &&
		    pki_cert_not_before(slot->cert) >
		    pki_cert_not_before(slots->slot[best].cert)))
			best = i;
	}
	return best;
}

/* The pair to use; a staged one is not, before it is promoted. */
static int
pick(const enroll_slots *slots)
{
	int link = slots->link, other = 1 - link;

	if (link == SLOT_NONE)
		return pick_newer(slots);
	if (slots->slot[link].state == SLOT_WHOLE)
		return link;
	if (is_usable(&slots->slot[other]) && !is_staged(slots, other) &&
	    (!is_usable(&slots->slot[link]) ||
	    (slots->slot[other].state == SLOT_WHOLE &&
	    !is_expired(slots, &slots->slot[other]))))
		return other;
	return is_usable(&slots->slot[link]) ? link : SLOT_NONE;
}

int
slots_spare(const enroll_slots *slots)
{
	if (slots->use != SLOT_NONE)
		return 1 - slots->use;
	return slots->link != SLOT_NONE ? 1 - slots->link : 0;
}

static pki_code
read_state(enroll_slots *slots, pki_err *err)
{
	PKI_AUTO(pki_buf) text = NULL;
	char path[PKI_PATH_MAX];
	pki_err *why = &slots->state_err;
	pki_code rc = slots_path(slots, SLOTS_STATE, path, err);

	slots->state = enroll_state_new();
	if (rc != PKI_OK)
		return rc;
	rc = slots_read(slots, path, SLOT_FILE_MAX, NULL, &text, why);
	if (rc == PKI_OK && text != NULL)
		rc = enroll_state_parse(pki_buf_bytes(text), &slots->state,
		    why);
	if (rc == PKI_NO_MEMORY)
		return pki_fail_memory(err);
	if (rc == PKI_OK || rc == PKI_NOT_FOUND)
		why->code = PKI_OK;
	return PKI_OK;
}

/* Everything that is wrong with the slots, in words. */
static void
judge(enroll_slots *slots)
{
	pki_err why;

	if (slots->state_err.code != PKI_OK)
		slots_complain(slots, &slots->state_err,
		    "what was remembered is lost");
	if (slots->anchors_err.code != PKI_OK)
		slots_complain(slots, &slots->anchors_err, NULL);
	for (int i = 0; i < SLOT_COUNT; i++) {
		const enroll_slot *slot = &slots->slot[i];

		if (slots->torn[i]) {
			why = slot->why;
			if (why.code == PKI_OK)
				pki_fail(&why, PKI_DAMAGED, "differs");
			pki_wrap(&why, why.code, "one of two copies");
			slots_complain(slots, &why, slot->name);
		} else if (slot->state != SLOT_WHOLE &&
		    slot->state != SLOT_EMPTY)
			slots_complain(slots, &slot->why, slot->name);
	}
	if (slots->use != slots->link && (slots->use != SLOT_NONE ||
	    slots->link != SLOT_NONE)) {
		pki_fail(&why, PKI_DAMAGED, "%s, which should be %s",
		    slots->link == SLOT_NONE ? "points nowhere" :
		    slot_names[slots->link], slots->use == SLOT_NONE ?
		    "enrolled anew" : slot_names[slots->use]);
		slots_complain(slots, &why, SLOTS_LINK);
	}
}

pki_code
slots_reload(enroll_slots *slots, pki_err *err)
{
	pki_code rc = PKI_OK;
	pki_err why;

	slots->complaint_count = 0;
	slots_read_anchors(slots);
	for (int i = 0; rc == PKI_OK && i < SLOT_COUNT; i++)
		rc = slots_read_pair(slots, i, err);
	if (rc != PKI_OK)
		return rc;
	rc = slots_read_pending(slots, &why);
	if (rc == PKI_NO_MEMORY)
		return pki_fail_memory(err);
	if (rc != PKI_OK)
		slots_complain(slots, &why, NULL);
	slots->link = read_link(slots);
	slots->use = pick(slots);
	judge(slots);
	return PKI_OK;
}

const enroll_slot *
slots_current(const enroll_slots *slots)
{
	return slots->use == SLOT_NONE ? NULL : &slots->slot[slots->use];
}

const enroll_slot *
slots_other(const enroll_slots *slots)
{
	return &slots->slot[slots_spare(slots)];
}

const enroll_slot *
slots_staged(const enroll_slots *slots)
{
	int spare = slots_spare(slots);

	return is_staged(slots, spare) ? &slots->slot[spare] : NULL;
}

enroll_state *
slots_state(enroll_slots *slots)
{
	return &slots->state;
}

pki_code
slots_save(enroll_slots *slots, pki_err *err)
{
	PKI_AUTO(pki_buf) text = pki_buf_new();
	char path[PKI_PATH_MAX];
	pki_code rc = slots_path(slots, SLOTS_STATE, path, err);

	if (rc == PKI_OK)
		rc = enroll_state_encode(&slots->state, text, err);
	return rc == PKI_OK ?
	    pki_file_replace(path, pki_buf_bytes(text), 0600, err) : rc;
}

static pki_code
make(const slots_options *options, enroll_slots **out, pki_err *err)
{
	PKI_AUTO(enroll_slots) slots = calloc(1, sizeof(*slots));
	pki_code rc;

	if (slots == NULL)
		return pki_fail_memory(err);
	slots->options = *options;
	slots->home = geteuid();
	slots->lock = -1;
	slots->link = slots->use = SLOT_NONE;
	rc = pki_text_format(slots->dir, sizeof(slots->dir), err, "%s",
	    options->dir);
	for (int i = 0; rc == PKI_OK && i < SLOT_COUNT; i++) {
		slots->slot[i].state = SLOT_EMPTY;
		slots->slot[i].name = slot_names[i];
		rc = slots_path(slots, slot_names[i], slots->slot[i].dir, err);
	}
	if (rc == PKI_OK)
		*out = PKI_TAKE(slots);
	return rc;
}

/* One process at a time; who dies leaves nothing behind. */
static pki_code
take_lock(enroll_slots *slots, pki_err *err)
{
	char path[PKI_PATH_MAX];
	pki_code rc = slots_path(slots, SLOTS_LOCK, path, err);

	if (rc != PKI_OK)
		return rc;
	slots->lock = open(path,
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
	if (slots->lock < 0)
		return pki_fail_errno(err, "open lock file %s", path);
	if (flock(slots->lock, LOCK_EX | LOCK_NB) == 0)
		return PKI_OK;
	return errno != EWOULDBLOCK ?
	    pki_fail_errno(err, "lock %s", path) :
	    pki_fail(err, PKI_BUSY, "another process works in %s: try again "
	    "when it has ended", slots->dir);
}

/* The folder for many certificates, when nobody has made it. */
static pki_code
make_parent(const char *dir, pki_err *err)
{
	char parent[PKI_PATH_MAX];
	pki_code rc = pki_path_dir(parent, dir, err);

	return rc != PKI_OK || pki_file_exists(parent) ? rc :
	    pki_dir_make(parent, 0755, err);
}

/* Finish or sweep away what a cut left behind. */
static pki_code
settle(enroll_slots *slots, pki_err *err)
{
	const enroll_slot *linked = slots->link == SLOT_NONE ? NULL :
	    &slots->slot[slots->link];
	pki_code rc = pki_dir_sweep(slots->dir, err);

	for (int i = 0; rc == PKI_OK && i < SLOT_COUNT; i++) {
		if (pki_file_exists(slots->slot[i].dir) &&
		    slots->slot[i].state != SLOT_FOREIGN)
			rc = pki_dir_sweep(slots->slot[i].dir, err);
		if (rc == PKI_OK && slots->slot[i].state == SLOT_WHOLE)
			rc = slots_settle_pair(slots, i, err);
	}
	/* It was promoted, and no more than this was left to do. */
	if (rc == PKI_OK && linked != NULL && is_usable(linked) &&
	    slots->pending.key != NULL && pki_digest_equal(
	    &slots->pending.staged, pki_cert_digest(linked->cert)))
		rc = slots_drop_pending(slots, err);
	return rc;
}

pki_code
slots_open(const slots_options *options, enroll_slots **out, pki_err *err)
{
	PKI_AUTO(enroll_slots) slots = NULL;
	pki_code rc = make(options, &slots, err);

	if (rc == PKI_OK)
		rc = make_parent(slots->dir, err);
	if (rc == PKI_OK)
		rc = slots_make_dir(slots, slots->dir, err);
	if (rc == PKI_OK)
		rc = take_lock(slots, err);
	if (rc == PKI_OK)
		rc = read_state(slots, err);
	if (rc == PKI_OK)
		rc = slots_reload(slots, err);
	if (rc == PKI_OK)
		rc = settle(slots, err);
	if (rc == PKI_OK)
		*out = PKI_TAKE(slots);
	return rc;
}

pki_code
slots_look(const slots_options *options, enroll_slots **out, pki_err *err)
{
	PKI_AUTO(enroll_slots) slots = NULL;
	struct stat st;
	pki_code rc = make(options, &slots, err);

	if (rc != PKI_OK)
		return rc;
	if (stat(slots->dir, &st) != 0)
		return errno == ENOENT ? pki_fail(err, PKI_NOT_FOUND,
		    "%s does not exist", slots->dir) :
		    pki_fail_errno(err, "look at %s", slots->dir);
	if (access(slots->dir, X_OK) != 0)
		return pki_fail_errno(err, "look into %s", slots->dir);
	slots->looks = true;
	slots->home = st.st_uid;
	rc = read_state(slots, err);
	if (rc == PKI_OK)
		rc = slots_reload(slots, err);
	if (rc == PKI_OK)
		*out = PKI_TAKE(slots);
	return rc;
}

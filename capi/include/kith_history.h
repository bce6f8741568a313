/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KITH_HISTORY_H
#define KITH_HISTORY_H
/**
 * \file
 * The past: who set what when, proof that nothing was changed behind the store's back, and the ways back. kith.h
 * includes this header and states the conventions; kith_versions, kith_changes and kith_check stand in kith_areas.h.
 */

#include "kith.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- Who, when, why ---------------------------------------------------------------------------------------- */

/** Every value that a field of a record held, oldest first: value, seq (the work that set it), recorded, actor, cause,
 *  to_seq (the work that ended it; null: still so). `field` NULL: every change of the record instead, a row for each
 *  field: seq, recorded, actor, cause, kind, field, before, after, the last two as text. A reader of an earlier moment
 *  shows what was recorded until then. Errors: NOT_FOUND, INVALID (no such field). */
KITH_API int32_t kith_field_history(const kith_reader* reader, const char* entity, int64_t id, const char* field,
                                    kith_table** out, kith_error* error);

/** Hands a record that has an owner (customer, opportunity) to another employee (0: to nobody) from a time on, which
 * may lie in the past (KITH_NOW: from now on); its unit becomes that of the new owner on that day. Readers of a day
 *  (`valid_on`) show the owner of that day. Errors: NOT_FOUND, INVALID (no owner, a time in the future), DENIED. */
KITH_API int32_t kith_owner_assign(kith_work* work, const char* entity, int64_t id, int64_t owner, int64_t from,
                                   kith_error* error);
/** Whom a record belonged to: owner, unit, from, to (null: still so), oldest first; no rows where it never changed
 *  hands. */
KITH_API int32_t kith_ownerships(const kith_reader* reader, const char* entity, int64_t id, kith_table** out,
                                 kith_error* error);

/* --- Proof ------------------------------------------------------------------------------------------------- */

/** What kith_verify read. */
typedef struct kith_verification {
  size_t struct_size;
  int64_t works;
  int64_t changes;
  int64_t versions; /**< rows of the present and of the past */
  int64_t faults;   /**< 0: the store is as it was written */
} kith_verification;

/** The end of the chain as text, "12:" and 64 hexadecimal digits: keep it where the store's keeper cannot reach. */
KITH_API int32_t kith_anchor(const kith_reader* reader, kith_text** out, kith_error* error);
/** Holds every row against what the works wrote, both ways, and the chain against an anchor (NULL: none). `faults`:
 *  entity, id, message of each bad row, the first one first; `erasures`: the same of what is gone by right. `counts`,
 *  `faults` and `erasures` may each be NULL. Faults are no failure of the call. Reads the whole store; needs
 *  administer on principal. Errors: DENIED, INVALID (no anchor). */
KITH_API int32_t kith_verify(const kith_reader* reader, const char* anchor, size_t anchor_size,
                             kith_verification* counts, kith_table** faults, kith_table** erasures, kith_error* error);

/* --- Ways back --------------------------------------------------------------------------------------------- */

/** Undoes a committed work: what it made goes, what it changed or removed is as it was. Undoing that is redoing.
 *  `records` (may be NULL) counts what changed. Error CONFLICT names what depends on it and how to mend that; also
 *  NOT_FOUND, STATE (the work that made or migrated the store, nothing left to undo), DENIED (somebody else's). */
KITH_API int32_t kith_undo(kith_work* work, int64_t seq, int64_t* records, kith_error* error);
/** What stands in the way of undoing a work: entity, id, seq (the later work, null: none), message; newest first. */
KITH_API int32_t kith_obstacles(const kith_reader* reader, int64_t seq, kith_table** out, kith_error* error);
/** Brings a removed record back as it was, with the parts that went with it. Needs `remove` on it. Errors: NOT_FOUND,
 *  STATE (is there; what it refers to is gone), CONFLICT (a unique key was taken), DENIED. */
KITH_API int32_t kith_restore(kith_work* work, const char* entity, int64_t id, kith_error* error);
/** Physically removes every version of a removed record and of its parts; nothing brings it back. Needs administer on
 *  principal. Errors: NOT_FOUND, STATE (not removed), CONFLICT (referred to, or touched in this work), DENIED. */
KITH_API int32_t kith_purge(kith_work* work, const char* entity, int64_t id, kith_error* error);

/* --- Erasing ------------------------------------------------------------------------------------------------ */

/** Erases the personal fields of one record from the present and from every version of the past, for ever; figures and
 *  references stay and the chain still verifies. `fields`: field, versions (in how many it held something);
 *  `remainders`: entity, id, field, message of parts with personal fields of their own and of texts elsewhere that hold
 *  an erased value. Either may be NULL. Needs administer on principal. Errors: NOT_FOUND, INVALID (no personal fields),
 *  STATE (nothing left to erase), CONFLICT (touched in this work), DENIED. */
KITH_API int32_t kith_erase_person(kith_work* work, const char* entity, int64_t id, kith_table** fields,
                                   kith_table** remainders, kith_error* error);
/** Rids the store's files of the bytes of what was erased, purged, replaced or removed. `out` (may be NULL) gets a line
 *  for each thing that is left to the store's keeper, such as backups. Needs administer on principal. Errors: BUSY (a
 *  reader or writer is at work), DENIED, STORAGE. */
KITH_API int32_t kith_scrub(kith_session* session, kith_text** out, kith_error* error);

/* --- The feed, for consumers that come back ---------------------------------------------------------------- */

/** Adds a consumer of the change feed that belongs to the actor and begins behind change `after` (0: with the first one
 *  that is there). The store keeps how far it has read. Needs create on consumer. Errors: INVALID, STATE (archived),
 *  CONFLICT (name taken), DENIED. */
KITH_API int32_t kith_feed_subscribe(kith_work* work, const char* name, size_t size, int64_t after, kith_error* error);
/** Removes it. Errors: NOT_FOUND, DENIED (somebody else's; an administrator may). */
KITH_API int32_t kith_feed_unsubscribe(kith_work* work, const char* name, size_t size, kith_error* error);
/** At most `most` changes that the consumer has not acknowledged and the actor may see, as kith_changes shows them, and
 *  in `next` what to acknowledge once they are dealt with. Until then they come again: at least once. Errors:
 *  NOT_FOUND, DENIED, INVALID (`most` is 0), STATE (archived by force). */
KITH_API int32_t kith_feed_read(const kith_reader* reader, const char* name, size_t size, size_t most, kith_table** out,
                                int64_t* next, kith_error* error);
/** Moves the consumer on; in the work that keeps what was made of the changes they count exactly once. Errors:
 *  NOT_FOUND, DENIED, INVALID (beyond the last change), STATE (behind its position). */
KITH_API int32_t kith_feed_acknowledge(kith_work* work, const char* name, size_t size, int64_t position,
                                       kith_error* error);
/** Moves the consumer to any position, to read again or to skip. Errors: NOT_FOUND, DENIED, INVALID, STATE
 *  (archived). */
KITH_API int32_t kith_feed_rewind(kith_work* work, const char* name, size_t size, int64_t position, kith_error* error);

/* --- Archives ---------------------------------------------------------------------------------------------- */

/** For how many days as-of reads must reach back: kith_archive takes nothing younger. Needs administer on principal. */
KITH_API int32_t kith_retention_set(kith_work* work, int64_t days, kith_error* error);
/** Moves works, changes and versions up to work `until` to a new file and takes them out of the store, in a work of its
 *  own; the chain goes on from that work. `force` 1: also what a consumer has not read or the retention covers. `out`
 *  (may be NULL) is the store's record of it, of entity "archive". Needs administer on principal; the session must have
 *  no work open. Errors: INVALID (no such work), STATE (what stands in the way is named), CONFLICT (the file is there),
 *  DENIED, STORAGE. */
KITH_API int32_t kith_archive(kith_session* session, int64_t until, const char* path, size_t size, int32_t force,
                              kith_record** out, kith_error* error);
/** Holds an archive against itself and the store it came from, as kith_verify does a store. Errors: CORRUPT (changed or
 *  cut), INVALID (no archive), NOT_FOUND (no such file, or the store knows no such archive), DENIED. */
KITH_API int32_t kith_archive_verify(const kith_reader* reader, const char* path, size_t size, const char* anchor,
                                     size_t anchor_size, kith_verification* counts, kith_table** faults,
                                     kith_error* error);

/* --- Older stores ------------------------------------------------------------------------------------------ */

/** What opening the store at `url` for writing would do to bring it to this format, as SQL with its checksum in the
 *  first line; empty: nothing. Changes nothing. Errors: NOT_FOUND, CORRUPT, VERSION (newer), STORAGE. */
KITH_API int32_t kith_migration(const char* url, size_t size, kith_text** out, kith_error* error);

#ifdef __cplusplus
}
#endif

#endif /* KITH_HISTORY_H */

/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Handles: 64-bit numbers that stand for objects, and never become pointers to dead ones.
 *
 * A foreign API hands numbers to programs and gets them back, possibly much later, possibly wrong.
 * All of them go through one table. A handle is a slot, a kind and a generation; it is never 0 and
 * never all ones, and a number does not come back before 2^40 other handles were made. What is not
 * exactly a live handle of the kind that is asked for is answered with NULL or -ESTALE, and
 * is never followed.
 *
 *     uint64_t handle;
 *     rondo_handle_insert(&handle, kind, object);
 *     rondo_handle_enter();                              // any thread, also a real-time one
 *     object = rondo_handle_find(handle, kind);          // NULL: stale or foreign
 *     if (object != NULL)
 *         use(object);                                   // stays alive until leave
 *     rondo_handle_leave();
 *     rondo_handle_remove(handle, kind, &object);        // waits for those who are inside
 *     free(object);
 *
 * Who may call what beside whom: everything beside everything, from any thread. Only remove and
 * wait_for_readers must not be called between enter and leave: they would wait for themselves.
 *
 * Synchronization: RCU. A reader takes no lock; who removes waits until every reader that may have
 * found the object has left.
 *   PAIR-HANDLE  release in insert()  ->  acquire in find():  the object before its handle
 */
#ifndef RONDO_HANDLE_H
#define RONDO_HANDLE_H

#include <stdint.h>

#include <rondo/cacheline.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Handles that can be alive at once, of all kinds together. */
#define RONDO_HANDLES_MAX 1024u

/** What a handle stands for. A handle of one kind is unknown where another kind is asked for. */
enum rondo_handle_kind {
    RONDO_HANDLE_ML_INPUT = 1, /**< an input of rondo/compat/ml_audio.h */
    RONDO_HANDLE_USER = 128, /**< from here to RONDO_HANDLE_KIND_MAX: kinds of the program itself */
    RONDO_HANDLE_KIND_MAX = 254
};

/**
 * Make a handle for an object.
 *
 * @param handle  receives the handle, before anybody can find the object by it; untouched on error
 * @param kind    enum rondo_handle_kind, [1, RONDO_HANDLE_KIND_MAX]
 * @param object  not NULL; everything written to it so far is visible to who finds it
 * @return 0; -EINVAL: NULL, or no such kind; -EMFILE: RONDO_HANDLES_MAX handles are alive
 * @thread any
 * @rt     not-rt: takes a lock
 */
int rondo_handle_insert(uint64_t *handle, uint32_t kind, void *object);

/**
 * Kill a handle, and wait until nobody uses the object through it any more.
 *
 * Of several threads that remove the same handle one gets the object, the others get -ESTALE.
 *
 * @param object  receives the object, which is the caller's now; untouched on error
 * @return 0; -EINVAL: NULL; -ESTALE: no live handle of this kind, nothing happened
 * @thread any, not between enter and leave
 * @rt     not-rt: waits for readers
 */
int rondo_handle_remove(uint64_t handle, uint32_t kind, void **object);

/**
 * Begin to read: what rondo_handle_find() finds from now on lives until the matching leave.
 *
 * May be nested. The very first call of each thread registers the thread, which takes a lock and
 * memory; rondo_handle_prepare_thread() does that beforehand.
 *
 * @thread any
 * @rt     wait-free, but for the thread's first call
 */
void rondo_handle_enter(void) RONDO_RT;

/**
 * The object of a handle.
 *
 * @return NULL: the handle is stale, of another kind, or no handle at all
 * @thread   any, between enter and leave
 * @rt       wait-free
 * @lifetime until the leave
 */
void *rondo_handle_find(uint64_t handle, uint32_t kind) RONDO_RT;

/** End what rondo_handle_enter() began. @thread the same @rt wait-free */
void rondo_handle_leave(void) RONDO_RT;

/**
 * Wait until every thread that is between enter and leave now has left.
 *
 * For objects that are reached through an object with a handle: unpublish, wait, free.
 *
 * @thread any, not between enter and leave
 * @rt     not-rt: waits for readers
 */
void rondo_handle_wait_for_readers(void);

/**
 * Register the calling thread, so that its first rondo_handle_enter() is as fast as the others.
 *
 * @thread any
 * @rt     not-rt: may take a lock and memory
 */
void rondo_handle_prepare_thread(void);

#ifdef __cplusplus
}
#endif
#endif

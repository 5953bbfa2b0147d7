/* SPDX-License-Identifier: MIT */
/**
 * @file
 * A mailbox: one writer publishes values, one reader gets the newest. Wait-free on both sides.
 *
 * Three slots: one the writer fills, one the reader looks at, one in between. Publishing and
 * looking each swap their slot with the one in between, so neither side ever waits, retries or sees
 * half a value. Values that are never looked at are overwritten. For a (position, time) pair,
 * statistics, levels, parameters. For more than one reader use one mailbox each.
 *
 * Who may call what beside whom:
 *
 *     | calls                           | by         | beside           |
 *     | init                            | one thread | nothing else     |
 *     | get_write, release_write, write | the writer | all the reader's |
 *     | get_read, read                  | the reader | all the writer's |
 *
 * Synchronization: `middle` holds the number of the slot in between and a bit that says that the
 * writer put it there.
 *   PAIR-MAIL   release by the swap in release_write()  ->  acquire by the swap in get_read():
 *               the value before the swap
 *   PAIR-SLOT   release by the swap in get_read()  ->  acquire by the swap in release_write():
 *               reads of the old slot before the swap
 */
#ifndef RONDO_MAILBOX_H
#define RONDO_MAILBOX_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <rondo/atomic.h>
#include <rondo/cacheline.h>

/** Largest value, in bytes. */
#define RONDO_MAILBOX_VALUE_BYTES_MAX 0x10000000u

#define RONDO__MAILBOX_SLOT 3u /* mask of the slot's number */
#define RONDO__MAILBOX_FRESH                                                                       \
    4u /* the slot in between holds a value that the reader has not seen  \
                                 */

/** Bytes of memory that a mailbox needs for values of @p value_bytes bytes: three slots on cache
 * lines. */
#define RONDO_MAILBOX_BYTES(value_bytes)                                                           \
    (3u * (((size_t)(value_bytes) + RONDO_CACHELINE_BYTES - 1) / RONDO_CACHELINE_BYTES *           \
           RONDO_CACHELINE_BYTES))

struct rondo__mailbox_side {
    unsigned char *memory;
    size_t slot_bytes;
    uint32_t value_bytes;
    uint32_t slot;
    bool seen; /* reader: some value has arrived */
} RONDO_CACHE_ALIGNED;

struct rondo__mailbox_middle {
    RONDO_ATOMIC(uint32_t) slot;
} RONDO_CACHE_ALIGNED;

/** A mailbox. Public so that it may be embedded; its fields are private. The storage is the
 * caller's. */
struct rondo_mailbox {
    struct rondo__mailbox_side writer;
    struct rondo__mailbox_middle middle;
    struct rondo__mailbox_side reader;
};

#ifndef RONDO_ATOMIC_HEADER
RONDO_STATIC_ASSERT(sizeof(struct rondo_mailbox) == 3 * RONDO_CACHELINE_BYTES,
                    "a line a side, a line between them");
#endif

/**
 * Make an empty mailbox.
 *
 * @param memory       RONDO_MAILBOX_BYTES(value_bytes) bytes on a cache line
 * @param value_bytes  [1, RONDO_MAILBOX_VALUE_BYTES_MAX]
 * @return 0; -EINVAL: NULL, a size of 0, or not on a cache line; -EOVERFLOW: value_bytes above its
 * range
 * @thread one thread, nobody else uses the mailbox
 * @rt     wait-free
 */
static inline RONDO_RT int
rondo_mailbox_init(struct rondo_mailbox *mailbox, void *memory, uint32_t value_bytes)
{
    if (mailbox == NULL || memory == NULL || value_bytes == 0 ||
        (uintptr_t)memory % RONDO_CACHELINE_BYTES != 0 ||
        (uintptr_t)mailbox % RONDO_CACHELINE_BYTES != 0)
        return -EINVAL;
    if (value_bytes > RONDO_MAILBOX_VALUE_BYTES_MAX)
        return -EOVERFLOW;
    mailbox->writer.memory = mailbox->reader.memory = (unsigned char *)memory;
    mailbox->writer.slot_bytes = mailbox->reader.slot_bytes = RONDO_MAILBOX_BYTES(value_bytes) / 3;
    mailbox->writer.value_bytes = mailbox->reader.value_bytes = value_bytes;
    mailbox->writer.slot = 0;
    mailbox->reader.slot = 2;
    mailbox->writer.seen = mailbox->reader.seen = false;
    /* relaxed: nobody else uses the mailbox now; the caller hands it to the other thread. */
    rondo_store_relaxed_u32(&mailbox->middle.slot, 1);
    return 0;
}

/** The writer's slot, to be filled in place. Its old contents are of no use. @thread writer only
 * @rt wait-free */
static inline RONDO_RT void *
rondo_mailbox_get_write(struct rondo_mailbox *mailbox)
{
    return mailbox->writer.memory + mailbox->writer.slot * mailbox->writer.slot_bytes;
}

/** Publish the writer's slot: it is the newest value now. @thread writer only @rt wait-free: one
 * swap */
static inline RONDO_RT void
rondo_mailbox_release_write(struct rondo_mailbox *mailbox)
{
    /* PAIR-MAIL release: the value is in memory before the reader can take the slot.
     * PAIR-SLOT acquire: the reader's reads of the slot that we get back are done. */
    mailbox->writer.slot = rondo_exchange_acq_rel_u32(&mailbox->middle.slot,
                                                      mailbox->writer.slot | RONDO__MAILBOX_FRESH) &
                           RONDO__MAILBOX_SLOT;
}

/**
 * The newest value, in place.
 *
 * @param fresh  receives whether it was published since the last look; may be NULL
 * @return the value, unchanged until the next call; NULL as long as nothing was ever published
 * @thread reader only
 * @rt     wait-free: one load, and one swap if there is something new
 */
static inline RONDO_RT const void *
rondo_mailbox_get_read(struct rondo_mailbox *mailbox, bool *fresh)
{
    struct rondo__mailbox_side *const own = &mailbox->reader;
    /* relaxed: only decides whether to swap; the swap below acquires. */
    const bool is_fresh =
        (rondo_load_relaxed_u32(&mailbox->middle.slot) & RONDO__MAILBOX_FRESH) != 0;

    if (is_fresh) {
        /* PAIR-MAIL acquire: the writer filled the slot before it published it.
         * PAIR-SLOT release: our reads of the old slot are done before the writer can take it. */
        own->slot =
            rondo_exchange_acq_rel_u32(&mailbox->middle.slot, own->slot) & RONDO__MAILBOX_SLOT;
        own->seen = true;
    }
    if (fresh != NULL)
        *fresh = is_fresh;
    return own->seen ? own->memory + own->slot * own->slot_bytes : NULL;
}

/** Publish a copy of @p value. @thread writer only @rt wait-free */
static inline RONDO_RT void
rondo_mailbox_write(struct rondo_mailbox *mailbox, const void *value)
{
    memcpy(rondo_mailbox_get_write(mailbox), value, mailbox->writer.value_bytes);
    rondo_mailbox_release_write(mailbox);
}

/**
 * Copy the newest value out.
 *
 * @return whether it was published since the last look; @p value is untouched as long as nothing
 * was ever published
 * @thread reader only
 * @rt     wait-free
 */
static inline RONDO_RT bool
rondo_mailbox_read(struct rondo_mailbox *mailbox, void *value)
{
    bool fresh = false;
    const void *const newest = rondo_mailbox_get_read(mailbox, &fresh);

    if (newest != NULL)
        memcpy(value, newest, mailbox->reader.value_bytes);
    return fresh;
}

#endif

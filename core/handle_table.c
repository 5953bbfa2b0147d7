/* SPDX-License-Identifier: MIT */
/*
 * The one table of handles, and the one file that knows liburcu.
 *
 * Flavour bp: it needs no registration by the threads of other people's programs. It is used
 * through the library's functions and not through its inlines, so that our licence stays ours.
 *
 * A slot's life: free -> its object is written, then its handle (PAIR-HANDLE) -> its handle becomes
 * 0
 * -> a grace period -> free again, at the end of the queue. Hence a reader that saw a handle in the
 * slot reads that handle's object, however long it takes: no other can be there before it leaves.
 */
#include <errno.h>
#include <pthread.h>
#include <stddef.h>

#include <urcu/urcu-bp.h>

#include <rondo/atomic.h>
#include <rondo/handle.h>

/*
 * ThreadSanitizer does not see into liburcu. What the library promises is told here: everything a
 * reader did before it left comes before the end of a grace period.
 */
#if defined(__SANITIZE_THREAD__)
#define UNDER_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNDER_TSAN 1
#endif
#endif
#ifdef UNDER_TSAN
#include <sanitizer/tsan_interface.h>
static char grace;
#define TELL_TSAN_A_READER_LEAVES()     __tsan_release(&grace)
#define TELL_TSAN_THE_READERS_ARE_OUT() __tsan_acquire(&grace)
#else
#define TELL_TSAN_A_READER_LEAVES()     ((void)0)
#define TELL_TSAN_THE_READERS_ARE_OUT() ((void)0)
#endif

/* A handle, from its low bits up: slot + 1 (16 bits), kind (8 bits), generation (40 bits). */
#define SLOT_BITS       16u
#define KIND_BITS       8u
#define SLOT_MASK       0xffffu
#define GENERATION_MASK 0xffffffffffu

RONDO_STATIC_ASSERT(RONDO_HANDLES_MAX < SLOT_MASK, "slot + 1 is never 0 and never all ones");

struct slot {
    RONDO_ATOMIC(uint64_t) handle; /* 0: free, or waiting for its readers */
    RONDO_ATOMIC(uint64_t) object; /* a pointer */
};

static struct slot slots[RONDO_HANDLES_MAX];

/* Whoever changes the table holds the lock; readers do not look at these. */
static struct {
    pthread_mutex_t lock;
    uint64_t generation;             /* of the next handle */
    uint32_t unused;                 /* slots from here on were never used */
    uint32_t free_first, free_count; /* a queue: who was freed first is used first */
    uint16_t free_slots[RONDO_HANDLES_MAX];
} table = {.lock = PTHREAD_MUTEX_INITIALIZER, .generation = 1};

/* The slot that a number names, if it could be a handle of this kind at all. */
static struct slot *
slot_of(uint64_t handle, uint32_t kind)
{
    const uint32_t number = (uint32_t)(handle & SLOT_MASK);

    if (number == 0 || number > RONDO_HANDLES_MAX ||
        ((handle >> SLOT_BITS) & ((1u << KIND_BITS) - 1)) != kind)
        return NULL;
    return &slots[number - 1];
}

/* A slot that may be filled; RONDO_HANDLES_MAX if there is none. The lock is held. */
static uint32_t
take_slot(void)
{
    uint32_t slot = RONDO_HANDLES_MAX;

    if (table.unused < RONDO_HANDLES_MAX) {
        slot = table.unused++;
    } else if (table.free_count > 0) {
        slot = table.free_slots[table.free_first];
        table.free_first = (table.free_first + 1) % RONDO_HANDLES_MAX;
        table.free_count--;
    }
    return slot;
}

static void
give_slot_back(uint32_t slot)
{
    table.free_slots[(table.free_first + table.free_count) % RONDO_HANDLES_MAX] = (uint16_t)slot;
    table.free_count++;
}

int
rondo_handle_insert(uint64_t *handle, uint32_t kind, void *object)
{
    uint32_t slot;
    uint64_t made;

    if (handle == NULL || object == NULL || kind == 0 || kind > RONDO_HANDLE_KIND_MAX)
        return -EINVAL;

    pthread_mutex_lock(&table.lock);
    slot = take_slot();
    if (slot == RONDO_HANDLES_MAX) {
        pthread_mutex_unlock(&table.lock);
        return -EMFILE;
    }
    made = table.generation << (SLOT_BITS + KIND_BITS) | (uint64_t)kind << SLOT_BITS | (slot + 1);
    table.generation = (table.generation + 1) & GENERATION_MASK;
    *handle = made;
    /* relaxed: published by the handle, below. */
    rondo_store_relaxed(&slots[slot].object, (uint64_t)(uintptr_t)object);
    /* PAIR-HANDLE release: the object and what is in it before its handle. */
    rondo_store_release(&slots[slot].handle, made);
    pthread_mutex_unlock(&table.lock);
    return 0;
}

int
rondo_handle_remove(uint64_t handle, uint32_t kind, void **object)
{
    struct slot *const slot = slot_of(handle, kind);
    void *found;

    if (object == NULL)
        return -EINVAL;
    if (slot == NULL)
        return -ESTALE;

    pthread_mutex_lock(&table.lock);
    /* relaxed: handles change under the lock only. */
    if (rondo_load_relaxed(&slot->handle) != handle) {
        pthread_mutex_unlock(&table.lock);
        return -ESTALE;
    }
    found = (void *)(uintptr_t)rondo_load_relaxed(&slot->object);
    /* relaxed: it says only that nobody may enter; the grace period orders everything else. */
    rondo_store_relaxed(&slot->handle, 0);
    pthread_mutex_unlock(&table.lock);

    rondo_handle_wait_for_readers();

    pthread_mutex_lock(&table.lock);
    give_slot_back((uint32_t)(slot - slots));
    pthread_mutex_unlock(&table.lock);
    *object = found;
    return 0;
}

void
rondo_handle_enter(void)
{
    urcu_bp_read_lock();
}

void *
rondo_handle_find(uint64_t handle, uint32_t kind)
{
    struct slot *const slot = slot_of(handle, kind);

    /* PAIR-HANDLE acquire: who sees the handle sees its object. */
    if (slot == NULL || rondo_load_acquire(&slot->handle) != handle)
        return NULL;
    /* relaxed: the slot keeps this object until we leave. */
    return (void *)(uintptr_t)rondo_load_relaxed(&slot->object);
}

void
rondo_handle_leave(void)
{
    TELL_TSAN_A_READER_LEAVES();
    urcu_bp_read_unlock();
}

void
rondo_handle_wait_for_readers(void)
{
    urcu_bp_synchronize_rcu();
    TELL_TSAN_THE_READERS_ARE_OUT();
}

void
rondo_handle_prepare_thread(void)
{
    urcu_bp_read_lock();
    urcu_bp_read_unlock();
}

/* SPDX-License-Identifier: MIT */
/**
 * @file
 * A ring whose producer and consumer live in two processes that need not trust each other.
 *
 * One process creates it in a memfd and passes the descriptor to the other (SCM_RIGHTS, fork,
 * /proc/PID/fd), which attaches. Only the two positions and the frames are shared. Geometry, base
 * address and one's own position live in each side's own endpoint, and what the other side wrote is
 * checked against the capacity before it is used: a crashed or hostile other side can starve us or
 * feed us nonsense, never make us read or write outside the frames. The memory is sealed against
 * shrinking, so it cannot be taken away under us either.
 *
 * Who may call what beside whom: as in ring.h, the producer's calls on an endpoint of role
 * RONDO_SHARED_PRODUCER and the consumer's on one of role RONDO_SHARED_CONSUMER; each endpoint
 * belongs to one thread. A call of the other role lends nothing and releases nothing. One endpoint
 * of each role: a second one would be an intruder like any other.
 *
 * Synchronization: each side publishes its own position and never reads it back from shared memory.
 *   PAIR-SHARED-FILL  release in release_write()  ->  acquire in get_read():
 *                     frame data before write_pos
 *   PAIR-SHARED-ROOM  release in release_read()  ->  acquire in get_write():
 *                     reads done before read_pos
 */
#ifndef RONDO_SHARED_RING_H
#define RONDO_SHARED_RING_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <rondo/atomic.h>
#include <rondo/cacheline.h>
#include <rondo/memory.h>
#include <rondo/span.h>

/** Which side an endpoint is. */
enum rondo_shared_role {
    RONDO_SHARED_PRODUCER = 1,
    RONDO_SHARED_CONSUMER = 2
};

#define RONDO__SHARED_MAGIC   UINT64_C(0x676e69726f646e72) /* "rndoring" in memory */
#define RONDO__SHARED_VERSION 1u

/* memfd and seal numbers of the kernel's ABI (linux/memfd.h, linux/fcntl.h), which strict ISO C
 * modes hide. */
#define RONDO__MFD_CLOEXEC       0x1u
#define RONDO__MFD_ALLOW_SEALING 0x2u
#define RONDO__F_ADD_SEALS       1033
#define RONDO__F_GET_SEALS       1034
#define RONDO__F_SEAL_SEAL       0x1
#define RONDO__F_SEAL_SHRINK     0x2
#define RONDO__F_SEAL_GROW       0x4

/* The start of the shared memory; the frames follow on the next page. Everything here is hostile
 * until checked. */
struct rondo__shared_header {
    uint64_t magic;
    uint32_t version;
    uint32_t cacheline_bytes;
    uint32_t capacity_frames;
    uint32_t frame_bytes;
    uint64_t frames_offset_bytes;
    uint64_t origin_pos; /* the position that stood at the start of memory first */
    RONDO_ATOMIC(uint64_t) write_pos RONDO_CACHE_ALIGNED;
    RONDO_ATOMIC(uint64_t) read_pos RONDO_CACHE_ALIGNED;
} RONDO_CACHE_ALIGNED;

#ifndef RONDO_ATOMIC_HEADER
RONDO_STATIC_ASSERT(sizeof(struct rondo__shared_header) == 3 * RONDO_CACHELINE_BYTES,
                    "a layout that others map");
RONDO_STATIC_ASSERT(offsetof(struct rondo__shared_header, write_pos) == RONDO_CACHELINE_BYTES,
                    "a layout");
#endif

/** One side's own view. Its fields are private, and so is its memory: never put it into shared
 * memory. */
struct rondo_shared_ring {
    RONDO_ATOMIC(uint64_t) * own_published;
    const RONDO_ATOMIC(uint64_t) * peer_published;
    unsigned char *memory;
    uint64_t pos;      /* our position; what we published is never read back */
    uint64_t lap_pos;  /* the position that stands at the start of memory in this turn */
    uint64_t peer_pos; /* the other side's position as last seen and found sound */
    uint64_t corruptions;
    uint32_t capacity_frames;
    uint32_t frame_bytes;
    uint32_t role;
    int fd;
    void *mapping;
    size_t mapped_bytes;
} RONDO_CACHE_ALIGNED;

/* Give an endpoint its view of @p header and of the frames at @p memory; both sides at position @p
 * pos. */
static inline void
rondo__shared_ring_place(struct rondo_shared_ring *ring, struct rondo__shared_header *header,
                         unsigned char *memory, uint32_t capacity_frames, uint32_t frame_bytes,
                         enum rondo_shared_role role, uint64_t pos)
{
    const bool produces = role == RONDO_SHARED_PRODUCER;

    ring->own_published = produces ? &header->write_pos : &header->read_pos;
    ring->peer_published = produces ? &header->read_pos : &header->write_pos;
    ring->memory = memory;
    ring->pos = pos;
    ring->lap_pos = pos;
    ring->peer_pos = pos;
    ring->corruptions = 0;
    ring->capacity_frames = capacity_frames;
    ring->frame_bytes = frame_bytes;
    ring->role = (uint32_t)role;
}

/* Check geometry and compute the size of the whole mapping. */
static inline int
rondo__shared_ring_bytes(uint32_t capacity_frames, uint32_t frame_bytes, size_t *offset_bytes,
                         size_t *total_bytes)
{
    size_t frames_bytes = 0;

    if (capacity_frames == 0 || frame_bytes == 0)
        return -EINVAL;
    *offset_bytes = rondo_page_bytes();
    if (capacity_frames > RONDO_CAPACITY_FRAMES_MAX || frame_bytes > RONDO_FRAME_BYTES_MAX ||
        __builtin_mul_overflow((size_t)capacity_frames, (size_t)frame_bytes, &frames_bytes) ||
        frames_bytes > PTRDIFF_MAX - *offset_bytes)
        return -EOVERFLOW;
    *total_bytes = *offset_bytes + frames_bytes;
    return 0;
}

/** Leave the ring: unmaps it and closes the endpoint's descriptor. Allows NULL and a zeroed
 * endpoint. @rt not-rt */
static inline void
rondo_shared_ring_destroy(struct rondo_shared_ring *ring)
{
    if (ring == NULL)
        return;
    if (ring->mapping != NULL) {
        munmap(ring->mapping, ring->mapped_bytes);
        close(ring->fd);
    }
    memset((void *)ring, 0, sizeof *ring);
    ring->fd = -1;
}

/* Map @p fd, which the endpoint then owns. */
static inline int
rondo__shared_ring_map(struct rondo_shared_ring *ring, int fd, size_t total_bytes)
{
    void *const mapping = mmap(NULL, total_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (mapping == MAP_FAILED)
        return -errno;
    ring->mapping = mapping;
    ring->mapped_bytes = total_bytes;
    ring->fd = fd;
    return 0;
}

/**
 * Create an empty ring in a new memfd, and take one side of it.
 *
 * @param ring             receives the endpoint; on a cache line, otherwise untouched; zeroed on
 * any other error
 * @param capacity_frames  [1, RONDO_CAPACITY_FRAMES_MAX]
 * @param frame_bytes      [1, RONDO_FRAME_BYTES_MAX]
 * @param role             the side that this process takes; the other one attaches by
 * rondo_shared_ring_fd()
 * @return 0; -EINVAL: NULL, a size of 0, no such role, not on a cache line; -EOVERFLOW: too large;
 * -ENOMEM, -EMFILE, -ENFILE: no resources
 * @rt not-rt
 */
static inline int
rondo_shared_ring_create(struct rondo_shared_ring *ring, uint32_t capacity_frames,
                         uint32_t frame_bytes, enum rondo_shared_role role)
{
    struct rondo__shared_header *header;
    size_t offset_bytes = 0;
    size_t total_bytes = 0;
    int error;
    int fd;

    if (ring == NULL || (uintptr_t)ring % RONDO_CACHELINE_BYTES != 0)
        return -EINVAL;
    memset((void *)ring, 0, sizeof *ring);
    ring->fd = -1;
    if (role != RONDO_SHARED_PRODUCER && role != RONDO_SHARED_CONSUMER)
        return -EINVAL;
    error = rondo__shared_ring_bytes(capacity_frames, frame_bytes, &offset_bytes, &total_bytes);
    if (error != 0)
        return error;

    fd =
        (int)syscall(SYS_memfd_create, "rondo-ring", RONDO__MFD_CLOEXEC | RONDO__MFD_ALLOW_SEALING);
    if (fd < 0)
        return -errno;
    if (syscall(SYS_ftruncate, fd, (long)total_bytes) != 0)
        error = errno == EFBIG || errno == EINVAL ? -ENOMEM : -errno;
    else if (syscall(SYS_fcntl, fd, RONDO__F_ADD_SEALS,
                     RONDO__F_SEAL_SHRINK | RONDO__F_SEAL_GROW | RONDO__F_SEAL_SEAL) != 0)
        error = -errno;
    else
        error = rondo__shared_ring_map(ring, fd, total_bytes);
    if (error != 0) {
        close(fd);
        return error;
    }
    header = (struct rondo__shared_header *)ring->mapping;
    header->version = RONDO__SHARED_VERSION;
    header->cacheline_bytes = RONDO_CACHELINE_BYTES;
    header->capacity_frames = capacity_frames;
    header->frame_bytes = frame_bytes;
    header->frames_offset_bytes = offset_bytes;
    header->magic = RONDO__SHARED_MAGIC;
    rondo__shared_ring_place(ring, header, (unsigned char *)ring->mapping + offset_bytes,
                             capacity_frames, frame_bytes, role, 0);
    return 0;
}

/**
 * Let the stream begin at another position than 0.
 *
 * @param pos  position of the first frame, any value
 * @thread the creator's, before the other side attaches and before any other call
 * @rt    wait-free
 */
static inline RONDO_RT void
rondo_shared_ring_start_at(struct rondo_shared_ring *ring, uint64_t pos)
{
    struct rondo__shared_header *const header = (struct rondo__shared_header *)ring->mapping;

    header->origin_pos = pos;
    /* relaxed: nobody else is attached; passing the descriptor on orders it. */
    rondo_store_relaxed(&header->write_pos, pos);
    rondo_store_relaxed(&header->read_pos, pos);
    ring->pos = ring->lap_pos = ring->peer_pos = pos;
}

/**
 * Attach to a ring that another process created, as the side that it did not take.
 *
 * @param ring  receives the endpoint; on a cache line, otherwise untouched; zeroed on any other
 * error
 * @param fd    descriptor of the ring's memfd; duplicated, the caller keeps its own
 * @param role  the side that this process takes
 * @return 0; -EINVAL: NULL, no such role, not on a cache line; -EBADMSG: not a ring, or its header
 * contradicts itself or the file's size; -EPROTO: another version or layout; -EPERM: the memory is
 * not sealed against shrinking, so the other side could take it away, or it is sealed against
 * writing; -EACCES: @p fd is not open for reading and writing; -EBADF; -ENOMEM, -EMFILE, -ENFILE: no
 * resources
 * @rt not-rt
 */
static inline int
rondo_shared_ring_attach(struct rondo_shared_ring *ring, int fd, enum rondo_shared_role role)
{
    struct rondo__shared_header header;
    struct stat status;
    size_t offset_bytes = 0;
    size_t total_bytes = 0;
    uint64_t write_pos;
    uint64_t read_pos;
    long seals;
    int error = 0;
    int own_fd;

    if (ring == NULL || (uintptr_t)ring % RONDO_CACHELINE_BYTES != 0)
        return -EINVAL;
    memset((void *)ring, 0, sizeof *ring);
    ring->fd = -1;
    if (role != RONDO_SHARED_PRODUCER && role != RONDO_SHARED_CONSUMER)
        return -EINVAL;

    own_fd = (int)syscall(SYS_fcntl, fd, 1030 /* F_DUPFD_CLOEXEC */, 0);
    if (own_fd < 0)
        return -errno;
    seals = syscall(SYS_fcntl, own_fd, RONDO__F_GET_SEALS);
    if (seals < 0)
        error = -EBADMSG; /* not a memfd */
    else if ((seals & RONDO__F_SEAL_SHRINK) == 0)
        error = -EPERM;
    else if (fstat(own_fd, &status) != 0)
        error = -errno;
    else if (status.st_size < (off_t)sizeof header)
        error = -EBADMSG;
    else
        error = rondo__shared_ring_map(ring, own_fd, (size_t)status.st_size);
    if (error != 0) {
        close(own_fd);
        return error;
    }

    /* One copy is checked and used, so that nothing can change in between. */
    memcpy((void *)&header, ring->mapping, offsetof(struct rondo__shared_header, write_pos));
    __asm__ volatile(""
                     :
                     :
                     : "memory"); /* nor may the compiler look again instead of using the copy */
    if (header.magic != RONDO__SHARED_MAGIC)
        error = -EBADMSG;
    else if (header.version != RONDO__SHARED_VERSION ||
             header.cacheline_bytes != RONDO_CACHELINE_BYTES)
        error = -EPROTO;
    else if (rondo__shared_ring_bytes(header.capacity_frames, header.frame_bytes, &offset_bytes,
                                      &total_bytes) != 0 ||
             header.frames_offset_bytes != offset_bytes || (uint64_t)status.st_size != total_bytes)
        error = -EBADMSG;
    if (error == 0) {
        struct rondo__shared_header *const shared = (struct rondo__shared_header *)ring->mapping;

        rondo__shared_ring_place(ring, shared, (unsigned char *)ring->mapping + offset_bytes,
                                 header.capacity_frames, header.frame_bytes, role, 0);
        /* The other side may have been at work already. PAIR-SHARED-FILL, PAIR-SHARED-ROOM acquire:
         * as in the gets. */
        read_pos = rondo_load_acquire(&shared->read_pos);
        write_pos = rondo_load_acquire(&shared->write_pos);
        if (write_pos - read_pos > header.capacity_frames) {
            error = -EBADMSG;
        } else {
            ring->pos = role == RONDO_SHARED_PRODUCER ? write_pos : read_pos;
            ring->peer_pos = role == RONDO_SHARED_PRODUCER ? read_pos : write_pos;
            ring->lap_pos = ring->pos - (ring->pos - header.origin_pos) % header.capacity_frames;
        }
    }
    if (error != 0)
        rondo_shared_ring_destroy(ring);
    return error;
}

/** Descriptor of the ring's memory, to be passed to the other process; the endpoint keeps it. -1:
 * no ring. @rt wait-free */
static inline RONDO_RT int
rondo_shared_ring_fd(const struct rondo_shared_ring *ring)
{
    return ring->fd;
}

/** Frames that the ring holds. @rt wait-free */
static inline RONDO_RT uint32_t
rondo_shared_ring_capacity(const struct rondo_shared_ring *ring)
{
    return ring->capacity_frames;
}

/**
 * How often a position of the other side was impossible: beyond the capacity, or behind one that it
 * had published.
 *
 * An impossible position lends nothing and is otherwise ignored; a later sound one is used again. A
 * count above 0 means that the other side is broken or hostile, and that what it sent may be
 * nonsense.
 *
 * @thread the endpoint's own
 * @rt     wait-free
 */
static inline RONDO_RT uint64_t
rondo_shared_ring_corruptions(const struct rondo_shared_ring *ring)
{
    return ring->corruptions;
}

/*
 * Look at the other side's position. Returns the frames that are ours by it, [0, capacity].
 *
 * A sound producer is 0 to capacity frames ahead of its consumer: what is ours is (peer - own) for
 * a consumer and capacity - (own - peer) for a producer. A sound position never goes back.
 */
static inline uint32_t
rondo__shared_ring_look(struct rondo_shared_ring *ring)
{
    const bool produces = ring->role == RONDO_SHARED_PRODUCER;
    /* PAIR-SHARED-FILL acquire (consumer): the frames were written before write_pos advanced.
     * PAIR-SHARED-ROOM acquire (producer): the frames were read before read_pos advanced. */
    const uint64_t peer_pos = rondo_load_acquire(ring->peer_published);
    const uint64_t ahead = produces ? ring->pos - peer_pos : peer_pos - ring->pos;

    if (ahead > ring->capacity_frames || (int64_t)(peer_pos - ring->peer_pos) < 0) {
        ring->corruptions++;
        return 0;
    }
    ring->peer_pos = peer_pos;
    return produces ? ring->capacity_frames - (uint32_t)ahead : (uint32_t)ahead;
}

static inline struct rondo_span
rondo__shared_ring_get(struct rondo_shared_ring *ring, enum rondo_shared_role role,
                       uint32_t max_frames)
{
    const uint64_t ahead =
        role == RONDO_SHARED_PRODUCER ? ring->pos - ring->peer_pos : ring->peer_pos - ring->pos;
    const uint32_t offset = (uint32_t)(ring->pos - ring->lap_pos);
    uint32_t known;

    if (ring->role != (uint32_t)role)
        return rondo__span(NULL, 0, 0, 0);
    known =
        role == RONDO_SHARED_PRODUCER ? ring->capacity_frames - (uint32_t)ahead : (uint32_t)ahead;
    if (known < max_frames)
        known = rondo__shared_ring_look(ring);
    if (known < max_frames)
        max_frames = known;
    if (max_frames > ring->capacity_frames - offset)
        max_frames = ring->capacity_frames - offset;
    return rondo__span(ring->memory, offset, ring->frame_bytes, max_frames);
}

static inline void
rondo__shared_ring_release(struct rondo_shared_ring *ring, enum rondo_shared_role role,
                           uint32_t frames)
{
    if (ring->role != (uint32_t)role)
        return;
    ring->pos += frames;
    if (ring->pos - ring->lap_pos >= ring->capacity_frames)
        ring->lap_pos += ring->capacity_frames;
    /* PAIR-SHARED-FILL release (producer): the frames are in memory before write_pos.
     * PAIR-SHARED-ROOM release (consumer): our reads are done before read_pos. */
    rondo_store_release(ring->own_published, ring->pos);
}

/** As rondo_ring_get_write(). @thread the producer's @rt wait-free, bounded */
static inline RONDO_RT struct rondo_span
rondo_shared_ring_get_write(struct rondo_shared_ring *ring, uint32_t max_frames)
{
    return rondo__shared_ring_get(ring, RONDO_SHARED_PRODUCER, max_frames);
}

/** As rondo_ring_release_write(): [0, frames lent by the last get]. @thread the producer's @rt
 * wait-free */
static inline RONDO_RT void
rondo_shared_ring_release_write(struct rondo_shared_ring *ring, uint32_t frames)
{
    rondo__shared_ring_release(ring, RONDO_SHARED_PRODUCER, frames);
}

/**
 * As rondo_ring_get_read().
 *
 * A hostile producer may go on writing into frames that it has handed over: what must not change
 * between check and use must be copied first.
 *
 * @thread the consumer's
 * @rt     wait-free, bounded
 */
static inline RONDO_RT struct rondo_span
rondo_shared_ring_get_read(struct rondo_shared_ring *ring, uint32_t max_frames)
{
    return rondo__shared_ring_get(ring, RONDO_SHARED_CONSUMER, max_frames);
}

/** As rondo_ring_release_read(): [0, frames lent by the last get]. @thread the consumer's @rt
 * wait-free */
static inline RONDO_RT void
rondo_shared_ring_release_read(struct rondo_shared_ring *ring, uint32_t frames)
{
    rondo__shared_ring_release(ring, RONDO_SHARED_CONSUMER, frames);
}

/** As rondo_ring_write(). @thread the producer's @rt wait-free: at most two copies */
static inline RONDO_RT uint32_t
rondo_shared_ring_write(struct rondo_shared_ring *ring, const void *src, uint32_t frames)
{
    uint32_t done = 0;

    for (int part = 0; part < 2 && done < frames; part++) {
        const struct rondo_span span = rondo_shared_ring_get_write(ring, frames - done);

        if (span.frames == 0)
            break;
        memcpy(span.data, (const unsigned char *)src + (size_t)done * ring->frame_bytes,
               (size_t)span.frames * ring->frame_bytes);
        rondo_shared_ring_release_write(ring, span.frames);
        done += span.frames;
    }
    return done;
}

/** As rondo_ring_read(). @thread the consumer's @rt wait-free: at most two copies */
static inline RONDO_RT uint32_t
rondo_shared_ring_read(struct rondo_shared_ring *ring, void *dst, uint32_t frames)
{
    uint32_t done = 0;

    for (int part = 0; part < 2 && done < frames; part++) {
        const struct rondo_span span = rondo_shared_ring_get_read(ring, frames - done);

        if (span.frames == 0)
            break;
        memcpy((unsigned char *)dst + (size_t)done * ring->frame_bytes, span.data,
               (size_t)span.frames * ring->frame_bytes);
        rondo_shared_ring_release_read(ring, span.frames);
        done += span.frames;
    }
    return done;
}

#endif

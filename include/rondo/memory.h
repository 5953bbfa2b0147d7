/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Memory for rings: on a page, zeroed; on request locked into RAM, on request mapped twice in a
 * row.
 *
 * Mirrored memory shows the same bytes again behind its end, so that a span never stops at the wrap
 * (rondo_ring_init_mirrored()). Everything here is for set-up: none of it may be called in real
 * time.
 */
#ifndef RONDO_MEMORY_H
#define RONDO_MEMORY_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <rondo/cacheline.h>
#include <rondo/span.h>

#ifndef __cplusplus
/* Strict ISO C modes hide it; the prototype is glibc's and musl's. */
long syscall(long number, ...);
#endif

/** Flags of rondo_memory_create(). */
enum rondo_memory_flags {
    RONDO_MEMORY_PLAIN = 0,
    RONDO_MEMORY_MIRRORED =
        1, /**< mapped twice in a row; the size must be a multiple of the page size */
    RONDO_MEMORY_LOCKED = 2 /**< every page is in RAM now and stays there */
};

/** A piece of memory. Zero-initialised it is valid and empty. */
struct rondo_memory {
    void *data;          /**< on a page */
    size_t size_bytes;   /**< as asked for; mirrored memory may be used to twice that */
    size_t mapped_bytes; /**< private */
};

/** Page size in bytes. @rt not-rt */
static inline size_t
rondo_page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

/**
 * The smallest capacity of at least @p min_frames frames that mirrored memory can have: a whole
 * number of pages.
 *
 * @return 0 if an argument is 0 or out of a ring's range, or the result would be above
 * RONDO_CAPACITY_FRAMES_MAX
 * @rt not-rt
 */
static inline uint32_t
rondo_mirrored_capacity(uint32_t min_frames, uint32_t frame_bytes)
{
    size_t step = rondo_page_bytes();
    size_t divisor = frame_bytes;
    uint64_t frames;

    if (min_frames == 0 || frame_bytes == 0 || frame_bytes > RONDO_FRAME_BYTES_MAX)
        return 0;
    /* step = page / gcd(page, frame): so many frames fill whole pages. */
    while (divisor % 2 == 0 && step > 1) {
        divisor /= 2;
        step /= 2;
    }
    frames = ((uint64_t)min_frames + step - 1) / step * step;
    return frames > RONDO_CAPACITY_FRAMES_MAX ? 0 : (uint32_t)frames;
}

/** Give the memory back. Allows NULL and zero-initialised memory; leaves it zero-initialised. @rt
 * not-rt */
static inline void
rondo_memory_destroy(struct rondo_memory *memory)
{
    if (memory == NULL)
        return;
    if (memory->data != NULL)
        munmap(memory->data, memory->mapped_bytes);
    memory->data = NULL;
    memory->size_bytes = 0;
    memory->mapped_bytes = 0;
}

/**
 * Get zeroed memory.
 *
 * @param memory      receives it; zeroed on error
 * @param size_bytes  [1, SSIZE_MAX / 2]; mirrored: a multiple of the page size, see
 * rondo_mirrored_capacity()
 * @param flags       enum rondo_memory_flags
 * @return 0; -EINVAL: memory NULL, size 0, unknown flag, or mirrored and not whole pages;
 * -EOVERFLOW: size too large; -ENOMEM: no memory, or more locked memory than RLIMIT_MEMLOCK allows;
 * -EPERM: not allowed to lock any; -EMFILE, -ENFILE: no file descriptor left (one is needed for a
 * moment)
 * @rt not-rt
 */
static inline int
rondo_memory_create(struct rondo_memory *memory, size_t size_bytes, unsigned flags)
{
    const size_t page_bytes = rondo_page_bytes();
    const size_t copies = flags & RONDO_MEMORY_MIRRORED ? 2 : 1;
    size_t rounded;
    void *data;
    int error = 0;
    int fd;

    if (memory == NULL)
        return -EINVAL;
    memset(memory, 0, sizeof *memory);
    if (size_bytes == 0 ||
        (flags & ~(unsigned)(RONDO_MEMORY_MIRRORED | RONDO_MEMORY_LOCKED)) != 0 ||
        (copies == 2 && size_bytes % page_bytes != 0))
        return -EINVAL;
    if (size_bytes > PTRDIFF_MAX / 2 - page_bytes)
        return -EOVERFLOW;
    rounded = (size_bytes + page_bytes - 1) / page_bytes * page_bytes;

    fd = (int)syscall(SYS_memfd_create, "rondo", 1u /* MFD_CLOEXEC */);
    if (fd < 0)
        return -errno;
    if (syscall(SYS_ftruncate, fd, (long)rounded) != 0) {
        error = errno == EFBIG || errno == EINVAL ? -ENOMEM : -errno;
        close(fd);
        return error;
    }
    /* One mapping reserves the addresses of both copies; the second half is then replaced. */
    data = mmap(NULL, copies * rounded, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (data == MAP_FAILED) {
        error = -errno;
        close(fd);
        return error;
    }
    if (copies == 2 && mmap((unsigned char *)data + rounded, rounded, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
        error = -errno;
    else if ((flags & RONDO_MEMORY_LOCKED) != 0 && mlock(data, copies * rounded) != 0)
        error = errno == EAGAIN ? -ENOMEM : -errno;
    close(fd);
    if (error != 0) {
        munmap(data, copies * rounded);
        return error;
    }
    memory->data = data;
    memory->size_bytes = size_bytes;
    memory->mapped_bytes = copies * rounded;
    return 0;
}

#endif

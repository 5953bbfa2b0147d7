/* SPDX-License-Identifier: MIT */
/*
 * The calls whose instructions check_instructions counts, each over and over in a function of its own.
 *
 * A function's count less that of cost_nothing, by ROUNDS, is what one call takes where a program
 * inlines it. Sizes are variables, as in most programs.
 */
#include <rondo/double_buffer.h>
#include <rondo/ring.h>

#define ROUNDS 10000
#define COST   __attribute__((noinline, used)) static void

/* To the compiler, anybody may have used it meanwhile. */
#define USE(value) __asm__ volatile("" : : "r"(value) : "memory")

static struct rondo_ring ring;
static struct rondo_double_buffer buffer;
static unsigned char memory[4096 * 8] __attribute__((aligned(RONDO_CACHELINE_BYTES)));
static unsigned char periods[2 * 64 * 8] __attribute__((aligned(RONDO_CACHELINE_BYTES)));

COST
cost_nothing(struct rondo_ring *r, uint32_t frames)
{
    for (uint32_t i = 0; i < ROUNDS; i++) {
        USE(r);
        USE(frames);
    }
}

COST
cost_get_write(struct rondo_ring *r, uint32_t frames)
{
    for (uint32_t i = 0; i < ROUNDS; i++) {
        const struct rondo_span span = rondo_ring_get_write(r, frames);

        USE(span.data);
        USE(span.frames);
    }
}

COST
cost_release_write(struct rondo_ring *r, uint32_t frames)
{
    for (uint32_t i = 0; i < ROUNDS; i++) {
        rondo_ring_release_write(r, frames);
        USE(r);
    }
}

/* The frames are known to be there: a consumer that is behind. */
COST
cost_get_read(struct rondo_ring *r, uint32_t frames)
{
    for (uint32_t i = 0; i < ROUNDS; i++) {
        const struct rondo_span span = rondo_ring_get_read(r, frames);

        USE(span.data);
        USE(span.frames);
    }
}

COST
cost_release_read(struct rondo_ring *r, uint32_t frames)
{
    for (uint32_t i = 0; i < ROUNDS; i++) {
        rondo_ring_release_read(r, frames);
        USE(r);
    }
}

/* All four in turn: a consumer that keeps up has to look each time. */
COST
cost_pair(struct rondo_ring *r, uint32_t frames)
{
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct rondo_span span = rondo_ring_get_write(r, frames);

        USE(span.data);
        USE(span.frames);
        rondo_ring_release_write(r, frames);
        span = rondo_ring_get_read(r, frames);
        USE(span.data);
        USE(span.frames);
        rondo_ring_release_read(r, frames);
    }
}

/* get_empty, release_full, get_full, release_empty. */
COST
cost_hand_off(struct rondo_double_buffer *b)
{
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct rondo_span span = rondo_double_buffer_get_empty(b);

        USE(span.data);
        rondo_double_buffer_release_full(b);
        span = rondo_double_buffer_get_full(b);
        USE(span.data);
        rondo_double_buffer_release_empty(b);
    }
}

int
main(void)
{
    uint32_t frames = 64;
    uint32_t none = 0;

    __asm__ volatile("" : "+r"(frames), "+r"(none));
    if (rondo_ring_init(&ring, memory, 4096, 8) != 0 ||
        rondo_double_buffer_init(&buffer, periods, 64, 8) != 0)
        return 1;
    cost_nothing(&ring, frames);
    cost_get_write(&ring, frames);
    cost_release_write(&ring, none);
    rondo_ring_release_write(&ring, 1024);
    cost_get_read(&ring, frames);
    cost_release_read(&ring, none);
    rondo_ring_release_read(&ring, 1024);
    cost_pair(&ring, frames);
    cost_hand_off(&buffer);
    return 0;
}

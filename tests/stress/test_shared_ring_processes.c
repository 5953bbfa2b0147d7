/* SPDX-License-Identifier: MIT */
/* The same as test_ring.c with the two sides in two processes. */
#include "support/stress_ring.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rondo/shared_ring.h>

static struct rondo_span
get_write(void *ring, uint32_t max_frames)
{
    return rondo_shared_ring_get_write((struct rondo_shared_ring *)ring, max_frames);
}

static void
release_write(void *ring, uint32_t frames)
{
    rondo_shared_ring_release_write((struct rondo_shared_ring *)ring, frames);
}

static struct rondo_span
get_read(void *ring, uint32_t max_frames)
{
    return rondo_shared_ring_get_read((struct rondo_shared_ring *)ring, max_frames);
}

static void
release_read(void *ring, uint32_t frames)
{
    rondo_shared_ring_release_read((struct rondo_shared_ring *)ring, frames);
}

static uint32_t
write_frames(void *ring, const void *src, uint32_t frames)
{
    return rondo_shared_ring_write((struct rondo_shared_ring *)ring, src, frames);
}

static uint32_t
read_frames(void *ring, void *dst, uint32_t frames)
{
    return rondo_shared_ring_read((struct rondo_shared_ring *)ring, dst, frames);
}

static const struct stress_ring_calls calls = {get_write,    release_write, get_read, release_read,
                                               write_frames, read_frames,   NULL,     NULL};

/* The other process: attaches and plays its side. The failure, if any, is in the shared run. */
static void
play_other_side(struct stress_ring_run *run, int fd, enum rondo_shared_role role)
{
    static struct rondo_shared_ring ring;
    const int error = rondo_shared_ring_attach(&ring, fd, role);

    stress_pin(run->placement, 0);
    if (role == RONDO_SHARED_PRODUCER) {
        run->producer_ring = &ring;
        if (error != 0)
            stress_fail(&run->producer_failure, &run->stop, "attach failed", (uint64_t)-error);
        else
            stress_ring_produce(run);
    } else {
        run->consumer_ring = &ring;
        if (error != 0)
            stress_fail(&run->consumer_failure, &run->stop, "attach failed", (uint64_t)-error);
        else
            stress_ring_consume(run);
    }
    if (rondo_shared_ring_corruptions(&ring) != 0)
        _exit(2);
    rondo_shared_ring_destroy(&ring);
    _exit(0);
}

static void
shared_ring_keeps_frames_in_order_between_processes(void **state)
{
    const int64_t slice_ns = stress_length_ns(9) / (STRESS_CAPACITIES * 2 * STRESS_PLACEMENTS);
    struct stress_ring_run *const run =
        mmap(NULL, sizeof *run, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    (void)state;
    assert_ptr_not_equal(run, MAP_FAILED);
    for (uint32_t i = 0; i < STRESS_CAPACITIES; i++)
        for (unsigned start = 0; start < 2; start++)
            for (int placement = 0; placement < STRESS_PLACEMENTS; placement++) {
                static struct rondo_shared_ring ring;
                /* Each side is the creator's in turn. */
                const enum rondo_shared_role role =
                    i % 2 == 0 ? RONDO_SHARED_PRODUCER : RONDO_SHARED_CONSUMER;
                int status = -1;
                pid_t child;

                memset((void *)run, 0, sizeof *run);
                run->calls = &calls;
                run->capacity_frames = stress_capacity(i);
                run->words = 1 + 2 * (i % 3);
                run->start_pos = stress_start(start, run->capacity_frames);
                run->frames_min = 4 * (uint64_t)run->capacity_frames + 200;
                run->placement = (enum stress_placement)placement;
                run->end_ns = stress_now_ns() + slice_ns;
                assert_int_equal(
                    rondo_shared_ring_create(&ring, run->capacity_frames, run->words * 8, role), 0);
                rondo_shared_ring_start_at(&ring, run->start_pos);
                child = fork();
                assert_true(child >= 0);
                if (child == 0)
                    play_other_side(run, rondo_shared_ring_fd(&ring),
                                    role == RONDO_SHARED_PRODUCER ? RONDO_SHARED_CONSUMER
                                                                  : RONDO_SHARED_PRODUCER);
                stress_pin(run->placement, 1);
                if (role == RONDO_SHARED_PRODUCER) {
                    run->producer_ring = &ring;
                    stress_ring_produce(run);
                } else {
                    run->consumer_ring = &ring;
                    stress_ring_consume(run);
                }
                /* The other side has deadlines of its own and ends. */
                assert_int_equal(waitpid(child, &status, 0), child);
                stress_assert_none(&run->consumer_failure, "consumer");
                stress_assert_none(&run->producer_failure, "producer");
                assert_true(WIFEXITED(status));
                assert_int_equal(WEXITSTATUS(status), 0);
                assert_int_equal(rondo_shared_ring_corruptions(&ring), 0);
                rondo_shared_ring_destroy(&ring);
            }
    munmap((void *)run, sizeof *run);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_ring_keeps_frames_in_order_between_processes),
    };

    stress_pin(STRESS_APART, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

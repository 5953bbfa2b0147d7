/* SPDX-License-Identifier: MIT */
/* What shared_ring.h promises, call by call, both endpoints in one process; tests/stress has two.
 */
#define _GNU_SOURCE /* fallocate */
#include "support/core_test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rondo/shared_ring.h>

static struct rondo_shared_ring producer;
static struct rondo_shared_ring consumer;

static unsigned
open_descriptors(void)
{
    DIR *const directory = opendir("/proc/self/fd");
    unsigned count = 0;

    assert_non_null(directory);
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

static bool
is_zeroed(const struct rondo_shared_ring *ring)
{
    struct rondo_shared_ring zeroed;

    memset((void *)&zeroed, 0, sizeof zeroed);
    zeroed.fd = -1;
    return memcmp((const void *)ring, (const void *)&zeroed, sizeof zeroed) == 0;
}

static struct rondo__shared_header *
header_of(const struct rondo_shared_ring *ring)
{
    return (struct rondo__shared_header *)ring->mapping;
}

static void
make_pair(uint32_t capacity, uint32_t frame_bytes, uint64_t pos)
{
    assert_int_equal(
        rondo_shared_ring_create(&producer, capacity, frame_bytes, RONDO_SHARED_PRODUCER), 0);
    rondo_shared_ring_start_at(&producer, pos);
    assert_int_equal(
        rondo_shared_ring_attach(&consumer, rondo_shared_ring_fd(&producer), RONDO_SHARED_CONSUMER),
        0);
}

static void
destroy_pair(void)
{
    rondo_shared_ring_destroy(&producer);
    rondo_shared_ring_destroy(&consumer);
}

static uint64_t
produce(uint64_t pos, uint32_t frames)
{
    while (frames > 0) {
        const struct rondo_span span = rondo_shared_ring_get_write(&producer, frames);

        assert_true(span.frames > 0);
        test_fill_frames(span.data, producer.frame_bytes, pos, span.frames);
        rondo_shared_ring_release_write(&producer, span.frames);
        pos += span.frames;
        frames -= span.frames;
    }
    return pos;
}

static uint64_t
consume(uint64_t pos, uint32_t frames)
{
    while (frames > 0) {
        const struct rondo_span span = rondo_shared_ring_get_read(&consumer, frames);

        assert_true(span.frames > 0);
        assert_int_equal(test_check_frames(span.data, consumer.frame_bytes, pos, span.frames),
                         span.frames);
        rondo_shared_ring_release_read(&consumer, span.frames);
        pos += span.frames;
        frames -= span.frames;
    }
    return pos;
}

/* ---- create, attach, destroy
 * ------------------------------------------------------------------------------------- */

static void
shared_ring_create_refuses_bad_arguments_and_zeroes_the_endpoint(void **state)
{
    const struct {
        uint32_t capacity_frames;
        uint32_t frame_bytes;
        unsigned role;
        int error;
    } bad[] = {
        {0, 4, 1, -EINVAL},
        {16, 0, 1, -EINVAL},
        {16, 4, 0, -EINVAL},
        {16, 4, 3, -EINVAL},
        {RONDO_CAPACITY_FRAMES_MAX + 1, 1, 1, -EOVERFLOW},
        {UINT32_MAX, 1, 2, -EOVERFLOW},
        {16, RONDO_FRAME_BYTES_MAX + 1, 1, -EOVERFLOW},
        {16, UINT32_MAX, 1, -EOVERFLOW},
    };
    const unsigned before = open_descriptors();

    (void)state;
    assert_int_equal(rondo_shared_ring_create(NULL, 16, 4, RONDO_SHARED_PRODUCER), -EINVAL);
    assert_int_equal(rondo_shared_ring_create(
                         (struct rondo_shared_ring *)(void *)((unsigned char *)&producer + 8), 16,
                         4, RONDO_SHARED_PRODUCER),
                     -EINVAL);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        memset((void *)&producer, 0x5a, sizeof producer);
        assert_int_equal(rondo_shared_ring_create(&producer, bad[i].capacity_frames,
                                                  bad[i].frame_bytes,
                                                  (enum rondo_shared_role)bad[i].role),
                         bad[i].error);
        assert_true(is_zeroed(&producer));
        rondo_shared_ring_destroy(&producer);
    }
    assert_int_equal(open_descriptors(), before);
}

static void
shared_ring_attach_refuses_bad_arguments_and_zeroes_the_endpoint(void **state)
{
    int fd;

    (void)state;
    assert_int_equal(rondo_shared_ring_create(&producer, 16, 4, RONDO_SHARED_PRODUCER), 0);
    fd = rondo_shared_ring_fd(&producer);
    assert_int_equal(rondo_shared_ring_attach(NULL, fd, RONDO_SHARED_CONSUMER), -EINVAL);
    assert_int_equal(rondo_shared_ring_attach(
                         (struct rondo_shared_ring *)(void *)((unsigned char *)&consumer + 8), fd,
                         RONDO_SHARED_CONSUMER),
                     -EINVAL);
    for (unsigned role = 0; role <= 3; role += 3) {
        memset((void *)&consumer, 0x5a, sizeof consumer);
        assert_int_equal(rondo_shared_ring_attach(&consumer, fd, (enum rondo_shared_role)role),
                         -EINVAL);
        assert_true(is_zeroed(&consumer));
    }
    memset((void *)&consumer, 0x5a, sizeof consumer);
    assert_int_equal(rondo_shared_ring_attach(&consumer, -1, RONDO_SHARED_CONSUMER), -EBADF);
    assert_true(is_zeroed(&consumer));
    rondo_shared_ring_destroy(&producer);
}

static void
shared_ring_destroy_accepts_nothing_and_may_be_repeated(void **state)
{
    const unsigned before = open_descriptors();
    struct rondo_shared_ring zeroed;

    (void)state;
    rondo_shared_ring_destroy(NULL);
    memset((void *)&zeroed, 0, sizeof zeroed);
    rondo_shared_ring_destroy(&zeroed); /* must not close descriptor 0 */
    assert_int_equal(open_descriptors(), before);
    make_pair(16, 4, 0);
    assert_int_equal(open_descriptors(), before + 2);
    destroy_pair();
    assert_true(is_zeroed(&producer));
    assert_int_equal(open_descriptors(), before);
    destroy_pair();
    assert_int_equal(open_descriptors(), before);
    assert_int_equal(rondo_shared_ring_fd(&producer), -1);
}

static void
shared_ring_descriptors_do_not_reach_other_programs(void **state)
{
    (void)state;
    make_pair(16, 4, 0);
    assert_int_equal(fcntl(producer.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(fcntl(consumer.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    destroy_pair();
}

static void
shared_ring_endpoint_that_is_destroyed_lends_nothing(void **state)
{
    (void)state;
    make_pair(16, 4, 0);
    destroy_pair();
    assert_int_equal(rondo_shared_ring_get_write(&producer, 1).frames, 0);
    assert_int_equal(rondo_shared_ring_get_read(&consumer, 1).frames, 0);
    rondo_shared_ring_release_write(&producer, 1);
    rondo_shared_ring_release_read(&consumer, 1);
    assert_true(is_zeroed(&producer));
}

static void
shared_ring_attach_refuses_every_bad_header_field(void **state)
{
    const size_t page = rondo_page_bytes();
    struct rondo__shared_header *header;
    struct rondo__shared_header good;
    unsigned before;

    (void)state;
    assert_int_equal(rondo_shared_ring_create(&producer, 100, 8, RONDO_SHARED_PRODUCER), 0);
    header = header_of(&producer);
    memcpy((void *)&good, (void *)header, sizeof good);
    before = open_descriptors();
    /* Set a field, attach, put it back. */
#define REFUSES(field, value, error)                                                               \
    do {                                                                                           \
        header->field = (value);                                                                   \
        memset((void *)&consumer, 0x5a, sizeof consumer);                                          \
        assert_int_equal(rondo_shared_ring_attach(&consumer, producer.fd, RONDO_SHARED_CONSUMER),  \
                         (error));                                                                 \
        assert_true(is_zeroed(&consumer));                                                         \
        assert_int_equal(rondo_shared_ring_attach(&consumer, producer.fd, RONDO_SHARED_PRODUCER),  \
                         (error));                                                                 \
        assert_true(is_zeroed(&consumer));                                                         \
        assert_int_equal(open_descriptors(), before);                                              \
        header->field = good.field;                                                                \
    } while (0)
    REFUSES(magic, 0, -EBADMSG);
    REFUSES(magic, good.magic ^ 1, -EBADMSG);
    REFUSES(magic, good.magic ^ UINT64_C(0x8000000000000000), -EBADMSG);
    REFUSES(version, 0, -EPROTO);
    REFUSES(version, good.version + 1, -EPROTO);
    REFUSES(cacheline_bytes, 2 * RONDO_CACHELINE_BYTES, -EPROTO);
    REFUSES(cacheline_bytes, 0, -EPROTO);
    REFUSES(capacity_frames, 0, -EBADMSG);
    REFUSES(capacity_frames, 99, -EBADMSG);
    REFUSES(capacity_frames, 101, -EBADMSG);
    REFUSES(capacity_frames, 200, -EBADMSG);
    REFUSES(capacity_frames, RONDO_CAPACITY_FRAMES_MAX + 1, -EBADMSG);
    REFUSES(capacity_frames, UINT32_MAX, -EBADMSG);
    REFUSES(frame_bytes, 0, -EBADMSG);
    REFUSES(frame_bytes, 4, -EBADMSG);
    REFUSES(frame_bytes, 9, -EBADMSG);
    REFUSES(frame_bytes, RONDO_FRAME_BYTES_MAX + 1, -EBADMSG);
    REFUSES(frame_bytes, UINT32_MAX, -EBADMSG);
    REFUSES(frames_offset_bytes, 0, -EBADMSG);
    REFUSES(frames_offset_bytes, page + 1, -EBADMSG);
    REFUSES(frames_offset_bytes, 2 * page, -EBADMSG);
    REFUSES(frames_offset_bytes, UINT64_MAX, -EBADMSG);
    REFUSES(write_pos, 101, -EBADMSG);
    REFUSES(write_pos, UINT64_MAX, -EBADMSG);
    REFUSES(read_pos, 1, -EBADMSG);
    REFUSES(read_pos, UINT64_C(1) << 63, -EBADMSG);
#undef REFUSES
    assert_int_equal(rondo_shared_ring_attach(&consumer, producer.fd, RONDO_SHARED_CONSUMER), 0);
    destroy_pair();
}

/* The product of a bad geometry may well be the right size. */
static void
shared_ring_attach_refuses_a_geometry_out_of_range_whose_size_is_right(void **state)
{
    (void)state;
    assert_int_equal(rondo_shared_ring_create(&producer, 16, 4096, RONDO_SHARED_PRODUCER), 0);
    header_of(&producer)->capacity_frames = 8;
    header_of(&producer)->frame_bytes = 8192;
    assert_int_equal(rondo_shared_ring_attach(&consumer, producer.fd, RONDO_SHARED_CONSUMER),
                     -EBADMSG);
    rondo_shared_ring_destroy(&producer);
}

/* Any origin is only a place within the ring: it cannot lead out of it. */
static void
shared_ring_attach_takes_any_origin_to_a_place_within_the_ring(void **state)
{
    uint64_t random = 1;

    (void)state;
    assert_int_equal(rondo_shared_ring_create(&producer, 100, 8, RONDO_SHARED_PRODUCER), 0);
    for (int round = 0; round < 1000; round++) {
        struct rondo_span span;
        size_t offset;

        header_of(&producer)->origin_pos = test_random(&random);
        rondo_store_relaxed(&header_of(&producer)->read_pos, test_random(&random));
        rondo_store_relaxed(&header_of(&producer)->write_pos,
                            rondo_load_relaxed(&header_of(&producer)->read_pos) + 1 +
                                test_random_below(&random, 100));
        assert_int_equal(rondo_shared_ring_attach(&consumer, producer.fd, RONDO_SHARED_CONSUMER),
                         0);
        span = rondo_shared_ring_get_read(&consumer, UINT32_MAX);
        offset = (size_t)((unsigned char *)span.data - consumer.memory);
        assert_true(span.frames > 0 && offset + 8 * (size_t)span.frames <= 800);
        rondo_shared_ring_destroy(&consumer);
    }
    rondo_shared_ring_destroy(&producer);
}

static int
memfd(unsigned flags, size_t size_bytes, int seals)
{
    const int fd = (int)syscall(SYS_memfd_create, "test", flags);

    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)size_bytes), 0);
    if (seals != 0)
        assert_int_equal(syscall(SYS_fcntl, fd, RONDO__F_ADD_SEALS, seals), 0);
    return fd;
}

static void
shared_ring_attach_refuses_what_is_no_memfd(void **state)
{
    int pipes[2];
    int fd;

    (void)state;
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(rondo_shared_ring_attach(&consumer, pipes[0], RONDO_SHARED_CONSUMER),
                     -EBADMSG);
    close(pipes[0]);
    close(pipes[1]);
    fd = open("/proc/self/exe", O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(rondo_shared_ring_attach(&consumer, fd, RONDO_SHARED_CONSUMER), -EBADMSG);
    close(fd);
    assert_true(is_zeroed(&consumer));
}

static void
shared_ring_attach_refuses_memory_that_could_be_taken_away(void **state)
{
    const size_t size = rondo_page_bytes() + 16;
    int fd;

    (void)state;
    assert_int_equal(rondo_shared_ring_create(&producer, 4, 4, RONDO_SHARED_PRODUCER), 0);
    /* A true copy of a ring, unsealed, or sealed against growth alone. */
    for (int seals = 0; seals <= RONDO__F_SEAL_GROW; seals += RONDO__F_SEAL_GROW) {
        fd = memfd(RONDO__MFD_CLOEXEC | RONDO__MFD_ALLOW_SEALING, size, seals);
        assert_int_equal(pwrite(fd, producer.mapping, size, 0), size);
        assert_int_equal(rondo_shared_ring_attach(&consumer, fd, RONDO_SHARED_CONSUMER), -EPERM);
        close(fd);
    }
    fd = memfd(RONDO__MFD_CLOEXEC, size, 0); /* not sealable: sealed against sealing alone */
    assert_int_equal(pwrite(fd, producer.mapping, size, 0), size);
    assert_int_equal(rondo_shared_ring_attach(&consumer, fd, RONDO_SHARED_CONSUMER), -EPERM);
    close(fd);
    fd = memfd(RONDO__MFD_CLOEXEC | RONDO__MFD_ALLOW_SEALING, size, RONDO__F_SEAL_SHRINK);
    assert_int_equal(pwrite(fd, producer.mapping, size, 0), size);
    assert_int_equal(rondo_shared_ring_attach(&consumer, fd, RONDO_SHARED_CONSUMER), 0);
    rondo_shared_ring_destroy(&consumer);
    close(fd);
    rondo_shared_ring_destroy(&producer);
}

static void
shared_ring_attach_refuses_memory_that_it_may_not_write(void **state)
{
    const size_t size = rondo_page_bytes() + 16;
    char path[64];
    int fd;

    (void)state;
    assert_int_equal(rondo_shared_ring_create(&producer, 4, 4, RONDO_SHARED_PRODUCER), 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", producer.fd);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(rondo_shared_ring_attach(&consumer, fd, RONDO_SHARED_CONSUMER), -EACCES);
    assert_true(is_zeroed(&consumer));
    close(fd);
    fd = memfd(RONDO__MFD_CLOEXEC | RONDO__MFD_ALLOW_SEALING, size, 0);
    assert_int_equal(pwrite(fd, producer.mapping, size, 0), size);
    assert_int_equal(
        syscall(SYS_fcntl, fd, RONDO__F_ADD_SEALS, RONDO__F_SEAL_SHRINK | 0x8 /* F_SEAL_WRITE */),
        0);
    assert_int_equal(rondo_shared_ring_attach(&consumer, fd, RONDO_SHARED_CONSUMER), -EPERM);
    assert_true(is_zeroed(&consumer));
    close(fd);
    rondo_shared_ring_destroy(&producer);
}

static void
shared_ring_without_a_descriptor_left_is_refused(void **state)
{
    struct rlimit old;
    struct rlimit low;
    int created;
    int attached;

    (void)state;
    assert_int_equal(rondo_shared_ring_create(&producer, 4, 4, RONDO_SHARED_PRODUCER), 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    low = old;
    low.rlim_cur = (rlim_t)producer.fd + 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    attached = rondo_shared_ring_attach(&consumer, producer.fd, RONDO_SHARED_CONSUMER);
    created = rondo_shared_ring_create(&consumer, 4, 4, RONDO_SHARED_CONSUMER);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_int_equal(attached, -EMFILE);
    assert_int_equal(created, -EMFILE);
    assert_true(is_zeroed(&consumer));
    rondo_shared_ring_destroy(&producer);
}

static void
shared_ring_beyond_the_file_size_limit_is_refused_and_nothing_leaks(void **state)
{
    const unsigned before = open_descriptors();
    struct rlimit old;
    struct rlimit low;
    int error;

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    low = old;
    low.rlim_cur = rondo_page_bytes();
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    memset((void *)&producer, 0x5a, sizeof producer);
    error = rondo_shared_ring_create(&producer, 4, 4, RONDO_SHARED_PRODUCER);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(error, -ENOMEM);
    assert_true(is_zeroed(&producer));
    assert_int_equal(open_descriptors(), before);
}

static void
shared_ring_attach_refuses_a_file_of_the_wrong_size(void **state)
{
    const size_t page = rondo_page_bytes();
    const size_t sizes[] = {0,
                            1,
                            sizeof(struct rondo__shared_header) - 1,
                            sizeof(struct rondo__shared_header),
                            page,
                            page + 15,
                            page + 17,
                            2 * page,
                            10 * page};

    (void)state;
    assert_int_equal(rondo_shared_ring_create(&producer, 4, 4, RONDO_SHARED_PRODUCER), 0);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const int fd =
            memfd(RONDO__MFD_CLOEXEC | RONDO__MFD_ALLOW_SEALING, sizes[i], RONDO__F_SEAL_SHRINK);
        const size_t copied = sizes[i] < page ? sizes[i] : page;

        assert_int_equal(pwrite(fd, producer.mapping, copied, 0), copied);
        assert_int_equal(rondo_shared_ring_attach(&consumer, fd, RONDO_SHARED_CONSUMER), -EBADMSG);
        assert_true(is_zeroed(&consumer));
        close(fd);
    }
    rondo_shared_ring_destroy(&producer);
}

static void
shared_ring_memory_cannot_be_truncated_by_the_other_side(void **state)
{
    struct stat status;

    (void)state;
    make_pair(1000, 8, 0);
    for (int side = 0; side < 2; side++) {
        const int fd = side == 0 ? producer.fd : consumer.fd;

        assert_int_equal(ftruncate(fd, 0), -1);
        assert_int_equal(ftruncate(fd, (off_t)rondo_page_bytes()), -1);
        assert_int_equal(ftruncate(fd, 1 << 20), -1);
        /* F_SEAL_WRITE, F_SEAL_FUTURE_WRITE: nor may it be made read-only for who attaches next. */
        assert_int_equal(syscall(SYS_fcntl, fd, RONDO__F_ADD_SEALS, 0x8), -1);
        assert_int_equal(syscall(SYS_fcntl, fd, RONDO__F_ADD_SEALS, 0x10), -1);
        assert_int_equal(errno, EPERM);
        assert_int_equal(fstat(fd, &status), 0);
        assert_int_equal(status.st_size, rondo_page_bytes() + 8000);
    }
    consume(0, produce(0, 1000) > 0 ? 1000 : 0);
    destroy_pair();
}

/* The seals do not forbid to punch holes: pages become zero, which is just another impossible position. */
static void
shared_ring_with_holes_punched_into_it_is_corrupt_and_no_more(void **state)
{
    struct rondo_span span;

    (void)state;
    make_pair(1000, 8, START_BELOW_2_32);
    produce(START_BELOW_2_32, 500);
    if (fallocate(producer.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
                  (off_t)rondo_page_bytes() + 8000) != 0) {
        destroy_pair();
        skip();
    }
    assert_int_equal(rondo_shared_ring_get_read(&consumer, UINT32_MAX).frames, 0);
    assert_int_equal(rondo_shared_ring_corruptions(&consumer), 1);
    rondo_shared_ring_release_write(&producer, 0);
    span = rondo_shared_ring_get_read(&consumer, UINT32_MAX);
    assert_int_equal(span.frames, 500);
    assert_int_equal(*(const uint64_t *)span.data, 0);
    destroy_pair();
}

static void
shared_ring_attaches_where_the_other_side_already_is(void **state)
{
    static const uint64_t starts[] = {0, START_BELOW_2_32, START_BELOW_2_64};

    (void)state;
    for (size_t start = 0; start < 3; start++)
        for (uint32_t before = 0; before < 45; before++) {
            uint64_t write_pos = starts[start];
            uint64_t read_pos = starts[start];

            make_pair(10, 4, starts[start]);
            for (uint32_t i = 0; i < before; i++) {
                write_pos = produce(write_pos, 1);
                if (i >= 6)
                    read_pos = consume(read_pos, 1);
            }
            /* Either side goes away and another process takes its place. */
            rondo_shared_ring_destroy(&consumer);
            assert_int_equal(
                rondo_shared_ring_attach(&consumer, producer.fd, RONDO_SHARED_CONSUMER), 0);
            rondo_shared_ring_destroy(&producer);
            assert_int_equal(
                rondo_shared_ring_attach(&producer, consumer.fd, RONDO_SHARED_PRODUCER), 0);
            assert_int_equal(rondo_shared_ring_capacity(&producer), 10);
            assert_int_equal(rondo_shared_ring_get_write(&producer, 0).frames, 0);
            write_pos = produce(write_pos, 10 - (uint32_t)(write_pos - read_pos));
            assert_int_equal(rondo_shared_ring_get_write(&producer, 1).frames, 0);
            read_pos = consume(read_pos, (uint32_t)(write_pos - read_pos));
            assert_int_equal(rondo_shared_ring_get_read(&consumer, 1).frames, 0);
            assert_int_equal(rondo_shared_ring_corruptions(&producer), 0);
            assert_int_equal(rondo_shared_ring_corruptions(&consumer), 0);
            destroy_pair();
        }
}

/* ---- lending
 * -----------------------------------------------------------------------------------------------------
 */

static void
shared_ring_lends_nothing_to_the_other_role_and_takes_nothing_from_it(void **state)
{
    unsigned char block[64] = {0};

    (void)state;
    make_pair(16, 4, 0);
    produce(0, 8);
    assert_int_equal(rondo_shared_ring_get_read(&producer, 4).frames, 0);
    assert_null(rondo_shared_ring_get_read(&producer, 4).data);
    assert_int_equal(rondo_shared_ring_get_write(&consumer, 4).frames, 0);
    assert_null(rondo_shared_ring_get_write(&consumer, 4).data);
    rondo_shared_ring_release_read(&producer, 4);
    rondo_shared_ring_release_write(&consumer, 4);
    assert_int_equal(rondo_shared_ring_write(&consumer, block, 4), 0);
    assert_int_equal(rondo_shared_ring_read(&producer, block, 4), 0);
    assert_int_equal(rondo_shared_ring_get_write(&producer, UINT32_MAX).frames, 8);
    assert_int_equal(rondo_shared_ring_get_read(&consumer, UINT32_MAX).frames, 8);
    assert_int_equal(
        rondo_shared_ring_corruptions(&producer) + rondo_shared_ring_corruptions(&consumer), 0);
    destroy_pair();
}

static void
shared_ring_copies_over_the_wrap(void **state)
{
    unsigned char block[30 * 12];

    (void)state;
    make_pair(20, 12, START_BELOW_2_64);
    for (uint64_t pos = START_BELOW_2_64, round = 0; round < 20; round++) {
        test_fill_frames(block, 12, pos, 13);
        assert_int_equal(rondo_shared_ring_write(&producer, block, 13), 13);
        test_fill_frames(block, 12, pos + 13, 30);
        assert_int_equal(rondo_shared_ring_write(&producer, block, 30), 7);
        memset(block, 0, sizeof block);
        assert_int_equal(rondo_shared_ring_read(&consumer, block, 30), 20);
        assert_int_equal(test_check_frames(block, 12, pos, 20), 20);
        assert_int_equal(rondo_shared_ring_read(&consumer, block, 30), 0);
        pos += 20;
    }
    destroy_pair();
}

static void
shared_ring_of_every_capacity_does_what_the_plain_model_does(void **state)
{
    static const uint32_t large[] = {441, 480, 1021};
    static const uint64_t starts[] = {0, START_BELOW_2_32, START_BELOW_2_64};

    (void)state;
    for (uint32_t i = 1; i <= 67; i++)
        for (size_t start = 0; start < 3; start++) {
            const uint32_t capacity = i <= 64 ? i : large[i - 65];
            const uint64_t origin = starts[start];
            uint64_t write_pos = origin;
            uint64_t read_pos = origin;
            uint64_t random = capacity + start;

            make_pair(capacity, 3, origin);
            for (int step = 0; step < 600; step++) {
                const bool writes = test_random_below(&random, 2) == 0;
                struct rondo_shared_ring *const ring = writes ? &producer : &consumer;
                const uint32_t available = writes ? capacity - (uint32_t)(write_pos - read_pos)
                                                  : (uint32_t)(write_pos - read_pos);
                const uint32_t offset =
                    (uint32_t)(((writes ? write_pos : read_pos) - origin) % capacity);
                const uint32_t wanted = test_random_below(&random, 8) == 0
                                            ? UINT32_MAX
                                            : test_random_below(&random, capacity + 2);
                uint32_t expected = wanted < available ? wanted : available;
                uint32_t released;
                struct rondo_span span;

                if (expected > capacity - offset)
                    expected = capacity - offset;
                span = writes ? rondo_shared_ring_get_write(ring, wanted)
                              : rondo_shared_ring_get_read(ring, wanted);
                assert_int_equal(span.frames, expected);
                if (expected > 0)
                    assert_ptr_equal(span.data, ring->memory + (size_t)offset * 3);
                else
                    assert_null(span.data);
                released = test_random_below(&random, 4) == 0
                               ? test_random_below(&random, expected + 1)
                               : expected;
                if (writes) {
                    test_fill_frames(span.data, 3, write_pos, released);
                    rondo_shared_ring_release_write(ring, released);
                    write_pos += released;
                } else {
                    assert_int_equal(test_check_frames(span.data, 3, read_pos, expected), expected);
                    rondo_shared_ring_release_read(ring, released);
                    read_pos += released;
                }
            }
            assert_int_equal(rondo_shared_ring_corruptions(&producer), 0);
            assert_int_equal(rondo_shared_ring_corruptions(&consumer), 0);
            destroy_pair();
        }
}

/* ---- corruption
 * --------------------------------------------------------------------------------------------------
 */

static void
shared_ring_consumer_counts_every_impossible_write_position_and_lends_nothing(void **state)
{
    const uint64_t origin = START_BELOW_2_32;
    const uint64_t seen =
        origin + 7; /* the producer's position; the consumer stands at origin + 3 */
    const uint64_t bad[] = {seen - 1,
                            seen - 4,
                            origin,
                            origin + 3 + 11,
                            origin + 3 + 12,
                            origin + (UINT64_C(1) << 32),
                            origin - 1,
                            0,
                            UINT64_MAX,
                            seen + (UINT64_C(1) << 63),
                            seen + (UINT64_C(1) << 63) - 1,
                            ~seen};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        make_pair(10, 4, origin);
        produce(origin, 7);
        consume(origin, 3);
        for (uint64_t looks = 1; looks <= 3; looks++) {
            struct rondo_span span;

            rondo_store_relaxed(&header_of(&producer)->write_pos, bad[i]);
            span = rondo_shared_ring_get_read(&consumer, UINT32_MAX);
            assert_int_equal(span.frames, 0);
            assert_null(span.data);
            assert_int_equal(rondo_shared_ring_corruptions(&consumer), looks);
        }
        /* A later sound position is used again. */
        rondo_store_relaxed(&header_of(&producer)->write_pos, seen);
        assert_int_equal(rondo_shared_ring_get_read(&consumer, UINT32_MAX).frames, 4);
        assert_int_equal(rondo_shared_ring_corruptions(&consumer), 3);
        destroy_pair();
    }
}

static void
shared_ring_producer_counts_every_impossible_read_position_and_lends_nothing(void **state)
{
    const uint64_t origin = START_BELOW_2_64;
    const uint64_t seen =
        origin + 3; /* the consumer's position; the producer stands at origin + 7 */
    const uint64_t bad[] = {seen - 1,
                            origin,
                            origin - 1,
                            origin + 8,
                            origin + 9,
                            origin + 7 + 10,
                            origin + (UINT64_C(1) << 32),
                            seen + (UINT64_C(1) << 63),
                            seen - (UINT64_C(1) << 32),
                            origin - 4,
                            12345};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        make_pair(10, 4, origin);
        produce(origin, 7);
        consume(origin, 3);
        assert_int_equal(rondo_shared_ring_get_write(&producer, 6).frames, 3);
        for (uint64_t looks = 1; looks <= 3; looks++) {
            struct rondo_span span;

            rondo_store_relaxed(&header_of(&producer)->read_pos, bad[i]);
            span = rondo_shared_ring_get_write(&producer, UINT32_MAX);
            assert_int_equal(span.frames, 0);
            assert_null(span.data);
            assert_int_equal(rondo_shared_ring_corruptions(&producer), looks);
        }
        rondo_store_relaxed(&header_of(&producer)->read_pos, seen);
        produce(origin + 7, 6);
        assert_int_equal(rondo_shared_ring_get_write(&producer, 1).frames, 0);
        assert_int_equal(rondo_shared_ring_corruptions(&producer), 3);
        destroy_pair();
    }
}

static void
shared_ring_never_reads_its_own_position_or_geometry_back(void **state)
{
    uint64_t write_pos = 0;
    uint64_t read_pos = 0;

    (void)state;
    make_pair(10, 4, 0);
    for (int round = 0; round < 50; round++) {
        /* The frames' header is nonsense; each side's published position is, until that side
         * publishes again. */
        memset(header_of(&producer), 0xee, offsetof(struct rondo__shared_header, write_pos));
        rondo_store_relaxed(&header_of(&producer)->write_pos, 999);
        write_pos = produce(write_pos, 3);
        rondo_store_relaxed(&header_of(&producer)->read_pos, 999);
        read_pos = consume(read_pos, 3);
        assert_int_equal(rondo_shared_ring_corruptions(&producer), 0);
        assert_int_equal(rondo_shared_ring_corruptions(&consumer), 0);
        assert_int_equal(rondo_shared_ring_capacity(&producer), 10);
    }
    destroy_pair();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_ring_create_refuses_bad_arguments_and_zeroes_the_endpoint),
        cmocka_unit_test(shared_ring_attach_refuses_bad_arguments_and_zeroes_the_endpoint),
        cmocka_unit_test(shared_ring_destroy_accepts_nothing_and_may_be_repeated),
        cmocka_unit_test(shared_ring_descriptors_do_not_reach_other_programs),
        cmocka_unit_test(shared_ring_endpoint_that_is_destroyed_lends_nothing),
        cmocka_unit_test(shared_ring_attach_refuses_every_bad_header_field),
        cmocka_unit_test(shared_ring_attach_refuses_a_geometry_out_of_range_whose_size_is_right),
        cmocka_unit_test(shared_ring_attach_takes_any_origin_to_a_place_within_the_ring),
        cmocka_unit_test(shared_ring_attach_refuses_what_is_no_memfd),
        cmocka_unit_test(shared_ring_attach_refuses_memory_that_could_be_taken_away),
        cmocka_unit_test(shared_ring_attach_refuses_memory_that_it_may_not_write),
        cmocka_unit_test(shared_ring_without_a_descriptor_left_is_refused),
        cmocka_unit_test(shared_ring_beyond_the_file_size_limit_is_refused_and_nothing_leaks),
        cmocka_unit_test(shared_ring_attach_refuses_a_file_of_the_wrong_size),
        cmocka_unit_test(shared_ring_memory_cannot_be_truncated_by_the_other_side),
        cmocka_unit_test(shared_ring_with_holes_punched_into_it_is_corrupt_and_no_more),
        cmocka_unit_test(shared_ring_attaches_where_the_other_side_already_is),
        cmocka_unit_test(shared_ring_lends_nothing_to_the_other_role_and_takes_nothing_from_it),
        cmocka_unit_test(shared_ring_copies_over_the_wrap),
        cmocka_unit_test(shared_ring_of_every_capacity_does_what_the_plain_model_does),
        cmocka_unit_test(
            shared_ring_consumer_counts_every_impossible_write_position_and_lends_nothing),
        cmocka_unit_test(
            shared_ring_producer_counts_every_impossible_read_position_and_lends_nothing),
        cmocka_unit_test(shared_ring_never_reads_its_own_position_or_geometry_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Two threads and a mailbox: a value is never torn, versions never go back, and the last one always arrives. */
#include "support/stress.h"

#include <rondo/mailbox.h>

#define VALUE_WORDS 37

struct run {
    struct rondo_mailbox mailbox;
    struct stress_failure failure RONDO_CACHE_ALIGNED;
    uint64_t stop RONDO_CACHE_ALIGNED;
    uint64_t enough; /* the reader has seen several values */
    uint64_t ended;
    uint64_t last_version;
    int64_t end_ns;
    enum stress_placement placement;
};

static void *
writer_thread(void *argument)
{
    struct run *const run = (struct run *)argument;
    uint64_t value[VALUE_WORDS];
    uint64_t random = 5;
    uint64_t version = 0;

    stress_pin(run->placement, 0);
    while (version < 10000 || version % 64 != 0 || stress_now_ns() < run->end_ns ||
           rondo_load_acquire(&run->enough) == 0) {
        version++;
        if (test_random_below(&random, 2) == 0) {
            stress_generate(rondo_mailbox_get_write(&run->mailbox), VALUE_WORDS, version, 1);
            rondo_mailbox_release_write(&run->mailbox);
        } else {
            stress_generate(value, VALUE_WORDS, version, 1);
            rondo_mailbox_write(&run->mailbox, value);
        }
        if (run->placement == STRESS_SAME_CPU && version % 16 == 0)
            sched_yield();
        if (rondo_load_acquire(&run->stop) != 0)
            return NULL;
    }
    run->last_version = version;
    rondo_store_release(&run->ended, 1);
    return NULL;
}

static void
look(struct run *run)
{
    struct stress_wait wait = {0, 0, run->placement};
    uint64_t random = 6;
    uint64_t seen = 0; /* the version seen last */
    uint64_t distinct = 0;

    for (;;) {
        const bool ended = rondo_load_acquire(&run->ended) != 0;
        uint64_t copy[VALUE_WORDS] = {0};
        const uint64_t *value;
        bool fresh = false;

        if (test_random_below(&random, 2) == 0) {
            value = (const uint64_t *)rondo_mailbox_get_read(&run->mailbox, &fresh);
        } else {
            fresh = rondo_mailbox_read(&run->mailbox, copy);
            value = seen == 0 && !fresh ? NULL : copy;
        }
        if (value == NULL && (fresh || seen != 0)) {
            stress_fail(&run->failure, &run->stop, "nothing, though something was seen", seen);
            return;
        }
        if (value != NULL) {
            const uint64_t version = value[0];

            if (stress_verify(value, VALUE_WORDS, version, 1) != 1 || version == 0) {
                stress_fail(&run->failure, &run->stop, "torn value", version);
                return;
            }
            if (fresh ? version <= seen : version != seen) {
                stress_fail(&run->failure, &run->stop,
                            "version went back, or its freshness is wrong", version);
                return;
            }
            distinct += fresh;
            seen = version;
            if (distinct == 10)
                rondo_store_release(&run->enough, 1);
        }
        if (!fresh) {
            if (ended)
                break;
            if (!stress_wait_turn(&wait)) {
                stress_fail(&run->failure, &run->stop, "no value came", seen);
                return;
            }
        } else {
            stress_wait_reset(&wait);
        }
    }
    if (seen != run->last_version)
        stress_fail(&run->failure, &run->stop, "the last value never arrived", seen);
}

static void
mailbox_values_are_never_torn_and_never_go_back(void **state)
{
    const int64_t slice_ns = stress_length_ns(3) / STRESS_PLACEMENTS;

    (void)state;
    for (int placement = 0; placement < STRESS_PLACEMENTS; placement++) {
        static struct run run;
        void *const memory = test_memory(RONDO_MAILBOX_BYTES(VALUE_WORDS * 8));
        pthread_t writer;

        memset((void *)&run, 0, sizeof run);
        run.placement = (enum stress_placement)placement;
        run.end_ns = stress_now_ns() + slice_ns;
        assert_int_equal(rondo_mailbox_init(&run.mailbox, memory, VALUE_WORDS * 8), 0);
        stress_pin(run.placement, 1);
        assert_int_equal(pthread_create(&writer, NULL, writer_thread, &run), 0);
        look(&run);
        pthread_join(writer, NULL);
        stress_assert_none(&run.failure, "reader");
        free(memory);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mailbox_values_are_never_torn_and_never_go_back),
    };

    stress_pin(STRESS_APART, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

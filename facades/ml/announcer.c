/* SPDX-License-Identifier: MIT */
/*
 * The announcer: the thread that calls the program back.
 *
 * It is not the device thread, so that a slow callback delays callbacks and nothing else; and it is
 * never in a read section while the program's code runs, so that the callback may destroy what it
 * likes.
 */
#include "facades/ml/input.h"

#include <rondo/handle.h>

#include "facades/ml/thread.h"

/* Which callbacks were made. */
struct announced {
    uint64_t serial;  /* in which run */
    uint64_t buffers; /* how many */
};

/* Whether one more callback is due; counts it. */
static bool
is_due(struct rondo__ml_input *input, struct announced *announced)
{
    struct rondo__ml_run *run;
    bool due = false;

    rondo_handle_enter();
    run = rondo__ml_input_run(input);
    /* An input that is being destroyed has no handle to call back with. */
    if (run != NULL && rondo__ml_input_find(input->handle) == input) {
        if (announced->serial != run->serial) {
            announced->serial = run->serial;
            announced->buffers = 0;
        }
        /* PAIR-OVER acquire: nothing of a stopped run is told. PAIR-ANNOUNCE acquire: the buffer is
         * full when the program hears of it. */
        if (rondo_load_acquire_u32(&run->over) == 0 &&
            announced->buffers != rondo_load_acquire(&run->filled)) {
            announced->buffers++;
            due = true;
        }
    }
    rondo_handle_leave();
    return due;
}

static bool
must_quit(const struct rondo__ml_input *input)
{
    /* PAIR-QUIT acquire: what destroy did is done. */
    return rondo_load_acquire_u32(&input->quit) != 0;
}

static void *
announce(void *context)
{
    struct rondo__ml_input *const input = context;
    struct announced announced = {0, 0};

    while (!must_quit(input)) {
        if (is_due(input, &announced))
            input->callback(input->handle, input->context);
        else if (sem_wait(&input->wake) != 0)
            continue; /* interrupted: look again */
    }
    rondo__ml_input_put(input);
    return NULL;
}

int
rondo__ml_announcer_start(struct rondo__ml_input *input)
{
    return rondo__ml_thread_create(&input->announcer, "rondo-ml-input", announce, input);
}

void
rondo__ml_announcer_quit(struct rondo__ml_input *input)
{
    /* PAIR-QUIT release: everything before it. */
    rondo_store_release_u32(&input->quit, 1);
    sem_post(&input->wake);
    if (pthread_equal(pthread_self(), input->announcer))
        pthread_detach(input->announcer);
    else
        pthread_join(input->announcer, NULL);
}

/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "bench/pair.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>

#define DEADLINE_NS UINT64_C(10000000000) /* of one run; they take milliseconds */

struct pair {
    const char *error; /* set once, by whoever fails first */
    uint32_t ready __attribute__((aligned(128)));
    uint64_t deadline_ns __attribute__((aligned(128)));
    pair_function *function[2];
    void *context;
    struct pair_side side[2];
};

static int cpus[2] = {-1, -1};

/* Since the last pair_lost_ns(). */
static uint64_t pairs;
static uint64_t pairs_lost_ns;

/* A number from /sys; -1: there is none. */
static int
topology(int cpu, const char *name)
{
    char path[128];
    int value = -1;
    FILE *file;

    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/%s", cpu, name);
    file = fopen(path, "r");
    if (file == NULL)
        return -1;
    if (fscanf(file, "%d", &value) != 1)
        value = -1;
    fclose(file);
    return value;
}

static int
same_core(int a, int b)
{
    return topology(a, "core_id") >= 0 && topology(a, "core_id") == topology(b, "core_id") &&
           topology(a, "physical_package_id") == topology(b, "physical_package_id");
}

const char *
pair_cpus(int cpu[2])
{
    cpu_set_t allowed;

    if (cpus[1] < 0) {
        int first = -1;
        int second = -1;

        if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
            return "the CPUs that this process may use cannot be read";
        for (int i = 0; i < CPU_SETSIZE; i++) {
            if (!CPU_ISSET((unsigned)i, &allowed))
                continue;
            if (first < 0)
                first = i;
            else if (second < 0 || (same_core(first, second) && !same_core(first, i)))
                second = i;
        }
        if (second < 0)
            return "two threads are measured on two CPUs, but this process may use only one";
        cpus[0] = first;
        cpus[1] = second;
    }
    cpu[0] = cpus[0];
    cpu[1] = cpus[1];
    return NULL;
}

const char *
pair_set_cpus(int first, int second)
{
    cpu_set_t allowed;

    if (first == second)
        return "the two CPUs are the same";
    if (first < 0 || second < 0 || first >= CPU_SETSIZE || second >= CPU_SETSIZE ||
        sched_getaffinity(0, sizeof allowed, &allowed) != 0 ||
        !CPU_ISSET((unsigned)first, &allowed) || !CPU_ISSET((unsigned)second, &allowed))
        return "this process may not use these CPUs";
    cpus[0] = first;
    cpus[1] = second;
    return NULL;
}

static const char *
pin(pthread_t thread, int cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET((unsigned)cpu, &set);
    return pthread_setaffinity_np(thread, sizeof set, &set) == 0
               ? NULL
               : "a thread could not be pinned to its CPU";
}

const char *
pair_pin_first(void)
{
    int cpu[2];
    const char *const error = pair_cpus(cpu);

    return error != NULL ? error : pin(pthread_self(), cpu[0]);
}

void
pair_fail(struct pair_side *side, const char *what)
{
    const char *nothing = NULL;

    __atomic_compare_exchange_n(&side->pair->error, &nothing, what, 0, __ATOMIC_ACQ_REL,
                                __ATOMIC_ACQUIRE);
}

int
pair_look(struct pair_side *side)
{
    if (__atomic_load_n(&side->pair->error, __ATOMIC_ACQUIRE) != NULL)
        return 1;
    if (bench_clock_ns() > side->pair->deadline_ns) {
        pair_fail(side, "a side waited in vain until the deadline");
        return 1;
    }
    return 0;
}

/* Wall time without this thread's own: what it spent without a CPU, plus a constant. */
static uint64_t
idle_ns(void)
{
    struct timespec used;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return bench_clock_ns() -
           ((uint64_t)used.tv_sec * UINT64_C(1000000000) + (uint64_t)used.tv_nsec);
}

/* The two clocks do not tick together, so a short while may seem to have had more CPU than time. */
static uint64_t
lost_since(uint64_t before_ns)
{
    const int64_t lost_ns = (int64_t)(idle_ns() - before_ns);

    return lost_ns > 0 ? (uint64_t)lost_ns : 0;
}

uint64_t
pair_lost_ns(void)
{
    static uint64_t seen;
    const uint64_t lost_ns = pairs > 0 ? pairs_lost_ns : lost_since(seen);

    seen = idle_ns();
    pairs = 0;
    pairs_lost_ns = 0;
    return lost_ns;
}

static void
run_side(struct pair *pair, int index)
{
    struct pair_side *const side = &pair->side[index];
    uint64_t before_ns;

    __atomic_add_fetch(&pair->ready, 1, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(&pair->ready, __ATOMIC_ACQUIRE) != 2) {
        if (pair_wait(side))
            return;
    }
    before_ns = idle_ns();
    side->start_ticks = bench_ticks_fenced();
    pair->function[index](side, pair->context);
    side->end_ticks = bench_ticks_fenced();
    side->lost_ns = lost_since(before_ns);
}

static void *
consumer_thread(void *argument)
{
    run_side(argument, 1);
    return NULL;
}

const char *
pair_run(pair_function *producer, pair_function *consumer, void *context, uint64_t *ns)
{
    struct pair pair = {.function = {producer, consumer}, .context = context};
    pthread_t thread;
    int cpu[2];
    const char *error = pair_cpus(cpu);
    pthread_attr_t attributes;
    cpu_set_t set;

    if (error == NULL)
        error = pin(pthread_self(), cpu[0]);
    if (error != NULL)
        return error;
    pair.deadline_ns = bench_clock_ns() + DEADLINE_NS;
    pair.side[0].pair = pair.side[1].pair = &pair;
    CPU_ZERO(&set);
    CPU_SET((unsigned)cpu[1], &set);
    pthread_attr_init(&attributes);
    pthread_attr_setaffinity_np(&attributes, sizeof set, &set);
    if (pthread_create(&thread, &attributes, consumer_thread, &pair) != 0)
        error = "the second thread could not be started";
    pthread_attr_destroy(&attributes);
    if (error != NULL)
        return error;
    run_side(&pair, 0);
    pthread_join(thread, NULL);
    pairs++;
    pairs_lost_ns += pair.side[0].lost_ns + pair.side[1].lost_ns;
    if (ns != NULL) {
        const struct pair_side *const side = pair.side;
        const uint64_t start =
            side[0].start_ticks < side[1].start_ticks ? side[0].start_ticks : side[1].start_ticks;
        const uint64_t end =
            side[0].end_ticks > side[1].end_ticks ? side[0].end_ticks : side[1].end_ticks;

        *ns = bench_ticks_to_ns(end - start);
    }
    return pair.error;
}

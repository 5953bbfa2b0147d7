/* SPDX-License-Identifier: MIT */
#include "rt/realtime.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <rondo/atomic.h>
#include <rondo/cacheline.h>

/* A case that has not seen enough after so long has failed; its process ends a little later. */
#define DEADLINE_NS   INT64_C(60000000000)
#define PROCESS_S     90
#define CASE_NS       INT64_C(250000000)
#define SITES_MAX     512u
#define EXIT_SKIPPED  77
#define EXIT_OF_RTSAN 1
#define EXIT_FAILED   3

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OTHER_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OTHER_SANITIZER 1
#endif
#endif
#ifndef OTHER_SANITIZER
#define OTHER_SANITIZER 0
#endif

/* RealtimeSanitizer's runtime, in the tests that are linked with it. It has no header. */
void __rtsan_realtime_enter(void) __attribute__((weak));
void __rtsan_realtime_exit(void) __attribute__((weak));

/* The linker collects the RT_CALL()s of a program. */
extern struct rt_site __start_rt_sites[];
extern struct rt_site __stop_rt_sites[];

/* What the processes share: the case's writes, the test's reads it afterwards. */
static struct {
    long system_call; /* + 1; 0: none */
    const char *volatile function;
    uint64_t calls[SITES_MAX];
} * shared;

const char *volatile *rt_current;

/* The case that this process was forked for. */
static struct {
    const struct rt_case *one;
    void *context;
    RONDO_ATOMIC(uint32_t) ready; /* 1: real-time; 2: there is no seccomp */
    RONDO_ATOMIC(uint32_t) stop;
    RONDO_ATOMIC(uint32_t) done;
    RONDO_ATOMIC(uint32_t) failed; /* the line of what failed */
    const char *failure;
} now;

static int64_t
now_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static size_t
count_sites(void)
{
    return (size_t)(__stop_rt_sites - __start_rt_sites);
}

bool
rt_has_rtsan(void)
{
    return __rtsan_realtime_enter != NULL;
}

bool
rt_has_filter(void)
{
    return !rt_has_rtsan() && !OTHER_SANITIZER;
}

/* ---- on the real-time thread ---- */

bool
rt_must_stop(void)
{
    return rondo_load_acquire_u32(&now.stop) != 0;
}

void
rt_fail(const char *what, int line)
{
    if (rondo_load_relaxed_u32(&now.failed) == 0) { /* relaxed: ours */
        now.failure = what;
        rondo_store_release_u32(&now.failed, (uint32_t)line);
    }
}

/* The kernel refused a system call: note which, and end without another one. */
static void
on_system_call(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    shared->system_call = info->si_syscall + 1L;
    __builtin_trap();
}

/* From here on every system call ends the process. False: this kernel cannot do that. */
static bool
install_filter(enum rt_allowance allowance)
{
    struct sock_filter nothing[] = {
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
    };
    struct sock_filter wake[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, sizeof(uint64_t), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
    };
    const struct sock_fprog silent = {sizeof nothing / sizeof nothing[0], nothing};
    const struct sock_fprog waking = {sizeof wake / sizeof wake[0], wake};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, allowance == RT_NOTHING ? &silent : &waking,
                 0, 0) == 0;
}

static void *
run_in_real_time(void *unused)
{
    const struct rt_case *const one = now.one;

    (void)unused;
    if (one->prepare != NULL)
        one->prepare(now.context);
    if (rt_has_rtsan()) {
        __rtsan_realtime_enter();
    } else if (rt_has_filter() && !install_filter(one->allowance)) {
        rondo_store_release_u32(&now.ready, 2);
        return NULL;
    }
    rondo_store_release_u32(&now.ready, 1);
    do /* relaxed: failed is ours */
        one->realtime(now.context);
    while (rondo_load_acquire_u32(&now.stop) == 0 && rondo_load_relaxed_u32(&now.failed) == 0);
    if (rt_has_rtsan())
        __rtsan_realtime_exit();
    rondo_store_release_u32(&now.done, 1);
    while (rt_has_filter()) /* to end would be a system call */
        rondo_spin_pause();
    return NULL;
}

/* ---- on the other thread ---- */

void
rt_give_up(const char *what, const char *file, int line)
{
    fprintf(stderr, "%s:%d: %s does not hold\n", file, line, what);
    _exit(EXIT_FAILED);
}

void *
rt_memory(size_t bytes)
{
    void *memory = NULL;

    RT_ASSERT(posix_memalign(&memory, RONDO_CACHELINE_BYTES, bytes) == 0);
    memset(memory, 0, bytes);
    return memory;
}

void
rt_yield(void)
{
    const struct timespec little = {0, 20000};

    nanosleep(&little, NULL);
}

static void
wait_for(const uint32_t *word, const char *what)
{
    const int64_t end_ns = now_ns() + DEADLINE_NS;

    while (rondo_load_acquire_u32(word) == 0) {
        if (now_ns() > end_ns)
            rt_give_up(what, __FILE__, __LINE__);
        rt_yield();
    }
}

/* How long a case works at least; RONDO_STRESS_SECONDS says how long all of a binary do. */
static int64_t
length_ns(size_t cases)
{
    const char *const text = getenv("RONDO_STRESS_SECONDS");
    const double seconds = text != NULL ? strtod(text, NULL) : 0;

    return seconds > 0 ? (int64_t)(seconds * 1e9 / (double)cases) : CASE_NS;
}

/* The case, in its own process. */
static void
work(const struct rt_case *one, int64_t case_ns)
{
    struct sigaction action = {.sa_sigaction = on_system_call, .sa_flags = SA_SIGINFO};
    pthread_t thread;
    int64_t begin_ns;

    alarm(PROCESS_S + (unsigned)(case_ns / 1000000000));
    sigaction(SIGSYS, &action, NULL);
    now.one = one;
    now.context = one->set_up == NULL ? NULL : one->set_up(one->parameter);
    RT_ASSERT(pthread_create(&thread, NULL, run_in_real_time, NULL) == 0);
    wait_for(&now.ready, "the real-time thread is there in time");
    if (rondo_load_acquire_u32(&now.ready) == 2)
        _exit(EXIT_SKIPPED);

    begin_ns = now_ns();
    while (rondo_load_acquire_u32(&now.failed) == 0) {
        int64_t past_ns;

        if (one->beside != NULL)
            one->beside(now.context);
        else
            rt_yield();
        past_ns = now_ns() - begin_ns;
        if (past_ns >= case_ns && (one->enough == NULL || one->enough(now.context)))
            break;
        if (past_ns >= case_ns + DEADLINE_NS)
            rt_give_up("enough was seen in time", __FILE__, __LINE__);
    }
    rondo_store_release_u32(&now.stop, 1);
    wait_for(&now.done, "the real-time thread ends its turn in time");
    if (rondo_load_acquire_u32(&now.failed) != 0)
        rt_give_up(now.failure, "on the real-time thread, line",
                   (int)rondo_load_acquire_u32(&now.failed));
    if (!rt_has_filter())
        pthread_join(thread, NULL);
    if (one->tear_down != NULL)
        one->tear_down(now.context);
    for (size_t i = 0; i < count_sites(); i++)
        shared->calls[i] = __start_rt_sites[i].calls;
}

/* ---- the test's own process ---- */

static void
judge(int status, struct rt_outcome *outcome)
{
    outcome->function = shared->function;
    if (shared->system_call != 0) {
        outcome->end = RT_SYSTEM_CALL;
        outcome->system_call = shared->system_call - 1;
    } else if (WIFSIGNALED(status)) {
        outcome->end = WTERMSIG(status) == SIGALRM ? RT_HUNG : RT_DIED;
    } else if (WEXITSTATUS(status) == 0) {
        outcome->end = RT_PASSED;
    } else if (WEXITSTATUS(status) == EXIT_SKIPPED) {
        outcome->end = RT_SKIPPED;
    } else if (rt_has_rtsan() && WEXITSTATUS(status) == EXIT_OF_RTSAN) {
        outcome->end = RT_REPORTED;
    } else {
        outcome->end = RT_FAILED;
    }
}

static void
try_for(const struct rt_case *one, struct rt_outcome *outcome, int64_t case_ns)
{
    FILE *const said = tmpfile();
    size_t said_bytes;
    int status = 0;
    pid_t child;

    assert_non_null(said);
    if (shared == NULL) {
        shared =
            mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        assert_ptr_not_equal(shared, MAP_FAILED);
        rt_current = &shared->function;
    }
    assert_true(count_sites() <= SITES_MAX);
    memset(shared, 0, sizeof *shared);
    memset(outcome, 0, sizeof *outcome);
    fflush(NULL);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(fileno(said), STDERR_FILENO);
        work(one, case_ns);
        fflush(NULL);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    judge(status, outcome);
    rewind(said);
    said_bytes = fread(outcome->text, 1, sizeof outcome->text - 1, said);
    outcome->text[said_bytes] = '\0';
    fclose(said);
    for (size_t i = 0; i < count_sites(); i++)
        __start_rt_sites[i].calls += shared->calls[i];
}

/* Whether the real clock is read without a system call, which depends on the machine. */
static void
read_clock(void *context)
{
    struct timespec time;

    (void)context;
    clock_gettime(CLOCK_MONOTONIC, &time);
}

static bool
clock_is_silent(void)
{
    static const struct rt_case reading = {.name = "clock", .realtime = read_clock};
    static enum {
        UNKNOWN,
        SILENT,
        NOT_SILENT
    } known;
    struct rt_outcome outcome;

    if (known == UNKNOWN) {
        try_for(&reading, &outcome, 0);
        known = outcome.end == RT_SYSTEM_CALL ? NOT_SILENT : SILENT;
    }
    return known == SILENT;
}

void
rt_try(const struct rt_case *one, struct rt_outcome *outcome)
{
    try_for(one, outcome, 0);
}

/* ---- as tests ---- */

static size_t cases_in_all;
static size_t cases_skipped;

static void
is_silent_in_real_time(void **state)
{
    const struct rt_case *const one = (const struct rt_case *)*state;
    struct rt_outcome outcome;
    const char *function;

    if (one->reads_clock && !clock_is_silent()) {
        cases_skipped++;
        print_message("on this machine the clock enters the kernel\n");
        skip();
    }
    try_for(one, &outcome, length_ns(cases_in_all));
    function = outcome.function == NULL ? "no function of rondo" : outcome.function;
    switch (outcome.end) {
    case RT_PASSED:
        return;
    case RT_SKIPPED:
        cases_skipped++;
        print_message("no seccomp here\n");
        skip();
        break;
    case RT_SYSTEM_CALL:
        fail_msg("system call %ld (asm/unistd.h) in real time, in %s", outcome.system_call,
                 function);
        break;
    case RT_REPORTED:
        fail_msg("in %s: %s", function, outcome.text);
        break;
    case RT_FAILED:
        fail_msg("%s", outcome.text);
        break;
    case RT_DIED:
        fail_msg("the process died, in or after %s: %s", function, outcome.text);
        break;
    case RT_HUNG:
        fail_msg("the deadline came first, in or after %s: %s", function, outcome.text);
        break;
    }
}

static void
every_call_was_made(void **state)
{
    size_t missing = 0;

    (void)state;
    if (cases_skipped > 0)
        skip();
    for (size_t i = 0; i < count_sites(); i++) {
        if (__start_rt_sites[i].calls == 0) {
            print_message("never called in real time: %s\n", __start_rt_sites[i].function);
            missing++;
        }
    }
    assert_int_equal(missing, 0);
}

int
rt_run(const struct rt_case *cases, size_t count)
{
    struct CMUnitTest *const tests = calloc(count + 1, sizeof *tests);
    int failed;

    if (tests == NULL)
        return 1;
    cases_in_all = count;
    for (size_t i = 0; i < count; i++) {
        tests[i].name = cases[i].name;
        tests[i].test_func = is_silent_in_real_time;
        tests[i].initial_state = (void *)(uintptr_t)&cases[i];
    }
    tests[count].name = "every_call_was_made";
    tests[count].test_func = every_call_was_made;
    /* cmocka wants to know how many there are while compiling, unless it is asked this way. */
    failed = _cmocka_run_group_tests("realtime", tests, count + 1, NULL, NULL);
    free(tests);
    return failed;
}

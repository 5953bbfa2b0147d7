/* SPDX-License-Identifier: MIT */
/*
 * Get and release as a real-time thread calls them: no system call, no allocation, no mutex.
 *
 * The thread runs under a seccomp filter that lets nothing through but its own complaint, and with
 * its own malloc and pthread_mutex_lock in the way. Sanitizers call the system as they like, so they
 * do without this test.
 */
#define _GNU_SOURCE /* RTLD_NEXT */

#include "support/ml_test.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <rondo/atomic.h>

#define BUFFERS 2000u

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

int
main(void)
{
    return 77;
}

#else

static __thread bool in_real_time;

static struct {
    MLHandle input;
    RONDO_ATOMIC(uint32_t) ready; /* 1: under the filter; 2: there is no seccomp */
    RONDO_ATOMIC(uint32_t) buffers;
    RONDO_ATOMIC(uint32_t) bad;
} shared;

/* ---- what must not be called ---- */

static void
complain(const char *what)
{
    if (write(STDERR_FILENO, what, strlen(what)) < 0)
        _exit(3);
    _exit(2);
}

static void
on_system_call(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    (void)context;
    complain("a system call in get or release\n");
}

void *__libc_malloc(size_t bytes);
void __libc_free(void *memory);
void *malloc(size_t bytes);
void free(void *memory);

void *
malloc(size_t bytes)
{
    if (in_real_time)
        complain("malloc in get or release\n");
    return __libc_malloc(bytes);
}

void
free(void *memory)
{
    if (in_real_time)
        complain("free in get or release\n");
    __libc_free(memory);
}

int
pthread_mutex_lock(pthread_mutex_t *mutex)
{
    static int (*original)(pthread_mutex_t *);

    if (in_real_time)
        complain("a mutex in get or release\n");
    if (original == NULL)
        *(void **)&original = dlsym(RTLD_NEXT, "pthread_mutex_lock");
    return original(mutex);
}

/* ---- the thread ---- */

/* From here on only write and exit_group do anything; all else ends the program with a complaint. */
static bool
enter_real_time(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {sizeof code / sizeof code[0], code};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) != 0)
        return false;
    in_real_time = true;
    return true;
}

static void *
run_in_real_time(void *context)
{
    uint32_t buffers = 0;

    (void)context;
    rondo_ml_prepare_thread();
    if (!enter_real_time()) {
        rondo_store_release_u32(&shared.ready, 2);
        return NULL;
    }
    rondo_store_release_u32(&shared.ready, 1);
    for (;;) { /* it cannot even end: that takes system calls */
        MLAudioBuffer buffer;
        MLResult result = MLAudioGetInputBuffer(shared.input, &buffer);

        if (result == MLResult_Ok)
            result = MLAudioReleaseInputBuffer(shared.input);
        if (result == MLResult_Ok)
            rondo_store_release_u32(&shared.buffers, ++buffers);
        else if (result == MLAudioResult_BufferNotReady)
            (void)MLAudioReleaseInputBuffer(shared.input);
        else if (buffers < BUFFERS)
            rondo_store_release_u32(&shared.bad, 1);
    }
    return NULL;
}

static void
ml_get_and_release_call_nothing_that_may_block(void **state)
{
    struct sigaction action = {.sa_sigaction = on_system_call, .sa_flags = SA_SIGINFO};
    pthread_t thread;

    (void)state;
    sigaction(SIGSYS, &action, NULL);
    shared.input = ml_create_20ms(NULL, NULL);
    ml_assert_ok(MLAudioStartInput(shared.input));
    assert_int_equal(pthread_create(&thread, NULL, run_in_real_time, NULL), 0);
    ml_wait_until(rondo_load_acquire_u32(&shared.ready) != 0);
    if (rondo_load_acquire_u32(&shared.ready) == 2) {
        print_message("no seccomp here\n");
        pthread_join(thread, NULL);
        skip();
    }
    for (uint32_t i = 1; i <= BUFFERS; i++) {
        if (i % 100 == 0) { /* beside the calls that may block */
            ml_assert_ok(MLAudioStopInput(shared.input));
            ml_assert_ok(MLAudioStartInput(shared.input));
        }
        ml_advance_ms(20);
        ml_wait_until(rondo_load_acquire_u32(&shared.buffers) == i);
    }
    assert_int_equal(rondo_load_acquire_u32(&shared.bad), 0);
    /* The thread spins on until the program ends: its handle is dead, that is all. */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ml_test(ml_get_and_release_call_nothing_that_may_block),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif

/* SPDX-License-Identifier: MIT */
#include "core/thread.h"

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DEFAULT_REALTIME_PRIORITY 60
#define NICE_LEVEL                (-11)

int
rondo__thread_create(pthread_t *thread, const char *name, void *(*main)(void *), void *context)
{
    sigset_t all;
    sigset_t old;
    int error;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    error = pthread_create(thread, NULL, main, context);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (error == 0)
        pthread_setname_np(*thread, name);
    return -error;
}

enum rondo_priority
rondo__thread_raise(int32_t realtime_priority)
{
    struct sched_param param = {.sched_priority = realtime_priority == 0 ? DEFAULT_REALTIME_PRIORITY
                                                                         : (int)realtime_priority};

    if (realtime_priority < 0)
        return RONDO_PRIORITY_NORMAL;
    if (pthread_setschedparam(pthread_self(), SCHED_FIFO, &param) == 0)
        return RONDO_PRIORITY_REALTIME;
    if (setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICE_LEVEL) == 0)
        return RONDO_PRIORITY_NICE;
    return RONDO_PRIORITY_NORMAL;
}

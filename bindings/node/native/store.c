#define _GNU_SOURCE
#include "store.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

/*
 * Threads belong to a store, so that a slow table holds up no other store's calls. There are no more than the library keeps idle
 * connections by default; more callers would have to connect anew each time.
 */
#define MOST_THREADS 16
#define STACK_BYTES (1024 * 1024)
#define IDLE_SECONDS 10

/* Linked as a stack: the thread that was busy last is woken first, and the others come to their end. */
struct idle_thread {
    struct idle_thread *next;
    pthread_cond_t wake;
    struct task *task;
    bool is_over;
};

struct store *store_new(const struct library *library, struct environment *environment, ld_dynamo_store *native) {
    struct store *store = calloc(1, sizeof *store);
    pthread_mutex_init(&store->lock, NULL);
    store->library = library;
    store->environment = environment;
    environment_reference(environment);
    store->native = native;
    store->references = 1;
    return store;
}

void store_reference(struct store *store) {
    pthread_mutex_lock(&store->lock);
    store->references++;
    pthread_mutex_unlock(&store->lock);
}

void store_release(struct store *store) {
    int left;
    pthread_mutex_lock(&store->lock);
    left = --store->references;
    pthread_mutex_unlock(&store->lock);
    if (left == 0) {
        environment_release(store->environment);
        pthread_mutex_destroy(&store->lock);
        free(store);
    }
}

/* What is to be freed, once; under the lock. */
static ld_dynamo_store *unused(struct store *store) {
    ld_dynamo_store *native = NULL;
    if (store->is_closed && store->calls == 0) {
        native = store->native;
        store->native = NULL;
    }
    return native;
}

void store_close(struct store *store) {
    ld_dynamo_store *native;
    struct idle_thread *idle;
    pthread_mutex_lock(&store->lock);
    store->is_closed = true;
    native = unused(store);
    while ((idle = store->idle) != NULL) {
        store->idle = idle->next;
        idle->is_over = true;
        pthread_cond_signal(&idle->wake);
    }
    pthread_mutex_unlock(&store->lock);
    if (native != NULL) {
        store->library->store_free(native);
    }
}

ld_dynamo_store *store_enter(struct store *store) {
    ld_dynamo_store *native = NULL;
    pthread_mutex_lock(&store->lock);
    if (!store->is_closed) {
        native = store->native;
        store->calls++;
    }
    pthread_mutex_unlock(&store->lock);
    return native;
}

void store_leave(struct store *store) {
    ld_dynamo_store *native;
    pthread_mutex_lock(&store->lock);
    store->calls--;
    native = unused(store);
    pthread_mutex_unlock(&store->lock);
    if (native != NULL) {
        store->library->store_free(native);
    }
}

/* Waits until there is a task, on the store's lock; NULL where the thread was idle for long or the store is closed. */
static struct task *wait_for_task(struct store *store) {
    struct idle_thread idle = {.next = store->idle};
    struct idle_thread **place;
    pthread_condattr_t attributes;
    struct timespec deadline;
    int status = 0;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&idle.wake, &attributes);
    pthread_condattr_destroy(&attributes);
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += IDLE_SECONDS;
    store->idle = &idle;
    while (idle.task == NULL && !idle.is_over && status == 0) {
        status = pthread_cond_timedwait(&idle.wake, &store->lock, &deadline);
    }
    if (idle.task == NULL && !idle.is_over) {
        for (place = &store->idle; *place != &idle; place = &(*place)->next) {
        }
        *place = idle.next;
    }
    pthread_cond_destroy(&idle.wake);
    return idle.task;
}

static struct task *next_task(struct store *store) {
    struct task *task;
    pthread_mutex_lock(&store->lock);
    task = store->first;
    if (task != NULL) {
        store->first = task->next;
        if (store->first == NULL) {
            store->last = NULL;
        }
    } else if (!store->is_closed) {
        task = wait_for_task(store);
    }
    if (task == NULL) {
        store->threads--;
    }
    pthread_mutex_unlock(&store->lock);
    return task;
}

static void *work(void *data) {
    struct store *store = data;
    struct task *task;
    while ((task = next_task(store)) != NULL) {
        task->run(task);
        store_leave(store);
        task->finish(task);
    }
    store_release(store);
    return NULL;
}

/* The program's signal handlers run on its own threads: these start with all signals blocked. */
static bool start_thread(struct store *store) {
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, before;
    bool is_started;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    is_started = pthread_create(&thread, &attributes, work, store) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return is_started;
}

static void append(struct store *store, struct task *task) {
    task->next = NULL;
    if (store->last == NULL) {
        store->first = task;
    } else {
        store->last->next = task;
    }
    store->last = task;
}

bool store_submit(struct store *store, struct task *task) {
    struct idle_thread *idle;
    bool is_taken = true;
    pthread_mutex_lock(&store->lock);
    idle = store->idle;
    if (store->is_closed) {
        is_taken = false;
    } else if (idle != NULL) {
        store->idle = idle->next;
        idle->task = task;
        pthread_cond_signal(&idle->wake);
    } else {
        if (store->threads < MOST_THREADS) {
            /* The new thread waits for the lock. */
            store->references++;
            if (start_thread(store)) {
                store->threads++;
            } else {
                store->references--;
                is_taken = store->threads > 0;
            }
        }
        if (is_taken) {
            append(store, task);
        }
    }
    store->calls += is_taken;
    pthread_mutex_unlock(&store->lock);
    return is_taken;
}

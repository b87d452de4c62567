/* One store: its native handle, freed when it is closed and the last call is over, and the threads that make its calls. */
#ifndef STORE_H
#define STORE_H

#include "environment.h"
#include "library.h"

/* Something for a thread to do, the first member of what it is part of. */
struct task {
    struct task *next;
    /* Runs on a thread of the store, within a call of it. */
    void (*run)(struct task *task);
    /* Tells the result, after the call is over; frees the task. */
    void (*finish)(struct task *task);
};

struct idle_thread;

struct store {
    const struct library *library;
    struct environment *environment;
    /* The function that its messages go to; for the environment's own thread alone. */
    napi_ref log;
    pthread_mutex_t lock;
    int references;
    ld_dynamo_store *native;
    bool is_closed;
    /* Calls that are under way or wait for a thread. */
    int calls;
    int threads;
    struct idle_thread *idle;
    struct task *first, *last;
};

/* Takes over the native store; the caller has the first reference. */
struct store *store_new(const struct library *library, struct environment *environment, ld_dynamo_store *native);
void store_reference(struct store *store);
void store_release(struct store *store);

/* Refuses further calls, and frees the native store now or when the last call is over. Never waits; again does nothing. */
void store_close(struct store *store);

/* Begins a call on this thread; NULL where the store is closed. */
ld_dynamo_store *store_enter(struct store *store);
void store_leave(struct store *store);

/* Has a thread run a task, later; false where the store is closed or no thread can be started. */
bool store_submit(struct store *store, struct task *task);

#endif

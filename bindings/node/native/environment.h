/*
 * One environment of Node: the main thread's, or a worker's. Threads of the addon send it messages, and it may end at any moment.
 */
#ifndef ENVIRONMENT_H
#define ENVIRONMENT_H

#define NAPI_VERSION 8
#include <node_api.h>
#include <pthread.h>
#include <stdbool.h>

struct environment {
    pthread_mutex_t lock;
    /* Threads may send only while this is true, under the lock. */
    bool is_alive;
    int references;
    napi_threadsafe_function queue;
    /* For the environment's own thread alone. */
    int calls;
};

/* What a thread sends, the first member of what it is part of. Either function frees it. */
struct message {
    void (*receive)(napi_env env, struct environment *environment, struct message *message);
    /* Nobody receives it any more. */
    void (*drop)(struct message *message);
};

/* Makes the environment's, NULL where Node refuses. */
struct environment *environment_new(napi_env env);
void environment_reference(struct environment *environment);
void environment_release(struct environment *environment);

/* Sends a message from any thread; never waits for the environment. */
void environment_send(struct environment *environment, struct message *message);

/* Between these two, on its own thread, the environment does not end by itself. */
void environment_hold(napi_env env, struct environment *environment);
void environment_let_go(napi_env env, struct environment *environment);

#endif

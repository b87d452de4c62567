/*
 * A log callback that checks what it may rely on: messages while it is registered and never after its release, and one release.
 */
#ifndef LD_DYNAMO_TESTS_LOGGERS_H
#define LD_DYNAMO_TESTS_LOGGERS_H

#include "calls.h"

#include <stdatomic.h>
#include <stdbool.h>

/* What a logger is given. `alive` tells a message after the release, which would be a use after free. */
struct userdata {
    atomic_int alive;
    atomic_long messages;
    atomic_int releases;
    int depth;
    int deepest;
    bool was_told_of_dropped;
};

static atomic_long released;

#define REQUIRE(condition)                                                                                                     \
    do {                                                                                                                       \
        if (!(condition)) {                                                                                                    \
            fprintf(stderr, "process %ld, line %d: not so: %s\n", (long)getpid(), __LINE__, #condition);                       \
            _exit(1);                                                                                                          \
        }                                                                                                                      \
    } while (0)

static inline struct userdata *new_userdata(void) {
    struct userdata *made = calloc(1, sizeof *made);
    REQUIRE(made != NULL);
    atomic_store(&made->alive, 1);
    return made;
}

/* Keeps the memory, so that a message after the release is seen and not a crash by chance. */
static inline void release(void *argument) {
    struct userdata *userdata = argument;
    REQUIRE(atomic_exchange(&userdata->alive, 0) == 1);
    atomic_fetch_add(&userdata->releases, 1);
    atomic_fetch_add(&released, 1);
}

static inline void count_in(struct userdata *userdata, int32_t level, const char *message) {
    REQUIRE(atomic_load(&userdata->alive) == 1);
    REQUIRE(level >= LD_DYNAMO_LOG_ERROR && level <= LD_DYNAMO_LOG_TRACE);
    REQUIRE(message != NULL && message[0] != '\0');
    atomic_fetch_add(&userdata->messages, 1);
    if (strstr(message, "more log messages of this call were dropped") != NULL) {
        userdata->was_told_of_dropped = true;
    }
}

static inline void count(void *argument, int32_t level, const char *message) {
    count_in(argument, level, message);
}

#endif

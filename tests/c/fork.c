/*
 * Forks again and again while eight threads are inside the library. Each child uses the handles it inherited, frees them before or after or at its
 * exit, makes one of its own, and may fork in turn; the parent's threads must never see an error.
 *
 *   fork UNCACHED CACHED FORKS DEPTH     two configurations of the same table; DEPTH 1 is children only, 2 children of children, …
 *
 * A child that hangs is ended by its own watchdog and counts as failed. The exit status is 0 when every child and every call of the parent succeeded.
 */
#define _POSIX_C_SOURCE 200809L

#include "calls.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#define THREADS 8
#define CHILD_THREADS 2
#define CHILDREN_AT_ONCE 4
#define CHILD_GETS 5
#define CHILD_SECONDS 30
#define PARENT_SECONDS 570

/* How a child parts from what it inherited. */
enum parting { FREES_AFTER_USE, FREES_BEFORE_USE, FREES_AT_EXIT, PARTINGS };

static ld_dynamo_store *uncached;
static ld_dynamo_store *cached;
static atomic_bool stopping;
static atomic_long calls;
static atomic_long errors;

static void free_inherited(void) {
    ld_dynamo_store_free(uncached);
    ld_dynamo_store_free(cached);
    /* A child of this process inherits its exit handlers too. */
    uncached = NULL;
    cached = NULL;
}

/* Even threads always ask the table, odd ones mostly the cache, so that a fork falls into either. */
static void *call_without_end(void *argument) {
    int number = *(int *)argument;
    while (!atomic_load(&stopping)) {
        if (!get_flag(number % 2 == 0 ? uncached : cached, number, "a thread in calls")) {
            atomic_fetch_add(&errors, 1);
        }
        atomic_fetch_add(&calls, 1);
    }
    return NULL;
}

static void start(pthread_t *threads, int *numbers, int count) {
    atomic_store(&stopping, false);
    for (int number = 0; number < count; number++) {
        numbers[number] = number;
        if (pthread_create(&threads[number], NULL, call_without_end, &numbers[number]) != 0) {
            fprintf(stderr, "no thread\n");
            exit(1);
        }
    }
}

static int stop(pthread_t *threads, int count) {
    atomic_store(&stopping, true);
    for (int number = 0; number < count; number++) {
        pthread_join(threads[number], NULL);
    }
    return atomic_load(&errors) == 0;
}

static void run_child(const char *configuration, int number, int depth);

/* Forks once more with two threads in calls, as this process was forked. */
static int fork_in_turn(const char *configuration, int number, int depth) {
    pthread_t threads[CHILD_THREADS];
    int numbers[CHILD_THREADS];
    start(threads, numbers, CHILD_THREADS);
    pause_for_microseconds(2000 + number % 7 * 700);
    pid_t child = fork();
    if (child == 0) {
        run_child(configuration, number + 1, depth);
    }
    int good = child > 0 && reap();
    return stop(threads, CHILD_THREADS) && good;
}

/* Everything a child may do with what it inherited, then with a handle of its own. */
static void run_child(const char *configuration, int number, int depth) {
    enum parting parting = (enum parting)(number % PARTINGS);
    char key[32];
    char *stored = NULL;
    ld_dynamo_error *error = NULL;
    watch(CHILD_SECONDS);
    if (parting == FREES_AT_EXIT) {
        atexit(free_inherited);
    }
    if (parting == FREES_BEFORE_USE && depth == 1) {
        free_inherited();
    } else {
        for (int call = 0; call < CHILD_GETS; call++) {
            if (!get_flag(uncached, call % THREADS, "a child's get") || !get_flag(cached, call % THREADS, "a child's cached get")) {
                exit(1);
            }
        }
        snprintf(key, sizeof key, "child-%ld", (long)getpid());
        ld_dynamo_status status = ld_dynamo_store_upsert(uncached, "features", key, "{\"version\":1}", &stored, &error);
        if (status != LD_DYNAMO_OK && status != LD_DYNAMO_NOT_NEWER) {
            report("a child's upsert", status, error);
            exit(1);
        }
        ld_dynamo_string_free(stored);
        if (depth > 1 && !fork_in_turn(configuration, number, depth - 1)) {
            exit(1);
        }
        if (parting != FREES_AT_EXIT) {
            free_inherited();
        }
    }
    ld_dynamo_store *own = open_store(configuration);
    if (!get_flag(own, 0, "a child's own handle")) {
        exit(1);
    }
    ld_dynamo_store_free(own);
    exit(0);
}

int main(int count, char **arguments) {
    pthread_t threads[THREADS];
    int numbers[THREADS];
    int forks = count == 5 ? atoi(arguments[3]) : 0;
    int good = 0;
    if (forks <= 0) {
        fprintf(stderr, "usage: fork UNCACHED CACHED FORKS DEPTH\n");
        return 2;
    }
    watch(PARENT_SECONDS);
    uncached = open_store(arguments[1]);
    cached = open_store(arguments[2]);
    if (!put_flags(uncached)) {
        return 1;
    }
    start(threads, numbers, THREADS);
    for (int number = 0; number < forks; number++) {
        /* Lets the threads come back to full speed, at a different moment of their calls each time. */
        pause_for_microseconds(3000 + number % 7 * 700);
        pid_t child = fork();
        if (child == 0) {
            run_child(arguments[1], number, atoi(arguments[4]));
        }
        if (child < 0) {
            perror("fork");
            return 1;
        }
        if (number >= CHILDREN_AT_ONCE - 1) {
            good += reap();
        }
    }
    for (int number = 0; number < CHILDREN_AT_ONCE - 1 && number < forks; number++) {
        good += reap();
    }
    int unharmed = stop(threads, THREADS) && atomic_load(&calls) > 0 && get_flag(uncached, 0, "the parent afterwards");
    ld_dynamo_store_free(uncached);
    ld_dynamo_store_free(cached);
    printf("%d forks: %d children ended well, %d did not; %ld calls by the parent's threads, %ld errors\n", forks, good, forks - good,
           atomic_load(&calls), atomic_load(&errors));
    return good == forks && unharmed ? 0 : 1;
}

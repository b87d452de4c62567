/*
 * Forks while eight threads are in their process's very first call: runtime, root certificates, credentials, name look-up, handshake, random numbers
 * and every process-wide cell of the dependencies are being made. Each round is a process of its own that forks four children at different moments.
 *
 *   fork_first CONFIGURATION ROUNDS     the table holds the flags of calls.h
 */
#define _POSIX_C_SOURCE 200809L

#include "calls.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#define THREADS 8
#define CHILDREN 4
#define CHILD_SECONDS 30
#define ROUND_SECONDS 60
#define WHOLE_SECONDS 570

static ld_dynamo_store *store;
/* How many are ready; a barrier, which macOS has none of. */
static atomic_int ready;
static atomic_int errors;

static void start_together(void) {
    atomic_fetch_add(&ready, 1);
    while (atomic_load(&ready) <= THREADS) {
        sched_yield();
    }
}

static void *call_once(void *argument) {
    int number = *(int *)argument;
    start_together();
    if (!get_flag(store, number, "a thread's first call")) {
        atomic_fetch_add(&errors, 1);
    }
    return NULL;
}

static void run_child(const char *configuration, int number) {
    watch(CHILD_SECONDS);
    if (!get_flag(store, number, "a child's call")) {
        exit(1);
    }
    ld_dynamo_store_free(store);
    store = open_store(configuration);
    int right = get_flag(store, number, "a child's own handle");
    ld_dynamo_store_free(store);
    exit(right ? 0 : 1);
}

static void run_round(const char *configuration, int round) {
    pthread_t threads[THREADS];
    int numbers[THREADS];
    int good = 0;
    watch(ROUND_SECONDS);
    store = open_store(configuration);
    for (int number = 0; number < THREADS; number++) {
        numbers[number] = number;
        if (pthread_create(&threads[number], NULL, call_once, &numbers[number]) != 0) {
            exit(1);
        }
    }
    start_together();
    for (int number = 0; number < CHILDREN; number++) {
        /* The rounds move through the first twenty milliseconds in steps that do not repeat. */
        pause_for_microseconds((number * 1300 + round * 170) % 5000);
        pid_t child = fork();
        if (child == 0) {
            run_child(configuration, number);
        }
        if (child < 0) {
            perror("fork");
            exit(1);
        }
    }
    for (int number = 0; number < CHILDREN; number++) {
        good += reap();
    }
    for (int number = 0; number < THREADS; number++) {
        pthread_join(threads[number], NULL);
    }
    int right = get_flag(store, 0, "the parent afterwards");
    ld_dynamo_store_free(store);
    exit(good == CHILDREN && atomic_load(&errors) == 0 && right ? 0 : 1);
}

int main(int count, char **arguments) {
    int rounds = count == 3 ? atoi(arguments[2]) : 0;
    int good = 0;
    if (rounds <= 0) {
        fprintf(stderr, "usage: fork_first CONFIGURATION ROUNDS\n");
        return 2;
    }
    watch(WHOLE_SECONDS);
    for (int round = 0; round < rounds; round++) {
        pid_t process = fork();
        if (process == 0) {
            run_round(arguments[1], round);
        }
        good += process > 0 && reap();
    }
    printf("%d rounds of %d forks: %d ended well, %d did not\n", rounds, CHILDREN, good, rounds - good);
    return good == rounds ? 0 : 1;
}

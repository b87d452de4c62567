/*
 * A signal handler of the host's forks in the middle of a call, and the child returns from the handler into that call: it fails there soon, the
 * child's next calls work, and the parent gets its own answer, beside other threads in calls.
 *
 *   fork_in_handler CONFIGURATION ROUNDS THREADS     an endpoint that takes about 100 ms for an answer, no cache, a time-out of many seconds;
 *                                                    THREADS others are in calls meanwhile
 */
#define _POSIX_C_SOURCE 200809L

#include "calls.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#define WATCHDOG_SECONDS 120
#define CHILD_SECONDS 30
#define MOST_THREADS 8
/* The child has the processor for itself, waits for nothing, and has no answer to expect. */
#define LONGEST_MILLISECONDS 2000
/* How a child ends that was forked after its parent's call. */
#define TOO_LATE 3

static ld_dynamo_store *store;
static pthread_t caller;
static volatile sig_atomic_t is_child;
static volatile sig_atomic_t forks;
/* Of them, those whose child found itself in the middle of the call. */
static int interrupted;
static atomic_bool stopping;
static atomic_int errors;
static atomic_long delay;

static void fork_and_return(int signal_number) {
    (void)signal_number;
    pid_t child = fork();
    if (child == 0) {
        is_child = 1;
    } else if (child > 0) {
        forks++;
    }
}

static void *call_without_end(void *argument) {
    int number = *(int *)argument;
    while (!atomic_load(&stopping)) {
        if (!get_flag(store, number, "a thread in calls")) {
            atomic_fetch_add(&errors, 1);
        }
    }
    return NULL;
}

static void *send_signal(void *argument) {
    (void)argument;
    pause_for_microseconds(atomic_load(&delay));
    pthread_kill(caller, SIGUSR1);
    return NULL;
}

/* What the child finds when it comes back from the handler. */
static void end_child(ld_dynamo_status status, const ld_dynamo_error *error, long began) {
    long took = milliseconds_now() - began;
    watch(CHILD_SECONDS);
    if (status == LD_DYNAMO_OK) {
        /* The answer had come before the fork. Had the child taken the parent's, the parent would say so. */
        _exit(TOO_LATE);
    }
    if (status != LD_DYNAMO_UNREACHABLE || !ld_dynamo_error_is_retriable(error) || took > LONGEST_MILLISECONDS) {
        report("the child's interrupted call", status, error);
        fprintf(stderr, "after %ld ms\n", took);
        _exit(1);
    }
    for (int number = 0; number < 3; number++) {
        if (!get_flag(store, number, "the child's next call")) {
            _exit(1);
        }
    }
    ld_dynamo_store_free(store);
    _exit(0);
}

static int run_round(int round) {
    pthread_t sender;
    char *item = NULL;
    ld_dynamo_error *error = NULL;
    /* While the call waits for its answer: a fork in the middle of malloc hangs a process with threads, whatever it calls. */
    atomic_store(&delay, 10000 + round % 8 * 10000);
    if (pthread_create(&sender, NULL, send_signal, NULL) != 0) {
        return 0;
    }
    int before = forks;
    long began = milliseconds_now();
    int is_init = round % 4 == 3;
    ld_dynamo_status status = is_init ? ld_dynamo_store_init(store, "{\"others\":{\"a\":{\"version\":1}}}", &error)
                                      : ld_dynamo_store_get(store, "features", "flag-0", &item, &error);
    if (is_child) {
        end_child(status, error, began);
    }
    int right = status == LD_DYNAMO_OK &&
                (is_init || (item != NULL && strcmp(item, "{\"key\":\"flag-0\",\"version\":1}") == 0));
    if (!right) {
        report("the parent's interrupted call", status, error);
    }
    ld_dynamo_string_free(item);
    ld_dynamo_error_free(error);
    pthread_join(sender, NULL);
    /* A signal that was sent need not have come yet. */
    while (!is_child && forks == before) {
        pause_for_microseconds(100);
    }
    if (is_child) {
        _exit(TOO_LATE);
    }
    int ended = 0;
    if (forks != before + 1 || wait(&ended) <= 0 || !WIFEXITED(ended) || (WEXITSTATUS(ended) != 0 && WEXITSTATUS(ended) != TOO_LATE)) {
        fprintf(stderr, "%d forks in a round, the child's status %#x\n", (int)forks - before, (unsigned)ended);
        return 0;
    }
    interrupted += WEXITSTATUS(ended) == 0;
    return right;
}

int main(int count, char **arguments) {
    pthread_t threads[MOST_THREADS];
    int numbers[MOST_THREADS];
    struct sigaction action;
    int rounds = count == 4 ? atoi(arguments[2]) : 0, others = count == 4 ? atoi(arguments[3]) : MOST_THREADS + 1, good = 0;
    if (rounds <= 0 || others > MOST_THREADS) {
        fprintf(stderr, "usage: fork_in_handler CONFIGURATION ROUNDS THREADS\n");
        return 2;
    }
    watch(WATCHDOG_SECONDS);
    caller = pthread_self();
    memset(&action, 0, sizeof action);
    action.sa_handler = fork_and_return;
    store = open_store(arguments[1]);
    for (int number = 0; number < others; number++) {
        numbers[number] = number;
        if (pthread_create(&threads[number], NULL, call_without_end, &numbers[number]) != 0) {
            return 1;
        }
    }
    for (int round = 0; round < rounds; round++) {
        action.sa_flags = round % 2 == 0 ? SA_RESTART : 0;
        sigaction(SIGUSR1, &action, NULL);
        good += run_round(round);
    }
    atomic_store(&stopping, true);
    for (int number = 0; number < others; number++) {
        pthread_join(threads[number], NULL);
    }
    ld_dynamo_store_free(store);
    printf("%d rounds, %d forks, %d in the middle of the call: %d went well; %d errors of other threads\n", rounds, (int)forks, interrupted, good,
           atomic_load(&errors));
    return good == rounds && interrupted * 2 > rounds && atomic_load(&errors) == 0 ? 0 : 1;
}

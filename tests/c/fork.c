/*
 * Forks again and again while eight threads are inside the library. Each child uses the handles it inherited, frees them, and makes one of its
 * own; the parent's threads must never see an error.
 *
 *   fork ENDPOINT TABLE FORKS     the table exists
 *
 * A child that hangs is ended by its own alarm and counts as failed. The exit status is 0 when every child and every call of the parent succeeded.
 */
#define _POSIX_C_SOURCE 200809L

#include <ld_dynamo_store.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define THREADS 8
#define CHILDREN_AT_ONCE 4
#define CHILD_GETS 5
#define CHILD_SECONDS 20
#define PARENT_SECONDS 240

static ld_dynamo_store *uncached;
static ld_dynamo_store *cached;
static atomic_bool stopping;
static atomic_long parent_calls;
static atomic_long parent_errors;

/* Prints what failed; tells who with the process and the step. */
static void report(const char *step, ld_dynamo_status status, const ld_dynamo_error *error) {
    fprintf(stderr, "process %ld, %s: status %d: %s\n", (long)getpid(), step, (int)status, ld_dynamo_error_message(error));
}

static ld_dynamo_store *open_store(const char *endpoint, const char *table, int cache_ttl_ms) {
    char configuration[1024];
    ld_dynamo_store *store = NULL;
    ld_dynamo_error *error = NULL;
    snprintf(configuration, sizeof configuration,
             "{\"table\":\"%s\",\"endpoint\":\"%s\",\"region\":\"us-east-1\",\"credentials\":{\"access_key_id\":\"local\",\"secret_access_key\":\"local\"},"
             "\"attempt_timeout_ms\":10000,\"operation_timeout_ms\":15000,\"cache_ttl_ms\":%d}",
             table, endpoint, cache_ttl_ms);
    ld_dynamo_status status = ld_dynamo_store_new(configuration, &store, &error);
    if (status != LD_DYNAMO_OK) {
        report("new", status, error);
        ld_dynamo_error_free(error);
    }
    return store;
}

/* Gets flag `number`, which the parent has stored. Returns 1 when the answer is right. */
static int get_flag(const ld_dynamo_store *store, int number, const char *step) {
    char key[32], expected[64];
    char *item = NULL;
    ld_dynamo_error *error = NULL;
    snprintf(key, sizeof key, "flag-%d", number);
    snprintf(expected, sizeof expected, "{\"key\":\"%s\",\"version\":1}", key);
    ld_dynamo_status status = ld_dynamo_store_get(store, "features", key, &item, &error);
    int right = status == LD_DYNAMO_OK && item != NULL && strcmp(item, expected) == 0;
    if (!right) {
        report(step, status, error);
    }
    ld_dynamo_string_free(item);
    ld_dynamo_error_free(error);
    return right;
}

/* Even threads always ask the table, odd ones mostly the cache, so that a fork falls into either. */
static void *call_without_end(void *argument) {
    int number = *(int *)argument;
    while (!atomic_load(&stopping)) {
        if (!get_flag(number % 2 == 0 ? uncached : cached, number, "a parent's thread")) {
            atomic_fetch_add(&parent_errors, 1);
        }
        atomic_fetch_add(&parent_calls, 1);
    }
    return NULL;
}

/* Everything a child may do with what it inherited, then with a handle of its own. Returns the exit status. */
static int run_child(const char *endpoint, const char *table, int number) {
    char key[32];
    char *stored = NULL;
    ld_dynamo_error *error = NULL;
    alarm(CHILD_SECONDS);
    for (int call = 0; call < CHILD_GETS; call++) {
        if (!get_flag(uncached, call % THREADS, "a child's get") || !get_flag(cached, call % THREADS, "a child's cached get")) {
            return 1;
        }
    }
    snprintf(key, sizeof key, "child-%d", number);
    ld_dynamo_status status = ld_dynamo_store_upsert(uncached, "features", key, "{\"version\":1}", &stored, &error);
    if (status != LD_DYNAMO_OK) {
        report("a child's upsert", status, error);
        return 1;
    }
    ld_dynamo_store_free(uncached);
    ld_dynamo_store_free(cached);
    ld_dynamo_store *own = open_store(endpoint, table, 0);
    if (own == NULL || !get_flag(own, 0, "a child's own handle")) {
        return 1;
    }
    ld_dynamo_store_free(own);
    return 0;
}

/* Waits for one child. Returns 1 when it ended well. */
static int reap(void) {
    int status = 0;
    pid_t child = wait(&status);
    if (child > 0 && WIFSIGNALED(status)) {
        fprintf(stderr, "process %ld was ended by signal %d%s\n", (long)child, WTERMSIG(status), WTERMSIG(status) == SIGALRM ? ": it hung" : "");
    }
    return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int store_flags(void) {
    for (int number = 0; number < THREADS; number++) {
        char key[32], item[64];
        char *stored = NULL;
        ld_dynamo_error *error = NULL;
        snprintf(key, sizeof key, "flag-%d", number);
        snprintf(item, sizeof item, "{\"key\":\"%s\",\"version\":1}", key);
        ld_dynamo_status status = ld_dynamo_store_upsert(uncached, "features", key, item, &stored, &error);
        /* A table used before holds the same flags already. */
        if (status != LD_DYNAMO_OK && status != LD_DYNAMO_NOT_NEWER) {
            report("upsert", status, error);
            ld_dynamo_error_free(error);
            return 0;
        }
        ld_dynamo_string_free(stored);
    }
    return 1;
}

int main(int count, char **arguments) {
    pthread_t threads[THREADS];
    int numbers[THREADS];
    int forks = count == 4 ? atoi(arguments[3]) : 0;
    int good = 0;
    if (forks <= 0) {
        fprintf(stderr, "usage: fork ENDPOINT TABLE FORKS\n");
        return 2;
    }
    alarm(PARENT_SECONDS);
    uncached = open_store(arguments[1], arguments[2], 0);
    cached = open_store(arguments[1], arguments[2], 20);
    if (uncached == NULL || cached == NULL || !store_flags()) {
        return 1;
    }
    for (int number = 0; number < THREADS; number++) {
        numbers[number] = number;
        if (pthread_create(&threads[number], NULL, call_without_end, &numbers[number]) != 0) {
            return 1;
        }
    }
    for (int number = 0; number < forks; number++) {
        /* Lets the threads come back to full speed, at a different moment of their calls each time. */
        struct timespec pause = {0, 3000000L + number % 7 * 700000L};
        nanosleep(&pause, NULL);
        pid_t child = fork();
        if (child == 0) {
            _exit(run_child(arguments[1], arguments[2], number));
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
    atomic_store(&stopping, true);
    for (int number = 0; number < THREADS; number++) {
        pthread_join(threads[number], NULL);
    }
    ld_dynamo_store_free(uncached);
    ld_dynamo_store_free(cached);
    printf("%d forks: %d children ended well, %d did not; %ld calls by the parent's threads, %ld errors\n", forks, good, forks - good,
           atomic_load(&parent_calls), atomic_load(&parent_errors));
    return good == forks && atomic_load(&parent_errors) == 0 && atomic_load(&parent_calls) > 0 ? 0 : 1;
}

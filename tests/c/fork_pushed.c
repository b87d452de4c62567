/*
 * Pushes credentials on two threads without a pause while others call, and forks beside them. A child has credentials without a push of its own:
 * its first call must succeed, and so must one after a push; what it pushes is its own.
 *
 *   fork_pushed CONFIGURATION FORKS     the table holds the flags of calls.h; the configuration says "credentials": "pushed"
 */
#define _POSIX_C_SOURCE 200809L

#include "calls.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#define PUSHING 2
#define THREADS 4
#define CHILD_SECONDS 30
#define WHOLE_SECONDS 570

static ld_dynamo_store *store;
static atomic_bool stopping;
static atomic_int errors;

/* Returns 1 on success. */
static int push(const char *credentials) {
    ld_dynamo_error *error = NULL;
    ld_dynamo_status status = ld_dynamo_store_set_credentials(store, credentials, &error);
    if (status != LD_DYNAMO_OK) {
        report("a push", status, error);
        ld_dynamo_error_free(error);
    }
    return status == LD_DYNAMO_OK;
}

static void *work_without_end(void *argument) {
    int number = *(int *)argument;
    while (!atomic_load(&stopping)) {
        int good = number < PUSHING ? push("{\"access_key_id\":\"parent\",\"secret_access_key\":\"key\",\"session_token\":\"token\"}")
                                    : get_flag(store, number, "a thread in calls");
        if (!good) {
            atomic_fetch_add(&errors, 1);
        }
    }
    return NULL;
}

/* Expired ones of a child's end its own calls alone. */
static void run_child(int number) {
    char *item = NULL;
    watch(CHILD_SECONDS);
    int good = get_flag(store, number % FLAGS, "a child's call with what it inherited");
    good = good && push("{\"access_key_id\":\"child\",\"secret_access_key\":\"key\",\"expires_ms\":1}");
    good = good && ld_dynamo_store_get(store, "features", "flag-0", &item, NULL) == LD_DYNAMO_NO_CREDENTIALS;
    good = good && push("{\"access_key_id\":\"child\",\"secret_access_key\":\"key\"}");
    good = good && get_flag(store, number % FLAGS, "a child's call with its own");
    ld_dynamo_store_free(store);
    exit(good ? 0 : 1);
}

int main(int count, char **arguments) {
    pthread_t threads[THREADS];
    int numbers[THREADS];
    int forks = count == 3 ? atoi(arguments[2]) : 0;
    int good = 0;
    if (forks <= 0) {
        fprintf(stderr, "usage: fork_pushed CONFIGURATION FORKS\n");
        return 2;
    }
    watch(WHOLE_SECONDS);
    store = open_store(arguments[1]);
    if (!push("{\"access_key_id\":\"parent\",\"secret_access_key\":\"key\"}")) {
        return 1;
    }
    for (int number = 0; number < THREADS; number++) {
        numbers[number] = number;
        if (pthread_create(&threads[number], NULL, work_without_end, &numbers[number]) != 0) {
            fprintf(stderr, "no thread\n");
            return 1;
        }
    }
    for (int number = 0; number < forks; number++) {
        pause_for_microseconds(1000 + number % 7 * 300);
        pid_t child = fork();
        if (child == 0) {
            run_child(number);
        }
        if (child < 0) {
            perror("fork");
            return 1;
        }
        good += reap();
    }
    atomic_store(&stopping, true);
    for (int number = 0; number < THREADS; number++) {
        pthread_join(threads[number], NULL);
    }
    int unharmed = atomic_load(&errors) == 0 && get_flag(store, 0, "the parent afterwards");
    ld_dynamo_store_free(store);
    printf("%d forks: %d children ended well, %d did not\n", forks, good, forks - good);
    return good == forks && unharmed ? 0 : 1;
}

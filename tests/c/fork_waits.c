/*
 * When a fork waits for the library and when it does not.
 *
 *   fork_waits network CONFIGURATION            the server takes 1200 ms for each answer: a fork does not wait for it
 *   fork_waits work CONFIGURATION FIFO PEM      "ca_bundle" is the FIFO, filled after 300 ms: a fork waits for whoever reads it
 *   fork_waits name CONFIGURATION               the system's resolver takes 1200 ms: a fork waits a moment, the child looks up for itself
 *
 * The table holds the flags of calls.h. Prints the milliseconds that the fork took.
 */
#define _GNU_SOURCE

#include "calls.h"

#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/stat.h>

#define THREADS 8
#define RESOLVER_MICROSECONDS 1200000
#define FIFO_MICROSECONDS 300000

static ld_dynamo_store *store;
static atomic_int errors;
static atomic_int look_ups;
static atomic_bool resolver_is_slow;

/* Stands before the system's resolver, for the library too. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    int (*resolve)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    *(void **)&resolve = dlsym(RTLD_NEXT, "getaddrinfo");
    atomic_fetch_add(&look_ups, 1);
    if (atomic_load(&resolver_is_slow)) {
        pause_for_microseconds(RESOLVER_MICROSECONDS);
    }
    return resolve(name, service, hints, found);
}

static void *call_once(void *argument) {
    if (!get_flag(store, *(int *)argument, "a thread")) {
        atomic_fetch_add(&errors, 1);
    }
    return NULL;
}

static const char *fifo, *pem;

/* The FIFO has become one once its first reader is through. */
static void wait_for_ordinary_file(void) {
    struct stat status;
    while (fifo != NULL && (stat(fifo, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0)) {
        pause_for_microseconds(1000);
    }
}

/* Forks after 100 ms; returns how many milliseconds the fork took, or -1 where the child did not end well. */
static long fork_after_a_while(void) {
    pause_for_microseconds(100000);
    long began = milliseconds_now();
    pid_t child = fork();
    if (child == 0) {
        watch(30);
        atomic_store(&resolver_is_slow, false);
        wait_for_ordinary_file();
        int right = get_flag(store, 0, "the child");
        ld_dynamo_store_free(store);
        exit(right ? 0 : 1);
    }
    long took = milliseconds_now() - began;
    return child > 0 && reap() ? took : -1;
}

static void copy(const char *from, const char *to) {
    static char bytes[65536];
    FILE *source = fopen(from, "r"), *target = fopen(to, "w");
    size_t length = source == NULL ? 0 : fread(bytes, 1, sizeof bytes, source);
    if (target == NULL || length == 0 || fwrite(bytes, 1, length, target) != length || fclose(target) != 0) {
        perror(to);
        exit(1);
    }
    fclose(source);
}

static void *fill_fifo(void *argument) {
    (void)argument;
    pause_for_microseconds(FIFO_MICROSECONDS);
    copy(pem, fifo);
    /* From here on it is an ordinary file, for the child. */
    if (unlink(fifo) != 0) {
        perror(fifo);
        exit(1);
    }
    copy(pem, fifo);
    return NULL;
}

int main(int count, char **arguments) {
    pthread_t threads[THREADS], filler;
    int numbers[THREADS];
    int waits_for_work = count == 5 && strcmp(arguments[1], "work") == 0;
    if (count != 3 && !waits_for_work) {
        fprintf(stderr, "usage: fork_waits network|work|name CONFIGURATION [FIFO PEM]\n");
        return 2;
    }
    watch(60);
    atomic_store(&resolver_is_slow, strcmp(arguments[1], "name") == 0);
    store = open_store(arguments[2]);
    if (waits_for_work) {
        fifo = arguments[3];
        pem = arguments[4];
        if (pthread_create(&filler, NULL, fill_fifo, NULL) != 0) {
            return 1;
        }
    }
    for (int number = 0; number < THREADS; number++) {
        numbers[number] = number;
        if (pthread_create(&threads[number], NULL, call_once, &numbers[number]) != 0) {
            return 1;
        }
    }
    long took = fork_after_a_while();
    for (int number = 0; number < THREADS; number++) {
        pthread_join(threads[number], NULL);
    }
    if (waits_for_work) {
        pthread_join(filler, NULL);
    }
    ld_dynamo_store_free(store);
    printf("%ld\n", took);
    return took >= 0 && atomic_load(&errors) == 0 && atomic_load(&look_ups) > 0 ? 0 : 1;
}

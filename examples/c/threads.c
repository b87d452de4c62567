/*
 * One store for all threads: no lock of the program's, one cache, one request where several ask for the same flag at once.
 *
 *   threads     TABLE names the table and ENDPOINT, when set, a local engine; region and credentials come from the environment
 *
 *   cc -std=c11 threads.c $(pkg-config --cflags --libs ld_dynamo_store) -lpthread -o threads
 */
#include <ld_dynamo_store.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define THREADS 8
#define READS 1000

struct reader {
    pthread_t thread;
    const ld_dynamo_store *store;
    int found;
    ld_dynamo_status failure;
};

/* A call blocks its own thread alone. Each thread has results and errors of its own; only the store is shared. */
static void *read_flags(void *argument) {
    struct reader *reader = argument;
    for (int read = 0; read < READS && reader->failure == LD_DYNAMO_OK; read++) {
        char *item = NULL;
        ld_dynamo_status status = ld_dynamo_store_get(reader->store, "features", "flag", &item, NULL);
        if (status < 0) {
            reader->failure = status;
        }
        reader->found += item != NULL;
        ld_dynamo_string_free(item);
    }
    return NULL;
}

int main(void) {
    const char *table = getenv("TABLE"), *endpoint = getenv("ENDPOINT");
    char configuration[1024], *stored = NULL;
    static struct reader readers[THREADS];
    ld_dynamo_store *store = NULL;
    ld_dynamo_error *error = NULL;
    int started = 0, found = 0, result = 0;
    snprintf(configuration, sizeof configuration, "{\"table\":\"%s\",\"prefix\":\"threads\"%s%s%s}", table == NULL ? "" : table,
             endpoint == NULL ? "" : ",\"endpoint\":\"", endpoint == NULL ? "" : endpoint, endpoint == NULL ? "" : "\"");
    ld_dynamo_status status = ld_dynamo_store_new(configuration, &store, &error);
    if (status == LD_DYNAMO_OK) {
        status = ld_dynamo_store_upsert(store, "features", "flag", "{\"key\":\"flag\",\"version\":1}", &stored, &error);
        ld_dynamo_string_free(stored);
    }
    if (status < 0) {
        fprintf(stderr, "%s\n", ld_dynamo_error_message(error));
        ld_dynamo_error_free(error);
        ld_dynamo_store_free(store);
        return 1;
    }
    for (; started < THREADS; started++) {
        readers[started].store = store;
        if (pthread_create(&readers[started].thread, NULL, read_flags, &readers[started]) != 0) {
            break;
        }
    }
    for (int number = 0; number < started; number++) {
        pthread_join(readers[number].thread, NULL);
        found += readers[number].found;
        result |= readers[number].failure != LD_DYNAMO_OK;
    }
    printf("%d threads found the flag %d times\n", started, found);
    /* Only now, when nobody uses it any more. */
    ld_dynamo_store_free(store);
    return result;
}

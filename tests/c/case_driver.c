/*
 * Drives the library from C for the shared cases in tests/cases.
 *
 * Reads requests from stdin until it ends and answers each on stdout. A frame is a line with the number of fields, then the fields; a field is a
 * line with its length in bytes, then the bytes and a newline; NULL is the line "-1".
 *
 *   request  call, store name, arguments…
 *   answer   status, result or NULL, error message or NULL, service code or NULL, retriable "1" or "0" or NULL
 */
#include <ld_dynamo_store.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAXIMUM_FIELDS 8

/* A store by the name the cases give it. */
typedef struct named_store {
    char *name;
    ld_dynamo_store *store;
    struct named_store *next;
} named_store;

typedef struct request {
    size_t count;
    char *fields[MAXIMUM_FIELDS];
} request;

typedef struct answer {
    ld_dynamo_status status;
    char *result;
    ld_dynamo_error *error;
} answer;

static named_store *stores = NULL;

/* A broken protocol is the runner's mistake: say so and stop, so that no case passes by accident. */
static void stop(const char *reason) {
    fprintf(stderr, "case_driver: %s\n", reason);
    exit(2);
}

static void *allocate(size_t size) {
    void *memory = malloc(size);
    if (memory == NULL) {
        stop("out of memory");
    }
    return memory;
}

/* Reads a line holding one number. Returns 0 at the end of the input. */
static int read_number(long *number) {
    char line[32];
    char *end;
    if (fgets(line, sizeof line, stdin) == NULL) {
        return 0;
    }
    *number = strtol(line, &end, 10);
    if (end == line || *end != '\n') {
        stop("a number was expected");
    }
    return 1;
}

static char *read_field(void) {
    long length;
    char *field;
    if (!read_number(&length)) {
        stop("the input ended inside a frame");
    }
    if (length == -1) {
        return NULL;
    }
    if (length < 0) {
        stop("a negative length");
    }
    field = allocate((size_t)length + 1);
    if (fread(field, 1, (size_t)length, stdin) != (size_t)length || getchar() != '\n') {
        stop("the input ended inside a field");
    }
    field[length] = '\0';
    return field;
}

static int read_request(request *received) {
    long count;
    if (!read_number(&count)) {
        return 0;
    }
    if (count < 2 || count > MAXIMUM_FIELDS) {
        stop("a request has a call, a store name and at most six arguments");
    }
    received->count = (size_t)count;
    for (size_t index = 0; index < received->count; index++) {
        received->fields[index] = read_field();
    }
    if (received->fields[0] == NULL || received->fields[1] == NULL) {
        stop("the call and the store name cannot be NULL");
    }
    return 1;
}

static void write_field(const char *field) {
    if (field == NULL) {
        fputs("-1\n", stdout);
    } else {
        printf("%zu\n%s\n", strlen(field), field);
    }
}

static void write_answer(const answer *given) {
    char status[16];
    snprintf(status, sizeof status, "%d", (int)given->status);
    fputs("5\n", stdout);
    write_field(status);
    write_field(given->result);
    if (given->error == NULL) {
        write_field(NULL);
        write_field(NULL);
        write_field(NULL);
    } else {
        write_field(ld_dynamo_error_message(given->error));
        write_field(ld_dynamo_error_service_code(given->error));
        write_field(ld_dynamo_error_is_retriable(given->error) ? "1" : "0");
    }
    fflush(stdout);
}

static ld_dynamo_store *find_store(const char *name) {
    named_store *entry = stores;
    while (entry != NULL && strcmp(entry->name, name) != 0) {
        entry = entry->next;
    }
    return entry == NULL ? NULL : entry->store;
}

static void forget_store(const char *name) {
    for (named_store **link = &stores; *link != NULL; link = &(*link)->next) {
        named_store *entry = *link;
        if (strcmp(entry->name, name) == 0) {
            *link = entry->next;
            ld_dynamo_store_free(entry->store);
            free(entry->name);
            free(entry);
            return;
        }
    }
}

static void remember_store(const char *name, ld_dynamo_store *store) {
    named_store *entry = allocate(sizeof *entry);
    entry->name = allocate(strlen(name) + 1);
    strcpy(entry->name, name);
    entry->store = store;
    entry->next = stores;
    stores = entry;
}

static void serve(const request *received, answer *given) {
    const char *call = received->fields[0];
    const char *name = received->fields[1];
    const char *first = received->count > 2 ? received->fields[2] : NULL;
    const char *second = received->count > 3 ? received->fields[3] : NULL;
    const char *third = received->count > 4 ? received->fields[4] : NULL;
    const ld_dynamo_store *store = find_store(name);

    if (strcmp(call, "new") == 0) {
        ld_dynamo_store *made = NULL;
        forget_store(name);
        given->status = ld_dynamo_store_new(first, &made, &given->error);
        if (made != NULL) {
            remember_store(name, made);
        }
    } else if (strcmp(call, "free") == 0) {
        forget_store(name);
    } else if (store == NULL) {
        stop("there is no store of that name");
    } else if (strcmp(call, "get") == 0) {
        given->status = ld_dynamo_store_get(store, first, second, &given->result, &given->error);
    } else if (strcmp(call, "all") == 0) {
        given->status = ld_dynamo_store_all(store, first, &given->result, &given->error);
    } else if (strcmp(call, "init") == 0) {
        given->status = ld_dynamo_store_init(store, first, &given->error);
    } else if (strcmp(call, "upsert") == 0) {
        given->status = ld_dynamo_store_upsert(store, first, second, third, &given->result, &given->error);
    } else if (strcmp(call, "initialized") == 0) {
        given->status = ld_dynamo_store_initialized(store, &given->error);
    } else if (strcmp(call, "available") == 0) {
        given->status = ld_dynamo_store_available(store, &given->error);
    } else if (strcmp(call, "big_segments_metadata") == 0) {
        given->status = ld_dynamo_store_big_segments_metadata(store, &given->result, &given->error);
    } else if (strcmp(call, "big_segments_cursor") == 0) {
        given->status = ld_dynamo_store_big_segments_cursor(store, &given->result, &given->error);
    } else if (strcmp(call, "big_segments_membership") == 0) {
        given->status = ld_dynamo_store_big_segments_membership(store, first, &given->result, &given->error);
    } else if (strcmp(call, "big_segments_apply_patch") == 0) {
        given->status = ld_dynamo_store_big_segments_apply_patch(store, first, &given->error);
    } else if (strcmp(call, "big_segments_set_synchronized") == 0) {
        given->status = ld_dynamo_store_big_segments_set_synchronized(store, strtoll(first, NULL, 10), &given->error);
    } else if (strcmp(call, "context_hash") == 0) {
        given->status = ld_dynamo_context_hash(first, &given->result, &given->error);
    } else if (strcmp(call, "stats") == 0) {
        given->status = ld_dynamo_store_stats(store, &given->result, &given->error);
    } else if (strcmp(call, "set_credentials") == 0) {
        given->status = ld_dynamo_store_set_credentials(store, first, &given->error);
    } else {
        stop("an unknown call");
    }
}

int main(void) {
    request received;
    while (read_request(&received)) {
        answer given = {LD_DYNAMO_OK, NULL, NULL};
        serve(&received, &given);
        write_answer(&given);
        ld_dynamo_string_free(given.result);
        ld_dynamo_error_free(given.error);
        for (size_t index = 0; index < received.count; index++) {
            free(received.fields[index]);
        }
    }
    while (stores != NULL) {
        forget_store(stores->name);
    }
    return 0;
}

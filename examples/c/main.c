/*
 * A first program in C: loads, shows, lists and changes LaunchDarkly flags in a DynamoDB table.
 *
 *   flags load FILE                 replaces the whole data set by the one in FILE
 *   flags show KIND KEY             one item; KIND is features or segments
 *   flags list KIND                 every item of a kind
 *   flags upsert KIND KEY JSON      writes one item, unless the table holds a newer version
 *
 * The environment says where: TABLE names the table; PREFIX, when set, goes before its namespaces; ENDPOINT, when set, is the address of a local
 * engine instead of AWS; region and credentials come from AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY or wherever else AWS programs find
 * them. A local engine takes any credentials.
 *
 *   cc -std=c11 examples/c/main.c -I include -L target/release -l ld_dynamo_store "-Wl,-rpath,$PWD/target/release" -o flags
 */
#include <ld_dynamo_store.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How much of a long answer is printed. */
#define EXCERPT_BYTES 600

/* Every call answers with a status: 0 done, above 0 a harmless outcome, below 0 a failure that the error object explains. */
static int explain(const char *what, ld_dynamo_status status, ld_dynamo_error *error) {
    fprintf(stderr, "%s failed with status %d: %s\n", what, (int)status, ld_dynamo_error_message(error));
    if (ld_dynamo_error_is_retriable(error)) {
        fprintf(stderr, "The same call may succeed later.\n");
    }
    ld_dynamo_error_free(error);
    return 1;
}

/* The configuration is one JSON object; whatever is left out has a default. */
static ld_dynamo_store *open_store(void) {
    const char *table = getenv("TABLE");
    const char *prefix = getenv("PREFIX");
    const char *endpoint = getenv("ENDPOINT");
    char endpoint_member[512] = "";
    char configuration[1024];
    ld_dynamo_store *store = NULL;
    ld_dynamo_error *error = NULL;
    if (endpoint != NULL && *endpoint != '\0') {
        snprintf(endpoint_member, sizeof endpoint_member, ",\"endpoint\":\"%s\"", endpoint);
    }
    snprintf(configuration, sizeof configuration, "{\"table\":\"%s\",\"prefix\":\"%s\"%s}", table == NULL ? "" : table, prefix == NULL ? "" : prefix,
             endpoint_member);
    ld_dynamo_status status = ld_dynamo_store_new(configuration, &store, &error);
    if (status != LD_DYNAMO_OK) {
        explain("Opening the store", status, error);
    }
    return store;
}

static char *read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    long length;
    if (file != NULL && fseek(file, 0, SEEK_END) == 0 && (length = ftell(file)) >= 0 && fseek(file, 0, SEEK_SET) == 0) {
        text = malloc((size_t)length + 1);
        if (text != NULL) {
            text[fread(text, 1, (size_t)length, file)] = '\0';
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return text;
}

/* Prints JSON, cut between two characters when it is long. */
static void print_json(const char *json) {
    size_t length = strlen(json);
    if (length <= EXCERPT_BYTES) {
        printf("  %s\n", json);
        return;
    }
    size_t shown = EXCERPT_BYTES;
    while (((unsigned char)json[shown] & 0xC0) == 0x80) {
        shown--;
    }
    printf("  %.*s … and %zu more bytes\n", (int)shown, json, length - shown);
}

static int load(const ld_dynamo_store *store, const char *path) {
    ld_dynamo_error *error = NULL;
    char *data = read_file(path);
    if (data == NULL) {
        fprintf(stderr, "%s cannot be read.\n", path);
        return 1;
    }
    ld_dynamo_status status = ld_dynamo_store_init(store, data, &error);
    free(data);
    if (status != LD_DYNAMO_OK) {
        return explain("init", status, error);
    }
    printf("C: the table now holds the data set of %s.\n", path);
    return 0;
}

static int show(const ld_dynamo_store *store, const char *kind, const char *key) {
    char *item = NULL;
    ld_dynamo_error *error = NULL;
    ld_dynamo_status status = ld_dynamo_store_get(store, kind, key, &item, &error);
    if (status < 0) {
        return explain("get", status, error);
    }
    if (status == LD_DYNAMO_NOT_FOUND) {
        printf("C: there is no \"%s\" among the %s.\n", key, kind);
        return 0;
    }
    printf("C: \"%s\" in %s, as it is stored:\n", key, kind);
    print_json(item);
    /* Every string the library returns is the caller's to free. */
    ld_dynamo_string_free(item);
    return 0;
}

static int list(const ld_dynamo_store *store, const char *kind) {
    char *items = NULL;
    ld_dynamo_error *error = NULL;
    ld_dynamo_status status = ld_dynamo_store_all(store, kind, &items, &error);
    if (status < 0) {
        return explain("all", status, error);
    }
    printf("C: all %s, one JSON object of %zu bytes from key to item:\n", kind, strlen(items));
    print_json(items);
    ld_dynamo_string_free(items);
    return 0;
}

static int upsert(const ld_dynamo_store *store, const char *kind, const char *key, const char *item) {
    char *stored = NULL;
    ld_dynamo_error *error = NULL;
    ld_dynamo_status status = ld_dynamo_store_upsert(store, kind, key, item, &stored, &error);
    if (status < 0) {
        return explain("upsert", status, error);
    }
    if (status == LD_DYNAMO_NOT_NEWER) {
        printf("C: \"%s\" was left alone, since the table holds this version or a newer one:\n", key);
        print_json(stored);
    } else if (status == LD_DYNAMO_TOO_LARGE) {
        printf("C: \"%s\" is too large for DynamoDB; the table was left alone.\n", key);
    } else {
        printf("C: \"%s\" was written.\n", key);
    }
    ld_dynamo_string_free(stored);
    return 0;
}

int main(int count, char **arguments) {
    const char *command = count > 1 ? arguments[1] : "";
    int result = 2;
    ld_dynamo_store *store = open_store();
    if (store == NULL) {
        return 1;
    }
    if (strcmp(command, "load") == 0 && count == 3) {
        result = load(store, arguments[2]);
    } else if (strcmp(command, "show") == 0 && count == 4) {
        result = show(store, arguments[2], arguments[3]);
    } else if (strcmp(command, "list") == 0 && count == 3) {
        result = list(store, arguments[2]);
    } else if (strcmp(command, "upsert") == 0 && count == 5) {
        result = upsert(store, arguments[2], arguments[3], arguments[4]);
    } else {
        fprintf(stderr, "usage: flags load FILE | show KIND KEY | list KIND | upsert KIND KEY JSON\n");
    }
    ld_dynamo_store_free(store);
    return result;
}

/*
 * What Java cannot do by itself: load the native library, and call its functions with texts as bytes.
 *
 * Functions are passed as addresses, which Java has looked up. Log messages are collected below the call that caused them and handed back
 * with its answer, so that no Java code runs on top of native frames. An answer's texts go into an array of four: the result, the error's
 * message, the service's error code, the log messages.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <jni.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { RESULT, MESSAGE, SERVICE_CODE, LOGS };

/* The shapes of functions, as the Java class Call numbers them: with a store or without, with so many texts, with a result or without. */
enum { STORE, STORE_RESULT, STORE_TEXT, STORE_TEXT_RESULT, STORE_TWO_TEXTS_RESULT, STORE_THREE_TEXTS_RESULT, TEXT_RESULT };

typedef void log_callback(void *userdata, int32_t level, const char *message);
typedef void member_callback(void *userdata, const char *name, size_t name_length, const char *value, size_t value_length);

typedef int32_t of_store(void *, void **);
typedef int32_t of_store_result(void *, char **, void **);
typedef int32_t of_store_text(void *, const char *, void **);
typedef int32_t of_store_text_result(void *, const char *, char **, void **);
typedef int32_t of_store_two_texts_result(void *, const char *, const char *, char **, void **);
typedef int32_t of_store_three_texts_result(void *, const char *, const char *, const char *, char **, void **);
typedef int32_t of_text_result(const char *, char **, void **);
typedef int32_t of_text_store(const char *, void **, void **);
typedef int32_t of_store_number(void *, int64_t, void **);
typedef int32_t of_store_logger(void *, log_callback *, void *, void (*)(void *), void **);
typedef int32_t of_members(const char *, uint32_t, member_callback *, void *, void **);

/* What every answer needs: how its texts and its error are read and freed. */
typedef struct {
    void (*string_free)(char *);
    const char *(*error_message)(const void *);
    const char *(*error_service_code)(const void *);
    int32_t (*error_is_retriable)(const void *);
    void (*error_free)(void *);
} answers;

/* Bytes that grow; where there was no memory for more, something is missing. */
typedef struct {
    char *bytes;
    size_t length, capacity;
    int incomplete;
} buffer;

/* Where the messages of this thread's call go. */
static _Thread_local buffer *logs_of_call;

static int reserve(buffer *grown, size_t more) {
    size_t needed = grown->length + more;
    char *bytes;
    if (needed <= grown->capacity) {
        return 1;
    }
    needed = needed < 2 * grown->capacity ? 2 * grown->capacity : needed;
    bytes = realloc(grown->bytes, needed);
    if (bytes == NULL) {
        return 0;
    }
    grown->bytes = bytes;
    grown->capacity = needed;
    return 1;
}

/* Two numbers and two texts, of which the second one may be absent. */
static void append(buffer *grown, uint32_t first, uint32_t second, const char *one, size_t one_length, const char *two, size_t two_length) {
    uint32_t numbers[2] = {first, second};
    if (!reserve(grown, sizeof numbers + one_length + two_length)) {
        grown->incomplete = 1;
        return;
    }
    memcpy(grown->bytes + grown->length, numbers, sizeof numbers);
    grown->length += sizeof numbers;
    memcpy(grown->bytes + grown->length, one, one_length);
    grown->length += one_length;
    if (two_length > 0) {
        memcpy(grown->bytes + grown->length, two, two_length);
        grown->length += two_length;
    }
}

static void collect_log(void *userdata, int32_t level, const char *message) {
    (void)userdata;
    if (logs_of_call != NULL) {
        append(logs_of_call, (uint32_t)level, (uint32_t)strlen(message), message, strlen(message), NULL, 0);
    }
}

static void collect_member(void *userdata, const char *name, size_t name_length, const char *value, size_t value_length) {
    append(userdata, (uint32_t)name_length, (uint32_t)value_length, name, name_length, value, value_length);
}

/* An argument as a C string: short ones lie on the stack. */
typedef struct {
    char *text;
    char small[320];
} argument;

static int take(JNIEnv *env, jbyteArray bytes, argument *taken) {
    jsize length;
    taken->text = NULL;
    if (bytes == NULL) {
        return 1;
    }
    length = (*env)->GetArrayLength(env, bytes);
    taken->text = (size_t)length < sizeof taken->small ? taken->small : malloc((size_t)length + 1);
    if (taken->text == NULL) {
        (*env)->ThrowNew(env, (*env)->FindClass(env, "java/lang/OutOfMemoryError"), "no memory for an argument");
        return 0;
    }
    (*env)->GetByteArrayRegion(env, bytes, 0, length, (jbyte *)taken->text);
    taken->text[length] = '\0';
    return 1;
}

static void drop(argument *taken) {
    if (taken->text != taken->small) {
        free(taken->text);
    }
}

static jbyteArray new_bytes(JNIEnv *env, const char *bytes, size_t length) {
    jbyteArray made;
    if (length > INT32_MAX) {
        (*env)->ThrowNew(env, (*env)->FindClass(env, "java/lang/OutOfMemoryError"), "a text of over 2 GiB");
        return NULL;
    }
    made = (*env)->NewByteArray(env, (jsize)length);
    if (made != NULL) {
        (*env)->SetByteArrayRegion(env, made, 0, (jsize)length, (const jbyte *)bytes);
    }
    return made;
}

/* Puts a text into the answer, unless Java has run out of memory already. */
static void put(JNIEnv *env, jobjectArray answer, jsize place, const char *bytes, size_t length) {
    jbyteArray made;
    if ((*env)->ExceptionCheck(env)) {
        return;
    }
    made = new_bytes(env, bytes, length);
    if (made != NULL) {
        (*env)->SetObjectArrayElement(env, answer, place, made);
        (*env)->DeleteLocalRef(env, made);
    }
}

static void put_text(JNIEnv *env, jobjectArray answer, jsize place, const char *text) {
    if (text != NULL) {
        put(env, answer, place, text, strlen(text));
    }
}

static void put_logs(JNIEnv *env, jobjectArray answer, buffer *logs) {
    if (logs->length > 0) {
        put(env, answer, LOGS, logs->bytes, logs->length);
    }
    free(logs->bytes);
}

/* The status, and above it whether a failure is retriable. Frees the error. */
static jlong finish(JNIEnv *env, const answers *how, jobjectArray answer, int32_t status, void *error) {
    jlong outcome = (jlong)(uint32_t)status;
    if (error != NULL) {
        outcome |= (jlong)(how->error_is_retriable(error) != 0) << 32;
        put_text(env, answer, MESSAGE, how->error_message(error));
        put_text(env, answer, SERVICE_CODE, how->error_service_code(error));
        how->error_free(error);
    }
    return outcome;
}

static void *address(jlong number) {
    return (void *)(intptr_t)number;
}

/* Loads a library; 0, and the loader's message in the array, where it cannot be loaded. */
JNIEXPORT jlong JNICALL Java_lddynamostore_internal_Jni_open(JNIEnv *env, jclass self, jbyteArray path, jobjectArray failure) {
    argument name;
    void *handle;
    (void)self;
    if (!take(env, path, &name)) {
        return 0;
    }
    handle = dlopen(name.text, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        put_text(env, failure, 0, dlerror());
    }
    drop(&name);
    return (jlong)(intptr_t)handle;
}

/* The address of a function, or 0. */
JNIEXPORT jlong JNICALL Java_lddynamostore_internal_Jni_find(JNIEnv *env, jclass self, jlong handle, jbyteArray function) {
    argument name;
    void *found;
    (void)self;
    if (!take(env, function, &name)) {
        return 0;
    }
    found = dlsym(address(handle), name.text);
    drop(&name);
    return (jlong)(intptr_t)found;
}

/* Keeps the functions that every answer needs, for as long as the process lives. */
JNIEXPORT jlong JNICALL Java_lddynamostore_internal_Jni_answers(JNIEnv *env, jclass self, jlong string_free, jlong error_message,
                                                                jlong error_service_code, jlong error_is_retriable, jlong error_free) {
    answers *how = malloc(sizeof *how);
    (void)self;
    if (how == NULL) {
        (*env)->ThrowNew(env, (*env)->FindClass(env, "java/lang/OutOfMemoryError"), "no memory for the library's functions");
        return 0;
    }
    how->string_free = (void (*)(char *))(intptr_t)string_free;
    how->error_message = (const char *(*)(const void *))(intptr_t)error_message;
    how->error_service_code = (const char *(*)(const void *))(intptr_t)error_service_code;
    how->error_is_retriable = (int32_t(*)(const void *))(intptr_t)error_is_retriable;
    how->error_free = (void (*)(void *))(intptr_t)error_free;
    return (jlong)(intptr_t)how;
}

JNIEXPORT jint JNICALL Java_lddynamostore_internal_Jni_number(JNIEnv *env, jclass self, jlong function) {
    (void)env, (void)self;
    return (jint)((uint32_t(*)(void))(intptr_t)function)();
}

JNIEXPORT jbyteArray JNICALL Java_lddynamostore_internal_Jni_text(JNIEnv *env, jclass self, jlong function) {
    const char *text = ((const char *(*)(void))(intptr_t)function)();
    (void)self;
    return new_bytes(env, text, strlen(text));
}

JNIEXPORT jlong JNICALL Java_lddynamostore_internal_Jni_call(JNIEnv *env, jclass self, jlong how, jlong function, jint shape, jlong store,
                                                             jbyteArray first, jbyteArray second, jbyteArray third, jobjectArray answer) {
    argument a = {0}, b = {0}, c = {0};
    buffer logs = {0}, *outer = logs_of_call;
    char *result = NULL;
    void *error = NULL, *of = address(store);
    intptr_t f = (intptr_t)function;
    int32_t status = 0;
    jlong outcome = 0;
    (void)self;
    if (take(env, first, &a) && take(env, second, &b) && take(env, third, &c)) {
        logs_of_call = &logs;
        switch (shape) {
            case STORE: status = ((of_store *)f)(of, &error); break;
            case STORE_RESULT: status = ((of_store_result *)f)(of, &result, &error); break;
            case STORE_TEXT: status = ((of_store_text *)f)(of, a.text, &error); break;
            case STORE_TEXT_RESULT: status = ((of_store_text_result *)f)(of, a.text, &result, &error); break;
            case STORE_TWO_TEXTS_RESULT: status = ((of_store_two_texts_result *)f)(of, a.text, b.text, &result, &error); break;
            case STORE_THREE_TEXTS_RESULT: status = ((of_store_three_texts_result *)f)(of, a.text, b.text, c.text, &result, &error); break;
            case TEXT_RESULT: status = ((of_text_result *)f)(a.text, &result, &error); break;
        }
        logs_of_call = outer;
        put_text(env, answer, RESULT, result);
        if (result != NULL) {
            ((const answers *)address(how))->string_free(result);
        }
        outcome = finish(env, address(how), answer, status, error);
        put_logs(env, answer, &logs);
    }
    drop(&a);
    drop(&b);
    drop(&c);
    return outcome;
}

/* Makes a store, whose address goes into the array of one. */
JNIEXPORT jlong JNICALL Java_lddynamostore_internal_Jni_create(JNIEnv *env, jclass self, jlong how, jlong function,
                                                               jbyteArray configuration, jlongArray store, jobjectArray answer) {
    argument text;
    void *made = NULL, *error = NULL;
    int32_t status;
    jlong number;
    (void)self;
    if (!take(env, configuration, &text)) {
        return 0;
    }
    status = ((of_text_store *)(intptr_t)function)(text.text, &made, &error);
    drop(&text);
    number = (jlong)(intptr_t)made;
    (*env)->SetLongArrayRegion(env, store, 0, 1, &number);
    return finish(env, address(how), answer, status, error);
}

JNIEXPORT jlong JNICALL Java_lddynamostore_internal_Jni_callWithNumber(JNIEnv *env, jclass self, jlong how, jlong function, jlong store,
                                                                       jlong number, jobjectArray answer) {
    buffer logs = {0}, *outer = logs_of_call;
    void *error = NULL;
    int32_t status;
    jlong outcome;
    (void)self;
    logs_of_call = &logs;
    status = ((of_store_number *)(intptr_t)function)(address(store), number, &error);
    logs_of_call = outer;
    outcome = finish(env, address(how), answer, status, error);
    put_logs(env, answer, &logs);
    return outcome;
}

JNIEXPORT jlong JNICALL Java_lddynamostore_internal_Jni_collectLogs(JNIEnv *env, jclass self, jlong how, jlong function, jlong store,
                                                                    jobjectArray answer) {
    void *error = NULL;
    int32_t status = ((of_store_logger *)(intptr_t)function)(address(store), collect_log, NULL, NULL, &error);
    (void)self;
    return finish(env, address(how), answer, status, error);
}

/* The members of a JSON object, one after the other: two lengths, the name, the value. */
JNIEXPORT jlong JNICALL Java_lddynamostore_internal_Jni_members(JNIEnv *env, jclass self, jlong how, jlong function, jbyteArray object,
                                                                jobjectArray answer) {
    argument text;
    buffer members = {0};
    void *error = NULL;
    int32_t status;
    (void)self;
    if (!take(env, object, &text)) {
        return 0;
    }
    reserve(&members, strlen(text.text));
    status = ((of_members *)(intptr_t)function)(text.text, 0, collect_member, &members, &error);
    drop(&text);
    if (members.incomplete) {
        (*env)->ThrowNew(env, (*env)->FindClass(env, "java/lang/OutOfMemoryError"), "no memory for the members of an object");
    }
    put(env, answer, RESULT, members.bytes == NULL ? "" : members.bytes, members.length);
    free(members.bytes);
    return finish(env, address(how), answer, status, error);
}

JNIEXPORT void JNICALL Java_lddynamostore_internal_Jni_free(JNIEnv *env, jclass self, jlong function, jlong store) {
    (void)env, (void)self;
    ((void (*)(void *))(intptr_t)function)(address(store));
}

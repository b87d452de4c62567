package lddynamostore;

import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import lddynamostore.exception.ConnectivityException;
import lddynamostore.exception.InvalidBigSegmentsException;
import lddynamostore.exception.ServiceException;
import lddynamostore.exception.ThrottledException;
import lddynamostore.internal.Answer;
import lddynamostore.internal.Arguments;
import lddynamostore.internal.Call;
import lddynamostore.internal.Items;
import lddynamostore.internal.JsonText;
import lddynamostore.internal.Members;
import lddynamostore.internal.NativeStore;

/**
 * LaunchDarkly's flags and segments in a DynamoDB table, under one prefix.
 *
 * <p>Any number of threads may use a store at once. Making one opens no connection and starts no thread; the first call connects. A method
 * that asks the table blocks until the answer or a timeout, and throws a {@link lddynamostore.exception.StoreException} of the class that
 * fits the cause. On a virtual thread it waits without holding the carrier: one of 16 platform threads makes the call.
 *
 * <p>A kind is {@code "features"} (or its alias {@code "flags"}), {@code "segments"}, or a name of your own. Items are JSON objects with an
 * integer {@code version}, as text. Deleted items are tombstones: objects with {@code "deleted": true}, returned as they are.
 *
 * <p>{@link #close} ends a store. One that is garbage is closed when the next one is made.
 */
public final class Store implements AutoCloseable {
  private final NativeStore store;

  /**
   * Opens a store with the library's defaults.
   *
   * @param table name or ARN of the table; its partition key is {@code namespace} and its sort key {@code key}, both strings
   */
  public Store(String table) {
    this(table, new StoreOptions());
  }

  /**
   * Opens a store.
   *
   * @param table name or ARN of the table
   * @param options everything else
   * @throws lddynamostore.exception.ConfigurationException if a setting is wrong, or contradicts another; the message names it
   * @throws lddynamostore.exception.LibraryException if the native library was not found or does not fit
   */
  public Store(String table, StoreOptions options) {
    String configuration = options.toJson(Objects.requireNonNull(table, "table"));
    store = NativeStore.open(configuration, options.library(), options.logHandler(), options.credentialsProvider());
  }

  private Store(String configuration, Path library, LogHandler logHandler) {
    store = NativeStore.open(configuration, library, logHandler, null);
  }

  /**
   * As {@link #fromJson(String, Path, LogHandler)}, with the library that is found and {@code java.util.logging}.
   *
   * @param configuration a JSON object
   * @return a store
   */
  public static Store fromJson(String configuration) {
    return fromJson(configuration, null, null);
  }

  /**
   * Opens a store with the library's own configuration text, also with keys that this package does not know.
   *
   * @param configuration a JSON object; docs/configuration.md lists its keys
   * @param library the native library's file; null to search for it
   * @param logHandler receives the messages; null for {@code java.util.logging}
   * @return a store
   */
  public static Store fromJson(String configuration, Path library, LogHandler logHandler) {
    return new Store(configuration, library, logHandler);
  }

  /**
   * One item. A key that DynamoDB cannot hold is not asked for.
   *
   * @param kind the item's kind
   * @param key the item's key
   * @return the JSON text as it is stored, tombstones included; empty if there is none
   * @throws lddynamostore.exception.CorruptItemException if the row's {@code item} is not a JSON object
   * @throws lddynamostore.exception.StoreException if the table could not be asked
   */
  public Optional<String> get(String kind, String key) {
    return Optional.ofNullable(textOf(kind, key));
  }

  /**
   * One item, parsed.
   *
   * @param <T> what the parser makes
   * @param kind the item's kind
   * @param key the item's key
   * @param parser makes something of a JSON text; not null
   * @return empty if there is no such item
   * @throws lddynamostore.exception.CorruptItemException if the row's {@code item} is not a JSON object, or the parser throws a {@link
   *     RuntimeException}
   * @throws lddynamostore.exception.StoreException if the table could not be asked
   */
  public <T> Optional<T> get(String kind, String key, Function<? super String, ? extends T> parser) {
    Objects.requireNonNull(parser, "parser");
    String text = textOf(kind, key);
    return text == null ? Optional.empty() : Optional.of(Items.parse(text, kind, key, parser));
  }

  private String textOf(String kind, String key) {
    byte[] nativeKind = Arguments.kind(kind);
    if (!Arguments.canBeKey(Objects.requireNonNull(key, "key"))) {
      return null;
    }
    return store.call(Call.GET, Call.GET_CACHED, nativeKind, Arguments.key(key, "key")).text();
  }

  /**
   * Every item of a kind by key, tombstones included; corrupt rows are left out and logged.
   *
   * @param kind the kind
   * @return JSON texts as they are stored, in a map of the caller's own
   * @throws lddynamostore.exception.StoreException if the table could not be asked
   */
  public Map<String, String> all(String kind) {
    return values(membersOf(kind), Function.identity());
  }

  private static <T> Map<String, T> values(Members members, Function<String, T> as) {
    Map<String, T> values = new LinkedHashMap<>();
    while (members.next()) {
      values.put(members.name(), as.apply(members.value()));
    }
    return values;
  }

  /**
   * As {@link #all(String)}, parsed; an item for which the parser throws a {@link RuntimeException} is left out and logged as an error.
   *
   * @param <T> what the parser makes
   * @param kind the kind
   * @param parser makes something of a JSON text; not null
   * @return the items by key, in a map of the caller's own
   */
  public <T> Map<String, T> all(String kind, Function<? super String, ? extends T> parser) {
    Objects.requireNonNull(parser, "parser");
    return Items.parseAll(membersOf(kind), kind, parser, store.logs());
  }

  private Members membersOf(String kind) {
    return store.members(store.call(Call.ALL, Call.ALL_CACHED, Arguments.kind(kind)).result);
  }

  /**
   * As {@link #all(String)}, as one text.
   *
   * @param kind the kind
   * @return a JSON object of the items by key; {@code {}} where there are none
   */
  public String allText(String kind) {
    return store.call(Call.ALL, Call.ALL_CACHED, Arguments.kind(kind)).text();
  }

  /**
   * Replaces the full data set: of every kind in it, exactly these items are stored afterwards. A kind that is not in it is left alone; one
   * that is there but empty is emptied. Rows that are already as they should be are not written. If it fails, the next {@code init} goes on
   * where it stopped.
   *
   * @param data a JSON object of kinds, each an object of items by key; a payload from LaunchDarkly goes in as it is
   * @throws lddynamostore.exception.InvalidArgumentException if the data set is wrong; nothing was written
   * @throws lddynamostore.exception.StoreException if not everything could be written; the message counts the rows
   */
  public void init(String data) {
    store.call(Call.INIT, Arguments.json(data, "data"));
  }

  /**
   * As {@link #init(String)}, for a text that is UTF-8 already.
   *
   * @param data a JSON object; only read during the call
   */
  public void init(byte[] data) {
    store.call(Call.INIT, Arguments.json(data, "data"));
  }

  /**
   * As {@link #init(String)}, for items that are apart.
   *
   * @param data JSON texts of items, by kind and key
   */
  public void init(Map<String, ? extends Map<String, String>> data) {
    init(JsonText.dataSet(data));
  }

  /**
   * Stores one item if it is newer than the stored one, in one request.
   *
   * @param kind the item's kind
   * @param key the key it is stored under, whatever the item says
   * @param item a JSON object with an integer {@code version}; with {@code "deleted": true} it is a deletion
   * @return what became of it, and the item that won
   * @throws lddynamostore.exception.InvalidArgumentException if kind, key or item is wrong; nothing was sent
   * @throws lddynamostore.exception.StoreException if the item may not be stored
   */
  public UpsertResult upsert(String kind, String key, String item) {
    return upsertUtf8(kind, key, Arguments.json(item, "item"));
  }

  /**
   * As {@link #upsert(String, String, String)}, for an item that is UTF-8 already.
   *
   * @param kind the item's kind
   * @param key the key it is stored under
   * @param item a JSON object; only read during the call
   * @return what became of it
   */
  public UpsertResult upsert(String kind, String key, byte[] item) {
    return upsertUtf8(kind, key, Arguments.json(item, "item"));
  }

  private UpsertResult upsertUtf8(String kind, String key, byte[] item) {
    Answer answer = store.call(Call.UPSERT, Arguments.kind(kind), Arguments.key(key, "key"), item);
    if (answer.status == Status.NOT_NEWER) {
      return new UpsertResult(UpsertOutcome.NOT_NEWER, answer.text());
    }
    return new UpsertResult(answer.status == Status.TOO_LARGE ? UpsertOutcome.TOO_LARGE : UpsertOutcome.UPDATED, null);
  }

  /**
   * Whether the table holds a full data set of this prefix.
   *
   * @return false where nobody has written one yet
   * @throws lddynamostore.exception.StoreException if the table could not be asked
   */
  public boolean initialized() {
    return store.call(Call.INITIALIZED, Call.INITIALIZED_CACHED).status != Status.NOT_FOUND;
  }

  /**
   * Whether the table answers now; asks the table, never the cache. {@link #checkAvailable} tells the reason.
   *
   * @return false if it does not answer, refuses, or throttles
   */
  public boolean available() {
    try {
      checkAvailable();
      return true;
    } catch (ConnectivityException | ServiceException | ThrottledException failure) {
      return false;
    }
  }

  /**
   * Returns if the table answers now; asks the table, never the cache.
   *
   * @throws lddynamostore.exception.StoreException why it does not
   */
  public void checkAvailable() {
    store.call(Call.AVAILABLE);
  }

  /**
   * When the Big Segments data was last brought up to date. Never from memory.
   *
   * @return milliseconds since 1970; empty if it never was
   * @throws lddynamostore.exception.StoreException if the table could not be asked, or its row is damaged
   */
  public OptionalLong bigSegmentsSynchronizedOn() {
    Answer answer = store.call(Call.BIG_SEGMENTS_METADATA);
    if (answer.status == Status.NOT_FOUND) {
      return OptionalLong.empty();
    }
    Long when = values(store.members(answer.result), Long::valueOf).get("synchronizedOn");
    return when == null ? OptionalLong.empty() : OptionalLong.of(when);
  }

  /**
   * The version of the last patch that was applied, after which LaunchDarkly is asked for the next ones. Never from memory, and always
   * strongly consistent.
   *
   * @return empty if there was none
   * @throws lddynamostore.exception.StoreException if the table could not be asked
   */
  public Optional<String> bigSegmentsCursor() {
    return Optional.ofNullable(store.call(Call.BIG_SEGMENTS_CURSOR).text());
  }

  /**
   * Whether a context is included in (true) or excluded from (false) Big Segments, by segment reference. An answer is kept for {@code
   * contextCacheTtlMs}.
   *
   * @param contextHash what {@link BigSegments#contextHash(String)} makes of the context's key
   * @return a map of the caller's own; empty if the table does not know the context
   * @throws lddynamostore.exception.StoreException if the table could not be asked, or the row is damaged
   */
  public Optional<Map<String, Boolean>> bigSegmentsMembership(String contextHash) {
    if (!Arguments.canBeKey(Objects.requireNonNull(contextHash, "contextHash"))) {
      return Optional.empty();
    }
    Answer answer = store.call(Call.BIG_SEGMENTS_MEMBERSHIP, Arguments.key(contextHash, "contextHash"));
    if (answer.status == Status.NOT_FOUND) {
      return Optional.empty();
    }
    return Optional.of(values(store.members(answer.result), Boolean::valueOf));
  }

  /**
   * Applies a patch of one Big Segment, as LaunchDarkly sends it to the Relay Proxy. It is applied where the table's cursor is the
   * patch's {@code previousVersion} (or there is none and that is empty), and moves the cursor to {@code version}. Up to 99 contexts,
   * whose rows have no more than 4 MB together, are changed all at once or not at all; more in several transactions, of which the last
   * moves the cursor, so that a patch which failed can be applied again.
   *
   * @param patch a JSON object: {@code {"environmentId": text, "segmentId": "segment-key.g1", "version": text, "previousVersion": text,
   *     "changes": {"included": {"add": [context hash, …], "remove": […]}, "excluded": {…}}}}
   * @return {@link PatchOutcome#OUT_OF_ORDER} where the cursor is another: ask LaunchDarkly for the patches since the table's
   * @throws lddynamostore.exception.InvalidArgumentException if the patch is wrong; nothing was sent
   * @throws lddynamostore.exception.StoreException if the patch is not known to be applied
   */
  public PatchOutcome bigSegmentsApplyPatch(String patch) {
    Answer answer = store.call(Call.BIG_SEGMENTS_APPLY_PATCH, Arguments.json(patch, "patch"));
    return answer.status == Status.OUT_OF_ORDER ? PatchOutcome.OUT_OF_ORDER : PatchOutcome.APPLIED;
  }

  /**
   * Notes that Big Segments were in step with LaunchDarkly, whatever was noted before. SDKs take memberships for stale some time after it,
   * 120 s by default; the Relay Proxy notes it every 30 s.
   *
   * @param unixMs milliseconds since 1970
   * @throws InvalidBigSegmentsException if it is before 1970; nothing was sent
   * @throws lddynamostore.exception.StoreException if the time may not be noted
   */
  public void bigSegmentsSetSynchronized(long unixMs) {
    store.setSynchronized(unixMs);
  }

  /**
   * As {@link #bigSegmentsSetSynchronized(long)}.
   *
   * @param when what is below a millisecond is cut off
   */
  public void bigSegmentsSetSynchronized(Instant when) {
    try {
      bigSegmentsSetSynchronized(when.toEpochMilli());
    } catch (ArithmeticException beyond) {
      String message = "when is " + when + ": its milliseconds since 1970 must fit into 64 bits";
      throw new InvalidBigSegmentsException(message, Status.INVALID_BIG_SEGMENTS, false, null);
    }
  }

  /**
   * Signs requests with these from now on. For a store with {@link StoreOptions#pushedCredentials}. At any time, from any thread, also
   * before the first call. Expired ones are never sent: until new ones come, calls that have to ask the table fail with a retriable {@link
   * lddynamostore.exception.NoCredentialsException}.
   *
   * @param credentials copied
   * @throws lddynamostore.exception.ConfigurationException if one is wrong, or the store was made otherwise; it keeps what it had
   */
  public void setCredentials(Credentials credentials) {
    store.setCredentials(credentials);
  }

  /**
   * As {@link #setCredentials(Credentials)}, in the library's own form.
   *
   * @param credentials a JSON object: {@code access_key_id}, {@code secret_access_key}, and where there are such {@code session_token} and
   *     {@code expires_ms}, milliseconds since 1970
   * @throws lddynamostore.exception.InvalidArgumentException if the text is not JSON
   */
  public void setCredentials(String credentials) {
    store.callNow(Call.SET_CREDENTIALS, Arguments.json(credentials, "credentials"));
  }

  /**
   * What this store counted since it was made; asks nothing.
   *
   * @return the counters now
   */
  public Stats stats() {
    return Stats.read(store, store.callNow(Call.STATS).result);
  }

  /**
   * The native library in use.
   *
   * @return its path and versions
   */
  public Library library() {
    return new Library(store.library());
  }

  /**
   * Whether {@link #close} was called.
   *
   * @return true afterwards, also while calls are still under way
   */
  public boolean isClosed() {
    return store.isClosed();
  }

  /**
   * Closes the store; again does nothing. Never waits: calls that other threads are in go on to their end, and the last one frees the
   * native store. Calls after it throw a {@link lddynamostore.exception.StoreClosedException}.
   */
  @Override
  public void close() {
    store.close();
  }
}

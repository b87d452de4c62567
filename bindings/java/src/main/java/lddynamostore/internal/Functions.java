package lddynamostore.internal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The names of the native functions that are no {@link Call}. */
final class Functions {
  static final String ABI_VERSION = "ld_dynamo_abi_version";
  static final String VERSION = "ld_dynamo_version";
  static final String NEW = "ld_dynamo_store_new";
  static final String SET_SYNCHRONIZED = "ld_dynamo_store_big_segments_set_synchronized";
  static final String SET_LOGGER = "ld_dynamo_store_set_logger";
  static final String FREE = "ld_dynamo_store_free";
  static final String CONTEXT_HASH = "ld_dynamo_context_hash";
  static final String MEMBERS = "ld_dynamo_json_members";
  static final String STRING_FREE = "ld_dynamo_string_free";
  static final String ERROR_MESSAGE = "ld_dynamo_error_message";
  static final String ERROR_SERVICE_CODE = "ld_dynamo_error_service_code";
  static final String ERROR_IS_RETRIABLE = "ld_dynamo_error_is_retriable";
  static final String ERROR_FREE = "ld_dynamo_error_free";

  private Functions() {}

  /** Every function that this package calls. */
  static List<String> all() {
    List<String> names =
        new ArrayList<>(
            Arrays.asList(
                VERSION,
                NEW,
                SET_SYNCHRONIZED,
                SET_LOGGER,
                FREE,
                CONTEXT_HASH,
                MEMBERS,
                STRING_FREE,
                ERROR_MESSAGE,
                ERROR_SERVICE_CODE,
                ERROR_IS_RETRIABLE,
                ERROR_FREE));
    for (Call call : Call.values()) {
      names.add(call.function);
    }
    return names;
  }
}

# frozen_string_literal: true

module LdDynamoStore
  # Every status of the C header, under its name without +LD_DYNAMO_+.
  module Status
    # Success.
    OK = 0
    # There is no such item, no full data set, no Big Segments data.
    NOT_FOUND = 1
    # upsert: the table holds this version or a newer one, which is returned; nothing was written.
    NOT_NEWER = 2
    # upsert: the item is over the size limit of 400,000 bytes; nothing was written, and the stored row stays as it was.
    TOO_LARGE = 3
    # Asked of the cache alone: the table would have to be asked. No method of this gem answers with it.
    NOT_CACHED = 4
    # big_segments_apply_patch: the table's cursor is not the patch's previous version; a patch of one transaction has changed nothing.
    OUT_OF_ORDER = 5
    # An argument that must be there is nil.
    NULL_ARGUMENT = -1
    # A string is not UTF-8; the message names the argument and the offset of the first bad byte.
    INVALID_UTF8 = -2
    # A text is not JSON.
    INVALID_JSON = -3
    # An item is not a JSON object, or has no integer "version" in 0 … 2^63-1.
    INVALID_ITEM = -4
    # A kind that cannot be a namespace of ours.
    INVALID_KIND = -5
    # A key that DynamoDB cannot hold: empty, or over 1,024 bytes.
    INVALID_KEY = -6
    # A data set of the wrong shape: not an object of objects, a key twice, "features" and "flags" at once.
    INVALID_DATA_SET = -7
    # A patch of Big Segments of the wrong shape, which the message describes, or a time before 1970.
    INVALID_BIG_SEGMENTS = -8
    # The configuration is wrong; the message names the key.
    INVALID_CONFIGURATION = -100
    # The AWS profile needs credential_process, SSO or a sign-in; the message says what to do instead.
    UNSUPPORTED_CREDENTIALS = -101
    # No AWS region could be found; the message says where it was looked for.
    NO_REGION = -102
    # DynamoDB knows no such table in this region.
    TABLE_NOT_FOUND = -200
    # The table has other keys than "namespace" and "key".
    TABLE_MISMATCH = -201
    # AWS refused the credentials, or they lack a permission.
    ACCESS_DENIED = -202
    # No AWS credentials could be found; or none were pushed, or those have expired, which alone is retriable.
    NO_CREDENTIALS = -203
    # Any other refusal or fault that DynamoDB reported.
    SERVICE_ERROR = -204
    # DynamoDB throttled every attempt. Retriable.
    THROTTLED = -300
    # The call ran out of its time. Retriable.
    TIMED_OUT = -400
    # No connection could be made, or it broke. Retriable.
    UNREACHABLE = -401
    # What came back was no answer of DynamoDB's. Retriable.
    INVALID_RESPONSE = -402
    # get: the stored "item" is not a string or not a JSON object.
    CORRUPT_ITEM = -500
    # The store is configured +read_only+; nothing was sent.
    READ_ONLY = -600
    # The library could not do its own work, for example for want of file descriptors.
    INTERNAL = -900
    # A defect in the library; the message says where. The store stays usable.
    PANIC = -901
  end

  # Base of every exception this gem raises on purpose.
  class Error < StandardError; end

  # The native library could not be used.
  class LibraryError < Error; end

  # No native library where it was looked for; the message lists the places.
  class LibraryNotFoundError < LibraryError; end

  # The file is not this library, or its ABI version does not fit this gem.
  class LibraryMismatchError < LibraryError; end

  # A call on a store after Store#close.
  class StoreClosedError < Error; end

  # A call failed. The subclass tells the cause.
  class StoreError < Error
    # The status number of the C header (see Status), always negative.
    attr_reader :status

    # The error code AWS answered with, such as "ResourceNotFoundException", or nil.
    attr_reader :service_code

    def initialize(message, status, retriable: false, service_code: nil)
      super(message)
      @status = status
      @retriable = retriable
      @service_code = service_code
    end

    # Whether the same call may succeed later.
    def retriable?
      @retriable
    end

    # The class for a status. Statuses are grouped by hundred, so one that a newer library added still gets the class of its cause.
    def self.class_for(status)
      CLASS_OF_STATUS[status] || CLASS_OF_GROUP[-status / 100] || StoreError
    end
  end

  # The caller's mistake: nothing was sent.
  class InvalidArgumentError < StoreError; end

  # An argument is not UTF-8; the message has its name and the offset of the first wrong byte.
  class InvalidUtf8Error < InvalidArgumentError; end

  # A payload is not JSON.
  class InvalidJsonError < InvalidArgumentError; end

  # An item is not an object, or has no integer +version+ from 0 to 2**63-1.
  class InvalidItemError < InvalidArgumentError; end

  # A kind that cannot be stored: empty, with a colon, beginning with "$", or a Big Segments namespace.
  class InvalidKindError < InvalidArgumentError; end

  # A key that DynamoDB cannot hold: empty or longer than 1,024 bytes.
  class InvalidKeyError < InvalidArgumentError; end

  # Not an object of objects, a key twice in one kind, or "flags" and "features" at once.
  class InvalidDataSetError < InvalidArgumentError; end

  # A patch of Big Segments of the wrong shape, or a time of synchronization that cannot be stored.
  class InvalidBigSegmentsError < InvalidArgumentError; end

  # A configuration key is unknown, mistyped, or contradicts another.
  class ConfigurationError < StoreError; end

  # The AWS profile needs credential_process, SSO or a sign-in; the message says what to do instead.
  class UnsupportedCredentialsError < ConfigurationError; end

  # No AWS region was found; the message says where it was looked for.
  class NoRegionError < ConfigurationError; end

  # AWS refused the request; StoreError#service_code says why.
  class ServiceError < StoreError; end

  # The table does not exist in this region and account.
  class TableNotFoundError < ServiceError; end

  # The table has other keys than "namespace" and "key".
  class TableMismatchError < ServiceError; end

  # AWS does not accept these credentials, or they lack a permission.
  class AccessDeniedError < ServiceError; end

  # No credentials were found in the configuration or where AWS programs look.
  class NoCredentialsError < ServiceError; end

  # DynamoDB asked for fewer requests, and went on asking until the attempts were used up.
  class ThrottledError < StoreError; end

  # The table could not be asked.
  class ConnectivityError < StoreError; end

  # A call did not end within its timeouts.
  class TimedOutError < ConnectivityError; end

  # The endpoint could not be connected to.
  class UnreachableError < ConnectivityError; end

  # What answered does not speak DynamoDB, or the answer was cut or damaged.
  class InvalidResponseError < ConnectivityError; end

  # The row's item is not a string with a JSON object.
  class CorruptItemError < StoreError; end

  # A write on a store that is configured +read_only+; nothing was sent.
  class ReadOnlyError < StoreError; end

  # A defect of the library.
  class InternalError < StoreError; end

  # The native code panicked; the message says where.
  class PanicError < InternalError; end

  class StoreError
    CLASS_OF_STATUS = {
      Status::NULL_ARGUMENT => InvalidArgumentError,
      Status::INVALID_UTF8 => InvalidUtf8Error,
      Status::INVALID_JSON => InvalidJsonError,
      Status::INVALID_ITEM => InvalidItemError,
      Status::INVALID_KIND => InvalidKindError,
      Status::INVALID_KEY => InvalidKeyError,
      Status::INVALID_DATA_SET => InvalidDataSetError,
      Status::INVALID_BIG_SEGMENTS => InvalidBigSegmentsError,
      Status::INVALID_CONFIGURATION => ConfigurationError,
      Status::UNSUPPORTED_CREDENTIALS => UnsupportedCredentialsError,
      Status::NO_REGION => NoRegionError,
      Status::TABLE_NOT_FOUND => TableNotFoundError,
      Status::TABLE_MISMATCH => TableMismatchError,
      Status::ACCESS_DENIED => AccessDeniedError,
      Status::NO_CREDENTIALS => NoCredentialsError,
      Status::SERVICE_ERROR => ServiceError,
      Status::THROTTLED => ThrottledError,
      Status::TIMED_OUT => TimedOutError,
      Status::UNREACHABLE => UnreachableError,
      Status::INVALID_RESPONSE => InvalidResponseError,
      Status::CORRUPT_ITEM => CorruptItemError,
      Status::READ_ONLY => ReadOnlyError,
      Status::INTERNAL => InternalError,
      Status::PANIC => PanicError
    }.freeze
    private_constant :CLASS_OF_STATUS

    CLASS_OF_GROUP = {
      0 => InvalidArgumentError,
      1 => ConfigurationError,
      2 => ServiceError,
      3 => ThrottledError,
      4 => ConnectivityError,
      5 => CorruptItemError,
      6 => ReadOnlyError,
      9 => InternalError
    }.freeze
    private_constant :CLASS_OF_GROUP
  end
end

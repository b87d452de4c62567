# frozen_string_literal: true

module LdDynamoStore
  # Every status of the C header, under its name without +LD_DYNAMO_+.
  module Status
    OK = 0
    NOT_FOUND = 1
    NOT_NEWER = 2
    TOO_LARGE = 3
    NOT_CACHED = 4
    NULL_ARGUMENT = -1
    INVALID_UTF8 = -2
    INVALID_JSON = -3
    INVALID_ITEM = -4
    INVALID_KIND = -5
    INVALID_KEY = -6
    INVALID_DATA_SET = -7
    INVALID_CONFIGURATION = -100
    UNSUPPORTED_CREDENTIALS = -101
    NO_REGION = -102
    TABLE_NOT_FOUND = -200
    TABLE_MISMATCH = -201
    ACCESS_DENIED = -202
    NO_CREDENTIALS = -203
    SERVICE_ERROR = -204
    THROTTLED = -300
    TIMED_OUT = -400
    UNREACHABLE = -401
    INVALID_RESPONSE = -402
    CORRUPT_ITEM = -500
    READ_ONLY = -600
    INTERNAL = -900
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

# frozen_string_literal: true

require "json"

module LdDynamoStore
  # What Store#upsert did. +status+ is Status::OK, Status::NOT_NEWER or Status::TOO_LARGE; +stored+ is the JSON text of the item that won where the
  # table held this version or a newer one, else nil.
  UpsertResult = Struct.new(:status, :stored) do
    # The item was written.
    #
    # @return [Boolean]
    def written?
      status == Status::OK
    end

    # The table holds this version or a newer one and was left alone.
    #
    # @return [Boolean]
    def not_newer?
      status == Status::NOT_NEWER
    end

    # The item exceeds what DynamoDB can hold; the table was left alone.
    #
    # @return [Boolean]
    def too_large?
      status == Status::TOO_LARGE
    end
  end

  # LaunchDarkly's flag data in one DynamoDB table.
  #
  #   LdDynamoStore::Store.open("flags", region: "eu-west-1") do |store|
  #     store.get("features", "my-flag")   # => '{"key":"my-flag","version":7,…}' or nil
  #   end
  #
  # Items are JSON text in and out, as the table holds them, deleted ones included; LaunchDarkly's kinds are "features" (also "flags") and
  # "segments". Failures raise a StoreError whose subclass tells the cause.
  #
  # A store may be used from many threads at once, and other threads run while one waits for the table. After a fork, the child may go on with the
  # store it inherited: the library gives it connections of its own. Timeout, Thread#raise and Thread#kill take effect when the native call is over;
  # use +operation_timeout_ms+. A +trap+ block may not make, use or close a store: that raises ThreadError, as a Mutex is in it; a thread that the
  # block starts may. Nor may it +throw+, since it may run within a call of the main thread. A Ractor other than the main one can neither make
  # a store nor be given one (Ractor::IsolationError, Ractor::Error or RuntimeError).
  class Store
    include NativeCalls

    # Makes a store, as ::new. With a block, yields it and closes it afterwards.
    #
    # @return [Store, Object] the store, or what the block returned
    def self.open(table = nil, **options)
      store = new(table, **options)
      return store unless block_given?

      begin
        yield store
      ensure
        store.close
      end
    end

    # Makes a store from the configuration as one JSON text.
    #
    # @param configuration [String]
    # @param library [String, nil] path of the native library, where it is not to be searched for
    # @return [Store]
    # @raise [ConfigurationError] a setting is wrong; the message names it
    def self.from_json(configuration, library: nil)
      store = allocate
      store.send(:make, configuration, library)
      store
    end

    # Makes a store. Nothing is sent before the first call.
    #
    # +options+ are the library's configuration keys (docs/configuration.md): prefix, region, endpoint, profile, credentials (a hash with
    # access_key_id, secret_access_key, session_token), consistent_reads, read_only, connect_timeout_ms, attempt_timeout_ms,
    # operation_timeout_ms, init_timeout_ms, max_attempts, retry_mode, max_concurrency, cache_ttl_ms, context_cache_ttl_ms,
    # context_cache_size, stale_on_error, share, ca_bundle, proxy, transport, log_level.
    #
    # +credentials+ may also be an object with the AWS SDK's interface: Aws::Credentials, a provider that renews them, or the +config+ of a client
    # (of an +existing_client+, for example). It is asked by the thread that makes a call, before the first one, when what it gave expires within
    # five minutes, and every fifteen minutes where it tells no +expiration+. When that fails, the first time raises NoCredentialsError; later
    # ones are logged, and what is known is used until it expires. The region is not taken from it, and +share+ not possible. With "pushed",
    # #set_credentials gives them.
    #
    # @param table [String] an existing table, also as the option +table:+; its keys are "namespace" and "key", both strings
    # @param library [String, nil] path of the native library, where it is not to be searched for
    # @param logger [Logger, nil] as for #logger=
    # @param options [Hash]
    # @raise [ConfigurationError] an option is unknown or mistyped, or contradicts another; the message names it
    # @raise [LibraryError] the native library was not found or does not fit
    # @raise [TypeError] the logger is none
    def initialize(table = nil, library: nil, logger: nil, **options)
      if CredentialsRenewal.finds?(options[:credentials])
        @renewal = CredentialsRenewal.new(options[:credentials])
        options[:credentials] = "pushed"
      end
      Log.checked(logger) unless logger.nil?
      make(configuration_text(with_table(table, options)), library)
      self.logger = logger unless logger.nil?
    end

    # @raise [TypeError] always: a copy would call a native store that this one frees
    def initialize_copy(_other)
      raise TypeError, "a store cannot be copied: share it between threads, or make another one"
    end

    # One item as stored. A deleted item is returned, with "deleted": true. A key that DynamoDB cannot hold is not asked for: the answer is nil.
    #
    # @param kind [String, Symbol] "features" (or "flags"), "segments", or a kind of your own
    # @param key [String, Symbol]
    # @return [String, nil] the item's JSON text, or nil when the table has none
    # @raise [CorruptItemError] the row's item is not a JSON object
    # @raise [StoreError] the table could not be asked
    def get(kind, key)
      call(:ld_dynamo_store_get, kind_text(kind), key_text(key), result: true).last
    rescue InvalidKeyError
      nil
    end

    # All items of a kind, deleted ones included. A corrupt row is left out and logged.
    #
    # @param kind [String, Symbol]
    # @return [String] the JSON text of one object from key to item; "{}" when there is none
    # @raise [StoreError] the table could not be asked
    def all(kind)
      call(:ld_dynamo_store_all, kind_text(kind), result: true).last
    end

    # Replaces the kinds in a data set: afterwards each holds exactly these items. A kind that is absent is left alone. If it fails, the next one
    # goes on where it stopped.
    #
    # @param data [String, Hash] an object from kind to an object from key to item, such as
    #   <tt>{"features":{"my-flag":{"version":1}},"segments":{}}</tt>
    # @return [nil]
    # @raise [InvalidArgumentError] the data set is wrong; nothing was written
    # @raise [StoreError] not everything could be written; the message counts the rows
    def init(data)
      call(:ld_dynamo_store_init, json_text(data, "data"))
      nil
    end

    # Writes an item unless the table holds its version or a newer one.
    #
    # @param kind [String, Symbol]
    # @param key [String, Symbol] the key it is stored under, whatever the item says
    # @param item [String, Hash] an object with an integer +version+; with "deleted": true it is a deletion
    # @return [UpsertResult]
    # @raise [InvalidArgumentError] kind, key or item is wrong; nothing was sent
    # @raise [StoreError] the item may not be stored
    def upsert(kind, key, item)
      UpsertResult.new(*call(:ld_dynamo_store_upsert, kind_text(kind), key_text(key), json_text(item, "item"), result: true))
    end

    # Whether the table holds a full data set.
    #
    # @return [Boolean]
    # @raise [StoreError] the table could not be asked
    def initialized?
      call(:ld_dynamo_store_initialized).first == Status::OK
    end

    # Whether the table answers now. Asks the table, never the cache. #check_available tells why not.
    #
    # @return [Boolean]
    def available?
      check_available
      true
    rescue ServiceError, ThrottledError, ConnectivityError
      false
    end

    # Returns if the table answers now. Asks the table, never the cache.
    #
    # @return [nil]
    # @raise [StoreError] why it does not
    def check_available
      call(:ld_dynamo_store_available)
      nil
    end

    # Signs requests with these from now on. For a store made with credentials: "pushed".
    #
    # At any time and from any thread, also before the first call. A child of a fork has those that were there at the fork. Expired ones are never
    # sent: until new ones come, calls that have to ask the table raise a NoCredentialsError that is #retriable?.
    #
    # @param credentials [String, Hash] access_key_id, secret_access_key, and where there are such session_token and expires_ms, the time of
    #   expiry in milliseconds since 1970
    # @return [nil]
    # @raise [ConfigurationError] a member is wrong, or the store was made otherwise; it keeps what it had
    def set_credentials(credentials)
      call_native(:ld_dynamo_store_set_credentials, json_text(credentials, "credentials"))
      nil
    end

    # What the store counted so far. Asks nothing.
    #
    # @return [String] JSON text
    def stats
      call_native(:ld_dynamo_store_stats, result: true).last
    end

    # Sends the library's messages to a ::Logger, or anything with its +add+, or with its +debug+, +info+, +warn+ and +error+; nil sends them
    # nowhere. They are delivered by the thread whose call caused them, when the call's work is done and before it returns or raises. The
    # configuration's +log_level+ chooses which there are. The logger may use the store; messages that this causes are delivered after it has
    # returned, at most 256 for one call, and the others are counted in one more. A StandardError that it raises is dropped; anything else that
    # ends it, such as Timeout or Thread#kill, ends the call.
    #
    # @param logger [Logger, nil]
    # @raise [TypeError] the object has none of these methods
    def logger=(logger)
      Log.checked(logger) unless logger.nil?
      @logger = logger
      call_native(:ld_dynamo_store_set_logger, logger && Log::CALLBACK, nil, nil)
    end

    # Ends the store; may be repeated. Calls in other threads come to their end; later ones raise StoreClosedError. Sends nothing and waits for no call.
    def close
      @handle.close
      @logger = nil
    end

    # Whether #close was called.
    #
    # @return [Boolean]
    def closed?
      @handle.closed?
    end

    # A store without its configuration, which may hold credentials.
    def inspect
      "#<#{self.class} #{closed? ? "closed" : "open"}>"
    end

    private

    def with_table(table, options)
      option = options[:table]
      return options if table.nil?
      return options.merge(table: table) if option.nil? || option == table

      message = "table is given twice, as #{table.inspect[0, 60]} and as the option table: #{option.inspect[0, 60]}"
      raise ConfigurationError.new(message, Status::INVALID_CONFIGURATION)
    end

    # Without the cause of an error, which may hold a secret.
    def configuration_text(options)
      JSON.generate(options)
    rescue JSON::GeneratorError, JSON::NestingError, EncodingError
      wrong = options.keys.find { |name| !json?(options[name]) }
      what = wrong ? "option #{wrong.to_s.scrub[0, 60]}" : "the name of an option"
      message = "#{what} cannot be written as JSON: text must be UTF-8, numbers finite, and there may be 100 levels at most"
      raise ConfigurationError.new(message, Status::INVALID_CONFIGURATION), cause: nil
    end

    def json?(value)
      JSON.generate(value)
      true
    rescue JSON::GeneratorError, JSON::NestingError, EncodingError
      false
    end

    def make(configuration, library)
      @logger = nil
      @renewal ||= nil
      @native = Native.load(library)
      out = FFI::MemoryPointer.new(:pointer, 2)
      error = out + FFI::Pointer.size
      status = @native.ld_dynamo_store_new(text(configuration, Status::INVALID_JSON, "configuration"), out, error)
      raise failure(@native, status, error.read_pointer) if status.negative?

      @handle = Handle.new(@native, out.read_pointer)
      ObjectSpace.define_finalizer(self, self.class.send(:finalizer, @handle))
    ensure
      @native&.ld_dynamo_error_free(error.read_pointer) if error
    end

    # Made by the class, so that the proc does not hold the store it waits for.
    def self.finalizer(handle)
      proc { handle.finalize }
    end
    private_class_method :finalizer

    # As call_native, for a function that may have to ask the table.
    def call(function, *arguments, result: false)
      @renewal&.renew(@logger) { |json| call_native(:ld_dynamo_store_set_credentials, json) } unless closed?
      call_native(function, *arguments, result: result)
    end

    # Calls a function of the library with this store. Returns the status and the text it gave, or nil.
    def call_native(function, *arguments, result: false)
      Log.around(@logger) do
        @handle.use do |handle|
          answer(@native) { |out, error| @native.public_send(function, handle, *arguments, *(out if result), error) }
        end
      end
    end

    def kind_text(kind)
      text(kind, Status::INVALID_KIND, "kind")
    end

    def json_text(value, name)
      text(value.is_a?(Hash) ? JSON.generate(value) : value, Status::INVALID_JSON, name)
    rescue JSON::GeneratorError, JSON::NestingError, EncodingError => e
      raise InvalidJsonError.new("argument #{name.inspect} is not JSON: #{e.message.scrub[0, 200]}", Status::INVALID_JSON), cause: nil
    end
  end
end

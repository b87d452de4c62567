# frozen_string_literal: true

require "minitest/autorun"
require "timeout"

ROOT = File.expand_path("../../..", __dir__)
ENV["LD_DYNAMO_STORE_LIBRARY"] ||= File.join(ROOT, "target/release/libld_dynamo_store.so")
$LOAD_PATH.unshift(File.join(ROOT, "bindings/ruby/lib"))
require "ld_dynamo_store"

# The embedded DynamoDB engine, one process for the whole run. It ends when this process does, since its standard input then ends.
module Engine
  PROGRAM = File.join(ROOT, "target/release/local-dynamodb")
  TABLE = "ruby-binding"

  class << self
    def address
      @address ||= start
    end

    # The configuration of a store on the engine. Each `prefix` is a data set of its own.
    def options(prefix, **more)
      {
        endpoint: address, region: "us-east-1", prefix: prefix, cache_ttl_ms: 0,
        credentials: { access_key_id: "local", secret_access_key: "local" }
      }.merge(more)
    end

    def store(prefix, **more)
      LdDynamoStore::Store.new(TABLE, **options(prefix, **more))
    end

    private

    def start
      @pipe = IO.popen([PROGRAM, "--exit-with-stdin", "--create-table", TABLE], "r+")
      address = Timeout.timeout(20) { @pipe.gets }
      raise "#{PROGRAM} printed no address" unless address&.start_with?("http://")

      address.strip
    end
  end
end

# A hang ends the run as a failure instead of holding it up.
Thread.new do
  sleep 240
  warn "the tests hung; every thread:"
  Thread.list.each { |thread| warn thread.backtrace&.join("\n"), "" }
  exit!(1)
end

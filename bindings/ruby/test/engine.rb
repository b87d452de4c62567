# frozen_string_literal: true

require "minitest/autorun"
require_relative "local_engine"

# The embedded DynamoDB engine, one process for the whole run.
module Engine
  TABLE = "ruby-binding"

  class << self
    def running
      @running ||= LocalEngine.new("local-dynamodb", "--create-table", TABLE)
    end

    # The configuration of a store on the engine. Each `prefix` is a data set of its own.
    def options(prefix, **more)
      {
        endpoint: running.endpoint, region: "us-east-1", prefix: prefix, cache_ttl_ms: 0,
        credentials: { access_key_id: "local", secret_access_key: "local" }
      }.merge(more)
    end

    def store(prefix, **more)
      LdDynamoStore::Store.new(TABLE, **options(prefix, **more))
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

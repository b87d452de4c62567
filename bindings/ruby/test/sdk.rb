# frozen_string_literal: true

require "engine"
require_relative "sdk_load"

# What tests of the adapter share.
module AdapterTest
  FEATURES = LaunchDarkly::Impl::DataStore::FEATURES
  SEGMENTS = LaunchDarkly::Impl::DataStore::SEGMENTS
  KEYS = { access_key_id: "local", secret_access_key: "local" }.freeze

  # A prefix that no other test has.
  def prefix
    "#{self.class}-#{name}"
  end

  def log
    @log ||= StringIO.new
  end

  # Options of a store on an engine, as users of the SDK write them.
  def opts(engine = Engine.running, **more)
    { dynamodb_opts: { endpoint: engine.endpoint, region: "us-east-1", **KEYS }, prefix: prefix, expiration: 0, logger: Logger.new(log) }.merge(more)
  end

  def feature_store(engine = Engine.running, **more)
    LdDynamoStore::LaunchDarkly.new_feature_store(Engine::TABLE, opts(engine, **more))
  end

  def flag_data(key, version)
    {
      key: key, version: version, on: true, variations: [true, false], fallthrough: { variation: 0 }, offVariation: 1, salt: "salt",
      rules: []
    }
  end

  def model(kind, data)
    LaunchDarkly::Impl::Model.deserialize(kind, data)
  end

  def flag(key, version)
    model(FEATURES, flag_data(key, version))
  end

  def segment(key, version)
    model(SEGMENTS, { key: key, version: version, included: [], excluded: [], rules: [], salt: "salt" })
  end

  def put(namespace, key, engine = Engine.running, **attributes)
    engine.put(Engine::TABLE, "#{prefix}:#{namespace}", key, **attributes)
  end

  def put_item(key, item, version = 1)
    put("features", key, version: { N: version.to_s }, item: { S: item })
  end
end

# frozen_string_literal: true

# LaunchDarkly's own examples for stores, out of the checkout of its SDK that LAUNCHDARKLY_RUBY_SDK names: rake shared_examples.

require_relative "local_engine"
SDK = ENV.fetch("LAUNCHDARKLY_RUBY_SDK")
$LOAD_PATH.unshift(File.join(SDK, "lib"), File.join(SDK, "spec"))
require "feature_store_spec_base"
require "big_segment_store_spec_base"

# What the examples ask of a database.
class StoreTester
  TABLE = "shared-examples"
  ENGINE = LocalEngine.new("local-dynamodb", "--create-table", TABLE)
  CREDENTIALS = { access_key_id: "local", secret_access_key: "local" }.freeze
  DYNAMODB_OPTS = { endpoint: ENGINE.endpoint, region: "us-east-1", **CREDENTIALS }.freeze

  def initialize(options = {})
    @options = { dynamodb_opts: DYNAMODB_OPTS }.merge(options)
    @prefix = options[:prefix] ? "#{options[:prefix]}:" : ""
  end

  def create_feature_store
    LdDynamoStore::LaunchDarkly.new_feature_store(TABLE, @options)
  end

  def create_big_segment_store
    LdDynamoStore::LaunchDarkly.new_big_segment_store(TABLE, @options)
  end

  def clear_data
    rows = ENGINE.request("Scan", { TableName: TABLE }).fetch("Items")
    rows.select { |row| row["namespace"]["S"].start_with?(@prefix) }.each do |row|
      ENGINE.request("DeleteItem", { TableName: TABLE, Key: row.slice("namespace", "key") })
    end
  end

  def set_big_segments_metadata(metadata)
    name = "#{@prefix}big_segments_metadata"
    ENGINE.put(TABLE, name, name, synchronizedOn: { N: metadata.last_up_to_date.to_s })
  end

  def set_big_segments(context_hash, includes, excludes)
    sets = { included: { SS: includes }, excluded: { SS: excludes } }.reject { |_, set| set[:SS].empty? }
    ENGINE.put(TABLE, "#{@prefix}big_segments_user", context_hash, **sets)
  end
end

describe "feature store" do
  include_examples "persistent_feature_store", StoreTester

  it "should have monitoring enabled and defaults to available" do
    ensure_stop(StoreTester.new({ logger: $null_log }).create_feature_store) do |store|
      expect(store.monitoring_enabled?).to be true
      expect(store.available?).to be true
    end
  end

  it "can detect that a non-existent store is not available" do
    options = StoreTester::DYNAMODB_OPTS.merge(endpoint: "http://127.0.0.1:1", retry_limit: 0, http_open_timeout: 0.1)
    ensure_stop(StoreTester.new({ dynamodb_opts: options, logger: $null_log }).create_feature_store) do |store|
      expect(store.available?).to be false
    end
  end
end

describe "Big Segments store" do
  include_examples "big_segment_store", StoreTester
end

# frozen_string_literal: true

# Compares this gem with LaunchDarkly's own store for Ruby, call by call, in one run on one engine, and tells what a call of the binding costs.
#
#   ruby benchmarks/compare.rb [CALLS] [FLAGS]
#
# Needs the built fake-dynamodb; for the official store, LaunchDarkly's SDK out of the checkout that LAUNCHDARKLY_RUBY_SDK names, and
# aws-sdk-dynamodb. Times are wall clock and CPU of this process; the engine runs in another one and is the same for both. The official store fails
# on kinds over 1 MB, so FLAGS of 1 KB are 800 at most.

require_relative "../test/sdk_load"

CALLS = Integer(ARGV[0] || 2000)
FLAGS = Integer(ARGV[1] || 800)
ROUNDS = 5
TABLE = "benchmark"
KIND = LaunchDarkly::Impl::DataStore::FEATURES

Cost = Struct.new(:wall, :cpu) do
  def to_s
    format("%<wall>.1f, %<cpu>.1f", wall: wall, cpu: cpu)
  end
end

# The median of some rounds of calls, in microseconds, after a warm-up.
def measure(calls)
  [1, calls / 10].max.times { yield }
  clocks = [Process::CLOCK_MONOTONIC, Process::CLOCK_PROCESS_CPUTIME_ID]
  rounds = Array.new(ROUNDS) do
    before = clocks.map { |clock| Process.clock_gettime(clock) }
    calls.times { yield }
    Cost.new(*clocks.zip(before).map { |clock, began| (Process.clock_gettime(clock) - began) / calls * 1e6 })
  end
  rounds.sort_by(&:wall)[ROUNDS / 2]
end

# A flag of about 1 KB.
def flag(number, version = 1)
  clause = { attribute: "country", op: "in", values: Array.new(40) { |n| "value-#{n}" }, negate: false }
  data = {
    key: "flag-#{number}", version: version, on: true, prerequisites: [], targets: [],
    rules: [{ id: "rule-#{number}", variation: 0, clauses: [clause], trackEvents: false }],
    fallthrough: { rollout: { variations: [{ variation: 0, weight: 50_000 }, { variation: 1, weight: 50_000 }] } },
    offVariation: 1, variations: [true, false], salt: "0123456789abcdef0123456789abcdef", trackEvents: false, debugEventsUntilDate: nil
  }
  LaunchDarkly::Impl::Model.deserialize(KIND, data)
end

def official
  return unless ENV["LAUNCHDARKLY_RUBY_SDK"]

  require "ldclient-rb/integrations"
  require "aws-sdk-dynamodb"
  LaunchDarkly::Integrations::DynamoDB
rescue LoadError
  nil
end

engine = LocalEngine.new("fake-dynamodb", "--create-table", TABLE)
engine.control("logging", { enabled: false })
opts = { dynamodb_opts: { endpoint: engine.endpoint, region: "us-east-1", access_key_id: "a", secret_access_key: "b" }, logger: Logger.new(nil) }
makers = [LdDynamoStore::LaunchDarkly, official].compact
uncached, cached = [0, 3600].map { |seconds| makers.map { |maker| maker.new_feature_store(TABLE, opts.merge(expiration: seconds)) } }
uncached.first.init({ KIND => Array.new(FLAGS) { |number| [:"flag-#{number}", flag(number)] }.to_h })
old = flag(0, 0)
cores = uncached.map { |store| store.instance_variable_get(:@core) }

puts "library #{LdDynamoStore::Native.load.ld_dynamo_version}, Ruby #{RUBY_VERSION}, medians of #{ROUNDS} rounds"
puts "\n| call | this gem: µs, µs CPU | official store: µs, µs CPU | ratio, CPU ratio |\n| --- | ---: | ---: | ---: |"
[
  ["get, 1 KB", uncached, CALLS, ->(store) { store.get(KIND, "flag-0") }],
  ["get, absent", uncached, CALLS, ->(store) { store.get(KIND, "absent") }],
  ["all, #{FLAGS} flags", uncached, 10, ->(store) { store.all(KIND) }],
  ["upsert, refused", uncached, CALLS, ->(store) { store.upsert(KIND, old) }],
  ["initialized_internal?", cores, CALLS, ->(core) { core.initialized_internal? }],
  ["get, cached by the SDK", cached, CALLS * 10, ->(store) { store.get(KIND, "flag-0") }]
].each do |name, stores, calls, call|
  ours, other = stores.map { |store| measure(calls) { call.call(store) } }
  ratio = other && format("%<wall>.2f, %<cpu>.2f", wall: ours.wall / other.wall, cpu: ours.cpu / other.cpu)
  puts "| #{name} | #{ours} | #{other} | #{ratio} |"
end

settings = { endpoint: engine.endpoint, region: "us-east-1", credentials: { access_key_id: "a", secret_access_key: "b" } }
warm = LdDynamoStore::Store.new(TABLE, **settings, cache_ttl_ms: -1)
text = warm.get("features", "flag-0")
puts "\nThe binding's own cost\n\n| call | µs, µs CPU |\n| --- | ---: |"
{
  "get, cached by the library" => -> { warm.get("features", "flag-0") },
  "get of a key that no row can have" => -> { warm.get("features", "") },
  "stats" => -> { warm.stats },
  "JSON.parse of its #{text.bytesize} bytes, for comparison" => -> { JSON.parse(text, symbolize_names: true) },
  "the SDK's model object of them, for comparison" => -> { LaunchDarkly::Impl::Model.deserialize(KIND, text) }
}.each { |name, call| puts "| #{name} | #{measure(CALLS * 5) { call.call }} |" }

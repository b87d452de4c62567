# frozen_string_literal: true

require "json"
require "net/http"
require "timeout"

ROOT = File.expand_path("../../..", __dir__)
library = File.join(ROOT, "target/release/libld_dynamo_store.so")
ENV["LD_DYNAMO_STORE_LIBRARY"] ||= library.tap { system(File.join(ROOT, "tests/require_current.sh"), library, exception: true) }
# The user's AWS settings and network must not decide how a test ends.
ENV.delete_if { |name, _| name.start_with?("AWS_") || name.match?(/\A(https?|all)_proxy\z/i) }
ENV["AWS_EC2_METADATA_DISABLED"] = "true"
$LOAD_PATH.unshift(File.join(ROOT, "bindings/ruby/lib"))
require "ld_dynamo_store"

# A DynamoDB engine, which ends when this process does, since its standard input then ends.
class LocalEngine
  attr_reader :endpoint

  def initialize(program, *arguments)
    path = File.join(ROOT, "target/release", program)
    @pipe = IO.popen([path, "--exit-with-stdin", *arguments], "r+")
    @endpoint = Timeout.timeout(20) { @pipe.gets }&.strip
    raise "#{path} printed no address" unless @endpoint&.start_with?("http://")
  end

  def port
    URI(@endpoint).port
  end

  # One request of DynamoDB's, as another writer would send it.
  def request(operation, body)
    headers = {
      "content-type" => "application/x-amz-json-1.0", "x-amz-target" => "DynamoDB_20120810.#{operation}",
      "authorization" => "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
      "x-amz-date" => "20260101T000000Z"
    }
    answer = Net::HTTP.post(URI(@endpoint), JSON.generate(body), headers)
    raise "#{operation}: #{answer.code} #{answer.body}" unless answer.code == "200"

    JSON.parse(answer.body)
  end

  def put(table, namespace, key, **attributes)
    request("PutItem", { TableName: table, Item: { namespace: { S: namespace }, key: { S: key }, **attributes } })
  end

  # Sends the scriptable engine a control request: POST with a body, else GET.
  def control(command, body = nil)
    address = URI("#{@endpoint}/_control/#{command}")
    JSON.parse(body.nil? ? Net::HTTP.get(address) : Net::HTTP.post(address, JSON.generate(body), "content-type" => "application/json").body)
  end

  # How many requests of an operation the scriptable engine has counted.
  def requests(operation)
    control("counters").fetch("requests").fetch(operation, 0)
  end

  def stop
    Process.kill(:KILL, @pipe.pid)
    @pipe.close
  end
end

# frozen_string_literal: true

# Drives the library from Ruby for the shared cases: reads requests from standard input until it ends, answers each on standard output.
# The protocol stands in tests/cases/README.md.

$LOAD_PATH.unshift(File.expand_path("../lib", __dir__))
require "ld_dynamo_store"

# Serves requests with the gem's own classes.
class CaseDriver
  include LdDynamoStore

  def initialize(input, output)
    @input = input.binmode
    @output = output.binmode
    @stores = {}
  end

  def run
    while (count = @input.gets)
      write_frame(answer(*Array.new(Integer(count)) { read_field }))
    end
  end

  private

  def read_field
    length = Integer(@input.gets)
    return nil if length == -1

    field = @input.read(length).force_encoding(Encoding::UTF_8)
    raise "a field ends with a newline" unless @input.read(1) == "\n"

    field
  end

  def write_frame(fields)
    @output.write(fields.size, "\n")
    fields.each do |field|
      @output.write(field ? field.bytesize : -1, "\n")
      @output.write(field, "\n") if field
    end
    @output.flush
  end

  def answer(call, name, *arguments)
    status, result = serve(call, name, arguments)
    [status.to_s, result, nil, nil, nil]
  rescue StoreError => e
    [e.status.to_s, nil, e.message, e.service_code, e.retriable? ? "1" : "0"]
  end

  def serve(call, name, arguments)
    if %w[new free].include?(call)
      @stores.delete(name)&.close
      @stores[name] = Store.from_json(*arguments) if call == "new"
      return Status::OK
    end
    return [Status::OK, LdDynamoStore.context_hash(*arguments)] if call == "context_hash"

    store = @stores.fetch(name)
    case call
    when "get", "big_segments_metadata", "big_segments_cursor", "big_segments_membership"
      result = store.public_send(call, *arguments)
      [result ? Status::OK : Status::NOT_FOUND, result]
    when "all", "stats" then [Status::OK, store.public_send(call, *arguments)]
    when "init", "set_credentials" then store.public_send(call, *arguments) || Status::OK
    when "upsert", "big_segments_apply_patch" then store.public_send(call, *arguments).to_a
    when "big_segments_set_synchronized" then store.big_segments_set_synchronized(Integer(*arguments, 10)) || Status::OK
    when "initialized" then store.initialized? ? Status::OK : Status::NOT_FOUND
    when "is_available" then store.available? ? Status::OK : Status::NOT_FOUND
    when "available" then store.check_available || Status::OK
    else raise "an unknown call: #{call}"
    end
  end
end

CaseDriver.new($stdin, $stdout).run

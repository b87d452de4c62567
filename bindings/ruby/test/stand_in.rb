# frozen_string_literal: true

require "tmpdir"
require_relative "local_engine"

# A library between the package and the real one, that counts what is handed out and not given back: tests/c/stand_in.c.
module StandIn
  class << self
    # The path of the library.
    def library
      @library ||= compile
    end

    # How many strings, errors and stores are not given back.
    def kept
      %i[strings errors stores].zip(File.binread(ENV.fetch("LD_DYNAMO_STAND_IN")).unpack("q3")).to_h
    end

    private

    def compile
      folder = Dir.mktmpdir
      Minitest.after_run { FileUtils.remove_entry(folder) }
      path = File.join(folder, "stand_in.so")
      source = File.join(ROOT, "tests/c/stand_in.c")
      system("cc", "-std=gnu11", "-shared", "-fPIC", "-I", File.join(ROOT, "include"), source, "-o", path, exception: true)
      # It reads them when it is loaded.
      ENV["LD_DYNAMO_STAND_IN"] = File.join(folder, "counts").tap { |counts| FileUtils.touch(counts) }
      ENV["LD_DYNAMO_STAND_IN_FOR"] = ENV.fetch("LD_DYNAMO_STORE_LIBRARY")
      path
    end
  end
end

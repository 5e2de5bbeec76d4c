// Messages that only a program in C++ brings about. What the command can provoke is in tests/python/test_messages.py,
// which also sees that every code has its message in one of the two.
#include <doctest/doctest.h>

#include <fstream>
#include <stdexcept>

#include "flatbed/pipeline.hpp"

using namespace flatbed;

namespace {

const Schema kSchema{{{"n", {.id = TypeId::kUInt8}}}};

// Gives one batch of three rows, or what a faulty connector gives.
class ThreeRows final : public Source {
 public:
  explicit ThreeRows(bool throws = false) : throws_(throws) {}
  Result<Schema> open(const ReadRequest&, std::stop_token) override { return kSchema; }
  Result<std::optional<Delivery>> next(std::stop_token) override {
    if (throws_) throw std::logic_error("an index is behind the end");
    if (std::exchange(given_, true)) return std::optional<Delivery>();
    Column column{.type = kSchema.fields[0].type, .rows = 3, .values = Buffer::allocate(3)};
    std::fill_n(column.values.writable(), 3, std::byte{7});
    return std::optional<Delivery>({.batch = Batch(std::make_shared<const Schema>(kSchema), {column}, 3, {})});
  }
  Position position() const noexcept override { return {}; }

 private:
  const bool throws_;
  bool given_ = false;
};

// A target that confirms a row less of each batch than it was sent.
class Forgetful final : public Sink {
 public:
  Result<std::optional<Schema>> existing(std::stop_token) override { return std::optional<Schema>(); }
  Status open(const Schema&, const WriteRequest&, std::stop_token) override { return {}; }
  Status write(const Batch& batch, std::stop_token) override {
    rows_ += batch.rows() - 1;
    return {};
  }
  Status finish(std::stop_token) override { return {}; }
  void abort() noexcept override {}
  Acknowledged acknowledged() const noexcept override { return {.rows = rows_, .blocks = 1}; }

 private:
  uint64_t rows_ = 0;
};

std::string golden(std::string_view code) {
  std::ifstream file(FLATBED_SOURCE_DIR "/tests/python/golden/messages.txt");
  const std::string all(std::istreambuf_iterator<char>(file), {});
  const size_t from = all.find(std::string(code) + "\n");
  REQUIRE(from != std::string::npos);
  return all.substr(from, std::min(all.find("\n\n", from), all.size() - 1) - from);
}

std::string message_of(Pipeline& pipeline, const RunOptions& options = {}) {
  const auto receipt = pipeline.run(options);
  REQUIRE_FALSE(receipt.ok());
  return to_string(receipt.error());
}

}  // namespace

TEST_SUITE("pipeline") {
  TEST_CASE("messages of runs that are cancelled, miscounted or broken by a connector's mistake") {
    std::stop_source stop;
    stop.request_stop();
    Pipeline cancelled(std::make_unique<ThreeRows>(), std::make_unique<Forgetful>());
    CHECK(message_of(cancelled, {.stop = stop.get_token()}) == golden("FB-RUN-0102"));
    Pipeline miscounted(std::make_unique<ThreeRows>(), std::make_unique<Forgetful>());
    CHECK(message_of(miscounted) == golden("FB-RUN-0105"));
    Pipeline broken(std::make_unique<ThreeRows>(true), std::make_unique<Forgetful>());
    CHECK(message_of(broken) == golden("FB-RUN-0106"));
  }
}

// Batches encoded side by side: the order of their texts, the first failure, and what happens when nobody waits.
#include "encode/encoding_line.hpp"

#include <doctest/doctest.h>

#include <chrono>

#include "flatbed/schema.hpp"

using namespace flatbed;

namespace {

Batch batch_of(size_t rows) {
  Column column{.type = parse_type("UInt64").value(), .rows = rows, .values = Buffer::allocate(rows * 8)};
  auto* to = reinterpret_cast<uint64_t*>(column.values.writable());
  for (size_t i = 0; i < rows; ++i) to[i] = rows;
  return Batch(std::make_shared<const Schema>(Schema{{{"v", column.type, ""}}}), {column}, rows);
}

// The larger a batch, the sooner it is done, so that later ones are ready first. One of `bad` rows fails.
class Numbers final : public Encoder {
 public:
  explicit Numbers(size_t bad = 0) : bad_(bad) {}
  void begin(const Schema&, std::string&) override {}
  Status encode(const Batch& batch, std::string& out) override {
    std::this_thread::sleep_for(std::chrono::microseconds(5000 / batch.rows()));
    if (batch.rows() == bad_) return Error{.code = Code::kInexact, .message = "the bad one"};
    out += std::to_string(batch.rows()) + ' ';
    return {};
  }
  void end(std::string&) override {}

 private:
  const size_t bad_;
};

struct Ended {
  std::string text{};
  std::optional<Error> failure{};
};

Ended run(unsigned threads, size_t memory_limit, size_t batches, size_t bad = 0) {
  Ended ended;
  EncodingLine line([bad] { return std::make_unique<Numbers>(bad); }, threads, memory_limit,
                    [&](const Batch&, std::string_view text) {
                      ended.text += text;
                      return Status();
                    });
  Status status;
  for (size_t i = 1; i <= batches && status; ++i) status = line.put(batch_of(i), {});
  if (status) status = line.finish();
  if (!status) ended.failure = std::move(status).error();
  return ended;
}

}  // namespace

TEST_SUITE("encode") {
  TEST_CASE("texts come in the order of their batches, on any number of threads, in any memory") {
    std::string expected;
    for (int i = 1; i <= 60; ++i) expected += std::to_string(i) + ' ';
    for (const unsigned threads : {1u, 2u, 7u}) {
      for (const size_t memory : {size_t{1}, size_t{1000}, size_t{1} << 20}) {
        const Ended ended = run(threads, memory, 60);
        CHECK(ended.text == expected);
        CHECK_FALSE(ended.failure.has_value());
      }
    }
  }

  TEST_CASE("the first failure is told, with everything before it written and nothing behind it") {
    for (const unsigned threads : {1u, 2u, 7u}) {
      const Ended ended = run(threads, size_t{1} << 20, 60, 5);
      CHECK(ended.text == "1 2 3 4 ");
      REQUIRE(ended.failure.has_value());
      CHECK(ended.failure->message == "the bad one");
    }
  }

  TEST_CASE("a line that is left or stopped ends at once") {
    const auto make = [] { return std::make_unique<Numbers>(); };
    std::stop_source stop;
    EncodingLine line(make, 2, 1, [&](const Batch&, std::string_view) {
      stop.request_stop();  // while put() waits for room
      return Status();
    });
    Status status;
    for (size_t i = 1; i <= 1000 && status; ++i) status = line.put(batch_of(i), stop.get_token());
    CHECK(status.error().code == Code::kCancelled);
    EncodingLine left(make, 2, size_t{1} << 20, [](const Batch&, std::string_view) { return Status(); });
    CHECK(left.put(batch_of(1), {}).ok());
  }
}

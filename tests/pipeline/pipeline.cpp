// Runs: balance, order, back-pressure, rejects, cancelling, failing ends.
#include "flatbed/pipeline.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "pipeline/run_options.hpp"

using namespace flatbed;
using namespace std::chrono_literals;

namespace {

const auto kSchema = std::make_shared<const Schema>(Schema{{{"n", {.id = TypeId::kUInt64}}}});

Batch numbers(uint64_t first, size_t rows) {
  Column column{.type = kSchema->fields[0].type, .rows = rows, .values = Buffer::allocate(rows * 8)};
  for (size_t row = 0; row < rows; ++row) {
    const uint64_t value = first + row;
    std::memcpy(column.values.writable() + row * 8, &value, 8);
  }
  return Batch(kSchema, {column}, rows, {.first_record = first, .records = rows});
}

// Gives `batches` batches of 100 rows; in each, record 7 is a reject when asked for.
class Numbers final : public Source {
 public:
  explicit Numbers(uint64_t batches, bool rejects = false) : batches_(batches), rejects_(rejects) {}
  Result<Schema> open(const ReadRequest&, std::stop_token) override { return *kSchema; }
  Result<std::optional<Delivery>> next(std::stop_token stop) override {
    if (stop.stop_requested()) return Error{.code = Code::kCancelled, .message = "the run was cancelled"};
    if (given_ == batches_) return std::optional<Delivery>();
    const uint64_t first = 100 * given_++;
    Delivery delivery{.batch = numbers(first, 100)};
    if (rejects_) {
      std::vector<uint8_t> keep(100, 1);
      keep[7] = 0;
      delivery.batch = delivery.batch.filter(keep);
      delivery.rejects.push_back({.code = Code::kNotOfType,
                                  .message = "bad " + std::to_string(first + 7),
                                  .where = {.uri = "made", .line = first + 8, .record = first + 7}});
    }
    return std::optional(std::move(delivery));
  }
  Position position() const noexcept override { return {.bytes = given_ * 800, .records = given_ * 100}; }

 private:
  const uint64_t batches_;
  const bool rejects_;
  std::atomic<uint64_t> given_{0};
};

struct SlowSinkState {
  std::atomic<uint64_t> rows{0};
  std::atomic<bool> aborted{false}, finished{false};
  std::atomic<uint64_t> fail_after{UINT64_MAX};
  std::chrono::microseconds pause{0};
};

class SlowSink final : public Sink {
 public:
  explicit SlowSink(SlowSinkState& state) : state_(state) {}
  Result<std::optional<Schema>> existing(std::stop_token) override { return std::optional<Schema>(); }
  Status open(const Schema&, const WriteRequest&, std::stop_token) override { return {}; }
  Status write(const Batch& batch, std::stop_token) override {
    std::this_thread::sleep_for(state_.pause);
    if (state_.rows >= state_.fail_after) return Error{.code = Code::kWriteFailed, .message = "disk full"};
    state_.rows += batch.rows();
    return {};
  }
  Status finish(std::stop_token) override {
    state_.finished = true;
    return {};
  }
  void abort() noexcept override { state_.aborted = true; }
  Acknowledged acknowledged() const noexcept override { return {.rows = state_.rows, .blocks = 1}; }

 private:
  SlowSinkState& state_;
};

}  // namespace

TEST_SUITE("pipeline") {
  TEST_CASE("every row arrives once, in order, and the receipt balances") {
    std::vector<Batch> got;
    Pipeline pipeline(std::make_unique<Numbers>(50), memory_sink(got));
    const auto receipt = pipeline.run({.memory_limit = 16 << 10});
    REQUIRE(receipt.ok());
    CHECK(receipt->read == 5000);
    CHECK(receipt->loaded == 5000);
    CHECK(receipt->balanced());
    uint64_t expected = 0;
    for (const Batch& batch : got) {
      for (const uint64_t value : batch.column(0).as<uint64_t>()) CHECK(value == expected++);
    }
    CHECK(expected == 5000);
  }

  TEST_CASE("filtered rows are counted, and keep their record numbers") {
    std::vector<Batch> got;
    Pipeline pipeline(std::make_unique<Numbers>(10), memory_sink(got));
    pipeline.then(filter_rows([](const Batch& batch, std::span<uint8_t> keep) -> Status {
      const auto values = batch.column(0).as<uint64_t>();
      for (size_t row = 0; row < keep.size(); ++row) keep[row] = values[row] % 3 == 0;
      return {};
    }));
    const auto receipt = pipeline.run();
    REQUIRE(receipt.ok());
    CHECK(receipt->read == 1000);
    CHECK(receipt->loaded == 334);
    CHECK(receipt->filtered == 666);
    for (const Batch& batch : got) {
      for (size_t row = 0; row < batch.rows(); ++row) CHECK(batch.record(row) == batch.column(0).as<uint64_t>()[row]);
    }
  }

  TEST_CASE("a reject fails the run by default, and the first one is named") {
    SlowSinkState state;
    Pipeline pipeline(std::make_unique<Numbers>(10, true), std::make_unique<SlowSink>(state));
    const auto receipt = pipeline.run();
    REQUIRE_FALSE(receipt.ok());
    CHECK(receipt.error().message == "bad 7");
    CHECK(receipt.error().side == Side::kSource);
    CHECK(state.aborted);
    CHECK_FALSE(state.finished);
  }

  TEST_CASE("rejects are skipped and counted, or diverted as rows, when that is asked for") {
    std::vector<Batch> got, rejected;
    Pipeline pipeline(std::make_unique<Numbers>(10, true), memory_sink(got));
    pipeline.rejects_to(memory_sink(rejected));
    std::vector<std::string> seen;
    const auto receipt = pipeline.run({.on_reject = OnReject::kDivert, .observer = [&](const Event& event) {
                                         if (event.reject) seen.push_back(event.reject->message);
                                         return true;
                                       }});
    REQUIRE(receipt.ok());
    CHECK(receipt->loaded == 990);
    CHECK(receipt->rejected == 10);
    CHECK(receipt->balanced());
    CHECK(receipt->rejects_by_code.at(Code::kNotOfType) == 10);
    CHECK(seen.size() == 10);
    size_t rows = 0;
    for (const Batch& batch : rejected) {
      CHECK(batch.schema() == rejects_schema());
      for (size_t row = 0; row < batch.rows(); ++row, ++rows) {
        CHECK(batch.column(3).as<uint64_t>()[row] == rows * 100 + 7);
        CHECK(batch.column(6).text(row) == "FB-TYPE-0102");
        CHECK(batch.column(1).is_null(row));
      }
    }
    CHECK(rows == 10);
  }

  TEST_CASE("a budget of rejects is a budget") {
    SlowSinkState state;
    Pipeline pipeline(std::make_unique<Numbers>(10, true), std::make_unique<SlowSink>(state));
    const auto receipt = pipeline.run({.on_reject = OnReject::kSkip, .max_rejects = 4});
    REQUIRE_FALSE(receipt.ok());
    CHECK(receipt.error().code == Code::kTooManyRejects);
    CHECK(receipt.error().message == "5 rows were rejected and the budget is 4; the first: bad 7");
    CHECK(exit_code(receipt.error()) == 3);
    CHECK(state.aborted);
  }

  TEST_CASE("budgets hold for a column, for a code, and for a share of what was read") {
    const auto run = [](std::vector<RejectLimit> limits) {
      std::vector<Batch> got;
      Pipeline pipeline(std::make_unique<Numbers>(10, true), memory_sink(got));
      return pipeline.run({.on_reject = OnReject::kSkip, .limits = std::move(limits)});
    };
    CHECK(run({{.kind = "FB-TYPE-0102", .rows = 10}, {.kind = "FB-TYPE-0103", .rows = 0}, {.share = 0.01}}).ok());
    const auto by_code = run({{.kind = "FB-TYPE-0102", .rows = 9}});
    REQUIRE_FALSE(by_code.ok());
    CHECK(by_code.error().message == "10 rows were rejected for FB-TYPE-0102 and the budget is 9; the first: bad 7");
    const auto by_share = run({{.share = 0.009}});
    REQUIRE_FALSE(by_share.ok());
    CHECK(by_share.error().message == "10 rows were rejected and the budget is 0.9 % of 1000; the first: bad 7");
    CHECK(run({{.kind = "", .rows = 3}}).error().code == Code::kTooManyRejects);
  }

  TEST_CASE("a check asks the sink and never opens it") {
    SlowSinkState state;
    Pipeline pipeline(std::make_unique<Numbers>(10, true), std::make_unique<SlowSink>(state));
    const auto receipt = pipeline.run({.max_rejects = 0, .check = true});
    REQUIRE(receipt.ok());
    CHECK(receipt->checked);
    CHECK(receipt->loaded == 990);
    CHECK(receipt->rejected == 10);
    CHECK(receipt->balanced());
    REQUIRE(receipt->findings.size() == 1);
    CHECK(receipt->findings[0].count == 10);
    CHECK(receipt->findings[0].examples.size() == 3);
    CHECK(receipt->findings[0].examples[2].message == "bad 207");
    CHECK(state.rows == 0);
    CHECK_FALSE(state.finished);
    CHECK_FALSE(state.aborted);
  }

  TEST_CASE("limits are read from text") {
    Plan plan;
    CHECK(set_run_options({{"max_rejects", "7,2.5%,amount=10,FB-TYPE-0103=0.5%"}}, plan).ok());
    CHECK(plan.max_rejects == 7);
    REQUIRE(plan.limits.size() == 3);
    CHECK(plan.limits[0].share == doctest::Approx(0.025));
    CHECK(plan.limits[1].kind == "amount");
    CHECK(plan.limits[1].rows == 10);
    CHECK(plan.limits[2].kind == "FB-TYPE-0103");
    CHECK(plan.limits[2].share == doctest::Approx(0.005));
    CHECK(set_run_options({{"max_rejects", "1%"}}, plan).ok());
    CHECK(plan.max_rejects == UINT64_MAX);
    for (const char* bad : {"x", "-1", "1.5", "101%", "a=", "a=x%", "%"}) {
      CAPTURE(bad);
      CHECK_FALSE(set_run_options({{"max_rejects", bad}}, plan).ok());
    }
  }

  TEST_CASE("a failing sink ends the run with its error, and tells what is there already") {
    SlowSinkState state;
    state.fail_after = 300;
    Pipeline pipeline(std::make_unique<Numbers>(UINT64_MAX), std::make_unique<SlowSink>(state));
    const auto receipt = pipeline.run();
    REQUIRE_FALSE(receipt.ok());
    CHECK(receipt.error().message == "disk full");
    CHECK(receipt.error().hint ==
          "Free space, or write elsewhere; 300 rows were acknowledged by the target before this and are there");
    CHECK(receipt.error().side == Side::kTarget);
    CHECK(exit_code(receipt.error()) == 5);
  }

  TEST_CASE("a run is cancelled from another thread, and by its observer, within a second") {
    for (const bool by_observer : {false, true}) {
      CAPTURE(by_observer);
      SlowSinkState state;
      state.pause = 1ms;
      std::stop_source stop;
      Pipeline pipeline(std::make_unique<Numbers>(UINT64_MAX), std::make_unique<SlowSink>(state));
      std::jthread canceller([&] {
        std::this_thread::sleep_for(50ms);
        if (!by_observer) stop.request_stop();
      });
      const auto began = std::chrono::steady_clock::now();
      const auto receipt =
          pipeline.run({.observer = [&](const Event& event) { return !by_observer || event.progress.seconds < 0.05; },
                        .stop = stop.get_token()});
      CHECK(std::chrono::steady_clock::now() - began < 1s);
      REQUIRE_FALSE(receipt.ok());
      CHECK(receipt.error().code == Code::kCancelled);
      CHECK(state.aborted);
    }
  }

  TEST_CASE("a source that is faster than its sink waits") {
    SlowSinkState state;
    state.pause = 2ms;
    auto source = std::make_unique<Numbers>(200);
    const Numbers& numbers = *source;
    Pipeline pipeline(std::move(source), std::make_unique<SlowSink>(state));
    uint64_t furthest = 0;
    // One batch is 800 bytes and the queue takes an eighth of the limit: about ten batches may be ahead.
    const auto receipt = pipeline.run({.memory_limit = 64 << 10, .observer = [&](const Event&) {
                                         furthest = std::max(furthest, numbers.position().records - state.rows);
                                         return true;
                                       }});
    REQUIRE(receipt.ok());
    CHECK(furthest <= 1300);
  }

  TEST_CASE("a receipt as JSON is one object without surprises") {
    std::vector<Batch> got;
    Pipeline pipeline(std::make_unique<Numbers>(1), memory_sink(got));
    auto receipt = pipeline.run();
    REQUIRE(receipt.ok());
    receipt->seconds = 0.25;
    receipt->source = "a \"b\"\n";
    receipt->version = "1";
    CHECK(
        to_json(*receipt) ==
        R"({"version": "1", "source": "a \"b\"\n", "target": "", "settings": {}, "schema": [{"name": "n", "type": "UInt64"}], )"
        R"("read": 100, "loaded": 100, "rejected": 0, "duplicate": 0, "filtered": 0, "balanced": true, "checked": false, "bytes_read": 800, )"
        R"("bytes_written": 800, "blocks": 1, "rejects_by_code": {}, "first_rejects": [], "findings": [], "leniencies": [], "seconds": 0.250})");
    CHECK(to_json(Error{.code = Code::kNotOfType, .message = "x", .raw = "\xff,1"}) ==
          R"({"code": "FB-TYPE-0102", "message": "x", "raw": "\u00ff,1"})");
  }
}

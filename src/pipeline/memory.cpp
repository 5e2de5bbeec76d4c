// Ends in memory. Enters: batches of a program. Leaves: deliveries, numbered as if they were read from one place.
#include <algorithm>
#include <atomic>

#include "columns/find_column.hpp"
#include "flatbed/sink.hpp"
#include "flatbed/source.hpp"

namespace flatbed {
namespace {

class GeneratedSource : public Source {
 public:
  GeneratedSource(Schema schema, std::function<Result<std::optional<Batch>>()> next)
      : schema_(std::move(schema)), next_(std::move(next)) {}

  Result<Schema> open(const ReadRequest& request, std::stop_token) override {
    if (request.columns.empty()) {
      chosen_ = std::make_shared<const Schema>(schema_);
      for (size_t i = 0; i < schema_.size(); ++i) indexes_.push_back(i);
      return schema_;
    }
    auto indexes = find_columns(schema_, request.columns);
    if (!indexes) return std::move(indexes).error();
    indexes_ = std::move(*indexes);
    Schema chosen;
    for (const size_t index : indexes_) chosen.fields.push_back(schema_.fields[index]);
    chosen_ = std::make_shared<const Schema>(chosen);
    return chosen;
  }

  Result<std::optional<Delivery>> next(std::stop_token stop) override {
    if (stop.stop_requested()) return Error{.code = Code::kCancelled, .message = "the run was cancelled"};
    auto batch = next_();
    if (!batch) return std::move(batch).error();
    if (!*batch) return std::optional<Delivery>();
    if ((*batch)->schema() != schema_) {
      return Error{.code = Code::kUsage,
                   .message = "a batch has another schema than its source: " + to_string((*batch)->schema()),
                   .expected = to_string(schema_)};
    }
    std::vector<Column> columns;
    columns.reserve(indexes_.size());
    for (const size_t index : indexes_) columns.push_back((*batch)->column(index));
    const size_t rows = (*batch)->rows();
    const Origin origin{.first_record = records_, .records = rows, .first_line = records_ + 1};
    records_ += rows;
    return std::optional(Delivery{Batch(chosen_, std::move(columns), rows, origin), {}});
  }

  Position position() const noexcept override { return {.bytes = 0, .records = records_}; }

 private:
  Schema schema_;
  std::function<Result<std::optional<Batch>>()> next_;
  std::vector<size_t> indexes_{};
  std::shared_ptr<const Schema> chosen_{};
  std::atomic<uint64_t> records_ = 0;
};

class MemorySink : public Sink {
 public:
  explicit MemorySink(std::vector<Batch>& into) : into_(into), before_(into.size()) {}

  Result<std::optional<Schema>> existing(std::stop_token) override { return std::optional<Schema>(); }
  Status open(const Schema&, const WriteRequest&, std::stop_token) override { return {}; }

  Status write(const Batch& batch, std::stop_token) override {
    into_.push_back(batch);
    rows_ += batch.rows();
    bytes_ += batch.bytes();
    ++blocks_;
    return {};
  }

  Status finish(std::stop_token) override {
    finished_ = true;
    return {};
  }

  void abort() noexcept override {
    if (finished_) return;
    into_.erase(into_.begin() + static_cast<std::ptrdiff_t>(std::min(before_, into_.size())), into_.end());
  }

  Acknowledged acknowledged() const noexcept override { return {rows_, bytes_, blocks_}; }

 private:
  std::vector<Batch>& into_;
  size_t before_;
  bool finished_ = false;
  std::atomic<uint64_t> rows_ = 0;
  std::atomic<uint64_t> bytes_ = 0;
  std::atomic<uint64_t> blocks_ = 0;
};

}  // namespace

std::unique_ptr<Source> memory_source(Schema schema, std::vector<Batch> batches) {
  return generated_source(std::move(schema), [left = std::move(batches), at = size_t{0}]() mutable {
    std::optional<Batch> batch;
    if (at < left.size()) batch = std::move(left[at++]);
    return Result<std::optional<Batch>>(std::move(batch));
  });
}

std::unique_ptr<Source> generated_source(Schema schema, std::function<Result<std::optional<Batch>>()> next) {
  return std::make_unique<GeneratedSource>(std::move(schema), std::move(next));
}

std::unique_ptr<Sink> memory_sink(std::vector<Batch>& into) {
  return std::make_unique<MemorySink>(into);
}

}  // namespace flatbed

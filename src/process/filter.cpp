// Rows chosen. Enters: a batch. Leaves: those of its rows for which a function wrote 1.
#include <algorithm>

#include "flatbed/processor.hpp"

namespace flatbed {
namespace {

class FilterRows : public Processor {
 public:
  explicit FilterRows(std::function<Status(const Batch&, std::span<uint8_t>)> keep) : keep_(std::move(keep)) {}

  Result<Schema> bind(const Schema& schema) override { return schema; }

  Result<Batch> apply(Batch batch, std::vector<Error>&) override {
    flags_.assign(batch.rows(), 0);
    if (Status status = keep_(batch, flags_); !status) return status;
    if (std::ranges::find(flags_, uint8_t{0}) == flags_.end()) return batch;
    return batch.filter(flags_);
  }

 private:
  std::function<Status(const Batch&, std::span<uint8_t>)> keep_;
  std::vector<uint8_t> flags_{};
};

}  // namespace

std::unique_ptr<Processor> filter_rows(std::function<Status(const Batch&, std::span<uint8_t>)> keep) {
  return std::make_unique<FilterRows>(std::move(keep));
}

}  // namespace flatbed

// What happens to rows on the way: a processor takes a batch and gives a batch.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "flatbed/batch.hpp"
#include "flatbed/schema.hpp"
#include "flatbed/source.hpp"
#include "flatbed/status.hpp"

namespace flatbed {

/// Changes batches. THREADS: one owner thread.
class Processor {
 public:
  virtual ~Processor() = default;
  /// Learns the schema that comes in and returns the one that goes out. Called once, before apply().
  virtual Result<Schema> bind(const Schema& schema) = 0;
  /// Returns the batch changed. A row left out is counted as filtered, one added to `rejects` as rejected.
  virtual Result<Batch> apply(Batch batch, std::vector<Error>& rejects) = 0;
};

/// Keeps the named columns, in this order.
std::unique_ptr<Processor> select_columns(std::vector<std::string> names);
/// Renames columns, pairs of old and new name.
std::unique_ptr<Processor> rename_columns(std::vector<std::pair<std::string, std::string>> names);
/// Keeps the rows for which `keep` writes 1. Called once a batch, with one flag a row, all 0.
std::unique_ptr<Processor> filter_rows(std::function<Status(const Batch&, std::span<uint8_t> keep)> keep);
/// Changes columns to the types of `target`, by name, exactly; a value that does not fit rejects its row.
std::unique_ptr<Processor> cast_columns(Schema target);

}  // namespace flatbed

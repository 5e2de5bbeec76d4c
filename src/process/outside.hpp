// Steps written outside the library: a function takes a batch and answers which rows stay, or what the columns become.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "flatbed/processor.hpp"

struct ArrowSchema;
struct ArrowArray;

namespace flatbed {

/// What such a step answers; exactly one of the two is set.
struct Answer {
  std::optional<std::vector<uint8_t>> keep{};  ///< one flag a row
  std::optional<Batch> batch{};                ///< as many rows as came in, so that each row keeps its record number
};
using OutsideStep = std::function<Result<Answer>(const Batch&)>;

/// Makes a processor of a step. It is called first with a batch of no rows: that tells the columns that come out.
/// ERRORS: those of the step; kUsage when an answer has other rows or columns than it must.
std::unique_ptr<Processor> outside_step(OutsideStep step);

/// Reads one Arrow batch. OWNERSHIP: both structs are moved in, also on failure.
Result<Batch> import_batch(ArrowSchema* schema, ArrowArray* batch);

/// Reads a source that must hold one batch; without rows it gives a batch of none.
Result<Batch> only_batch(Source& source);

}  // namespace flatbed

// Rejected rows as rows: what the rejects sink of a pipeline is given.
#pragma once

#include <span>

#include "flatbed/batch.hpp"
#include "flatbed/status.hpp"

namespace flatbed {

/// Makes a batch of rejects_schema() out of rejects.
Batch rejects_batch(std::span<const Error> rejects);
/// Makes a reject out of a row of such a batch.
Error reject_of(const Batch& batch, size_t row);

}  // namespace flatbed

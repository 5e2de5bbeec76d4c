// Columns out of records: one tight loop for each type.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "columns/records.hpp"
#include "flatbed/batch.hpp"

namespace flatbed {

/// A field that is no value of its column.
struct Failure {
  uint32_t row = 0;
  uint32_t column = 0;  // of the wanted ones
  Code code = Code::kOk;
};

/// A column to be made. Chosen once, used for every chunk by every thread.
struct ColumnPlan {
  Field field{};
  size_t source = 0;      ///< number of the field in a record
  bool verbatim = false;  ///< kString: no text means NULL, every byte is taken as it stands
};

/// Reads every row of `records` into columns. `chunk` holds the bytes of `records`; text columns keep it.
/// The rows of misfits hold anything. Failures are in order of rows, at most one a row, none for misfits.
void build_columns(const std::vector<ColumnPlan>& plans, const Records& records, const Buffer& chunk,
                   std::vector<Column>& columns, std::vector<Failure>& failures);

}  // namespace flatbed

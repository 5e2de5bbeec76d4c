// Columns out of records: one tight loop for each type.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bytes/slabs.hpp"
#include "columns/fast_fields.hpp"
#include "columns/ordered_date.hpp"
#include "columns/records.hpp"
#include "columns/repair.hpp"
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
  size_t source = 0;                        ///< number of the field in a record
  bool verbatim = false;                    ///< kString: no text means NULL, every byte is taken as it stands
  DateOrder date_order = DateOrder::kNone;  ///< kDate, kDate32: dates may be written so as well
  Repairs repairs{};                        ///< what is tried on a field that is no value
};

/// Returns where field `source` of each record lies.
FieldSpans spans_of(const Records& records, size_t source);
/// Returns the loop of the kernel that indexes files of this syntax.
FastLoop fast_loop(const Syntax& syntax, const Type& type, bool rectangular);

/// Reads every row of `records` into columns cut from `room`.
/// The rows of misfits hold anything. Failures are in order of rows, at most one a row, none for misfits.
/// Fields that are values after a repair are added to `mended`, in no order, those of misfits and of failed rows too.
void build_columns(const std::vector<ColumnPlan>& plans, const Records& records, Room& room,
                   std::vector<Column>& columns, std::vector<Failure>& failures, std::vector<Failure>& mended);

}  // namespace flatbed

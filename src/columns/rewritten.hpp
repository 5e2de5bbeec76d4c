// Fields that are carried as values which are written otherwise: 007 as 7, 1.5 of many digits as a float.
#pragma once

#include <string_view>
#include <vector>

#include "columns/column_loops.hpp"

namespace flatbed {

/// Tells whether a float that was read from `text`, a number, is written with the same digits again.
template <class T>
bool float_keeps(std::string_view text);

/// Tells whether `text`, which was read as a value of `type`, loses something by it: zeros at the front, the sign of
/// -0, digits that a float does not keep, a zone that the column has not.
bool is_rewritten(std::string_view text, const Type& type);

/// Finds such fields of the rows that neither are misfits nor failed, in order of rows; their code is kRewritten.
/// COST: a look at each field of columns that are neither text, UUID nor address.
std::vector<Failure> find_rewritten(const std::vector<ColumnPlan>& plans, const Records& records,
                                    const std::vector<Failure>& failures);

}  // namespace flatbed

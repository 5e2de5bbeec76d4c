// A column by name, or the error that every stage gives when there is none.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "flatbed/schema.hpp"
#include "flatbed/status.hpp"

namespace flatbed {

/// Returns the index of a column. ERRORS: kUnknownColumn with the nearest name.
Result<size_t> find_column(const Schema& schema, std::string_view name);
/// Returns the indexes of columns, in the order of `names`. ERRORS: kUnknownColumn; kDuplicateName.
Result<std::vector<size_t>> find_columns(const Schema& schema, const std::vector<std::string>& names);

}  // namespace flatbed

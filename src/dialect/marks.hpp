// What a file has besides its syntax: notes between and behind the records, marks in numbers. Told to people alone.
#pragma once

#include "dialect/score.hpp"
#include "flatbed/dialect.hpp"

namespace flatbed {

/// Fills in comment, footer_rows, decimal and thousands. `whole` says that the sample is the whole file.
void find_marks(const Scored& best, bool whole, Dialect& dialect);

}  // namespace flatbed

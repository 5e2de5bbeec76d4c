// Text files as a source of batches.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "columns/ordered_date.hpp"
#include "columns/repair.hpp"
#include "flatbed/bytes.hpp"
#include "flatbed/dialect.hpp"
#include "flatbed/source.hpp"

namespace flatbed {

struct Kernel;

/// One file of a table.
struct CsvInput {
  std::string uri{};
  bool reopenable = false;  ///< open() may be called again, and gives the same bytes
  std::function<Result<std::unique_ptr<ByteSource>>(std::stop_token)> open{};
};

struct CsvSourceOptions {
  Dialect dialect{};      ///< what the user chose; the rest is detected in the first input
  bool all_text = false;  ///< every column is String, and no text means NULL
  bool as_is = false;     ///< as all_text; records of any width, and of several tables the first: see columns/as_is.hpp
  Repairs repairs{};
  bool ordered_dates_are_text = false;      ///< dates such as 26/04/2026 are text
  DateOrder date_order = DateOrder::kNone;  ///< kDayFirst, kMonthFirst: how such dates are written; else by proof
  size_t chunk_bytes = size_t{1} << 20;
  const Kernel* kernel = nullptr;  ///< for tests: another one than that of this process
};

/// Makes a source of the rows of `inputs`, one after the other. REQUIRES: at least one input.
std::unique_ptr<Source> csv_source(std::vector<CsvInput> inputs, CsvSourceOptions options);

}  // namespace flatbed

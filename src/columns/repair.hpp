// Named repairs of records and fields that do not fit; each is made only where it was asked for, and counted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "columns/chunks.hpp"
#include "columns/records.hpp"
#include "flatbed/receipt.hpp"

namespace flatbed {

/// The repairs that were asked for. A row that fits as it stands is never touched.
struct Repairs {
  bool pad = false;            ///< a record with too few fields gets empty ones
  bool cut = false;            ///< fields behind the last column are left out
  bool trim = false;           ///< spaces around a value that is no text are left out
  bool decimal_comma = false;  ///< 1,5 is 1.5 in a column of numbers
  bool thousands = false;      ///< 1,234 or 1 234 is 1234 in a column of numbers
  bool names = false;          ///< a name that another column has gets the column's number
  bool of_records() const noexcept { return pad || cut; }
  bool of_fields() const noexcept { return trim || decimal_comma || thousands; }
};

/// Reads names: pad, cut, trim, decimal-comma, thousands, names. ERRORS: kBadOption with the nearest name.
Result<Repairs> parse_repairs(const std::vector<std::string>& names);

/// Repairs a value that no type but text takes as it stands; `numeric`: of a column of numbers. Returns what was done
/// (kTrimmed, kThousands, kDecimalComma, in this order) and writes the value to `out`; nothing when nothing helps.
std::vector<Code> mend_value(std::string_view text, bool numeric, const Repairs& repairs, std::string& out);

/// Pads and cuts the records of a chunk that have a wrong number of fields, by writing the chunk anew.
class RecordMender {
 public:
  explicit RecordMender(const Repairs& repairs) : repairs_(repairs) {}
  /// Mends `chunk` if some record needs it. Findings have places in the source.
  void mend(const std::string& uri, const Syntax& syntax, const NullTokens& nulls, size_t columns, Chunk& chunk,
            std::vector<Finding>& done);
  /// Returns where a byte of the mended chunk stands in the source. REQUIRES: places within the chunk.
  uint64_t source_byte(uint64_t byte) const noexcept;

 private:
  struct Shift {
    uint64_t from;  // in the mended source
    int64_t by;     // to the place in the source
  };
  const Repairs& repairs_;
  std::vector<Shift> shifts_{};
};

}  // namespace flatbed

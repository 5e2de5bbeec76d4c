// Values as text, in the one form that is exact and that parse_value() reads back.
// Decimals keep all digits of their scale ("5.10"; ClickHouse drops the last zero). A DateTime is local time in its
// column's zone; where clocks show that time twice, it is written in UTC with a Z. A FixedString loses its padding.
// A state is written in hexadecimal, and nested values as nested_text.hpp tells. Floats are the shortest text that
// reads back as the same number.
#pragma once

#include <cstddef>
#include <string>

#include "columns/timezone.hpp"
#include "flatbed/batch.hpp"
#include "flatbed/schema.hpp"
#include "flatbed/status.hpp"

namespace flatbed {

/// How the values of one type become text, worked out once. LIFETIME: `type` outlives it.
class ValueFormat {
 public:
  /// Formats nothing yet.
  ValueFormat() = default;
  /// ERRORS: kBadOption for a timezone that the system does not know.
  static Result<ValueFormat> of(const Type& type);
  /// Most bytes of one value's text.
  size_t most() const noexcept { return most_; }
  /// Writes a value and returns the end. REQUIRES: room for most() bytes.
  char* put(const std::byte* value, char* to) const noexcept { return put_(*this, value, to); }

 private:
  friend struct Puts;
  using Put = char* (*)(const ValueFormat&, const std::byte*, char*) noexcept;
  Put put_ = nullptr;
  size_t most_ = 0;
  const Type* type_ = nullptr;
  const TimeZone* zone_ = nullptr;  // null: UTC
};

/// Appends the text of a value that is not NULL. A timezone that the system does not know is taken as UTC, with a Z.
void append_value(const Column& column, size_t row, std::string& out);
/// As above, for one value of a fixed-width type.
void append_value(const std::byte* value, const Type& type, std::string& out);

}  // namespace flatbed

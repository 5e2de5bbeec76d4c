// Nested values as text, as ClickHouse writes them in CSV and TSV: [1,2], {'a':1}, ('x',NULL). Texts, dates, addresses
// and all else that is no number stand in single quotes. Also the states of aggregate functions: in hexadecimal.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "columns/column_builder.hpp"
#include "columns/format.hpp"
#include "flatbed/batch.hpp"

namespace flatbed {

/// Tells whether values of the type are first taken as text and then read: nested ones, JSON and states.
constexpr bool is_read_from_text(TypeId id) noexcept {
  return is_nested(id) || id == TypeId::kJson || id == TypeId::kState;
}

/// Writes the values of a column of any type. LIFETIME: the column outlives it.
class NestedText {
 public:
  explicit NestedText(const Column& column);
  /// Appends a value as it stands alone. REQUIRES: it is not NULL.
  void append(size_t row, std::string& out) const;

 private:
  void append_element(size_t row, std::string& out) const;
  void append_list(size_t begin, size_t end, std::string& out) const;

  const Column& column_;
  ValueFormat format_{};
  bool unknown_zone_ = false;
  std::vector<NestedText> children_{};
};

/// Returns the values of a column as a text column with the same NULLs.
Column texts_of(const Column& column);

/// Adds the value of a text; on failure nothing. REQUIRES: is_read_from_text(to.type().id).
Code read_text_value(std::string_view text, ColumnBuilder& to);

/// Reads texts as values of `type`; `fail` is told of each row whose text is none, which then holds zero.
Column values_of(const Column& texts, const Type& type, const std::function<void(size_t row, Code code)>& fail);

/// Reads pairs of hexadecimal digits; false where there are none.
bool read_hex(std::string_view text, std::string& bytes);

}  // namespace flatbed

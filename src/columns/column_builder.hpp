// Columns of any type made value by value.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "columns/text_builder.hpp"
#include "flatbed/batch.hpp"
#include "flatbed/status.hpp"

namespace flatbed {

/// Collects the values of a column. A nested row is closed by end_row() after its elements were added to the children.
/// LIFETIME: `type` outlives the builder. THREADS: one owner.
class ColumnBuilder {
 public:
  explicit ColumnBuilder(const Type& type);
  const Type& type() const noexcept { return type_; }
  size_t rows() const noexcept { return rows_; }
  /// Adds a NULL. REQUIRES: a nullable type.
  void add_null();
  /// Adds zero, an empty text, or a nested value of no elements or of such.
  void add_zero();
  /// Adds a value from its text, which is not quoted; a failure adds nothing. REQUIRES: a type that is not nested.
  Code add(std::string_view text);
  /// Adds the bytes of a value. REQUIRES: a type of fixed width.
  void add_bytes(const std::byte* value);
  /// REQUIRES: a nested type.
  ColumnBuilder& child(size_t index) noexcept { return children_[index]; }
  size_t children() const noexcept { return children_.size(); }
  /// Closes a row. REQUIRES: a nested type; for a Tuple one more value in each child.
  void end_row();
  /// Forgets the rows after the first `rows`, and all elements added after them.
  void rewind(size_t rows);
  Column finish() &&;

 private:
  bool has_offsets() const noexcept { return type_.id == TypeId::kArray || type_.id == TypeId::kMap; }
  std::byte* room();
  void add_valid(bool valid);

  const Type& type_;
  size_t width_;
  size_t rows_ = 0;
  Buffer values_{};
  TextBuilder texts_{0};
  std::vector<bool> valid_{};  // empty while there is no NULL
  std::vector<ColumnBuilder> children_{};
};

}  // namespace flatbed

// Columns made value by value. Enters: values as text, NULLs and nested rows. Leaves: a column.
// Invariant: a value that was refused leaves no trace.
#include "columns/column_builder.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "columns/json_text.hpp"
#include "columns/nested_text.hpp"
#include "columns/parse.hpp"

namespace flatbed {

ColumnBuilder::ColumnBuilder(const Type& type) : type_(type), width_(byte_width(type)) {
  if (!is_nested(type.id)) return;
  children_.reserve(type.children->size());
  for (const Field& child : *type.children) children_.emplace_back(child.type);
  if (!has_offsets()) return;
  values_ = Buffer::allocate(64);
  std::memset(values_.writable(), 0, sizeof(uint64_t));
}

// Returns where the next value lies; for offsets, where its end lies.
std::byte* ColumnBuilder::room() {
  const size_t begin = (rows_ + (has_offsets() ? 1 : 0)) * width_;
  if (begin + width_ > values_.size()) {
    Buffer larger = Buffer::allocate(std::max({size_t{64}, 2 * values_.size(), begin + width_}));
    if (begin > 0) std::memcpy(larger.writable(), values_.data(), begin);
    values_ = std::move(larger);
  }
  return values_.writable() + begin;
}

void ColumnBuilder::add_valid(bool valid) {
  if (!valid && valid_.empty()) valid_.assign(rows_, true);
  if (!valid || !valid_.empty()) valid_.push_back(valid);
  ++rows_;
}

void ColumnBuilder::add_zero() {
  if (type_.id == TypeId::kTuple) {
    for (ColumnBuilder& child : children_) child.add_zero();
  }
  if (is_nested(type_.id)) return end_row();
  if (is_view(type_.id))
    texts_.add_null();
  else
    std::memset(room(), 0, width_);
  add_valid(true);
}

void ColumnBuilder::add_null() {
  add_zero();
  --rows_;
  if (!valid_.empty()) valid_.pop_back();
  add_valid(false);
}

void ColumnBuilder::add_bytes(const std::byte* value) {
  std::memcpy(room(), value, width_);
  add_valid(true);
}

Code ColumnBuilder::add(std::string_view text) {
  if (!is_view(type_.id)) {
    if (const Code code = parse_value(text, type_, room()); code != Code::kOk) return code;
  } else if (type_.id == TypeId::kState) {
    std::string state;
    if (!read_hex(text, state)) return Code::kNotOfType;
    texts_.add(state);
  } else {
    if (type_.id == TypeId::kJson && !is_json_object(text)) return Code::kNotOfType;
    texts_.add(text);
  }
  add_valid(true);
  return Code::kOk;
}

void ColumnBuilder::end_row() {
  if (has_offsets()) {
    const uint64_t end = children_.front().rows();
    std::memcpy(room(), &end, sizeof(end));
  }
  add_valid(true);
}

void ColumnBuilder::rewind(size_t rows) {
  rows_ = rows;
  if (!valid_.empty()) valid_.resize(rows);
  if (is_view(type_.id)) texts_.rewind(rows);
  uint64_t elements = rows;
  if (has_offsets()) std::memcpy(&elements, values_.data() + rows * width_, sizeof(elements));
  for (ColumnBuilder& child : children_) child.rewind(static_cast<size_t>(elements));
}

Column ColumnBuilder::finish() && {
  Column column{.type = type_, .rows = rows_};
  if (is_view(type_.id)) {
    std::move(texts_).finish(column);
  } else {
    values_.truncate((rows_ + (has_offsets() ? 1 : 0)) * width_);
    column.values = std::move(values_);
  }
  for (ColumnBuilder& child : children_) column.children.push_back(std::move(child).finish());
  column.nulls = static_cast<size_t>(std::ranges::count(valid_, false));
  if (column.nulls == 0) return column;
  column.validity = Buffer::allocate((rows_ + 7) / 8);
  std::memset(column.validity.writable(), 0, column.validity.size());
  for (size_t row = 0; row < rows_; ++row) {
    column.validity.writable()[row / 8] |= std::byte(unsigned{valid_[row]} << (row % 8));
  }
  return column;
}

}  // namespace flatbed

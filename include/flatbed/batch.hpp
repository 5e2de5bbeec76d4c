// Rows in memory, column by column, in Arrow's layout: validity bitmaps, contiguous values, text as 16-byte views.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "flatbed/schema.hpp"

namespace flatbed {

/// Reference-counted bytes. Allocated ones are 64-byte aligned and padded to a multiple of 64, as Arrow asks.
class Buffer {
 public:
  Buffer() noexcept = default;
  /// Allocates `bytes` bytes, not cleared.
  static Buffer allocate(size_t bytes);
  /// Refers to bytes that `owner` keeps alive; a null owner means the caller does.
  static Buffer wrap(const void* data, size_t bytes, std::shared_ptr<const void> owner);
  /// Returns a part that shares ownership.
  Buffer slice(size_t offset, size_t bytes) const;
  const std::byte* data() const noexcept { return data_; }
  const char* chars() const noexcept { return reinterpret_cast<const char*>(data_); }
  /// REQUIRES: allocated here and not yet shared with another thread.
  std::byte* writable() const noexcept { return const_cast<std::byte*>(data_); }
  size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::string_view text() const noexcept { return {chars(), size_}; }
  /// Shortens to the first `bytes` bytes; frees nothing.
  void truncate(size_t bytes) noexcept { size_ = bytes; }
  const std::shared_ptr<const void>& owner() const noexcept { return owner_; }

 private:
  std::shared_ptr<const void> owner_{};
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

/// One text value: Arrow's binary view. Up to 12 bytes lie inside; longer text lies in a text buffer of the column.
struct TextView {
  struct Outside {
    char prefix[4];
    uint32_t buffer;
    uint32_t offset;
  };
  uint32_t length = 0;
  union {
    char inlined[12];
    Outside outside;
  };
  static constexpr uint32_t kInlineBytes = 12;
  TextView() noexcept : inlined{} {}
  /// Makes the view of `text`, which lies at `offset` in text buffer `buffer` of the column. Unused bytes are zero.
  static TextView of(std::string_view text, uint32_t buffer, uint32_t offset) noexcept {
    TextView view;
    view.length = static_cast<uint32_t>(text.size());
    if (text.size() <= kInlineBytes) {
      std::memcpy(view.inlined, text.data(), text.size());
    } else {
      std::memcpy(view.outside.prefix, text.data(), 4);
      view.outside.buffer = buffer;
      view.outside.offset = offset;
    }
    return view;
  }
};
static_assert(sizeof(TextView) == 16);

/// One column of a batch.
/// LIFETIME: text may lie in the chunk it was read from; the column keeps that chunk alive.
struct Column {
  Type type{};
  size_t rows = 0;
  size_t nulls = 0;   ///< number of NULLs
  Buffer validity{};  ///< bit r (least significant first) is 1 where row r has a value; empty when nulls == 0
  /// rows * byte_width(type) bytes; the value of a NULL row is zero. kArray, kMap: rows + 1 uint64_t that begin with 0,
  /// the elements of row r are those from values[r] to values[r + 1].
  Buffer values{};
  std::vector<Buffer> texts{};  ///< TextViews: what they point into
  std::vector<Column>
      children{};  ///< kArray: the elements; kMap: keys and values; kTuple: one a member, of `rows` rows

  bool is_null(size_t row) const noexcept {
    return nulls != 0 && ((static_cast<uint8_t>(validity.data()[row / 8]) >> (row % 8)) & 1) == 0;
  }
  /// REQUIRES: sizeof(T) == byte_width(type).
  template <class T>
  std::span<const T> as() const noexcept {
    return {reinterpret_cast<const T*>(values.data()), rows};
  }
  /// Returns the first and the last element of a row, the last not included. REQUIRES: kArray or kMap.
  std::pair<size_t, size_t> elements(size_t row) const noexcept {
    const auto* ends = reinterpret_cast<const uint64_t*>(values.data());
    return {static_cast<size_t>(ends[row]), static_cast<size_t>(ends[row + 1])};
  }
  /// REQUIRES: is_view(type.id). Valid while the column lives and is not moved.
  std::string_view text(size_t row) const noexcept {
    const TextView& view = as<TextView>()[row];
    if (view.length <= TextView::kInlineBytes) return {view.inlined, view.length};
    return {texts[view.outside.buffer].chars() + view.outside.offset, view.length};
  }
};

/// Makes a column of no rows, with the children that its type has.
Column empty_column(Type type);

/// Where the rows of a batch were read: a range of bytes that begins and ends on a record.
/// The range depends on the content and the chunk size alone, never on threads: blocks are cut by it.
struct Origin {
  uint64_t byte_begin = 0;
  uint64_t byte_end = 0;
  uint64_t first_record = 0;  ///< number of the range's first record, from 0
  uint64_t records = 0;       ///< records in the range, before any was rejected or filtered
  uint64_t first_line = 1;    ///< physical line of the range's first byte
};

/// Some rows of a schema.
class Batch {
 public:
  Batch() = default;
  Batch(std::shared_ptr<const Schema> schema, std::vector<Column> columns, size_t rows, Origin origin = {})
      : schema_(std::move(schema)), columns_(std::move(columns)), rows_(rows), origin_(origin) {}
  const Schema& schema() const noexcept { return *schema_; }
  const std::shared_ptr<const Schema>& shared_schema() const noexcept { return schema_; }
  size_t rows() const noexcept { return rows_; }
  const std::vector<Column>& columns() const noexcept { return columns_; }
  std::vector<Column>& columns() noexcept { return columns_; }
  const Column& column(size_t index) const noexcept { return columns_[index]; }
  const Origin& origin() const noexcept { return origin_; }
  /// Returns the record number of a row, exact even after rows were dropped.
  uint64_t record(size_t row) const noexcept { return origin_.first_record + (kept_ ? (*kept_)[row] : row); }
  /// Returns the same rows, with their record numbers, under other columns. REQUIRES: rows() values in each column.
  Batch with_columns(std::shared_ptr<const Schema> schema, std::vector<Column> columns) const {
    Batch changed(std::move(schema), std::move(columns), rows_, origin_);
    changed.kept_ = kept_;
    return changed;
  }
  /// Keeps the rows whose flag is not 0. REQUIRES: keep.size() == rows(). COST: one copy of the kept rows.
  Batch filter(std::span<const uint8_t> keep) const;
  /// Returns the bytes this batch holds, shared buffers included.
  size_t bytes() const noexcept;

 private:
  std::shared_ptr<const Schema> schema_{};
  std::vector<Column> columns_{};
  size_t rows_ = 0;
  Origin origin_{};
  std::shared_ptr<const std::vector<uint32_t>> kept_{};  // record offsets of the rows, once some were dropped
};

}  // namespace flatbed

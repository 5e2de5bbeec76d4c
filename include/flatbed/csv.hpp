// The zero-copy CSV reader and the writer: records whose fields are views into the bytes of the caller.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flatbed/batch.hpp"
#include "flatbed/dialect.hpp"
#include "flatbed/status.hpp"

namespace flatbed::csv {

class Reader;

/// One record. A view: valid until the reader's iterator moves on.
///
///     for (const auto& row : flatbed::csv::Reader(bytes)) total += row.get<double>("amount").value();
class Row {
 public:
  size_t size() const noexcept { return fields_; }
  /// Returns a field without its quotes. COST: two loads; a field that holds an escape is unescaped once.
  /// REQUIRES: index < size().
  std::string_view operator[](size_t index) const {
    if (index >= simple_fields_) return field(index);
    const uint32_t begin = bounds_[index] + 1, end = bounds_[index + 1];
    // The byte behind an empty field is no quote. No branch: which fields are quoted is hard to foresee.
    const uint32_t quotes = static_cast<unsigned char>(text_[begin]) == quote_;
    if ((quotes & escaped_) != 0) return unescaped({text_ + begin + 1, end - begin - 2});
    return {text_ + begin + quotes, end - begin - 2 * quotes};
  }
  /// Returns the field of a named column; an empty view when there is no such column in header or row.
  std::string_view operator[](std::string_view name) const;
  /// Returns true where the field was quoted, which keeps "" and an empty field apart.
  bool quoted(size_t index) const noexcept;
  /// Reads a field as an arithmetic type, exactly. ERRORS: kNotOfType, kOutOfRange, with the location.
  template <class T>
  Result<T> get(size_t index) const;
  template <class T>
  Result<T> get(std::string_view name) const;
  /// Number of this record, from 0, the header not counted.
  uint64_t record() const noexcept { return record_; }
  /// Where a field stands. COST: counts the lines before it; for errors, not for loops.
  Location locate(size_t index) const;

 private:
  friend class Reader;
  std::string_view field(size_t index) const;
  std::string_view unescaped(std::string_view quoted) const;
  Result<size_t> column(std::string_view name) const;
  Error bad_value(size_t index, Code code, std::string_view type) const;
  void step() noexcept {
    bounds_ += fields_;
    ++record_;
  }
  const Reader* reader_ = nullptr;
  const char* text_ = nullptr;        // of the reader's window
  const uint32_t* bounds_ = nullptr;  // field i lies between bounds_[i] and bounds_[i + 1], both left out
  size_t fields_ = 0;
  size_t simple_fields_ = 0;  // the first ones, which need no look at CR or long delimiters
  uint32_t escaped_ = 0;      // 1: a quoted field of the window may hold an escape
  int quote_ = -1;            // the byte that quotes, if one does
  uint64_t record_ = 0;
};

/// Reads records from bytes in memory, in one pass, with the kernel chosen for this CPU.
/// LIFETIME: `bytes` outlives the reader. THREADS: one owner. COST: memory for the index of one window (256 KiB)
/// of bytes.
class Reader {
 public:
  explicit Reader(std::string_view bytes, Dialect dialect = {});
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;
  ~Reader();

  class iterator {
   public:
    using value_type = Row;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;
    const Row& operator*() const noexcept { return reader_->row_; }
    const Row* operator->() const noexcept { return &reader_->row_; }
    iterator& operator++() {
      if (!reader_->next()) reader_ = nullptr;
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const noexcept { return reader_ == nullptr; }

   private:
    friend class Reader;
    Reader* reader_ = nullptr;
  };
  /// Starts the one pass over the records; the header, if the dialect has one, is not among them.
  iterator begin();
  std::default_sentinel_t end() const noexcept { return {}; }

  /// Names of the header, empty without one.
  const std::vector<std::string>& header() const noexcept;
  /// Tells why the iteration ended: success at the end of the bytes, else the error and its place.
  const Status& status() const noexcept;

  struct Impl;

 private:
  friend class Row;
  friend class iterator;
  bool next() {
    if (following_ == 0) return advance();
    --following_;
    row_.step();
    return true;
  }
  bool advance();
  std::unique_ptr<Impl> impl_;
  Row row_{};
  size_t following_ = 0;  // records that lie one behind the other after this one, the last of the window not among them
};

template <class T>
Result<T> Row::get(size_t index) const {
  const std::string_view text = (*this)[index];
  T value{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem == std::errc::result_out_of_range) return bad_value(index, Code::kOutOfRange, "number");
  if (problem != std::errc{} || end != text.data() + text.size()) return bad_value(index, Code::kNotOfType, "number");
  return value;
}

template <class T>
Result<T> Row::get(std::string_view name) const {
  auto index = column(name);
  if (!index) return std::move(index).error();
  return get<T>(*index);
}

/// How a table is written as text.
struct WriterOptions {
  Dialect dialect{};
  bool formula_safe = false;  ///< put ' before cells that a spreadsheet would run (=, +, -, @, tab, CR); changes data
  bool as_is = false;  ///< the headings of fields for a header, where they have one; NULLs that end a row: nothing
};

/// Writes batches as CSV that Reader and the typed reader read back as the same values. A NULL becomes an empty field
/// (or the dialect's first null text), an empty text of a nullable column "".
class Writer {
 public:
  explicit Writer(WriterOptions options = {});
  ~Writer();
  Writer(Writer&&) noexcept;
  Writer& operator=(Writer&&) noexcept;
  /// Appends the header line, if the dialect has one.
  void header(const Schema& schema, std::string& out);
  /// Appends a line for each row. COST: one pass over each column.
  /// ERRORS: kBadOption for a time zone or encoding that is not known; kInexact, with the row, for a value that the
  /// dialect has no way to write. `out` then holds part of the batch.
  Status write(const Batch& batch, std::string& out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace flatbed::csv

// JSON values into columns.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "columns/column_builder.hpp"
#include "columns/column_loops.hpp"
#include "columns/json_value.hpp"
#include "flatbed/source.hpp"

namespace flatbed {

/// The keys of an object, and which columns they are. Where objects are flattened a key leads to the keys within.
class JsonKeys {
 public:
  static constexpr size_t kNone = SIZE_MAX;
  struct Key {
    std::unique_ptr<std::string> name{};  // its place does not change
    size_t number = 0;                    ///< of the column among all of the source
    size_t plan = kNone;                  ///< of the column among those that are wanted
    std::unique_ptr<JsonKeys> within{};
  };
  Key& add(std::string_view name, size_t number);
  /// Returns a key, which is probably the one behind `hint`; null when there is none. Moves `hint` behind it.
  const Key* find(std::string_view name, size_t& hint) const noexcept;
  std::vector<Key>& all() noexcept { return keys_; }

 private:
  std::vector<Key> keys_{};
  std::unordered_map<std::string_view, size_t> numbers_{};
};

/// What all rows of a source share. LIFETIME: outlives the rows.
struct JsonPlan {
  std::vector<ColumnPlan> columns{};
  JsonKeys keys{};
  size_t names = 0;             ///< columns of the source, wanted or not
  bool objects = true;          ///< a record is an object whose members are columns; else its value is the one column
  bool ignores_others = false;  ///< keys that are not known are nobody's concern
  Leniency leniency = Leniency::kAllow;
};

/// Why a record is no row.
struct JsonMisfit {
  Code code = Code::kOk;
  const char* at = nullptr;  ///< the value; null where a key is missing
  size_t plan = JsonKeys::kNone;
  Type type{};          ///< of the value, which may be part of the column's
  std::string found{};  ///< the value, or the key
};

/// Reads rows into columns. THREADS: one owner.
class JsonRows {
 public:
  explicit JsonRows(const JsonPlan& plan);
  /// Reads a record. Where the record cannot be a row because of its values, misfit() tells more.
  Code add(JsonValue record);
  /// Closes the row. A row that is not `good` holds anything.
  void end_row(bool good);
  const JsonMisfit& misfit() const noexcept { return misfit_; }
  /// Returns the fields of this row that are carried although they are written otherwise.
  const std::vector<JsonMisfit>& rewritten() const noexcept { return rewritten_; }
  size_t rows() const noexcept { return rows_; }
  std::vector<Column> finish() &&;

 private:
  Code add_object(const JsonKeys& keys, JsonValue object);
  Code add_key(const JsonKeys& keys, size_t& hint, std::string_view key, JsonValue value);
  Code add_column(size_t plan, JsonValue value);
  Code add_missing();
  Code add_value(JsonValue value, ColumnBuilder& to);
  Code add_scalar(JsonValue value, ColumnBuilder& to);
  Code add_array(JsonValue value, ColumnBuilder& to);
  Code add_unnamed(JsonValue value, ColumnBuilder& to);
  Code add_map(JsonValue value, ColumnBuilder& to);
  Code add_tuple(JsonValue value, ColumnBuilder& to);
  Code add_json(JsonValue value, ColumnBuilder& to);
  Code add_null(const char* at, std::string_view found, ColumnBuilder& to);
  Code fail(Code code, const char* at, std::string_view found, const Type& type);

  const JsonPlan& plan_;
  std::vector<ColumnBuilder> columns_{};
  std::vector<size_t> seen_{};  // of each name, the row in which it came last, from 1
  size_t rows_ = 0;
  size_t column_ = JsonKeys::kNone;  // the plan whose value is being read
  JsonMisfit misfit_{};
  std::vector<JsonMisfit> rewritten_{};
  std::string text_{};
};

}  // namespace flatbed

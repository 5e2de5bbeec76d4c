// Types, fields and schemas. Types carry ClickHouse's names, because every value ends or begins there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flatbed/status.hpp"

namespace flatbed {

/// What one value is. The comment gives how it lies in a Column: the same bytes ClickHouse Native uses, little-endian.
enum class TypeId : uint8_t {
  kBool,  // uint8_t 0 or 1
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kInt128,
  kInt256,
  kUInt8,
  kUInt16,
  kUInt32,
  kUInt64,
  kUInt128,
  kUInt256,
  kFloat32,
  kFloat64,
  kDecimal32,
  kDecimal64,
  kDecimal128,
  kDecimal256,   // integer scaled by 10^scale
  kString,       // TextView, see batch.hpp
  kFixedString,  // `width` bytes, zero-padded
  kDate,         // uint16_t days since 1970-01-01
  kDate32,       // int32_t days since 1970-01-01; 1900-01-01 to 2299-12-31
  kDateTime,     // uint32_t seconds since 1970-01-01 UTC
  kDateTime64,   // int64_t ticks of 10^-scale seconds since 1970-01-01 UTC
  kUuid,         // two uint64_t, the high half first
  kIpv4,         // uint32_t
  kIpv6,         // 16 bytes, network order
  kEnum8,        // int8_t
  kEnum16,       // int16_t
  kBFloat16,     // uint16_t, the upper half of a Float32
  kTime,         // int32_t seconds, -999:59:59 to 999:59:59
  kTime64,       // int64_t ticks of 10^-scale seconds, in the same range
  kJson,         // TextView: the text of a JSON object
  kState,        // TextView: the bytes of an AggregateFunction's state; as text in hexadecimal
  kArray,        // offsets into the one child, see batch.hpp
  kTuple,        // nothing beside the children, one an element
  kMap,          // offsets into two children: keys and values
};

/// Names and numbers of an Enum, sorted by number as ClickHouse keeps them.
using EnumValues = std::vector<std::pair<std::string, int16_t>>;

struct Field;

/// A ClickHouse type. Members that the id does not use stay at their defaults, so == is equality of types.
struct Type {
  TypeId id = TypeId::kString;
  bool nullable = false;
  bool low_cardinality = false;                ///< a property of the table's column; blocks travel as the plain type
  uint8_t precision = 0;                       ///< Decimal: digits in all, 1 to 76
  uint8_t scale = 0;                           ///< Decimal, DateTime64, Time64: digits after the point
  uint32_t width = 0;                          ///< FixedString: bytes
  std::string timezone{};                      ///< DateTime, DateTime64: IANA name; empty means UTC
  std::shared_ptr<const EnumValues> values{};  ///< Enum8, Enum16
  /// Array: the element. Map: key and value. Tuple: the elements; their names are empty or unique.
  std::shared_ptr<const std::vector<Field>> children{};
  /// What a column of this type is declared as, where that is not its shape: "Point" is a Tuple(Float64, Float64),
  /// "Nullable(IntervalDay)" a Nullable(Int64), "SimpleAggregateFunction(sum, UInt64)" a UInt64, "QBit(Float32, 8)" an
  /// Array(Float32).
  std::string declared{};
  friend bool operator==(const Type& a, const Type& b) noexcept;
};

/// Reads a type as ClickHouse writes it: "LowCardinality(Nullable(String))", "DateTime64(3, 'UTC')", "Decimal(15, 2)".
/// ERRORS: kBadType for text that is no type, kUnsupportedType for a type of ClickHouse that is not carried.
Result<Type> parse_type(std::string_view text);
/// Writes a type as ClickHouse does. parse_type(to_string(t)) == t.
std::string to_string(const Type& type);
/// Returns the bytes of one value in a column: 1, 2, 4, 8, 16, 32, `width`, 16 for a TextView, 8 for the offset of an
/// Array or Map, 0 for a Tuple.
size_t byte_width(const Type& type) noexcept;
/// Tells whether values are TextViews: kString, kJson, kState.
constexpr bool is_view(TypeId id) noexcept {
  return id == TypeId::kString || id == TypeId::kJson || id == TypeId::kState;
}
/// Tells whether values lie in child columns: kArray, kTuple, kMap.
constexpr bool is_nested(TypeId id) noexcept {
  return id == TypeId::kArray || id == TypeId::kTuple || id == TypeId::kMap;
}
/// Returns the type as which values travel in a block, which ClickHouse turns into the column's own: LowCardinality and
/// declared names are left out, JSON and states are String.
Type block_type(const Type& type);
/// Tells whether values of `from` are values of `to` as they are: LowCardinality, time zones and declared names aside.
bool same_values(const Type& from, const Type& to) noexcept;

/// How a type came about, where it was inferred.
struct Evidence {
  /// A value that changed the type, and what the type was from there on.
  struct Step {
    uint64_t line = 0;
    std::string value{};  ///< up to 40 bytes of it
    std::string type{};
  };
  std::vector<Step> steps{};         ///< in order of lines; the last one gives the type
  std::vector<std::string> nulls{};  ///< the texts that stood for NULL, up to 8
};

/// A column's name and type.
struct Field {
  std::string name{};
  Type type{};
  std::string decided_by{};  ///< who chose the type: "user", "table db.t", "line 12 of the file"; shown in errors
  std::shared_ptr<const Evidence> evidence{};  ///< null where the type was not inferred
  std::optional<std::string> heading{};  ///< what stands above the column in a file read as it is; none: no header
  friend bool operator==(const Field& a, const Field& b) noexcept { return a.name == b.name && a.type == b.type; }
};

/// Makes the type of arrays, maps and tuples.
Type array_type(Type element);
Type map_type(Type key, Type value);
Type tuple_type(std::vector<Field> elements);

/// The columns of a batch, in order. Names are unique.
struct Schema {
  std::vector<Field> fields{};
  size_t size() const noexcept { return fields.size(); }
  /// Returns the index of a column, or nothing.
  std::optional<size_t> find(std::string_view name) const noexcept;
  friend bool operator==(const Schema&, const Schema&) = default;
};

/// Writes "name Type, name Type" with quoted identifiers where ClickHouse needs them.
std::string to_string(const Schema& schema);

/// Quotes a ClickHouse identifier with backticks. The only way a name enters SQL.
std::string quote_identifier(std::string_view name);
/// Quotes a text with apostrophes, as ClickHouse reads it.
std::string quote_text(std::string_view text);

/// Returns the candidate nearest to `word` by edit distance, or "" when none is near; for "did you mean".
std::string nearest_name(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace flatbed

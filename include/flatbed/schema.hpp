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
};

/// Names and numbers of an Enum, sorted by number as ClickHouse keeps them.
using EnumValues = std::vector<std::pair<std::string, int16_t>>;

/// A ClickHouse type. Members that the id does not use stay at their defaults, so == is equality of types.
struct Type {
  TypeId id = TypeId::kString;
  bool nullable = false;
  bool low_cardinality = false;                ///< a property of the table's column; blocks travel as the plain type
  uint8_t precision = 0;                       ///< Decimal: digits in all, 1 to 76
  uint8_t scale = 0;                           ///< Decimal, DateTime64: digits after the point
  uint32_t width = 0;                          ///< FixedString: bytes
  std::string timezone{};                      ///< DateTime, DateTime64: IANA name; empty means UTC
  std::shared_ptr<const EnumValues> values{};  ///< Enum8, Enum16
  friend bool operator==(const Type& a, const Type& b) noexcept;
};

/// Reads a type as ClickHouse writes it: "LowCardinality(Nullable(String))", "DateTime64(3, 'UTC')", "Decimal(15, 2)".
/// ERRORS: kBadType for text that is no type, kUnsupportedType for a type of ClickHouse that is not carried.
Result<Type> parse_type(std::string_view text);
/// Writes a type as ClickHouse does. parse_type(to_string(t)) == t.
std::string to_string(const Type& type);
/// Returns the bytes of one value in a column: 1, 2, 4, 8, 16, 32, `width`, or 16 (a TextView) for kString.
size_t byte_width(const Type& type) noexcept;

/// A column's name and type.
struct Field {
  std::string name{};
  Type type{};
  std::string decided_by{};  ///< who chose the type: "user", "table db.t", "line 12 of the file"; shown in errors
  friend bool operator==(const Field& a, const Field& b) noexcept { return a.name == b.name && a.type == b.type; }
};

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

/// Returns the candidate nearest to `word` by edit distance, or "" when none is near; for "did you mean".
std::string nearest_name(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace flatbed

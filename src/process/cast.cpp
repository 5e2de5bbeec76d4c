// Columns cast. Enters: a batch. Leaves: the same rows with columns of other types, and a reject for each row that
// holds a value which the new type cannot hold exactly. A value is cast as if it were written and read again, so that a
// cast and a file give the same result; what the text of one type lacks for another (the time of a Date, the fraction
// of an integer) is made good first.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <map>
#include <optional>

#include "columns/find_column.hpp"
#include "columns/format.hpp"
#include "columns/nested_text.hpp"
#include "columns/parse.hpp"
#include "columns/retype.hpp"
#include "columns/text_builder.hpp"
#include "flatbed/processor.hpp"

namespace flatbed {
namespace {

bool is_float(TypeId id) {
  return id == TypeId::kFloat32 || id == TypeId::kFloat64;
}
bool is_integer(TypeId id) {
  return id >= TypeId::kInt8 && id <= TypeId::kUInt256;
}
bool is_decimal(TypeId id) {
  return id >= TypeId::kDecimal32 && id <= TypeId::kDecimal256;
}
bool is_number(TypeId id) {
  return is_integer(id) || is_decimal(id) || is_float(id);
}
bool is_date(TypeId id) {
  return id == TypeId::kDate || id == TypeId::kDate32;
}
// Tells whether there is a way from one type to the other, so that only values can fail.
bool may_cast(const Type& from, const Type& to) {
  if (from.id == TypeId::kString || to.id == TypeId::kString) return true;
  if (!is_nested(from.id) && !is_nested(to.id)) return is_view(from.id) == is_view(to.id);
  if (from.id != to.id || from.children->size() != to.children->size()) return false;
  return std::ranges::equal(*from.children, *to.children, [](const Field& a, const Field& b) {
    return (a.name == b.name || a.name.empty() || b.name.empty()) && may_cast(a.type, b.type);
  });
}

bool is_time(TypeId id) {
  return id == TypeId::kDateTime || id == TypeId::kDateTime64;
}

// Returns true where the bytes of a value mean the same in both types.
bool same_bytes(Type a, Type b) {
  if (is_nested(a.id) || is_view(a.id)) return same_values(a, b);
  for (Type* type : {&a, &b}) {
    type->nullable = type->low_cardinality = false;
    type->timezone.clear();
    type->declared.clear();
    if (is_decimal(type->id)) type->precision = 0;
  }
  return a == b;
}

// Digits as to_chars() writes them without an exponent: "0.1", "12", "100000000000000000000".
std::string fixed_digits(double value) {
  std::array<char, 400> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::fixed).ptr;
  return {digits.data(), end};
}

void drop_zero_fraction(std::string& text) {
  if (text.find('.') == std::string::npos) return;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
}

// Casts the values of one type to another.
class ValueCast {
 public:
  ValueCast(const Type& from, const Type& to) : from_(from), to_(to), instant_(from) { instant_.timezone.clear(); }

  /// Writes the value of a row into `text`, in a form that the new type reads. REQUIRES: the row is not NULL.
  Code write(const Column& column, size_t row, std::string& text) const {
    text.clear();
    if (to_.id == TypeId::kString) {
      append_value(column, row, text);
      return Code::kOk;
    }
    const std::byte* value = column.values.data() + row * byte_width(from_);
    if (from_.id == TypeId::kBool && is_number(to_.id)) {
      text += *value == std::byte{0} ? '0' : '1';
      return Code::kOk;
    }
    if (is_float(from_.id) && (is_integer(to_.id) || is_decimal(to_.id))) return write_float(value, text);
    if (is_time(from_.id) && is_time(to_.id)) {
      append_value(value, instant_, text);
      text += 'Z';
      return Code::kOk;
    }
    append_value(column, row, text);
    if (is_date(from_.id) && is_time(to_.id)) text += " 00:00:00";
    if (is_time(from_.id) && is_date(to_.id)) return drop_midnight(text);
    if (is_number(from_.id) && is_integer(to_.id)) return whole(text);
    return Code::kOk;
  }

  /// Reads `text` as the new type.
  Code read(const std::string& text, std::byte* out) const {
    const Code code = parse_value(text, to_, out);
    if (code != Code::kOk || !is_float(to_.id) || !is_number(from_.id)) return code;
    return keeps_digits(text, out) ? Code::kOk : Code::kInexact;
  }

 private:
  Code write_float(const std::byte* value, std::string& text) const {
    const double number = as_double(value, from_.id);
    if (!std::isfinite(number)) return Code::kOutOfRange;
    // A float stands for its shortest text, also when it came from a narrower one.
    append_value(value, from_, text);
    if (text.find('e') != std::string::npos) text = fixed_digits(number);
    return is_integer(to_.id) ? whole(text) : Code::kOk;
  }

  static Code whole(std::string& text) {
    drop_zero_fraction(text);
    if (text == "-0") text.erase(0, 1);
    return text.find('.') == std::string::npos ? Code::kOk : Code::kInexact;
  }

  static Code drop_midnight(std::string& text) {
    constexpr size_t kDateBytes = 10;
    if (text.find_first_not_of(" 0:.", std::min(kDateBytes, text.size())) != std::string::npos) return Code::kInexact;
    text.resize(std::min(kDateBytes, text.size()));
    return Code::kOk;
  }

  static double as_double(const std::byte* value, TypeId id) {
    if (id == TypeId::kFloat64) {
      double number = 0;
      std::memcpy(&number, value, sizeof(number));
      return number;
    }
    float number = 0;
    std::memcpy(&number, value, sizeof(number));
    return double{number};
  }

  // The float must stand for the number it came from: a decimal for its digits, a Float64 for its bits.
  bool keeps_digits(std::string text, const std::byte* out) const {
    const double number = as_double(out, to_.id);
    if (is_float(from_.id)) {
      if (from_.id == to_.id || to_.id == TypeId::kFloat64) return true;
      double before = 0;
      std::from_chars(text.data(), text.data() + text.size(), before);
      return std::isnan(number) || number == before;
    }
    std::string back;
    append_value(out, to_, back);
    if (back.find('e') != std::string::npos) back = fixed_digits(number);
    drop_zero_fraction(text);
    return back == text || (text == "0" && back == "-0");
  }

  const Type& from_;
  const Type& to_;
  Type instant_;
};

// What is told of a value that the new type cannot hold.
using Fail = std::function<void(size_t row, Code code, const std::string& text)>;

Column cast_column(const Column& from, const Type& type, const Fail& fail);

// Casts the elements; one that fails fails the row that it belongs to.
Column cast_children(const Column& from, const Type& type, const Fail& fail) {
  Column to = from;
  to.type = type;
  for (size_t i = 0; i < from.children.size(); ++i) {
    size_t row = 0;  // elements fail in ascending order, NULLs before others
    to.children[i] = cast_column(from.children[i], (*type.children)[i].type,
                                 [&](size_t element, Code code, const std::string& text) {
                                   if (type.id == TypeId::kTuple) {
                                     if (!from.is_null(element)) fail(element, code, text);
                                     return;
                                   }
                                   if (element < from.elements(row).first) row = 0;
                                   while (from.elements(row).second <= element) ++row;
                                   fail(row, code, text);
                                 });
  }
  return to;
}

Column cast_texts(const Column& from, const Type& type, const Fail& fail) {
  return values_of(from, type, [&](size_t row, Code code) { fail(row, code, std::string(from.text(row))); });
}

bool narrows(const Type& from, const Type& to) {
  return is_decimal(to.id) && to.precision < from.precision;
}

Column cast_column(const Column& from, const Type& type, const Fail& fail) {
  if (from.nulls != 0 && !type.nullable) {
    for (size_t row = 0; row < from.rows; ++row) {
      if (from.is_null(row)) fail(row, Code::kNotNull, "NULL");
    }
  }
  Column to = from;
  if (same_bytes(from.type, type) && !narrows(from.type, type)) {
    retype(to, type);
    return to;
  }
  to.type = type;
  if (is_nested(from.type.id) && is_nested(type.id)) return cast_children(from, type, fail);
  if (is_read_from_text(type.id)) return cast_texts(from, type, fail);
  const ValueCast value(from.type, type);
  std::string text;
  if (type.id == TypeId::kString) {
    TextBuilder texts(from.rows);
    for (size_t row = 0; row < from.rows; ++row) {
      text.clear();
      if (!from.is_null(row)) value.write(from, row, text);
      texts.add(text);
    }
    std::move(texts).finish(to);
    to.children.clear();
    return to;
  }
  const size_t width = byte_width(type);
  to.texts.clear();
  to.values = Buffer::allocate(from.rows * width);
  std::memset(to.values.writable(), 0, to.values.size());
  for (size_t row = 0; row < from.rows; ++row) {
    if (from.is_null(row)) continue;
    Code code = value.write(from, row, text);
    if (code == Code::kOk) code = value.read(text, to.values.writable() + row * width);
    if (code != Code::kOk) fail(row, code, text);
  }
  return to;
}

class CastColumns : public Processor {
 public:
  explicit CastColumns(Schema target) : target_(std::move(target)) {}

  Result<Schema> bind(const Schema& schema) override {
    Schema cast = schema;
    for (const Field& field : target_.fields) {
      auto index = find_column(schema, field.name);
      if (!index) return std::move(index).error();
      if (!may_cast(schema.fields[*index].type, field.type)) return no_cast(schema.fields[*index], field);
      for (const Type* type : {&field.type, &schema.fields[*index].type}) {
        if (is_view(type->id) || is_nested(type->id)) continue;
        if (auto format = ValueFormat::of(*type); !format) return std::move(format).error();
      }
      cast.fields[*index] = field;
    }
    schema_ = std::make_shared<const Schema>(cast);
    return cast;
  }

  Result<Batch> apply(Batch batch, std::vector<Error>& rejects) override {
    std::map<size_t, Error> misfits;  // by row: the first column that does not fit
    std::vector<Column> columns;
    for (size_t i = 0; i < schema_->size(); ++i) {
      columns.push_back(cast(batch, i, schema_->fields[i].type, misfits));
    }
    Batch changed = batch.with_columns(schema_, std::move(columns));
    if (misfits.empty()) return changed;
    std::vector<uint8_t> keep(batch.rows(), 1);
    for (auto& [row, error] : misfits) {
      keep[row] = 0;
      rejects.push_back(std::move(error));
    }
    return changed.filter(keep);
  }

 private:
  Column cast(const Batch& batch, size_t index, const Type& type, std::map<size_t, Error>& misfits) const {
    return cast_column(batch.column(index), type, [&](size_t row, Code code, const std::string& text) {
      reject(batch, index, row, code, text, misfits);
    });
  }

  static Error no_cast(const Field& from, const Field& to) {
    Error error{.code = Code::kInexact,
                .message = "no value of type " + to_string(from.type) + " is one of type " + to_string(to.type),
                .hint = "give the column another type, or leave it out"};
    error.where.column_name = to.name;
    return error;
  }

  void reject(const Batch& batch, size_t index, size_t row, Code code, const std::string& text,
              std::map<size_t, Error>& misfits) const {
    if (misfits.contains(row)) return;
    const Field& field = schema_->fields[index];
    Error error{.code = code, .message = std::string(code_summary(code))};
    if (!text.empty()) error.message += ": " + text.substr(0, 200);
    error.where.record = batch.record(row);
    error.where.column = static_cast<uint32_t>(index);
    error.where.column_name = field.name;
    error.expected = to_string(field.type) + (field.decided_by.empty() ? "" : ", from " + field.decided_by);
    error.raw = text;
    misfits.emplace(row, std::move(error));
  }

  Schema target_;
  std::shared_ptr<const Schema> schema_{};
};

}  // namespace

std::unique_ptr<Processor> cast_columns(Schema target) {
  return std::make_unique<CastColumns>(std::move(target));
}

}  // namespace flatbed

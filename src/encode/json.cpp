// JSON out. Enters: batches. Leaves: a line of JSON for each row, or the elements of one array.
// Invariant: numbers keep all their digits; what JSON has no number for (nan, inf) is a text.
#include <simdjson.h>

#include <string>
#include <string_view>
#include <vector>

#include "columns/nested_text.hpp"
#include "encode/encoder.hpp"

namespace flatbed {
namespace {

// Appends a text that is UTF-8.
void append_json_text(std::string_view text, std::string& out) {
  constexpr char kHex[] = "0123456789abcdef";
  constexpr std::string_view kEscaped = "\"\\\b\f\n\r\t", kLetters = "\"\\bfnrt";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (const size_t at = kEscaped.find(c); at != std::string_view::npos)
      out += {'\\', kLetters[at]};
    else if (byte < 0x20)
      out += {'\\', 'u', '0', '0', kHex[byte >> 4], kHex[byte & 15]};
    else
      out += c;
  }
  out += '"';
}

bool is_integer(TypeId id) {
  return id >= TypeId::kInt8 && id <= TypeId::kUInt256;
}

// Integers that a double cannot hold, as which many readers of JSON take numbers.
bool is_wide_integer(TypeId id) {
  return is_integer(id) && id != TypeId::kInt8 && id != TypeId::kInt16 && id != TypeId::kInt32 &&
         id != TypeId::kUInt8 && id != TypeId::kUInt16 && id != TypeId::kUInt32;
}

bool is_float(TypeId id) {
  return id == TypeId::kFloat32 || id == TypeId::kFloat64 || id == TypeId::kBFloat16;
}

// Writes the values of a column. LIFETIME: the column outlives it.
class JsonText {
 public:
  JsonText(const Column& column, const JsonOptions& options) : column_(column), options_(options), text_(column) {
    const Type& type = column.type;
    children_.reserve(column.children.size());
    for (size_t i = 0; i < column.children.size(); ++i) {
      children_.emplace_back(column.children[i], options);
      const std::string& name = (*type.children)[i].name;
      named_ = named_ || (type.id == TypeId::kTuple && !name.empty());
      append_json_text(name, names_.emplace_back());
    }
  }

  // Returns false for a text that is not UTF-8.
  bool append(size_t row, std::string& out) {
    if (column_.is_null(row)) {
      out += "null";
      return true;
    }
    const TypeId id = column_.type.id;
    if (id == TypeId::kArray) return append_array(row, out);
    if (id == TypeId::kMap) return append_map(row, out);
    if (id == TypeId::kTuple) return append_tuple(row, out);
    if (id == TypeId::kString) return append_text(column_.text(row), out);
    if (id == TypeId::kJson) return append_json(column_.text(row), out);
    if (id == TypeId::kBool || (is_integer(id) && !(options_.quote_integers && is_wide_integer(id))) ||
        (id >= TypeId::kDecimal32 && id <= TypeId::kDecimal256)) {
      text_.append(row, out);
      return true;
    }
    value_.clear();
    text_.append(row, value_);
    if (is_float(id) && value_.find_first_of("in") == std::string::npos) {
      out += value_;
      return true;
    }
    return append_text(value_, out);
  }

 private:
  static bool append_text(std::string_view text, std::string& out) {
    if (!simdjson::validate_utf8(text.data(), text.size())) return false;
    append_json_text(text, out);
    return true;
  }

  // The text may have come over several lines.
  static bool append_json(std::string_view text, std::string& out) {
    const size_t begin = out.size();
    out.resize(begin + text.size());
    size_t size = 0;
    if (simdjson::minify(text.data(), text.size(), out.data() + begin, size) != simdjson::SUCCESS) return false;
    out.resize(begin + size);
    return simdjson::validate_utf8(text.data(), text.size());
  }

  bool append_array(size_t row, std::string& out) {
    out += '[';
    const auto [begin, end] = column_.elements(row);
    for (size_t i = begin; i < end; ++i) {
      if (i > begin) out += ',';
      if (!children_.front().append(i, out)) return false;
    }
    out += ']';
    return true;
  }

  bool append_map(size_t row, std::string& out) {
    out += '{';
    const auto [begin, end] = column_.elements(row);
    for (size_t i = begin; i < end; ++i) {
      if (i > begin) out += ',';
      value_.clear();
      children_.front().text_.append(i, value_);
      if (!append_text(value_, out)) return false;
      out += ':';
      if (!children_.back().append(i, out)) return false;
    }
    out += '}';
    return true;
  }

  bool append_tuple(size_t row, std::string& out) {
    out += named_ ? '{' : '[';
    for (size_t i = 0; i < children_.size(); ++i) {
      if (i > 0) out += ',';
      if (named_) out += names_[i] + ':';
      if (!children_[i].append(row, out)) return false;
    }
    out += named_ ? '}' : ']';
    return true;
  }

  const Column& column_;
  const JsonOptions& options_;
  NestedText text_;
  std::vector<JsonText> children_{};
  std::vector<std::string> names_{};  // of the children, quoted
  bool named_ = false;
  std::string value_{};
};

class JsonEncoder final : public Encoder {
 public:
  explicit JsonEncoder(JsonOptions options) : options_(options) {}

  void begin(const Schema& schema, std::string& out) override {
    names_.clear();
    for (const Field& field : schema.fields) append_json_text(field.name, names_.emplace_back());
    if (options_.array) out += '[';
  }

  std::string_view lead(bool first) const noexcept override { return !options_.array ? "" : first ? "\n" : ",\n"; }

  Status encode(const Batch& batch, std::string& out) override {
    std::vector<JsonText> cells;
    cells.reserve(batch.columns().size());
    for (const Column& column : batch.columns()) cells.emplace_back(column, options_);
    for (size_t row = 0; row < batch.rows(); ++row) {
      if (options_.array && row > 0) out += ",\n";
      out += '{';
      for (size_t i = 0; i < cells.size(); ++i) {
        if (i > 0) out += ',';
        out += names_[i];
        out += ':';
        if (!cells[i].append(row, out)) return not_utf8(batch, row, i);
      }
      out += options_.array ? "}" : "}\n";
    }
    return {};
  }

  void end(std::string& out) override {
    if (options_.array) out += "\n]\n";
  }

 private:
  static Error not_utf8(const Batch& batch, size_t row, size_t column) {
    Error error{.code = Code::kInvalidUtf8,
                .message = "a text is not UTF-8, which JSON must be",
                .hint = "select the column as hex(...), or write Parquet"};
    error.where.record = batch.record(row);
    error.where.column = static_cast<uint32_t>(column);
    error.where.column_name = batch.schema().fields[column].name;
    return error;
  }

  JsonOptions options_;
  std::vector<std::string> names_{};  // of the columns, quoted
};

}  // namespace

std::unique_ptr<Encoder> json_encoder(JsonOptions options) {
  return std::make_unique<JsonEncoder>(options);
}

}  // namespace flatbed

// Nested values and text. Enters: columns, or texts. Leaves: the one or the other.
// Invariant: what is written reads back as the same value; a text that is no value leaves nothing in the column.
#include "columns/nested_text.hpp"

#include "columns/parse.hpp"
#include "columns/quoted_text.hpp"

namespace flatbed {
namespace {

// Types that stand without quotes inside of others: numbers.
bool is_bare(TypeId id) {
  return id <= TypeId::kDecimal256 || id == TypeId::kBFloat16;
}

void append_hex(std::string_view bytes, std::string& out) {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += {kHex[byte >> 4], kHex[byte & 15]};
  }
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// Reads one value, which stands alone or inside of another.
class NestedReader {
 public:
  explicit NestedReader(std::string_view text) : text_(text) {}

  Code read(ColumnBuilder& to) {
    const Code code = read_nested(to);
    skip_spaces();
    return code == Code::kOk && at_ != text_.size() ? Code::kNotOfType : code;
  }

 private:
  Code read_nested(ColumnBuilder& to) {
    switch (to.type().id) {
      case TypeId::kArray:
        return read_list('[', ']', to, &NestedReader::read_item);
      case TypeId::kMap:
        return read_list('{', '}', to, &NestedReader::read_pair);
      default:
        return read_tuple(to);
    }
  }

  Code read_list(char open, char close, ColumnBuilder& to, Code (NestedReader::*item)(ColumnBuilder&)) {
    if (!accept(open)) return Code::kNotOfType;
    if (!accept(close)) {
      do {
        if (const Code code = (this->*item)(to); code != Code::kOk) return code;
      } while (accept(','));
      if (!accept(close)) return Code::kNotOfType;
    }
    to.end_row();
    return Code::kOk;
  }

  Code read_item(ColumnBuilder& to) { return read_element(to.child(0)); }

  Code read_pair(ColumnBuilder& to) {
    if (const Code code = read_element(to.child(0)); code != Code::kOk) return code;
    return accept(':') ? read_element(to.child(1)) : Code::kNotOfType;
  }

  Code read_tuple(ColumnBuilder& to) {
    if (!accept('(')) return Code::kNotOfType;
    for (size_t i = 0; i < to.children(); ++i) {
      if (i > 0 && !accept(',')) return Code::kNotOfType;
      if (const Code code = read_element(to.child(i)); code != Code::kOk) return code;
    }
    accept(',');  // "(1,)"
    if (!accept(')')) return Code::kNotOfType;
    to.end_row();
    return Code::kOk;
  }

  Code read_element(ColumnBuilder& to) {
    skip_spaces();
    if (is_null_ahead()) {
      if (!to.type().nullable) return Code::kNotNull;
      at_ += kNull.size();
      to.add_null();
      return Code::kOk;
    }
    if (is_nested(to.type().id)) return read_nested(to);
    if (at_ < text_.size() && text_[at_] == '\'') {
      value_.clear();
      return read_quoted(text_, at_, value_) ? to.add(value_) : Code::kNotOfType;
    }
    if (!is_bare(to.type().id)) return Code::kNotOfType;
    const size_t begin = at_;
    at_ = std::min(text_.find_first_of(",:])} \t", at_), text_.size());
    return to.add(text_.substr(begin, at_ - begin));
  }

  bool is_null_ahead() const {
    if (!text_.substr(at_).starts_with(kNull)) return false;
    const size_t end = at_ + kNull.size();
    return end == text_.size() || !is_name_byte(text_[end]);
  }

  void skip_spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
  }

  bool accept(char c) {
    skip_spaces();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  static constexpr std::string_view kNull = "NULL";
  std::string_view text_;
  size_t at_ = 0;
  std::string value_{};
};

}  // namespace

NestedText::NestedText(const Column& column) : column_(column) {
  children_.reserve(column.children.size());
  for (const Column& child : column.children) children_.emplace_back(child);
  if (is_nested(column.type.id) || is_view(column.type.id)) return;
  auto format = ValueFormat::of(column.type);
  unknown_zone_ = !format;
  if (format) format_ = *format;
}

void NestedText::append(size_t row, std::string& out) const {
  const Type& type = column_.type;
  if (type.id == TypeId::kState) return append_hex(column_.text(row), out);
  if (is_view(type.id)) {
    out += column_.text(row);
  } else if (type.id == TypeId::kTuple) {
    out += '(';
    for (size_t i = 0; i < children_.size(); ++i) {
      if (i > 0) out += ',';
      children_[i].append_element(row, out);
    }
    out += ')';
  } else if (is_nested(type.id)) {
    const auto [begin, end] = column_.elements(row);
    append_list(begin, end, out);
  } else {
    const std::byte* value = column_.values.data() + row * byte_width(type);
    if (unknown_zone_) return append_value(value, type, out);
    const size_t begin = out.size();
    out.resize(begin + format_.most());
    const char* last = format_.put(value, out.data() + begin);
    out.resize(static_cast<size_t>(last - out.data()));
  }
}

void NestedText::append_list(size_t begin, size_t end, std::string& out) const {
  const bool map = column_.type.id == TypeId::kMap;
  out += map ? '{' : '[';
  for (size_t i = begin; i < end; ++i) {
    if (i > begin) out += ',';
    children_.front().append_element(i, out);
    if (!map) continue;
    out += ':';
    children_.back().append_element(i, out);
  }
  out += map ? '}' : ']';
}

void NestedText::append_element(size_t row, std::string& out) const {
  const TypeId id = column_.type.id;
  if (column_.is_null(row)) {
    out += "NULL";
  } else if (is_bare(id) || is_nested(id)) {
    append(row, out);
  } else if (id == TypeId::kString || id == TypeId::kJson) {
    append_quoted(column_.text(row), '\'', out);
  } else {
    std::string text;
    append(row, text);
    append_quoted(text, '\'', out);
  }
}

Column texts_of(const Column& column) {
  const NestedText format(column);
  TextBuilder texts(column.rows);
  std::string text;
  for (size_t row = 0; row < column.rows; ++row) {
    text.clear();
    if (!column.is_null(row)) format.append(row, text);
    texts.add(text);
  }
  Column made{.type = {.nullable = column.type.nullable},
              .rows = column.rows,
              .nulls = column.nulls,
              .validity = column.validity};
  std::move(texts).finish(made);
  return made;
}

Code read_text_value(std::string_view text, ColumnBuilder& to) {
  if (!is_nested(to.type().id)) return to.add(text);
  const size_t rows = to.rows();
  const Code code = NestedReader(text).read(to);
  if (code != Code::kOk) to.rewind(rows);
  return code;
}

Column values_of(const Column& texts, const Type& type, const std::function<void(size_t row, Code code)>& fail) {
  ColumnBuilder values(type);
  for (size_t row = 0; row < texts.rows; ++row) {
    if (texts.is_null(row)) {
      values.add_null();
    } else if (const Code code = read_text_value(texts.text(row), values); code != Code::kOk) {
      fail(row, code);
      values.add_zero();
    }
  }
  return std::move(values).finish();
}

bool read_hex(std::string_view text, std::string& bytes) {
  if (text.size() % 2 != 0) return false;
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return false;
    bytes += static_cast<char>(high * 16 + low);
  }
  return true;
}

}  // namespace flatbed

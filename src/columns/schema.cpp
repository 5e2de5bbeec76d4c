// Types as text. Enters: a type as ClickHouse writes it. Leaves: a Type, and the same text again.
// Invariant: parse_type(to_string(t)) == t; an Enum's values are sorted by number, as ClickHouse keeps them.
#include "flatbed/schema.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <utility>

namespace flatbed {
namespace {

struct PlainName {
  std::string_view name;
  TypeId id;
};

// The types that take no arguments.
constexpr PlainName kPlainNames[] = {
    {"Bool", TypeId::kBool},       {"Int8", TypeId::kInt8},       {"Int16", TypeId::kInt16},
    {"Int32", TypeId::kInt32},     {"Int64", TypeId::kInt64},     {"Int128", TypeId::kInt128},
    {"Int256", TypeId::kInt256},   {"UInt8", TypeId::kUInt8},     {"UInt16", TypeId::kUInt16},
    {"UInt32", TypeId::kUInt32},   {"UInt64", TypeId::kUInt64},   {"UInt128", TypeId::kUInt128},
    {"UInt256", TypeId::kUInt256}, {"Float32", TypeId::kFloat32}, {"Float64", TypeId::kFloat64},
    {"String", TypeId::kString},   {"Date", TypeId::kDate},       {"Date32", TypeId::kDate32},
    {"UUID", TypeId::kUuid},       {"IPv4", TypeId::kIpv4},       {"IPv6", TypeId::kIpv6},
};

constexpr std::string_view kOtherNames[] = {"Decimal",     "Decimal32", "Decimal64",     "Decimal128", "Decimal256",
                                            "FixedString", "DateTime",  "DateTime64",    "Enum",       "Enum8",
                                            "Enum16",      "Nullable",  "LowCardinality"};

// Types that ClickHouse has and Flatbed does not carry; Interval is a prefix of eleven names.
constexpr std::string_view kUncarried[] = {"Array",
                                           "Tuple",
                                           "Map",
                                           "Nested",
                                           "Variant",
                                           "Dynamic",
                                           "JSON",
                                           "Object",
                                           "Nothing",
                                           "BFloat16",
                                           "AggregateFunction",
                                           "SimpleAggregateFunction",
                                           "Point",
                                           "Ring",
                                           "Polygon",
                                           "Time",
                                           "MultiPolygon",
                                           "LineString",
                                           "Geometry",
                                           "MultiLineString",
                                           "QBit",
                                           "Time64"};

constexpr uint32_t kMaxFixedString = 0xFFFFFF;
constexpr uint8_t kMaxPrecision = 76;
constexpr uint8_t kMaxTimeScale = 9;

TypeId decimal_id(unsigned precision) {
  if (precision <= 9) return TypeId::kDecimal32;
  if (precision <= 18) return TypeId::kDecimal64;
  return precision <= 38 ? TypeId::kDecimal128 : TypeId::kDecimal256;
}

bool is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Escapes with one letter in ClickHouse's quoted texts, and the byte each stands for; it writes the first six only.
constexpr std::array<std::pair<char, char>, 9> kEscapes = {{{'0', '\0'},
                                                            {'b', '\b'},
                                                            {'f', '\f'},
                                                            {'n', '\n'},
                                                            {'r', '\r'},
                                                            {'t', '\t'},
                                                            {'a', '\a'},
                                                            {'e', '\x1b'},
                                                            {'v', '\v'}}};
constexpr size_t kWrittenEscapes = 6;

void append_quoted(std::string_view text, char quote, std::string& out) {
  out += quote;
  for (const char c : text) {
    const auto written = std::span(kEscapes).first<kWrittenEscapes>();
    const auto escape = std::ranges::find(written, c, &std::pair<char, char>::second);
    if (escape != written.end()) {
      out += {'\\', escape->first};
    } else {
      if (c == quote || c == '\\') out += '\\';
      out += c;
    }
  }
  out += quote;
}

// Reads one type. A failed step sets `error_` and returns false; the steps after it do not run.
class TypeReader {
 public:
  explicit TypeReader(std::string_view text) : text_(text) {}

  Result<Type> read() {
    if (read_wrapped() && at_end()) return std::move(type_);
    return std::move(error_);
  }

 private:
  bool read_wrapped() {
    std::string_view name = read_name();
    unsigned open = 0;
    if (name == "LowCardinality") {
      type_.low_cardinality = true;
      if (!expect('(')) return false;
      ++open;
      name = read_name();
    }
    if (name == "Nullable") {
      type_.nullable = true;
      if (!expect('(')) return false;
      ++open;
      name = read_name();
    }
    if (!read_plain(name)) return false;
    for (; open > 0; --open) {
      if (!expect(')')) return false;
    }
    return true;
  }

  bool read_plain(std::string_view name) {
    for (const PlainName& plain : kPlainNames) {
      if (plain.name != name) continue;
      type_.id = plain.id;
      return true;
    }
    if (name.starts_with("Decimal")) return read_decimal(name);
    if (name == "FixedString") return read_fixed_string();
    if (name == "DateTime") return read_date_time();
    if (name == "DateTime64") return read_date_time64();
    if (name == "Enum" || name == "Enum8" || name == "Enum16") return read_enum(name);
    return refuse(name);
  }

  bool read_decimal(std::string_view name) {
    constexpr std::pair<std::string_view, uint8_t> kSized[] = {{"Decimal32", uint8_t{9}},
                                                               {"Decimal64", uint8_t{18}},
                                                               {"Decimal128", uint8_t{38}},
                                                               {"Decimal256", uint8_t{76}}};
    type_.precision = 10;
    for (const auto& [sized, digits] : kSized) {
      if (sized != name) continue;
      type_.precision = digits;
      type_.id = decimal_id(digits);
      return expect('(') && read_number(0, digits, type_.scale) && expect(')');
    }
    if (name != "Decimal") return refuse(name);
    if (accept('(')) {
      if (!read_number(1, kMaxPrecision, type_.precision)) return false;
      if (accept(',') && !read_number(0, type_.precision, type_.scale)) return false;
      if (!expect(')')) return false;
    }
    type_.id = decimal_id(type_.precision);
    return true;
  }

  bool read_fixed_string() {
    type_.id = TypeId::kFixedString;
    return expect('(') && read_number(1, kMaxFixedString, type_.width) && expect(')');
  }

  bool read_date_time() {
    type_.id = TypeId::kDateTime;
    return !accept('(') || (read_text(type_.timezone) && expect(')'));
  }

  bool read_date_time64() {
    type_.id = TypeId::kDateTime64;
    type_.scale = 3;
    if (!accept('(')) return true;
    if (!read_number(0, kMaxTimeScale, type_.scale)) return false;
    if (accept(',') && !read_text(type_.timezone)) return false;
    return expect(')');
  }

  bool read_enum(std::string_view name) {
    auto values = std::make_shared<EnumValues>();
    if (!expect('(')) return false;
    int next = 1;
    do {
      std::string label;
      if (!read_text(label)) return false;
      if (accept('=') && !read_number(-32768, 32767, next)) return false;
      if (next > 32767) return fail("an Enum's number is out of range: " + std::to_string(next));
      values->emplace_back(std::move(label), static_cast<int16_t>(next++));
    } while (accept(','));
    if (!expect(')') || !check_enum(*values)) return false;
    const bool narrow = values->front().second >= -128 && values->back().second <= 127;
    if (name == "Enum8" && !narrow) return fail("a number does not fit Enum8", "numbers from -128 to 127, or Enum16");
    type_.id = name == "Enum16" || !narrow ? TypeId::kEnum16 : TypeId::kEnum8;
    type_.values = std::move(values);
    return true;
  }

  // Sorts by number and refuses what stands twice.
  bool check_enum(EnumValues& values) {
    std::vector<std::string_view> names;
    for (const auto& [name, number] : values) names.push_back(name);
    std::ranges::sort(names);
    const auto name = std::ranges::adjacent_find(names);
    if (name != names.end()) return fail("an Enum has a name twice: '" + std::string(*name) + "'");
    std::ranges::sort(values, {}, &EnumValues::value_type::second);
    const auto number = std::ranges::adjacent_find(values, {}, &EnumValues::value_type::second);
    if (number != values.end()) return fail("an Enum has a number twice: " + std::to_string(number->second));
    return true;
  }

  template <class T>
  bool read_number(int least, uint32_t most, T& value) {
    skip_spaces();
    int64_t number = 0;
    const char* first = text_.data() + at_;
    const auto [end, problem] = std::from_chars(first, text_.data() + text_.size(), number);
    if (problem != std::errc{}) return fail(unexpected(), "a number");
    at_ += static_cast<size_t>(end - first);
    if (number < least || number > most) {
      return fail("a number of the type is out of range: " + std::to_string(number),
                  "from " + std::to_string(least) + " to " + std::to_string(most));
    }
    value = static_cast<T>(number);
    return true;
  }

  bool read_text(std::string& value) {
    if (!expect('\'')) return false;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '\\') {
        if (!read_escape(value)) return false;
      } else if (c != '\'') {
        value += c;
      } else if (at_ < text_.size() && text_[at_] == '\'') {
        value += text_[at_++];
      } else {
        return true;
      }
    }
    return fail("a quoted text of the type is not closed", "'");
  }

  bool read_escape(std::string& value) {
    if (at_ == text_.size()) return fail("a quoted text of the type is not closed", "'");
    const char c = text_[at_++];
    if (c == 'x' && at_ + 2 <= text_.size() && hex_digit(text_[at_]) >= 0 && hex_digit(text_[at_ + 1]) >= 0) {
      value += static_cast<char>(hex_digit(text_[at_]) * 16 + hex_digit(text_[at_ + 1]));
      at_ += 2;
      return true;
    }
    const auto* escape = std::ranges::find(kEscapes, c, &std::pair<char, char>::first);
    const bool known = escape != kEscapes.end();
    // As ClickHouse does: a backslash before any other letter stands for itself.
    if (!known && std::string_view("\\`\"'/").find(c) == std::string_view::npos) value += '\\';
    value += known ? escape->second : c;
    return true;
  }

  std::string_view read_name() {
    skip_spaces();
    const size_t begin = at_;
    while (at_ < text_.size() && is_name_byte(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  void skip_spaces() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }

  bool accept(char c) {
    skip_spaces();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool expect(char c) { return accept(c) || fail(unexpected(), std::string(1, c)); }

  bool at_end() {
    skip_spaces();
    return at_ == text_.size() || fail(unexpected(), "nothing more");
  }

  std::string unexpected() const {
    if (at_ == text_.size()) return "the type ends too early: '" + shown() + "'";
    return "the type cannot be read from its byte " + std::to_string(at_) + ": '" + shown() + "'";
  }

  std::string shown() const { return std::string(text_.substr(0, 200)); }

  bool refuse(std::string_view name) {
    if (name.starts_with("Interval") || std::ranges::find(kUncarried, name) != std::end(kUncarried)) {
      fail("the type is not carried: " + std::string(name), "a type of single values",
           "leave the column out, or cast it to String in a view or query");
      error_.code = Code::kUnsupportedType;
      return false;
    }
    if (name == "Nullable" || name == "LowCardinality") return fail("types cannot be nested so: '" + shown() + "'");
    std::vector<std::string> names(std::begin(kOtherNames), std::end(kOtherNames));
    for (const PlainName& plain : kPlainNames) names.emplace_back(plain.name);
    const std::string near = nearest_name(name, names);
    return fail("no type has this name: '" + (name.empty() ? shown() : std::string(name.substr(0, 200))) + "'",
                "a type as ClickHouse writes it", near.empty() ? "" : "did you mean " + near + "?");
  }

  bool fail(std::string message, std::string expected = "", std::string hint = "") {
    error_.code = Code::kBadType;
    error_.message = std::move(message);
    error_.expected = std::move(expected);
    error_.hint = std::move(hint);
    return false;
  }

  std::string_view text_;
  size_t at_ = 0;
  Type type_{};
  Error error_{};
};

std::string enum_text(const Type& type) {
  std::string text = type.id == TypeId::kEnum8 ? "Enum8(" : "Enum16(";
  if (type.values) {
    for (const auto& [name, number] : *type.values) {
      if (text.back() != '(') text += ", ";
      append_quoted(name, '\'', text);
      text += " = " + std::to_string(number);
    }
  }
  return text + ')';
}

std::string date_time_text(const Type& type) {
  const bool fine = type.id == TypeId::kDateTime64;
  std::string text = fine ? "DateTime64(" + std::to_string(type.scale) : "DateTime";
  if (!type.timezone.empty()) {
    text += fine ? ", " : "(";
    append_quoted(type.timezone, '\'', text);
  }
  if (fine || !type.timezone.empty()) text += ')';
  return text;
}

std::string plain_text(const Type& type) {
  switch (type.id) {
    case TypeId::kDecimal32:
    case TypeId::kDecimal64:
    case TypeId::kDecimal128:
    case TypeId::kDecimal256:
      return "Decimal(" + std::to_string(type.precision) + ", " + std::to_string(type.scale) + ")";
    case TypeId::kFixedString:
      return "FixedString(" + std::to_string(type.width) + ")";
    case TypeId::kDateTime:
    case TypeId::kDateTime64:
      return date_time_text(type);
    case TypeId::kEnum8:
    case TypeId::kEnum16:
      return enum_text(type);
    default:
      return std::string(std::ranges::find(kPlainNames, type.id, &PlainName::id)->name);
  }
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Letters to change, add, drop or swap with their neighbour to make `b` of `a`; case does not count.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1])) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

// Words that ClickHouse reads as something else where a column's name may stand.
bool needs_quotes(std::string_view name) {
  constexpr std::string_view kWords[] = {"all",  "constraint", "distinct",   "false",  "from",  "index",
                                         "null", "primary",    "projection", "select", "table", "true"};
  if (name.empty() || (name[0] >= '0' && name[0] <= '9') || !std::ranges::all_of(name, is_name_byte)) return true;
  std::string small(name);
  std::ranges::transform(small, small.begin(), lower);
  return std::ranges::find(kWords, small) != std::end(kWords);
}

}  // namespace

bool operator==(const Type& a, const Type& b) noexcept {
  if (a.id != b.id || a.nullable != b.nullable || a.low_cardinality != b.low_cardinality) return false;
  if (a.precision != b.precision || a.scale != b.scale || a.width != b.width || a.timezone != b.timezone) return false;
  if (a.values == b.values) return true;
  return a.values && b.values && *a.values == *b.values;
}

Result<Type> parse_type(std::string_view text) {
  return TypeReader(text).read();
}

std::string to_string(const Type& type) {
  std::string text = plain_text(type);
  if (type.nullable) text = "Nullable(" + text + ")";
  if (type.low_cardinality) text = "LowCardinality(" + text + ")";
  return text;
}

size_t byte_width(const Type& type) noexcept {
  switch (type.id) {
    case TypeId::kBool:
    case TypeId::kInt8:
    case TypeId::kUInt8:
    case TypeId::kEnum8:
      return 1;
    case TypeId::kInt16:
    case TypeId::kUInt16:
    case TypeId::kDate:
    case TypeId::kEnum16:
      return 2;
    case TypeId::kInt32:
    case TypeId::kUInt32:
    case TypeId::kFloat32:
    case TypeId::kDecimal32:
    case TypeId::kDate32:
    case TypeId::kDateTime:
    case TypeId::kIpv4:
      return 4;
    case TypeId::kInt64:
    case TypeId::kUInt64:
    case TypeId::kFloat64:
    case TypeId::kDecimal64:
    case TypeId::kDateTime64:
      return 8;
    case TypeId::kInt128:
    case TypeId::kUInt128:
    case TypeId::kDecimal128:
    case TypeId::kUuid:
    case TypeId::kIpv6:
    case TypeId::kString:
      return 16;
    case TypeId::kInt256:
    case TypeId::kUInt256:
    case TypeId::kDecimal256:
      return 32;
    case TypeId::kFixedString:
      return type.width;
  }
  return 0;
}

std::optional<size_t> Schema::find(std::string_view name) const noexcept {
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == name) return i;
  }
  return std::nullopt;
}

std::string to_string(const Schema& schema) {
  std::string text;
  for (const Field& field : schema.fields) {
    if (!text.empty()) text += ", ";
    text += (needs_quotes(field.name) ? quote_identifier(field.name) : field.name) + ' ' + to_string(field.type);
  }
  return text;
}

std::string quote_identifier(std::string_view name) {
  std::string text;
  append_quoted(name, '`', text);
  return text;
}

std::string nearest_name(std::string_view word, const std::vector<std::string>& candidates) {
  constexpr size_t kLongest = 200;  // nobody mistypes a longer name; bounds the quadratic work
  if (word.size() > kLongest) return "";
  size_t least = std::max<size_t>(1, word.size() / 3) + 1;
  std::string_view nearest;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kLongest) continue;
    const size_t distance = edit_distance(word, candidate);
    if (distance >= least) continue;
    least = distance;
    nearest = candidate;
  }
  return std::string(nearest);
}

}  // namespace flatbed

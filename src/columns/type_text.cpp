// Types as text. Enters: a type as ClickHouse writes it. Leaves: a Type, and the same text again.
// Invariant: parse_type(to_string(t)) == t; an Enum's values are sorted by number, as ClickHouse keeps them.
#include <algorithm>
#include <charconv>
#include <utility>

#include "columns/quoted_text.hpp"
#include "flatbed/schema.hpp"

namespace flatbed {
namespace {

struct PlainName {
  std::string_view name;
  TypeId id;
};

// The types that take no arguments.
constexpr PlainName kPlainNames[] = {
    {"Bool", TypeId::kBool},         {"Int8", TypeId::kInt8},       {"Int16", TypeId::kInt16},
    {"Int32", TypeId::kInt32},       {"Int64", TypeId::kInt64},     {"Int128", TypeId::kInt128},
    {"Int256", TypeId::kInt256},     {"UInt8", TypeId::kUInt8},     {"UInt16", TypeId::kUInt16},
    {"UInt32", TypeId::kUInt32},     {"UInt64", TypeId::kUInt64},   {"UInt128", TypeId::kUInt128},
    {"UInt256", TypeId::kUInt256},   {"Float32", TypeId::kFloat32}, {"Float64", TypeId::kFloat64},
    {"String", TypeId::kString},     {"Date", TypeId::kDate},       {"Date32", TypeId::kDate32},
    {"UUID", TypeId::kUuid},         {"IPv4", TypeId::kIpv4},       {"IPv6", TypeId::kIpv6},
    {"BFloat16", TypeId::kBFloat16}, {"Time", TypeId::kTime},
};

// Types with arguments, for "did you mean".
constexpr std::string_view kOtherNames[] = {
    "Decimal",    "Decimal32", "Decimal64", "Decimal128", "Decimal256", "FixedString",    "DateTime",
    "DateTime64", "Enum",      "Enum8",     "Enum16",     "Nullable",   "LowCardinality", "Array",
    "Tuple",      "Map",       "Nested",    "Time64",     "JSON",       "Interval",       "QBit"};

struct OtherName {
  std::string_view name;
  std::string_view type;
};

// Types that are another type with a name of its own.
constexpr OtherName kDeclared[] = {{"Point", "Tuple(Float64, Float64)"},
                                   {"MultiPoint", "Array(Point)"},
                                   {"Ring", "Array(Point)"},
                                   {"LineString", "Array(Point)"},
                                   {"MultiLineString", "Array(LineString)"},
                                   {"Polygon", "Array(Ring)"},
                                   {"MultiPolygon", "Array(Polygon)"},
                                   {"IntervalNanosecond", "Int64"},
                                   {"IntervalMicrosecond", "Int64"},
                                   {"IntervalMillisecond", "Int64"},
                                   {"IntervalSecond", "Int64"},
                                   {"IntervalMinute", "Int64"},
                                   {"IntervalHour", "Int64"},
                                   {"IntervalDay", "Int64"},
                                   {"IntervalWeek", "Int64"},
                                   {"IntervalMonth", "Int64"},
                                   {"IntervalQuarter", "Int64"},
                                   {"IntervalYear", "Int64"}};

// Names of other databases for ClickHouse's types, and its own that are read in any case; in capitals. What stands in
// their parentheses is ClickHouse's for the types with arguments, and means nothing for the others: VARCHAR(255).
constexpr OtherName kAliases[] = {{"BIGINT", "Int64"},
                                  {"BIGINT SIGNED", "Int64"},
                                  {"BIGINT UNSIGNED", "UInt64"},
                                  {"BINARY", "FixedString"},
                                  {"BINARY LARGE OBJECT", "String"},
                                  {"BINARY VARYING", "String"},
                                  {"BIT", "UInt64"},
                                  {"BLOB", "String"},
                                  {"BOOL", "Bool"},
                                  {"BOOLEAN", "Bool"},
                                  {"BYTE", "Int8"},
                                  {"BYTEA", "String"},
                                  {"CHAR", "String"},
                                  {"CHAR LARGE OBJECT", "String"},
                                  {"CHAR VARYING", "String"},
                                  {"CHARACTER", "String"},
                                  {"CHARACTER LARGE OBJECT", "String"},
                                  {"CHARACTER VARYING", "String"},
                                  {"CLOB", "String"},
                                  {"DATE", "Date"},
                                  {"DATE32", "Date32"},
                                  {"DATETIME", "DateTime"},
                                  {"DATETIME32", "DateTime"},
                                  {"DATETIME64", "DateTime64"},
                                  {"DEC", "Decimal"},
                                  {"DECIMAL", "Decimal"},
                                  {"DECIMAL128", "Decimal128"},
                                  {"DECIMAL256", "Decimal256"},
                                  {"DECIMAL32", "Decimal32"},
                                  {"DECIMAL64", "Decimal64"},
                                  {"DOUBLE", "Float64"},
                                  {"DOUBLE PRECISION", "Float64"},
                                  {"ENUM", "Enum"},
                                  {"FIXED", "Decimal"},
                                  {"FLOAT", "Float32"},
                                  {"INET4", "IPv4"},
                                  {"INET6", "IPv6"},
                                  {"INT", "Int32"},
                                  {"INT SIGNED", "Int32"},
                                  {"INT UNSIGNED", "UInt32"},
                                  {"INT1", "Int8"},
                                  {"INT1 SIGNED", "Int8"},
                                  {"INT1 UNSIGNED", "UInt8"},
                                  {"INTEGER", "Int32"},
                                  {"INTEGER SIGNED", "Int32"},
                                  {"INTEGER UNSIGNED", "UInt32"},
                                  {"JSON", "JSON"},
                                  {"LONGBLOB", "String"},
                                  {"LONGTEXT", "String"},
                                  {"MEDIUMBLOB", "String"},
                                  {"MEDIUMINT", "Int32"},
                                  {"MEDIUMINT SIGNED", "Int32"},
                                  {"MEDIUMINT UNSIGNED", "UInt32"},
                                  {"MEDIUMTEXT", "String"},
                                  {"NATIONAL CHAR", "String"},
                                  {"NATIONAL CHAR VARYING", "String"},
                                  {"NATIONAL CHARACTER", "String"},
                                  {"NATIONAL CHARACTER LARGE OBJECT", "String"},
                                  {"NATIONAL CHARACTER VARYING", "String"},
                                  {"NCHAR", "String"},
                                  {"NCHAR LARGE OBJECT", "String"},
                                  {"NCHAR VARYING", "String"},
                                  {"NUMERIC", "Decimal"},
                                  {"NVARCHAR", "String"},
                                  {"REAL", "Float32"},
                                  {"SET", "UInt64"},
                                  {"SIGNED", "Int64"},
                                  {"SINGLE", "Float32"},
                                  {"SMALLINT", "Int16"},
                                  {"SMALLINT SIGNED", "Int16"},
                                  {"SMALLINT UNSIGNED", "UInt16"},
                                  {"TEXT", "String"},
                                  {"TIME", "Time"},
                                  {"TIME64", "Time64"},
                                  {"TIMESTAMP", "DateTime"},
                                  {"TINYBLOB", "String"},
                                  {"TINYINT", "Int8"},
                                  {"TINYINT SIGNED", "Int8"},
                                  {"TINYINT UNSIGNED", "UInt8"},
                                  {"TINYTEXT", "String"},
                                  {"UNSIGNED", "UInt64"},
                                  {"VARBINARY", "String"},
                                  {"VARCHAR", "String"},
                                  {"VARCHAR2", "String"},
                                  {"YEAR", "UInt16"}};

// Types whose values differ in type from row to row, so that no text of theirs reads back as the same value, and those
// that no table has.
constexpr std::string_view kUncarried[] = {"Variant", "Dynamic", "Geometry", "GEOMETRY", "Object", "Nothing"};

constexpr uint32_t kMaxFixedString = 0xFFFFFF;
constexpr uint8_t kMaxPrecision = 76;
constexpr uint8_t kMaxTimeScale = 9;
constexpr uint32_t kMaxQBit = 0xFFFFFF;
constexpr unsigned kMaxDepth = 100;  // of types in types

TypeId decimal_id(unsigned precision) {
  if (precision <= 9) return TypeId::kDecimal32;
  if (precision <= 18) return TypeId::kDecimal64;
  return precision <= 38 ? TypeId::kDecimal128 : TypeId::kDecimal256;
}

std::string in_capitals(std::string_view text) {
  std::string capitals(text);
  for (char& c : capitals) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return capitals;
}

// DESCRIBE spreads a long type over lines; to_string() does not.
std::string without_line_ends(std::string_view text) {
  std::string joined;
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '\'' || c == '`' || c == '"') {
      const size_t begin = at;
      std::string ignored;
      read_quoted(text, at, ignored);
      joined += text.substr(begin, at - begin);
    } else if (c == '\n') {
      if (!joined.empty() && joined.back() != '(') joined += ' ';
      at = std::min(text.find_first_not_of(" \n", at), text.size());
    } else {
      joined += c;
      ++at;
    }
  }
  return joined;
}

// Reads one type. A failed step sets `error_` and returns false; the steps after it do not run.
class TypeReader {
 public:
  explicit TypeReader(std::string_view text) : lines_joined_(without_line_ends(text)), text_(lines_joined_) {}

  Result<Type> read() {
    if (read_wrapped() && at_end()) return std::move(type_);
    return std::move(error_);
  }

 private:
  bool read_wrapped() {
    skip_spaces();
    const size_t begin = at_;
    std::string_view name = read_name();
    unsigned open = 0;
    const bool low_cardinality = name == "LowCardinality";
    if (low_cardinality) {
      if (!expect('(')) return false;
      ++open;
      name = read_name();
    }
    const bool nullable = name == "Nullable";
    if (nullable) {
      if (!expect('(')) return false;
      ++open;
      name = read_name();
    }
    if (!read_plain(name, at_ - name.size())) return false;
    if (nullable && (type_.nullable || !may_be_null())) return fail_nested_so();
    if (low_cardinality && (type_.low_cardinality || is_nested(type_.id) || type_.id >= TypeId::kJson)) {
      return fail_nested_so();
    }
    type_.nullable = type_.nullable || nullable;
    type_.low_cardinality = type_.low_cardinality || low_cardinality;
    const bool declared = !type_.declared.empty() && open > 0;
    for (; open > 0; --open) {
      if (!expect(')')) return false;
    }
    return !declared || declare(begin);
  }

  bool may_be_null() const {
    return type_.id != TypeId::kArray && type_.id != TypeId::kMap && type_.id != TypeId::kState;
  }

  // Reads a type into `child`.
  bool read_child(Type& child) {
    if (++depth_ > kMaxDepth) return fail("types are nested more than " + std::to_string(kMaxDepth) + " deep");
    Type outer = std::exchange(type_, {});
    const bool read = read_wrapped();
    child = std::exchange(type_, std::move(outer));
    --depth_;
    return read;
  }

  // `begin` is the place of the name, for types that keep their text.
  bool read_plain(std::string_view name, size_t begin) {
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
    if (name == "Time64") return read_time64();
    if (name == "Array") return read_children(TypeId::kArray, 1);
    if (name == "Map") return read_children(TypeId::kMap, 2);
    if (name == "Tuple") return read_tuple();
    if (name == "Nested") return read_nested() && declare(begin);
    if (name == "JSON") return read_json(begin);
    if (name == "AggregateFunction") return read_state() && declare(begin);
    if (name == "SimpleAggregateFunction") return read_simple_aggregate() && declare(begin);
    if (name == "QBit") return read_qbit() && declare(begin);
    for (const auto& [declared, shape] : kDeclared) {
      if (declared != name) continue;
      type_ = TypeReader(shape).read().value();
      return declare(begin);
    }
    return read_alias(name);
  }

  // Keeps the text from `begin` as what a column is declared as.
  bool declare(size_t begin) {
    type_.declared = text_.substr(begin, at_ - begin);
    return true;
  }

  // Joins words as long as they begin an alias: "INT UNSIGNED".
  bool read_alias(std::string_view name) {
    std::string alias = in_capitals(name);
    const auto begins = [](std::string_view text) {
      return std::ranges::any_of(kAliases, [text](const OtherName& known) {
        return known.name.starts_with(text) && (known.name.size() == text.size() || known.name[text.size()] == ' ');
      });
    };
    if (!begins(alias)) return refuse(name);
    for (size_t end = at_;; end = at_) {
      const std::string longer = alias + ' ' + in_capitals(read_name());
      if (longer.back() != ' ' && begins(longer)) {
        alias = longer;
        continue;
      }
      at_ = end;
      break;
    }
    const auto known = std::ranges::find(kAliases, alias, &OtherName::name);
    if (known == std::end(kAliases)) return refuse(name);
    if (!read_plain(known->type, at_)) return false;
    const bool plain = std::ranges::find(kPlainNames, known->type, &PlainName::name) != std::end(kPlainNames);
    uint32_t ignored = 0;
    return !plain || !accept('(') || (read_number(0, UINT32_MAX, ignored) && expect(')'));
  }

  bool read_children(TypeId id, size_t count) {
    std::vector<Field> children(count);
    for (size_t i = 0; i < count; ++i) {
      if (!expect(i == 0 ? '(' : ',') || !read_child(children[i].type)) return false;
    }
    if (!expect(')')) return false;
    type_.id = id;
    type_.children = std::make_shared<const std::vector<Field>>(std::move(children));
    return true;
  }

  // Reads "(name Type, name Type)" or "(Type, Type)".
  bool read_elements(std::vector<Field>& elements, bool named) {
    if (!expect('(')) return false;
    do {
      Field& element = elements.emplace_back();
      if (elements.size() > 1 || !named) named = named || name_ahead();
      if (named && !read_element_name(element.name)) return false;
      if (!read_child(element.type)) return false;
    } while (accept(','));
    for (size_t i = 0; i < elements.size(); ++i) {
      if (elements[i].name.empty() == named) return fail("some elements of a Tuple have names, and some have none");
      for (size_t j = 0; j < i && named; ++j) {
        if (elements[j].name == elements[i].name) return fail("a Tuple has a name twice: " + elements[i].name);
      }
    }
    return expect(')');
  }

  // Tells whether two words follow, or a quoted one: a name and a type.
  bool name_ahead() {
    skip_spaces();
    const size_t begin = at_;
    bool named = at_ < text_.size() && (text_[at_] == '`' || text_[at_] == '"');
    if (!named && !read_name().empty()) {
      skip_spaces();
      named = at_ < text_.size() && is_name_byte(text_[at_]);
    }
    at_ = begin;
    return named;
  }

  bool read_element_name(std::string& name) {
    skip_spaces();
    if (at_ < text_.size() && (text_[at_] == '`' || text_[at_] == '"')) {
      if (!read_quoted(text_, at_, name)) return fail("a quoted name of the type is not closed");
    } else {
      name = read_name();
    }
    return !name.empty() || fail(unexpected(), "a name and a type");
  }

  bool read_tuple() {
    std::vector<Field> elements;
    const size_t begin = at_;
    if (accept('(') && accept(')')) return fail_uncarried("Tuple()");
    at_ = begin;
    if (!read_elements(elements, false)) return false;
    type_.id = TypeId::kTuple;
    type_.children = std::make_shared<const std::vector<Field>>(std::move(elements));
    return true;
  }

  bool read_nested() {
    std::vector<Field> elements;
    if (!read_elements(elements, true)) return false;
    type_ = array_type(tuple_type(std::move(elements)));
    return true;
  }

  bool read_json(size_t begin) {
    type_.id = TypeId::kJson;
    return !accept('(') || (skip_arguments(")") && declare(begin));
  }

  bool read_state() {
    type_.id = TypeId::kState;
    return expect('(') && skip_arguments(")");
  }

  // SimpleAggregateFunction(name, T) has values of type T.
  bool read_simple_aggregate() {
    Type shape;
    if (!expect('(') || !skip_arguments(",") || !read_child(shape) || !expect(')')) return false;
    type_ = std::move(shape);
    return true;
  }

  // QBit(Float32, 8) lies on disk bit by bit; ClickHouse casts it to an Array and back.
  bool read_qbit() {
    Type element;
    uint32_t dimension = 0;
    if (!expect('(') || !read_child(element) || !expect(',')) return false;
    if (!read_number(1, kMaxQBit, dimension)) return false;
    if (accept(',') && !skip_arguments(")")) return false;
    if (text_[at_ - 1] != ')' && !expect(')')) return false;
    type_ = array_type(std::move(element));
    return true;
  }

  // Passes over arguments and the first of `ends` outside of parentheses and quotes.
  bool skip_arguments(std::string_view ends) {
    int open = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\'' || c == '`' || c == '"') {
        std::string ignored;
        if (!read_quoted(text_, at_, ignored)) break;
        continue;
      }
      ++at_;
      if (open == 0 && ends.find(c) != std::string_view::npos) return true;
      open += c == '(' ? 1 : c == ')' ? -1 : 0;
      if (open < 0) break;
    }
    return fail(unexpected(), std::string(ends));
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

  bool read_time64() {
    type_.id = TypeId::kTime64;
    type_.scale = 3;
    return !accept('(') || (read_number(0, kMaxTimeScale, type_.scale) && expect(')'));
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
    skip_spaces();
    if (at_ == text_.size() || text_[at_] != '\'') return fail(unexpected(), "'");
    return read_quoted(text_, at_, value) || fail("a quoted text of the type is not closed", "'");
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
    if (std::ranges::find(kUncarried, name) != std::end(kUncarried)) return fail_uncarried(name);
    if (name == "Nullable" || name == "LowCardinality") return fail_nested_so();
    std::vector<std::string> names(std::begin(kOtherNames), std::end(kOtherNames));
    for (const PlainName& plain : kPlainNames) names.emplace_back(plain.name);
    const std::string near = nearest_name(name, names);
    return fail("no type has this name: '" + (name.empty() ? shown() : std::string(name.substr(0, 200))) + "'",
                "a type as ClickHouse writes it", near.empty() ? "" : "did you mean " + near + "?");
  }

  bool fail_nested_so() { return fail("types cannot be nested so: '" + shown() + "'"); }

  bool fail_uncarried(std::string_view name) {
    fail("the type is not carried: " + std::string(name), "a type whose values have one type",
         "leave the column out, or cast it to another type in a view or query");
    error_.code = Code::kUnsupportedType;
    return false;
  }

  bool fail(std::string message, std::string expected = "", std::string hint = "") {
    error_.code = Code::kBadType;
    error_.message = std::move(message);
    error_.expected = std::move(expected);
    error_.hint = std::move(hint);
    return false;
  }

  std::string lines_joined_;
  std::string_view text_;
  size_t at_ = 0;
  unsigned depth_ = 0;
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

std::string nested_text(const Type& type, std::string text) {
  for (const Field& child : *type.children) {
    if (text.back() != '(') text += ", ";
    if (!child.name.empty()) {
      append_identifier(child.name, text);
      text += ' ';
    }
    text += to_string(child.type);
  }
  return text + ')';
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
    case TypeId::kTime64:
      return "Time64(" + std::to_string(type.scale) + ")";
    case TypeId::kJson:
      return "JSON";
    case TypeId::kState:
      return "AggregateFunction";
    case TypeId::kArray:
      return nested_text(type, "Array(");
    case TypeId::kTuple:
      return nested_text(type, "Tuple(");
    case TypeId::kMap:
      return nested_text(type, "Map(");
    default:
      return std::string(std::ranges::find(kPlainNames, type.id, &PlainName::id)->name);
  }
}

}  // namespace

Result<Type> parse_type(std::string_view text) {
  return TypeReader(text).read();
}

std::string to_string(const Type& type) {
  if (!type.declared.empty()) return type.declared;
  std::string text = plain_text(type);
  if (type.nullable) text = "Nullable(" + text + ")";
  if (type.low_cardinality) text = "LowCardinality(" + text + ")";
  return text;
}

}  // namespace flatbed

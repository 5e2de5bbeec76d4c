// Arrow to batches. Enters: a stream of Arrow's C interface. Leaves: a source; buffers whose layout is ours are shared.
// Invariant: a type that is not carried is refused by name, and a value that its type cannot hold is an error.
#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <charconv>
#include <cstring>
#include <limits>
#include <unordered_set>
#include <utility>

#include "columns/arrow_c.hpp"
#include "columns/find_column.hpp"
#include "columns/put_digits.hpp"
#include "flatbed/arrow.hpp"

namespace flatbed {
namespace {

// How the values of an Arrow column lie, and what they become.
enum class Layout : uint8_t {
  kNull,
  kBits,
  kSame,       // the bytes of our type
  kText32,     // offsets of 32 bits, one buffer
  kText64,     // offsets of 64 bits, one buffer
  kTextViews,  // our own
  kNames,      // text that names values of an Enum
  kDays16,     // int32 days to Date
  kMillis,     // int64 milliseconds to Date32
  kSeconds32,  // int64 seconds to DateTime
  kTicks,      // int64 ticks of a finer unit to DateTime64
  kNarrow,     // decimal, to a narrower integer
  kUuid,       // most significant byte first
  kUpperHalf,  // float32 to BFloat16
  kList32,     // offsets of 32 bits; maps too
  kList64,     // offsets of 64 bits
  kFixedList,  // `width` elements a row
  kStruct,
};

struct Plan {
  Type type{};
  Layout layout = Layout::kSame;
  Layout text = Layout::kSame;  // kNames: how the text lies
  size_t width = 0;             // of one Arrow value, in bytes
  int64_t divisor = 1;          // kTicks
  char index = 0;               // format of the indexes into a dictionary, 0 without one
  std::vector<Plan> children{};
};

Error refused(std::string_view format, std::string_view name) {
  return {
      .code = Code::kUnsupportedType,
      .message = "Arrow's type is not carried: " + std::string(format),
      .where = {.column_name = std::string(name)},
      .expected =
          "bool, integer, float, decimal, text, binary, date, timestamp, a dictionary, list, struct or map of these",
      .hint = "cast the column before it is handed over, or leave it out"};
}

// Reads one value of Arrow's key-value metadata.
std::string metadata_value(const char* metadata, std::string_view wanted) {
  if (metadata == nullptr) return "";
  const auto number = [&metadata] {
    int32_t value = 0;
    std::memcpy(&value, metadata, sizeof(value));
    metadata += sizeof(value);
    return value;
  };
  const auto text = [&metadata, &number] {
    const auto size = static_cast<size_t>(std::max(number(), 0));
    const std::string_view value(metadata, size);
    metadata += size;
    return value;
  };
  for (int32_t left = number(); left > 0; --left) {
    const std::string_view key = text();
    const std::string_view value = text();
    if (key == wanted) return std::string(value);
  }
  return "";
}

bool plain_plan(std::string_view format, Plan& plan) {
  struct Known {
    std::string_view format;
    TypeId id;
    Layout layout;
  };
  constexpr Known kKnown[] = {{"n", TypeId::kString, Layout::kNull},       {"b", TypeId::kBool, Layout::kBits},
                              {"c", TypeId::kInt8, Layout::kSame},         {"C", TypeId::kUInt8, Layout::kSame},
                              {"s", TypeId::kInt16, Layout::kSame},        {"S", TypeId::kUInt16, Layout::kSame},
                              {"i", TypeId::kInt32, Layout::kSame},        {"I", TypeId::kUInt32, Layout::kSame},
                              {"l", TypeId::kInt64, Layout::kSame},        {"L", TypeId::kUInt64, Layout::kSame},
                              {"f", TypeId::kFloat32, Layout::kSame},      {"g", TypeId::kFloat64, Layout::kSame},
                              {"u", TypeId::kString, Layout::kText32},     {"z", TypeId::kString, Layout::kText32},
                              {"U", TypeId::kString, Layout::kText64},     {"Z", TypeId::kString, Layout::kText64},
                              {"vu", TypeId::kString, Layout::kTextViews}, {"vz", TypeId::kString, Layout::kTextViews},
                              {"tdD", TypeId::kDate32, Layout::kSame},     {"tdm", TypeId::kDate32, Layout::kMillis}};
  for (const Known& known : kKnown) {
    if (known.format != format) continue;
    plan.type.id = known.id;
    plan.layout = known.layout;
    plan.width = known.layout == Layout::kMillis ? 8 : byte_width(plan.type);
    return true;
  }
  return false;
}

bool decimal_plan(std::string_view format, Plan& plan) {
  std::array<int, 3> numbers{0, 0, 128};
  format.remove_prefix(2);
  for (size_t i = 0; i < numbers.size() && !format.empty(); ++i) {
    const auto [end, problem] = std::from_chars(format.data(), format.data() + format.size(), numbers[i]);
    if (problem != std::errc{}) return false;
    format.remove_prefix(static_cast<size_t>(end - format.data()));
    if (format.starts_with(',')) format.remove_prefix(1);
  }
  const auto [precision, scale, bits] = numbers;
  // A negative scale is a number without its last digits, which ClickHouse has no type for.
  if (scale < 0 || (bits != 32 && bits != 64 && bits != 128 && bits != 256)) return false;
  auto type = parse_type("Decimal(" + std::to_string(precision) + ", " + std::to_string(scale) + ")");
  if (!type) return false;
  plan.type = *type;
  plan.width = static_cast<size_t>(bits) / 8;
  plan.layout = plan.width == byte_width(plan.type) ? Layout::kSame : Layout::kNarrow;
  return plan.width >= byte_width(plan.type);
}

bool fixed_plan(std::string_view format, Plan& plan) {
  auto type = parse_type("FixedString(" + std::string(format.substr(2)) + ")");
  if (!type) return false;
  plan.type = *type;
  plan.width = plan.type.width;
  return true;
}

bool time_plan(std::string_view format, Plan& plan) {
  const size_t unit = std::string_view("smun").find(format.size() > 3 ? format[2] : '?');
  if (unit == std::string_view::npos || format[3] != ':') return false;
  plan.type.id = TypeId::kDateTime64;
  plan.type.scale = static_cast<uint8_t>(3 * unit);
  plan.type.timezone = format.substr(4);
  plan.width = 8;
  return true;
}

// Arrow's values as the type that they were exported from, where the metadata names one that lies so.
void restore_type(std::string_view format, const Type& named, Plan& plan) {
  const bool time = format.starts_with("ts");
  const bool fixed = format.starts_with("w:") && plan.width == byte_width(named);
  Plan restored = plan;
  restored.type = named;
  switch (named.id) {
    case TypeId::kInt128:
    case TypeId::kInt256:
    case TypeId::kUInt128:
    case TypeId::kUInt256:
    case TypeId::kIpv6:
      if (fixed) plan = restored;
      return;
    case TypeId::kUuid:
      restored.layout = Layout::kUuid;
      if (fixed) plan = restored;
      return;
    case TypeId::kIpv4:
      if (format == "I") plan = restored;
      return;
    case TypeId::kDate:
      restored.layout = Layout::kDays16;
      if (format == "tdD") plan = restored;
      return;
    case TypeId::kDateTime:
      restored.layout = Layout::kSeconds32;
      if (time && plan.type.scale == 0) plan = restored;
      return;
    case TypeId::kDateTime64:
      if (!time || named.scale > plan.type.scale) return;
      restored.divisor = static_cast<int64_t>(kPowersOfTen[plan.type.scale - named.scale]);
      if (restored.divisor != 1) restored.layout = Layout::kTicks;
      plan = restored;
      return;
    case TypeId::kJson:
    case TypeId::kState:
      if (plan.type.id == TypeId::kString && plan.layout != Layout::kNull) plan = restored;
      return;
    case TypeId::kTime:
      if (format == "i") plan = restored;
      return;
    case TypeId::kTime64:
      if (format == "l") plan = restored;
      return;
    case TypeId::kBFloat16:
      restored.layout = Layout::kUpperHalf;
      if (format == "f") plan = restored;
      return;
    case TypeId::kEnum8:
    case TypeId::kEnum16:
      if (plan.type.id != TypeId::kString || plan.layout == Layout::kNull) return;
      restored.text = plan.layout;
      restored.layout = Layout::kNames;
      plan = restored;
      return;
    default:
      // The type that Arrow gives is the same but for what only a table's column has.
      plan.type.low_cardinality = named.low_cardinality && named.id == plan.type.id;
  }
}

constexpr unsigned kMaxDepth = 100;  // of types in types

Result<Plan> plan_of(const ArrowSchema& schema, const Type* named, unsigned depth);

// Plans the children of a list, struct or map. `named` is the type that the column was exported from, if there is one.
Result<Plan> nested_plan(const ArrowSchema& schema, const Type* named, unsigned depth) {
  const std::string_view format = schema.format;
  const std::string_view name = schema.name == nullptr ? "" : schema.name;
  const bool map = format == "+m";
  const ArrowSchema& parent = map && schema.n_children == 1 ? *schema.children[0] : schema;
  if ((map && parent.n_children != 2) || parent.n_children == 0 || depth > kMaxDepth) return refused(format, name);
  Plan plan;
  plan.layout = format == "+s" ? Layout::kStruct : format == "+L" ? Layout::kList64 : Layout::kList32;
  if (format.starts_with("+w:")) {
    plan.layout = Layout::kFixedList;
    std::from_chars(format.data() + 3, format.data() + format.size(), plan.width);
  }
  std::vector<Field> fields;
  const bool known =
      named != nullptr && is_nested(named->id) && named->children->size() == static_cast<size_t>(parent.n_children);
  for (int64_t i = 0; i < parent.n_children; ++i) {
    const ArrowSchema& child = *parent.children[i];
    const Field* origin = known ? &(*named->children)[static_cast<size_t>(i)] : nullptr;
    auto child_plan = plan_of(child, origin == nullptr ? nullptr : &origin->type, depth + 1);
    if (!child_plan) return child_plan;
    if (map && i == 0) child_plan->type.nullable = false;
    fields.push_back({.name = child.name == nullptr ? "" : child.name, .type = child_plan->type});
    if (origin != nullptr && origin->name.empty()) fields.back().name.clear();
    plan.children.push_back(std::move(*child_plan));
  }
  if (map)
    plan.type = map_type(fields[0].type, fields[1].type);
  else if (plan.layout == Layout::kStruct)
    plan.type = tuple_type(std::move(fields));
  else
    plan.type = array_type(fields[0].type);
  if (auto checked = parse_type(to_string(plan.type)); !checked) return refused(to_string(plan.type), name);
  return plan;
}

Result<Plan> plan_of(const ArrowSchema& schema, const Type* named, unsigned depth) {
  Plan plan;
  const std::string_view name = schema.name == nullptr ? "" : schema.name;
  const ArrowSchema& values = schema.dictionary == nullptr ? schema : *schema.dictionary;
  const std::string_view format = values.format;
  const bool nested = format == "+s" || format == "+l" || format == "+L" || format == "+m" || format.starts_with("+w:");
  if (nested && schema.dictionary == nullptr) {
    auto made = nested_plan(schema, named, depth);
    if (!made) return made;
    plan = std::move(*made);
  } else {
    bool known = plain_plan(format, plan);
    if (format.starts_with("d:")) known = decimal_plan(format, plan);
    if (format.starts_with("w:")) known = fixed_plan(format, plan);
    if (format.starts_with("ts")) known = time_plan(format, plan);
    if (!known || values.dictionary != nullptr) return refused(format, name);
  }
  if (schema.dictionary != nullptr) {
    plan.index = schema.format[0];
    if (std::string_view(schema.format).size() != 1 ||
        std::string_view("cCsSiIlL").find(plan.index) == std::string_view::npos) {
      return refused(schema.format, name);
    }
  }
  if (named != nullptr && !nested) restore_type(format, *named, plan);
  plan.type.nullable = (schema.flags & ARROW_FLAG_NULLABLE) != 0 || plan.layout == Layout::kNull;
  // ClickHouse has no NULL for these.
  if (plan.type.id == TypeId::kArray || plan.type.id == TypeId::kMap || plan.type.id == TypeId::kState) {
    plan.type.nullable = false;
  }
  if (named != nullptr && same_values(plan.type, *named)) plan.type = *named;
  return plan;
}

Result<Plan> plan_of(const ArrowSchema& schema) {
  auto named = parse_type(metadata_value(schema.metadata, "clickhouse:type"));
  return plan_of(schema, named ? &*named : nullptr, 0);
}

// An array that was moved in; every buffer made of it keeps it alive.
using Owner = std::shared_ptr<const ArrowArray>;

Owner own(ArrowArray& array) {
  return Owner(new ArrowArray(std::exchange(array, {})), [](const ArrowArray* held) {
    auto* released = const_cast<ArrowArray*>(held);
    if (released->release != nullptr) released->release(released);
    delete released;
  });
}

// One array's rows `first` to `first + rows`, counted from its buffers' beginning.
class ColumnReader {
 public:
  ColumnReader(const ArrowArray& array, const Owner& owner, size_t first, size_t rows, const Plan& plan)
      : array_(array), owner_(owner), first_(first), plan_(plan) {
    column_.type = plan.type;
    column_.rows = rows;
  }

  Result<Column> read() {
    if (plan_.layout == Layout::kNull) return all_null();
    read_validity();
    if (column_.nulls > 0 && !plan_.type.nullable) {
      const bool list = plan_.type.id == TypeId::kArray || plan_.type.id == TypeId::kMap;
      return Error{.code = Code::kNotNull,
                   .message = (list ? "ClickHouse has no NULL for lists and maps, and the column holds some: "
                                    : "a column that is declared without NULLs holds some: ") +
                              std::to_string(column_.nulls)};
    }
    const Status status = plan_.index == 0 ? read_values() : read_dictionary();
    if (!status) return Error(status.error());
    if (column_.nulls > 0) clear_nulls();
    return std::move(column_);
  }

 private:
  template <class T>
  const T* buffer(int64_t index) const {
    return static_cast<const T*>(array_.buffers[index]);
  }

  Column all_null() {
    column_.nulls = column_.rows;
    column_.values = Buffer::allocate(column_.rows * sizeof(TextView));
    std::memset(column_.values.writable(), 0, column_.values.size());
    if (column_.rows == 0) return std::move(column_);
    column_.validity = Buffer::allocate((column_.rows + 7) / 8);
    std::memset(column_.validity.writable(), 0, column_.validity.size());
    return std::move(column_);
  }

  static bool bit(const uint8_t* bits, size_t index) { return (bits[index / 8] >> (index % 8) & 1) != 0; }

  void read_validity() {
    if (array_.n_buffers == 0 || array_.buffers[0] == nullptr || array_.null_count == 0) return;
    const auto* bits = buffer<uint8_t>(0);
    column_.validity = Buffer::allocate((column_.rows + 7) / 8);
    std::memset(column_.validity.writable(), 0, column_.validity.size());
    for (size_t row = 0; row < column_.rows; ++row) {
      const bool valid = bit(bits, first_ + row);
      column_.nulls += !valid;
      column_.validity.writable()[row / 8] |= std::byte(unsigned{valid} << (row % 8));
    }
    if (column_.nulls == 0) column_.validity = {};
  }

  // The value of a NULL row is zero, whatever lies there. Buffers of others are not written to.
  void clear_nulls() {
    const size_t width = byte_width(column_.type);
    if (width == 0) return;
    Buffer cleared = Buffer::allocate(column_.rows * width);
    std::memcpy(cleared.writable(), column_.values.data(), cleared.size());
    for (size_t row = 0; row < column_.rows; ++row) {
      if (column_.is_null(row)) std::memset(cleared.writable() + row * width, 0, width);
    }
    column_.values = std::move(cleared);
  }

  Status read_values() {
    switch (plan_.layout) {
      case Layout::kBits:
        return each<uint8_t>([&](size_t row, uint8_t& to) { return to = bit(buffer<uint8_t>(1), first_ + row), true; });
      case Layout::kSame:
        return same();
      case Layout::kText32:
        return text_of_offsets<int32_t>();
      case Layout::kText64:
        return text_of_offsets<int64_t>();
      case Layout::kTextViews:
        return text_of_views();
      case Layout::kNames:
        return plan_.type.id == TypeId::kEnum8 ? numbers_of_names<int8_t>() : numbers_of_names<int16_t>();
      case Layout::kDays16:
        return narrowed<int32_t, uint16_t>(1);
      case Layout::kMillis:
        return narrowed<int64_t, int32_t>(86'400'000);
      case Layout::kSeconds32:
        return narrowed<int64_t, uint32_t>(1);
      case Layout::kTicks:
        return narrowed<int64_t, int64_t>(plan_.divisor);
      case Layout::kNarrow:
        return narrowed_decimal();
      case Layout::kUuid:
        return each<std::array<uint64_t, 2>>([&](size_t row, std::array<uint64_t, 2>& to) {
          const uint8_t* from = buffer<uint8_t>(1) + 16 * (first_ + row);
          to = {};
          for (size_t i = 0; i < 16; ++i) to[i / 8] = to[i / 8] << 8 | from[i];
          return true;
        });
      case Layout::kUpperHalf:
        return each<uint16_t>([&](size_t row, uint16_t& to) {
          const uint32_t bits = buffer<uint32_t>(1)[first_ + row];
          to = static_cast<uint16_t>(bits >> 16);
          return (bits & 0xFFFF) == 0;
        });
      case Layout::kList32:
        return list_of_offsets<int32_t>();
      case Layout::kList64:
        return list_of_offsets<int64_t>();
      case Layout::kFixedList:
        return list([this](size_t row) { return (first_ + row) * plan_.width; });
      case Layout::kStruct:
        return children(array_, first_, column_.rows);
      case Layout::kNull:
        return {};
    }
    return {};
  }

  template <class Offset>
  Status list_of_offsets() {
    const auto* offsets = buffer<Offset>(1);
    return list([this, offsets](size_t row) { return static_cast<size_t>(offsets[first_ + row]); });
  }

  // `begin` tells where the elements of a row begin in the child, and after the last row where they end.
  template <class Begin>
  Status list(Begin begin) {
    if (column_.rows == 0) {
      column_ = empty_column(plan_.type);
      return {};
    }
    column_.values = Buffer::allocate((column_.rows + 1) * sizeof(uint64_t));
    auto* to = reinterpret_cast<uint64_t*>(column_.values.writable());
    const size_t first = begin(0), elements = begin(column_.rows) - first;
    for (size_t row = 0; row <= column_.rows; ++row) to[row] = begin(row) - first;
    if (plan_.type.id != TypeId::kMap) return children(array_, first, elements);
    const ArrowArray& entries = *array_.children[0];
    return children(entries, first + static_cast<size_t>(entries.offset), elements);
  }

  // Reads the children of `parent` from row `first` of theirs.
  Status children(const ArrowArray& parent, size_t first, size_t rows) {
    for (size_t i = 0; i < plan_.children.size(); ++i) {
      const ArrowArray& child = *parent.children[i];
      const size_t begin = first + static_cast<size_t>(child.offset);
      auto column = ColumnReader(child, owner_, begin, rows, plan_.children[i]).read();
      if (!column) {
        Error error = std::move(column).error();
        error.where.record.reset();  // an element is no row
        return error;
      }
      column->type = (*plan_.type.children)[i].type;
      column_.children.push_back(std::move(*column));
    }
    return {};
  }

  // Makes every value that is not NULL with `make`, which returns false for one that does not fit.
  template <class T, class Make>
  Status each(Make make) {
    column_.values = Buffer::allocate(column_.rows * sizeof(T));
    auto* to = reinterpret_cast<T*>(column_.values.writable());
    for (size_t row = 0; row < column_.rows; ++row) {
      if (column_.is_null(row))
        to[row] = T{};
      else if (!make(row, to[row]))
        return misfit(row);
    }
    return {};
  }

  Error misfit(size_t row) const {
    Error error{.code = Code::kOutOfRange,
                .message = "a value does not fit its type exactly",
                .expected = to_string(plan_.type)};
    error.where.record = row;
    return error;
  }

  Status same() {
    const auto* from = buffer<std::byte>(1) + first_ * plan_.width;
    const size_t bytes = column_.rows * plan_.width;
    if (reinterpret_cast<uintptr_t>(from) % 8 == 0) {
      column_.values = Buffer::wrap(from, bytes, owner_);
    } else {
      column_.values = Buffer::allocate(bytes);
      if (bytes > 0) std::memcpy(column_.values.writable(), from, bytes);
    }
    return {};
  }

  template <class From, class To>
  Status narrowed(int64_t divisor) {
    return each<To>([&](size_t row, To& to) {
      const int64_t value = buffer<From>(1)[first_ + row];
      to = static_cast<To>(value / divisor);
      return value % divisor == 0 && int64_t{to} == value / divisor;
    });
  }

  // Keeps the low bytes; the rest must be the sign's.
  Status narrowed_decimal() {
    const size_t width = byte_width(plan_.type);
    column_.values = Buffer::allocate(column_.rows * width);
    for (size_t row = 0; row < column_.rows; ++row) {
      const uint8_t* from = buffer<uint8_t>(1) + (first_ + row) * plan_.width;
      const uint8_t sign = (from[width - 1] & 0x80) != 0 ? 0xFF : 0;
      const bool fits = std::all_of(from + width, from + plan_.width, [sign](uint8_t byte) { return byte == sign; });
      if (!fits && !column_.is_null(row)) return misfit(row);
      std::memcpy(column_.values.writable() + row * width, from, width);
    }
    return {};
  }

  template <class Offset>
  Status text_of_offsets() {
    const auto* offsets = buffer<Offset>(1) + first_;
    const char* data = buffer<char>(2);
    // A buffer's offsets have 32 bits here, so a large one is shown as several that begin 1 GiB apart.
    constexpr unsigned kShift = 30;
    if (column_.rows == 0) return empty_texts();
    const auto end = static_cast<uint64_t>(offsets[column_.rows]);
    for (uint64_t begin = 0; begin == 0 || begin < end; begin += uint64_t{1} << kShift) {
      column_.texts.push_back(Buffer::wrap(data + begin, end - begin, owner_));
    }
    return each<TextView>([&](size_t row, TextView& to) {
      const auto begin = static_cast<uint64_t>(offsets[row]);
      const uint64_t length = static_cast<uint64_t>(offsets[row + 1]) - begin;
      if (length > std::numeric_limits<uint32_t>::max()) return false;
      if (length == 0) return to = TextView(), true;
      to = TextView::of({data + begin, length}, static_cast<uint32_t>(begin >> kShift),
                        static_cast<uint32_t>(begin & ((uint64_t{1} << kShift) - 1)));
      return true;
    });
  }

  Status empty_texts() {
    column_.values = Buffer::allocate(0);
    return {};
  }

  Status text_of_views() {
    const int64_t texts = array_.n_buffers - 3;
    const auto* sizes = texts > 0 ? buffer<int64_t>(array_.n_buffers - 1) : nullptr;
    for (int64_t i = 0; i < texts; ++i) {
      column_.texts.push_back(Buffer::wrap(array_.buffers[2 + i], static_cast<size_t>(sizes[i]), owner_));
    }
    return same();
  }

  template <class T>
  Status numbers_of_names() {
    Plan text_plan = plan_;
    text_plan.type = Type{.nullable = true};
    text_plan.layout = plan_.text;
    text_plan.width = sizeof(TextView);
    auto names = ColumnReader(array_, owner_, first_, column_.rows, text_plan).read();
    if (!names) return std::move(names).error();
    return each<T>([&](size_t row, T& to) {
      const auto at = std::ranges::find(*plan_.type.values, names->text(row), &EnumValues::value_type::first);
      if (at == plan_.type.values->end()) return false;
      to = static_cast<T>(at->second);
      return true;
    });
  }

  Result<size_t> index(size_t row) const {
    const size_t at = first_ + row;
    uint64_t index = 0;
    switch (plan_.index) {
      case 'c':
      case 'C':
        index = buffer<uint8_t>(1)[at];
        break;
      case 's':
      case 'S':
        index = buffer<uint16_t>(1)[at];
        break;
      case 'i':
      case 'I':
        index = buffer<uint32_t>(1)[at];
        break;
      default:
        index = buffer<uint64_t>(1)[at];
    }
    if (index < static_cast<uint64_t>(array_.dictionary->length)) return static_cast<size_t>(index);
    return misfit(row);
  }

  // Gives each row the value that it refers to.
  Status read_dictionary() {
    const ArrowArray& dictionary = *array_.dictionary;
    Plan key_plan = plan_;
    key_plan.index = 0;
    key_plan.type.nullable = true;
    auto keys = ColumnReader(dictionary, owner_, static_cast<size_t>(dictionary.offset),
                             static_cast<size_t>(dictionary.length), key_plan)
                    .read();
    if (!keys) return std::move(keys).error();
    const size_t width = byte_width(plan_.type);
    column_.values = Buffer::allocate(column_.rows * width);
    for (size_t row = 0; row < column_.rows; ++row) {
      if (column_.is_null(row)) continue;
      auto at = index(row);
      if (!at) return std::move(at).error();
      if (keys->is_null(*at)) return refused("a dictionary with a NULL among its values", "");
      std::memcpy(column_.values.writable() + row * width, keys->values.data() + *at * width, width);
    }
    column_.texts = std::move(keys->texts);
    return {};
  }

  const ArrowArray& array_;
  const Owner& owner_;
  size_t first_;
  const Plan& plan_;
  Column column_{};
};

class StreamSource : public Source {
 public:
  explicit StreamSource(ArrowArrayStream stream) : stream_(stream) {}
  ~StreamSource() override { stream_.release(&stream_); }
  StreamSource(const StreamSource&) = delete;
  StreamSource& operator=(const StreamSource&) = delete;

  Result<Schema> open(const ReadRequest& request, std::stop_token) override {
    ArrowSchema arrow{};
    if (const int problem = stream_.get_schema(&stream_, &arrow); problem != 0) return failed(problem);
    auto schema = read_schema(arrow);
    if (arrow.release != nullptr) arrow.release(&arrow);
    if (!schema || request.columns.empty()) {
      for (size_t i = 0; i < plans_.size(); ++i) indexes_.push_back(i);
      if (schema) schema_ = std::make_shared<const Schema>(*schema);
      return schema;
    }
    auto indexes = find_columns(*schema, request.columns);
    if (!indexes) return std::move(indexes).error();
    indexes_ = std::move(*indexes);
    Schema chosen;
    for (const size_t index : indexes_) chosen.fields.push_back(schema->fields[index]);
    schema_ = std::make_shared<const Schema>(chosen);
    return chosen;
  }

  Result<std::optional<Delivery>> next(std::stop_token stop) override {
    if (stop.stop_requested()) return Error{.code = Code::kCancelled, .message = "the run was cancelled"};
    ArrowArray array{};
    if (const int problem = stream_.get_next(&stream_, &array); problem != 0) return failed(problem);
    if (array.release == nullptr) return std::optional<Delivery>();
    const Owner owner = own(array);
    auto batch = read_batch(*owner, owner);
    if (!batch) return std::move(batch).error();
    return std::optional(Delivery{std::move(*batch), {}});
  }

  Position position() const noexcept override { return {.bytes = 0, .records = records_}; }

 private:
  Result<Schema> read_schema(const ArrowSchema& arrow) {
    if (std::string_view(arrow.format) != "+s") return refused(arrow.format, "");
    Schema schema;
    std::unordered_set<std::string> names;
    for (int64_t i = 0; i < arrow.n_children; ++i) {
      const ArrowSchema& child = *arrow.children[i];
      auto plan = plan_of(child);
      if (!plan) return std::move(plan).error();
      std::string name = child.name == nullptr ? "" : child.name;
      if (!names.insert(name).second) {
        return Error{.code = Code::kDuplicateName, .message = "two columns have the same name: '" + name + "'"};
      }
      schema.fields.push_back({std::move(name), plan->type, "the Arrow stream"});
      plans_.push_back(std::move(*plan));
    }
    return schema;
  }

  Result<Batch> read_batch(const ArrowArray& array, const Owner& owner) {
    if (array.n_children != static_cast<int64_t>(plans_.size())) {
      return Error{.code = Code::kUsage, .message = "a batch of the Arrow stream has another number of columns"};
    }
    const auto rows = static_cast<size_t>(array.length);
    if (array.null_count > 0) return refused("a struct with NULL rows", "");
    std::vector<Column> columns;
    for (uint32_t i = 0; i < indexes_.size(); ++i) {
      const ArrowArray& child = *array.children[indexes_[i]];
      const auto first = static_cast<size_t>(array.offset + child.offset);
      auto column = ColumnReader(child, owner, first, rows, plans_[indexes_[i]]).read();
      if (!column) {
        Error error = std::move(column).error();
        error.where.column = i;
        error.where.column_name = schema_->fields[i].name;
        if (error.where.record) *error.where.record += records_;
        return error;
      }
      columns.push_back(std::move(*column));
    }
    const Origin origin{.first_record = records_, .records = rows, .first_line = records_ + 1};
    records_ += rows;
    return Batch(schema_, std::move(columns), rows, origin);
  }

  Error failed(int problem) {
    const char* message = stream_.get_last_error(&stream_);
    return {.code = Code::kReadFailed,
            .message = message == nullptr || *message == '\0' ? std::strerror(problem) : message,
            .native_code = problem,
            .side = Side::kSource};
  }

  ArrowArrayStream stream_;
  std::vector<Plan> plans_{};
  std::vector<size_t> indexes_{};
  std::shared_ptr<const Schema> schema_{};
  std::atomic<uint64_t> records_ = 0;
};

}  // namespace

Result<std::unique_ptr<Source>> stream_source(ArrowArrayStream* stream) {
  if (stream == nullptr || stream->release == nullptr) {
    return Error{.code = Code::kUsage,
                 .message = "the Arrow stream was released or taken before",
                 .hint = "make a new one; a stream is read once"};
  }
  return std::unique_ptr<Source>(std::make_unique<StreamSource>(std::exchange(*stream, {})));
}

}  // namespace flatbed

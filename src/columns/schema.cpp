// Types, schemas and names. Enters: types and schemas. Leaves: what follows from them: widths, equality, quoted names.
#include "flatbed/schema.hpp"

#include <algorithm>
#include <utility>

#include "columns/quoted_text.hpp"

namespace flatbed {
namespace {

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

}  // namespace

bool operator==(const Type& a, const Type& b) noexcept {
  if (a.id != b.id || a.nullable != b.nullable || a.low_cardinality != b.low_cardinality) return false;
  if (a.precision != b.precision || a.scale != b.scale || a.width != b.width || a.timezone != b.timezone) return false;
  if (a.declared != b.declared) return false;
  const bool values = a.values == b.values || (a.values && b.values && *a.values == *b.values);
  return values && (a.children == b.children || (a.children && b.children && *a.children == *b.children));
}

Type array_type(Type element) {
  return {.id = TypeId::kArray,
          .children = std::make_shared<const std::vector<Field>>(std::vector<Field>{{.type = std::move(element)}})};
}

Type map_type(Type key, Type value) {
  std::vector<Field> children{{.type = std::move(key)}, {.type = std::move(value)}};
  return {.id = TypeId::kMap, .children = std::make_shared<const std::vector<Field>>(std::move(children))};
}

Type tuple_type(std::vector<Field> elements) {
  return {.id = TypeId::kTuple, .children = std::make_shared<const std::vector<Field>>(std::move(elements))};
}

Type block_type(const Type& type) {
  Type block = type;
  block.low_cardinality = false;
  block.declared.clear();
  if (is_view(type.id)) block.id = TypeId::kString;
  if (!is_nested(type.id)) return block;
  std::vector<Field> children = *type.children;
  for (Field& child : children) child.type = block_type(child.type);
  block.children = std::make_shared<const std::vector<Field>>(std::move(children));
  return block;
}

bool same_values(const Type& from, const Type& to) noexcept {
  if (from.id != to.id || from.nullable != to.nullable || from.precision != to.precision) return false;
  if (from.scale != to.scale || from.width != to.width) return false;
  if (from.id == TypeId::kState) return from.declared == to.declared;
  if (from.values != to.values && !(from.values && to.values && *from.values == *to.values)) return false;
  if (!is_nested(from.id)) return true;
  const auto same_child = [](const Field& a, const Field& b) {
    // ClickHouse pairs elements by name where both sides have names, else in order.
    return (a.name == b.name || a.name.empty() || b.name.empty()) && same_values(a.type, b.type);
  };
  return std::ranges::equal(*from.children, *to.children, same_child);
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
    case TypeId::kBFloat16:
      return 2;
    case TypeId::kInt32:
    case TypeId::kUInt32:
    case TypeId::kFloat32:
    case TypeId::kDecimal32:
    case TypeId::kDate32:
    case TypeId::kDateTime:
    case TypeId::kIpv4:
    case TypeId::kTime:
      return 4;
    case TypeId::kInt64:
    case TypeId::kUInt64:
    case TypeId::kFloat64:
    case TypeId::kDecimal64:
    case TypeId::kDateTime64:
    case TypeId::kTime64:
    case TypeId::kArray:
    case TypeId::kMap:
      return 8;
    case TypeId::kInt128:
    case TypeId::kUInt128:
    case TypeId::kDecimal128:
    case TypeId::kUuid:
    case TypeId::kIpv6:
    case TypeId::kString:
    case TypeId::kJson:
    case TypeId::kState:
      return 16;
    case TypeId::kInt256:
    case TypeId::kUInt256:
    case TypeId::kDecimal256:
      return 32;
    case TypeId::kFixedString:
      return type.width;
    case TypeId::kTuple:
      return 0;
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
    append_identifier(field.name, text);
    text += ' ' + to_string(field.type);
  }
  return text;
}

std::string quote_identifier(std::string_view name) {
  std::string text;
  append_quoted(name, '`', text);
  return text;
}

std::string quote_text(std::string_view text) {
  std::string quoted;
  append_quoted(text, '\'', quoted);
  return quoted;
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

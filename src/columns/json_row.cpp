// Rows of JSON. Enters: records. Leaves: columns. Invariant: a scalar becomes a value by the code that reads a field of
// a text file; what does not fit is told with its place, and nothing of it stays.
#include "columns/json_row.hpp"

#include <algorithm>

#include "columns/rewritten.hpp"

namespace flatbed {

// ---- Keys

JsonKeys::Key& JsonKeys::add(std::string_view name, size_t number) {
  keys_.push_back({.name = std::make_unique<std::string>(name), .number = number});
  numbers_.emplace(*keys_.back().name, keys_.size() - 1);
  return keys_.back();
}

const JsonKeys::Key* JsonKeys::find(std::string_view name, size_t& hint) const noexcept {
  if (hint >= keys_.size() || *keys_[hint].name != name) {
    const auto found = numbers_.find(name);
    if (found == numbers_.end()) return nullptr;
    hint = found->second;
  }
  return &keys_[hint++];
}

// ---- Rows

JsonRows::JsonRows(const JsonPlan& plan) : plan_(plan), seen_(plan.names) {
  columns_.reserve(plan.columns.size());
  for (const ColumnPlan& column : plan.columns) columns_.emplace_back(column.field.type);
}

Code JsonRows::fail(Code code, const char* at, std::string_view found, const Type& type) {
  misfit_ = {.code = code, .at = at, .plan = column_, .type = type, .found = std::string(found)};
  return code;
}

Code JsonRows::add(JsonValue record) {
  column_ = JsonKeys::kNone;
  if (!plan_.objects) return add_column(0, record);
  if (!record.is_object()) {
    text_.clear();
    const Code code = record.json(text_);
    return code == Code::kOk ? fail(Code::kNotAnObject, record.at(), text_, {}) : code;
  }
  const Code code = add_object(plan_.keys, record);
  return code == Code::kOk ? add_missing() : code;
}

void JsonRows::end_row(bool good) {
  for (ColumnBuilder& column : columns_) {
    if (good) break;
    column.rewind(rows_);
    column.add_zero();
  }
  ++rows_;
  misfit_ = {};
  rewritten_.clear();
}

Code JsonRows::add_object(const JsonKeys& keys, JsonValue object) {
  size_t hint = 0;
  return object.members([&](std::string_view key, JsonValue value) { return add_key(keys, hint, key, value); });
}

Code JsonRows::add_key(const JsonKeys& keys, size_t& hint, std::string_view key, JsonValue value) {
  const JsonKeys::Key* const known = keys.find(key, hint);
  if (known == nullptr) {
    if (plan_.ignores_others) return value.skip();
    column_ = JsonKeys::kNone;
    return fail(Code::kUnknownKey, value.at(), key, {});
  }
  size_t& seen = seen_[known->number];
  if (seen == rows_ + 1) {
    column_ = known->plan;
    return fail(Code::kRepeatedKey, value.at(), key, {});
  }
  seen = rows_ + 1;
  if (known->within) return value.is_object() ? add_object(*known->within, value) : value.skip();
  return known->plan == JsonKeys::kNone ? value.skip() : add_column(known->plan, value);
}

Code JsonRows::add_column(size_t plan, JsonValue value) {
  column_ = plan;
  return add_value(value, columns_[plan]);
}

Code JsonRows::add_missing() {
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].rows() > rows_) continue;
    column_ = i;
    if (const Code code = add_null(nullptr, {}, columns_[i]); code != Code::kOk) return code;
  }
  return Code::kOk;
}

// A Tuple is NULL by the NULLs of its elements, as ClickHouse knows no other.
Code JsonRows::add_null(const char* at, std::string_view found, ColumnBuilder& to) {
  if (to.type().nullable) {
    to.add_null();
    return Code::kOk;
  }
  if (to.type().id != TypeId::kTuple) return fail(Code::kNotNull, at, found, to.type());
  for (size_t i = 0; i < to.children(); ++i)
    if (const Code code = add_null(at, found, to.child(i)); code != Code::kOk) return code;
  to.end_row();
  return Code::kOk;
}

Code JsonRows::add_value(JsonValue value, ColumnBuilder& to) {
  const Type& type = to.type();
  if (!value.is_object() && !value.is_array()) return add_scalar(value, to);
  if (type.id == TypeId::kString || (type.id == TypeId::kJson && value.is_object())) return add_json(value, to);
  if (type.id == TypeId::kArray && value.is_array()) return add_array(value, to);
  if (type.id == TypeId::kMap && value.is_object()) return add_map(value, to);
  if (type.id == TypeId::kTuple) return value.is_object() ? add_tuple(value, to) : add_unnamed(value, to);
  text_.clear();
  if (const Code code = value.json(text_); code != Code::kOk) return code;
  return fail(Code::kNotOfType, value.at(), text_, type);
}

Code JsonRows::add_scalar(JsonValue value, ColumnBuilder& to) {
  std::string_view text;
  if (const Code code = value.scalar(text); code != Code::kOk) return code;
  if (value.is_null()) return add_null(value.at(), text, to);
  const Type& type = to.type();
  if (is_nested(type.id) || type.id == TypeId::kJson) return fail(Code::kNotOfType, value.at(), text, type);
  char date[kMostYearFirst];
  const DateOrder order = plan_.columns[column_].date_order;
  const bool timed = type.id == TypeId::kDateTime || type.id == TypeId::kDateTime64;
  if (order != DateOrder::kNone) text = with_year_first(text, order, timed, date);
  if (const Code code = to.add(text); code != Code::kOk) return fail(code, value.at(), text, type);
  if (plan_.leniency != Leniency::kAllow && type.id != TypeId::kString && is_rewritten(text, type))
    rewritten_.push_back({Code::kRewritten, value.at(), column_, type, std::string(text)});
  return Code::kOk;
}

Code JsonRows::add_json(JsonValue value, ColumnBuilder& to) {
  text_.clear();
  if (const Code code = value.json(text_); code != Code::kOk) return code;
  if (const Code code = to.add(text_); code != Code::kOk) return fail(code, value.at(), text_, to.type());
  return Code::kOk;
}

Code JsonRows::add_array(JsonValue value, ColumnBuilder& to) {
  const Code code = value.elements([&](JsonValue element) { return add_value(element, to.child(0)); });
  if (code == Code::kOk) to.end_row();
  return code;
}

Code JsonRows::add_unnamed(JsonValue value, ColumnBuilder& to) {
  size_t count = 0;
  Code code = value.elements([&](JsonValue element) {
    return ++count <= to.children() ? add_value(element, to.child(count - 1)) : element.skip();
  });
  if (code != Code::kOk) return code;
  if (count != to.children())
    return fail(Code::kNotOfType, value.at(), "an array of " + std::to_string(count), to.type());
  to.end_row();
  return Code::kOk;
}

Code JsonRows::add_map(JsonValue value, ColumnBuilder& to) {
  const Code code = value.members([&](std::string_view key, JsonValue member) {
    if (const Code bad = to.child(0).add(key); bad != Code::kOk) return fail(bad, member.at(), key, to.child(0).type());
    return add_value(member, to.child(1));
  });
  if (code == Code::kOk) to.end_row();
  return code;
}

Code JsonRows::add_tuple(JsonValue value, ColumnBuilder& to) {
  const std::vector<Field>& elements = *to.type().children;
  const size_t row = to.rows();
  size_t next = 0;
  Code code = value.members([&](std::string_view key, JsonValue member) {
    const bool expected = next < elements.size() && elements[next].name == key;
    if (!expected) next = static_cast<size_t>(std::ranges::find(elements, key, &Field::name) - elements.begin());
    if (next == elements.size()) return fail(Code::kUnknownKey, member.at(), key, to.type());
    ColumnBuilder& child = to.child(next++);
    if (child.rows() > row) return fail(Code::kRepeatedKey, member.at(), key, to.type());
    return add_value(member, child);
  });
  if (code != Code::kOk) return code;
  for (size_t i = 0; i < to.children(); ++i) {
    if (to.child(i).rows() > row) continue;
    if (code = add_null(nullptr, {}, to.child(i)); code != Code::kOk) return code;
  }
  to.end_row();
  return Code::kOk;
}

std::vector<Column> JsonRows::finish() && {
  std::vector<Column> columns;
  columns.reserve(columns_.size());
  for (ColumnBuilder& column : columns_) columns.push_back(std::move(column).finish());
  return columns;
}

}  // namespace flatbed

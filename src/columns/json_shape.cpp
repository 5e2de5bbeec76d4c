// The types of JSON values.
#include "columns/json_shape.hpp"

#include <algorithm>
#include <bit>

namespace flatbed {
namespace {

// How many members objects have before they are a Map.
constexpr size_t kMostMembers = 200, kMostColumns = 4096;
constexpr int kMostLevels = 32;

bool is_odd_float(std::string_view text) noexcept {
  return text == "nan" || text == "inf" || text == "-inf";
}

bool is_number_type(const Type& type) noexcept {
  return type.id > TypeId::kBool && type.id <= TypeId::kDecimal256;
}

void keep_first(Witness& witness, uint64_t line, std::string_view text) {
  if (line < witness.line) witness = {line, std::string(text)};
}

}  // namespace

JsonShape::JsonShape() : JsonShape(Columns()) {}
JsonShape::JsonShape(Columns columns) : columns_(columns), scalars_(columns.dates) {}
JsonShape::JsonShape(JsonShape&&) noexcept = default;
JsonShape& JsonShape::operator=(JsonShape&&) noexcept = default;
JsonShape::~JsonShape() = default;

Code JsonShape::add(JsonValue value, uint64_t line) {
  if (!value.is_array() && !value.is_object()) return add_scalar(value, line);
  if (level_ == kMostLevels) {
    deep_ = true;
    return value.skip();
  }
  if (value.is_array()) {
    ++arrays_;
    keep_first(first_array_, line, "[...]");
    if (!elements_) elements_ = within();
    return value.elements([&](JsonValue element) { return elements_->add(element, line); });
  }
  ++objects_;
  keep_first(first_object_, line, "{...}");
  next_ = 0;
  return value.members([&](std::string_view key, JsonValue found) { return add_member(key, found, line); });
}

Code JsonShape::add_scalar(JsonValue value, uint64_t line) {
  std::string_view text;
  if (const Code code = value.scalar(text); code != Code::kOk) return code;
  if (value.is_text())
    add_text(text, line);
  else
    add_word(text, value.is_null(), line);
  return Code::kOk;
}

void JsonShape::add_text(std::string_view text, uint64_t line) {
  scalar_ = true;
  if (is_odd_float(text))
    keep_first(odd_float_, line, text);
  else
    scalars_.add_text(text, line);
}

void JsonShape::add_word(std::string_view text, bool is_null, uint64_t line) {
  if (is_null) {
    ++nulls_;
    scalars_.add_null(text, line);
  } else {
    scalar_ = true;
    scalars_.add(text, line);
  }
}

void JsonShape::add(const PlainRecords& plain, const std::vector<uint64_t>& lines) {
  if (plain.plain().empty()) return;
  objects_ += plain.plain().size();
  keep_first(first_object_, lines[plain.plain()[0]], "{...}");
  next_ = 0;
  for (const std::string& key : plain.keys()) member(key)->count += plain.plain().size();
  const Records records = plain.records();
  struct Studied {
    JsonShape& shape;
    size_t source;
    KnownFields known;
  };
  std::vector<Studied> columns;
  for (size_t i = 0; i < plain.keys().size(); ++i) {
    const std::string& key = plain.keys()[i];
    if (columns_.typed != nullptr && columns_.typed->contains(key)) continue;
    const size_t source = PlainRecords::source_of(i);
    columns.push_back({member(key)->shape, source, KnownFields(records, source)});
  }
  auto odd = plain.odd().begin();
  for (size_t row = 0; row < records.rows; row += KnownFields::kMostRows) {
    const size_t count = std::min(KnownFields::kMostRows, records.rows - row);
    uint64_t good = ~uint64_t{0} >> (64 - count);
    for (; odd != plain.odd().end() && *odd < row + count; ++odd) good &= ~(uint64_t{1} << (*odd - row));
    for (auto& [shape, source, known] : columns)
      shape.add(records, source, {lines.data() + row, count}, row, good, known);
  }
}

// Adds the fields of some rows of plain records: those that are known already at once, the others one by one.
void JsonShape::add(const Records& records, size_t source, std::span<const uint64_t> lines, size_t row, uint64_t good,
                    KnownFields& known) {
  const uint64_t told = good & known.find(row, lines.size(), scalars_);
  scalar_ = scalar_ || told != 0;
  for (uint64_t left = good & ~told; left != 0; left &= left - 1) {
    const auto i = static_cast<size_t>(std::countr_zero(left));
    const size_t field = records.field(row + i, source);
    const uint32_t begin = records.index->begin(field), end = records.index->end(field);
    const std::string_view value = records.text.substr(begin, end - begin);
    if (value[0] == '"')
      add_text(value.substr(1, value.size() - 2), lines[i]);
    else
      add_word(value, value[0] == 'n', lines[i]);
  }
}

Code JsonShape::add_member(std::string_view key, JsonValue value, uint64_t line) {
  Member* const found = member(key);
  if (found == nullptr) return values_->add(value, line);
  ++found->count;
  if (columns_.typed != nullptr && columns_.typed->contains(key)) return value.skip();
  return found->shape.add(value, line);
}

// Finds or adds a member; null where objects are a Map, or have become one. Objects of one source mostly have the same
// members in the same order.
JsonShape::Member* JsonShape::member(std::string_view key) {
  if (map_) return nullptr;
  if (next_ < members_.size() && *members_[next_].name == key) return &members_[next_++];
  if (const auto found = numbers_.find(key); found != numbers_.end()) {
    next_ = found->second + 1;
    return &members_[found->second];
  }
  // An element of a Tuple needs a name.
  if (members_.size() == (columns_.members ? kMostColumns : kMostMembers) || (key.empty() && !columns_.members)) {
    make_map();
    return nullptr;
  }
  Columns within;
  if (columns_.members) within = {.dates = columns_.dates, .members = columns_.deeper, .deeper = columns_.deeper};
  members_.push_back({.name = std::make_unique<std::string>(key), .shape = JsonShape(within)});
  numbers_.emplace(*members_.back().name, members_.size() - 1);
  members_.back().shape.level_ = level_ + 1;
  next_ = members_.size();
  return &members_.back();
}

std::unique_ptr<JsonShape> JsonShape::within() const {
  auto shape = std::make_unique<JsonShape>();
  shape->level_ = level_ + 1;
  return shape;
}

void JsonShape::make_map() {
  map_ = true;
  values_ = within();
  for (Member& member : members_) values_->merge(std::move(member.shape));
  numbers_.clear();
  members_.clear();
}

void JsonShape::merge(JsonShape&& later) {
  scalars_.merge(later.scalars_);
  for (auto [mine, other] : {std::pair{&odd_float_, &later.odd_float_},
                             {&first_array_, &later.first_array_},
                             {&first_object_, &later.first_object_}})
    if (other->line < mine->line) *mine = *other;
  scalar_ = scalar_ || later.scalar_;
  deep_ = deep_ || later.deep_;
  nulls_ += later.nulls_;
  arrays_ += later.arrays_;
  objects_ += later.objects_;
  unreadable_ += later.unreadable_;
  if (later.elements_ && !elements_) elements_ = within();
  if (later.elements_) elements_->merge(std::move(*later.elements_));
  if (later.map_ && !map_) make_map();
  if (later.map_) values_->merge(std::move(*later.values_));
  next_ = 0;
  for (Member& other : later.members_) {
    Member* const mine = member(*other.name);
    if (mine != nullptr) mine->count += other.count;
    (mine != nullptr ? mine->shape : *values_).merge(std::move(other.shape));
  }
}

// "nan" is a float among numbers, and a text among texts.
ColumnInference JsonShape::scalars() const {
  ColumnInference all = scalars_;
  if (odd_float_.line == Witness::kNever) return all;
  if (is_number_type(scalars_.field("").type))
    all.add(odd_float_.text, odd_float_.line);
  else
    all.add_text(odd_float_.text, odd_float_.line);
  return all;
}

Type JsonShape::object_type(bool nullable) const {
  if (map_ || members_.empty()) {
    if (nullable) return {.id = TypeId::kString};
    return map_type({.id = TypeId::kString}, map_ ? values_->type(false) : Type{.id = TypeId::kString});
  }
  std::vector<Field> elements;
  for (const Member& member : members_)
    elements.push_back({.name = *member.name, .type = member.shape.type(nullable || member.count < objects_)});
  return tuple_type(std::move(elements));
}

Type JsonShape::type(bool missing) const {
  const bool nullable = missing || nulls_ > 0;
  Type type{.id = TypeId::kString};
  if (!is_one_kind()) {
    type.nullable = nullable;
  } else if (scalar_) {
    type = scalars().field("").type;
    type.nullable = nullable;
  } else if (objects_ > 0) {
    type = object_type(nullable);
    if (type.id == TypeId::kString) type.nullable = nullable;
  } else if (nullable) {
    type.nullable = true;
  } else {
    type = array_type(elements_ ? elements_->type(false) : type);
  }
  return type;
}

Field JsonShape::field(std::string name, bool missing) const {
  Field field;
  if (scalar_ && is_one_kind()) {
    field = scalars().field(std::move(name));
    field.type.nullable = missing || nulls_ > 0;
    return field;
  }
  field.name = std::move(name);
  field.type = type(missing);
  const Witness& first = first_array_.line < first_object_.line ? first_array_ : first_object_;
  field.decided_by = "no value";
  if (first.line != Witness::kNever) field.decided_by = "line " + std::to_string(first.line) + " " + first.text;
  if (first.line != Witness::kNever && !is_one_kind()) field.decided_by += ", among values of other kinds";
  if (is_one_kind() && field.type.id == TypeId::kString)
    field.decided_by += ", and NULL, which an array or map cannot be";
  return field;
}

DateOrder JsonShape::date_order() const {
  return scalar_ && is_one_kind() ? scalars().date_order() : DateOrder::kNone;
}

}  // namespace flatbed

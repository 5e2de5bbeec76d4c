// A profile. Enters: an endpoint. Leaves: the evidence of its types, statistics of every column, and a table for it.
#include "flatbed/profile.hpp"

#include <algorithm>

#include "columns/statistics.hpp"
#include "pipeline/json.hpp"

namespace flatbed {
namespace {

// Floats make poor keys, and a key takes no NULL.
bool may_order(const ColumnProfile& column) {
  const TypeId id = column.proposed.id;
  const bool number = id >= TypeId::kFloat32 && id <= TypeId::kDecimal256;
  return column.nulls == 0 && column.distinct > 1 && !column.proposed.nullable && !number;
}

// Columns with few values first, up to one that tells most rows apart; at most three, as a longer key costs more than
// it saves.
std::vector<std::string> sorting_key(const Profile& profile) {
  constexpr size_t kMost = 3;
  std::vector<const ColumnProfile*> able;
  for (const ColumnProfile& column : profile.columns)
    if (may_order(column)) able.push_back(&column);
  // Beyond half of the rows the number says nothing more, and the first column is as good as any.
  std::ranges::stable_sort(able, {}, [&](const auto* column) { return std::min(column->distinct, profile.rows / 2); });
  std::vector<std::string> key;
  for (const ColumnProfile* column : able) {
    if (key.size() == kMost) break;
    key.push_back(column->field.name);
    if (column->distinct * 2 >= profile.rows) break;
  }
  return key;
}

void append_steps(std::string& json, const Evidence& evidence) {
  json += '[';
  for (const Evidence::Step& step : evidence.steps) {
    if (json.back() != '[') json += ", ";
    JsonObject object(json);
    object.number("line", step.line);
    object.text("value", step.value);
    object.text("type", step.type);
  }
  json += ']';
}

void append_column(std::string& json, const ColumnProfile& column) {
  JsonObject object(json);
  object.text("name", column.field.name);
  object.text("type", to_string(column.field.type));
  object.text("decided_by", column.field.decided_by);
  if (column.field.evidence) {
    append_steps(object.name("steps"), *column.field.evidence);
    append_json_texts(object.name("null_texts"), column.field.evidence->nulls);
  }
  object.number("nulls", column.nulls);
  object.text("min", column.min);
  object.text("max", column.max);
  object.number("distinct", column.distinct);
  object.flag("distinct_is_exact", column.distinct_is_exact);
  object.number("longest_bytes", column.longest_bytes);
  append_json_texts(object.name("samples"), column.samples);
  object.text("proposed", to_string(column.proposed));
  object.text("why", column.why);
}

}  // namespace

Schema Profile::proposed() const {
  Schema schema;
  for (const ColumnProfile& column : columns) {
    Field field = column.field;
    field.type = column.proposed;
    schema.fields.push_back(std::move(field));
  }
  return schema;
}

Result<Profile> profile(const Endpoint& endpoint, const Registry& registry, const ProfileOptions& options,
                        std::stop_token stop) {
  auto source = registry.source(endpoint);
  if (!source) return std::move(source).error();
  auto schema = (*source)->open({}, stop);
  if (!schema) return std::move(schema).error();
  Profile profile;
  std::vector<ColumnStatistics> statistics(schema->size());
  for (;;) {
    auto delivery = (*source)->next(stop);
    if (!delivery) return std::move(delivery).error();
    if (!*delivery) break;
    profile.rows += (*delivery)->batch.rows();
    profile.rejected += (*delivery)->rejects.size();
    for (size_t i = 0; i < statistics.size(); ++i) statistics[i].add((*delivery)->batch.column(i));
  }
  for (size_t i = 0; i < statistics.size(); ++i) {
    ColumnProfile& column = profile.columns.emplace_back(ColumnProfile{.field = schema->fields[i]});
    statistics[i].describe(options, column);
  }
  profile.order_by = sorting_key(profile);
  return profile;
}

std::string to_json(const Profile& profile) {
  std::string json;
  {
    JsonObject object(json);
    object.number("rows", profile.rows);
    object.number("rejected", profile.rejected);
    append_json_texts(object.name("order_by"), profile.order_by);
    std::string& columns = object.name("columns");
    columns += '[';
    for (const ColumnProfile& column : profile.columns) {
      if (columns.back() != '[') columns += ", ";
      append_column(columns, column);
    }
    columns += ']';
  }
  return json;
}

}  // namespace flatbed

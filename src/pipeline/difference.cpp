// What a load would find in its target. Enters: a plan. Leaves: its columns beside those of the target. Nothing is
// decided here: the source, the cast and the sink are asked as a load asks them, up to where it would write.
#include "flatbed/difference.hpp"

#include <algorithm>

#include "pipeline/json.hpp"
#include "pipeline/run_plan.hpp"

namespace flatbed {
namespace {

Result<Schema> open_schema(const Endpoint& endpoint, ReadRequest request, const Registry& registry,
                           std::stop_token stop) {
  auto source = registry.source(endpoint);
  if (!source) return std::move(source).error();
  return (*source)->open(request, std::move(stop));
}

Schema renamed(Schema schema, const Plan& plan) {
  for (Field& field : schema.fields) {
    const auto found =
        std::ranges::find(plan.rename, field.name, [](const auto& names) -> const std::string& { return names.first; });
    if (found != plan.rename.end()) field.name = found->second;
  }
  return schema;
}

// The columns of a table as its server writes them; none where the target has no list of columns.
std::vector<ColumnInfo> listed(const Endpoint& target, const Registry& registry, std::stop_token stop) {
  Endpoint asked = target;
  for (const Connector& connector : registry.connectors()) {
    const auto uri = parse_uri(target.uri);
    if (!uri || std::ranges::find(connector.schemes, uri->scheme) == connector.schemes.end()) continue;
    for (const OptionSpec& option : connector.options) {
      if (option.use == Use::kWrite) asked.options.erase(std::string(option.name));
    }
  }
  auto columns = registry.columns(asked, std::move(stop));
  return columns ? std::move(*columns) : std::vector<ColumnInfo>();
}

// The rows as they reach the sink: of the target's types where the source or a cast can make them.
Result<Schema> brought(const Plan& plan, const ReadRequest& wanted, const Schema& existing, const Registry& registry,
                       std::stop_token stop) {
  ReadRequest request = wanted;
  request.head_only = true;
  request.threads = 1;
  for (const Field& field : existing.fields) {
    if (!request.types.find(field.name)) request.types.fields.push_back(field);
  }
  auto schema = open_schema(plan.source, std::move(request), registry, std::move(stop));
  if (!schema) return schema;
  Schema rows = renamed(std::move(*schema), plan);
  Schema others;
  for (const Field& field : rows.fields) {
    const auto index = existing.find(field.name);
    if (index && existing.fields[*index].type != field.type) others.fields.push_back(existing.fields[*index]);
  }
  return others.fields.empty() ? rows : cast_columns(std::move(others))->bind(rows);
}

ColumnDifference of_source(const std::string& source_name, const Field& own, const Field* target,
                           const ColumnInfo* info) {
  ColumnDifference column{.name = own.name, .source_name = source_name, .source_type = to_string(own.type)};
  if (target != nullptr) column.target_type = info != nullptr ? info->type : to_string(target->type);
  if (target == nullptr && info != nullptr) column.target_type = info->type;
  column.fit = target == nullptr ? Fit::kRefused : target->type == own.type ? Fit::kSame : Fit::kConverted;
  return column;
}

bool is_computed(const ColumnInfo& column) {
  return column.default_kind == "MATERIALIZED" || column.default_kind == "ALIAS";
}

void append_others(const std::vector<ColumnInfo>& target, Difference& difference) {
  for (const ColumnInfo& info : target) {
    if (std::ranges::find(difference.columns, info.name, &ColumnDifference::name) != difference.columns.end()) continue;
    difference.columns.push_back({.name = info.name,
                                  .target_type = info.type,
                                  .default_expression = info.default_expression,
                                  .fit = is_computed(info) ? Fit::kComputed : Fit::kFilled});
  }
}

}  // namespace

std::string_view fit_name(Fit fit) noexcept {
  constexpr std::string_view kNames[] = {"new", "same", "converted", "filled", "computed", "refused"};
  return kNames[static_cast<size_t>(fit)];
}

Result<Difference> difference(const Plan& plan, const Registry& registry, std::stop_token stop) {
  auto sink = registry.sink(plan.target);
  if (!sink) return std::move(sink).error();
  auto existing = (*sink)->existing(stop);
  if (!existing) return std::move(existing).error();
  auto wanted = read_request(plan, Schema());
  if (!wanted) return std::move(wanted).error();
  wanted->threads = plan.threads;
  wanted->memory_limit = plan.memory_limit;
  auto own = open_schema(plan.source, *wanted, registry, stop);
  if (!own) return std::move(own).error();
  const Schema named = renamed(*own, plan);
  Difference found{.exists = existing->has_value(), .schema = named};
  if (found.exists) {
    auto typed = read_request(plan, **existing);
    if (!typed) return std::move(typed).error();
    auto rows = brought(plan, *typed, **existing, registry, stop);
    if (rows)
      found.schema = std::move(*rows);
    else
      found.problem = std::move(rows).error();
  }
  if (!found.problem) {
    if (Status status = (*sink)->accepts(found.schema, stop); !status) found.problem = std::move(status).error();
  }
  const auto target = found.exists ? listed(plan.target, registry, stop) : std::vector<ColumnInfo>();
  for (size_t i = 0; i < named.size(); ++i) {
    const Field& field = named.fields[i];
    if (!found.exists) {
      const std::string type = to_string(field.type);
      found.columns.push_back({field.name, own->fields[i].name, type, type, {}, Fit::kNew});
      continue;
    }
    const auto info = std::ranges::find(target, field.name, &ColumnInfo::name);
    const auto index = (*existing)->find(field.name);
    found.columns.push_back(of_source(own->fields[i].name, field, index ? &(*existing)->fields[*index] : nullptr,
                                      info == target.end() ? nullptr : &*info));
    if (found.problem && found.problem->where.column_name == field.name) found.columns.back().fit = Fit::kRefused;
  }
  append_others(target, found);
  return found;
}

std::string to_json(const Difference& difference) {
  std::string json;
  {
    JsonObject object(json);
    object.flag("exists", difference.exists);
    std::string& columns = object.name("columns");
    columns += '[';
    for (const ColumnDifference& column : difference.columns) {
      if (columns.back() != '[') columns += ", ";
      JsonObject members(columns);
      members.text("name", column.name);
      members.text("source_name", column.source_name);
      members.text("source_type", column.source_type);
      members.text("target_type", column.target_type);
      members.text("default_expression", column.default_expression);
      members.text("fit", fit_name(column.fit));
    }
    columns += ']';
    if (difference.problem) object.text("problem", to_string(*difference.problem));
  }
  return json;
}

}  // namespace flatbed

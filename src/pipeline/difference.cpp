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

// The columns of the source, of types that hold every value of it.
Result<Schema> own_columns(const Plan& plan, const Registry& registry, std::stop_token stop) {
  auto request = read_request(plan, Schema());
  if (!request) return std::move(request).error();
  request->threads = plan.threads;
  request->memory_limit = plan.memory_limit;
  return open_schema(plan.source, std::move(*request), registry, std::move(stop));
}

// The endpoint without the options that only writing knows.
Endpoint for_looking(Endpoint endpoint, const Registry& registry) {
  const auto uri = parse_uri(endpoint.uri);
  if (!uri) return endpoint;
  for (const Connector& connector : registry.connectors()) {
    if (std::ranges::find(connector.schemes, uri->scheme) == connector.schemes.end()) continue;
    for (const OptionSpec& option : connector.options) {
      if (option.use == Use::kWrite) endpoint.options.erase(std::string(option.name));
    }
  }
  return endpoint;
}

// The columns of a table as its server writes them; none where the target has no list of columns.
std::vector<ColumnInfo> listed(const Endpoint& target, const Registry& registry, std::stop_token stop) {
  auto columns = registry.columns(for_looking(target, registry), std::move(stop));
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

// Goes as far as a load goes before it writes. Leaves the rows as they would be written, or why they would not be.
Status rehearse(const Plan& plan, Sink& sink, const std::optional<Schema>& existing, const Registry& registry,
                const std::stop_token& stop, Difference& found) {
  if (existing) {
    const auto wanted = read_request(plan, *existing);
    if (!wanted) return wanted.error();
    auto rows = brought(plan, *wanted, *existing, registry, stop);
    if (!rows) {
      found.problem = std::move(rows).error();
      return {};
    }
    found.schema = std::move(*rows);
  }
  if (Status status = sink.accepts(found.schema, stop); !status) found.problem = std::move(status).error();
  return {};
}

// A column of the source, called `name` in a target that will be made.
ColumnDifference made(const Field& source, const std::string& name) {
  const std::string type = to_string(source.type);
  return {.name = name, .source_name = source.name, .source_type = type, .target_type = type, .fit = Fit::kNew};
}

// A column of the source, called `name` in a target that is there.
ColumnDifference compared(const Field& source, const std::string& name, const Schema& existing,
                          const std::vector<ColumnInfo>& target) {
  ColumnDifference column{.name = name, .source_name = source.name, .source_type = to_string(source.type)};
  const auto info = std::ranges::find(target, name, &ColumnInfo::name);
  const auto index = existing.find(name);
  if (info != target.end())
    column.target_type = info->type;
  else if (index)
    column.target_type = to_string(existing.fields[*index].type);
  if (!index)
    column.fit = Fit::kRefused;
  else
    column.fit = existing.fields[*index].type == source.type ? Fit::kSame : Fit::kConverted;
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
  auto own = own_columns(plan, registry, stop);
  if (!own) return std::move(own).error();
  const Schema named = renamed(*own, plan);
  Difference found{.exists = existing->has_value(), .schema = named};
  if (Status status = rehearse(plan, **sink, *existing, registry, stop, found); !status) return status;
  const auto target = found.exists ? listed(plan.target, registry, stop) : std::vector<ColumnInfo>();
  for (size_t i = 0; i < named.size(); ++i) {
    const Field& source = own->fields[i];
    const std::string& name = named.fields[i].name;
    found.columns.push_back(found.exists ? compared(source, name, **existing, target) : made(source, name));
    const bool at_fault = found.exists && found.problem && found.problem->where.column_name == name;
    if (at_fault) found.columns.back().fit = Fit::kRefused;
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

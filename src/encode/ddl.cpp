// CREATE TABLE statements. Enters: a schema. Leaves: SQL whose table holds exactly its values.
#include "encode/ddl.hpp"

#include <algorithm>

#include "flatbed/pipeline.hpp"

namespace flatbed {
namespace {

std::string sorting_key(const std::vector<std::string>& order_by) {
  if (order_by.empty()) return "tuple()";
  std::string key = "(";
  for (const std::string& name : order_by) {
    if (key.size() > 1) key += ", ";
    key += quote_identifier(name);
  }
  return key + ")";
}

bool has_nullable(const Schema& schema, const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    const auto index = schema.find(name);
    return index && schema.fields[*index].type.nullable;
  });
}

// A Nested is written as what it is: servers make several columns of it where nobody tells them not to.
std::string column_type(Type type) {
  if (type.declared.starts_with("Nested(")) type.declared.clear();
  return to_string(type);
}

}  // namespace

std::string create_table_sql(const Schema& schema, std::string_view quoted_table, std::string_view engine,
                             const std::vector<std::string>& order_by) {
  std::string sql = "CREATE TABLE " + std::string(quoted_table) + "\n(";
  for (const Field& field : schema.fields) {
    sql += sql.back() == '(' ? "\n    " : ",\n    ";
    sql += quote_identifier(field.name) + " " + column_type(field.type);
  }
  sql += "\n)\nENGINE = " + std::string(engine);
  // Other engines have neither a sorting key nor blocks to remember.
  if (engine.find("MergeTree") == std::string_view::npos) return sql;
  sql += "\nORDER BY " + sorting_key(order_by);
  sql += "\nSETTINGS non_replicated_deduplication_window = " + std::to_string(kDeduplicationWindow);
  if (has_nullable(schema, order_by)) sql += ", allow_nullable_key = 1";
  return sql;
}

std::string create_table(const Schema& schema, std::string_view table, const std::vector<std::string>& order_by) {
  const size_t dot = table.find('.');
  std::string quoted = dot == std::string_view::npos
                           ? quote_identifier(table)
                           : quote_identifier(table.substr(0, dot)) + "." + quote_identifier(table.substr(dot + 1));
  return create_table_sql(schema, quoted, "MergeTree", order_by);
}

}  // namespace flatbed

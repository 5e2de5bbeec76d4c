// Columns by name. Enters: a schema and names. Leaves: indexes, or an error that names what is near.
#include "columns/find_column.hpp"

#include <algorithm>

namespace flatbed {

Result<size_t> find_column(const Schema& schema, std::string_view name) {
  if (const auto index = schema.find(name)) return *index;
  std::vector<std::string> names;
  std::string all;
  for (const Field& field : schema.fields) {
    names.push_back(field.name);
    all += (all.empty() ? "" : ", ") + field.name;
  }
  constexpr size_t kMostShown = 400;
  if (all.size() > kMostShown) all = all.substr(0, kMostShown) + "...";
  const std::string near = nearest_name(name, names);
  return Error{.code = Code::kUnknownColumn,
               .message = "no column has this name: '" + std::string(name) + "'",
               .expected = all,
               .hint = near.empty() ? "" : "did you mean '" + near + "'?"};
}

Result<std::vector<size_t>> find_columns(const Schema& schema, const std::vector<std::string>& names) {
  std::vector<size_t> indexes;
  for (const std::string& name : names) {
    auto index = find_column(schema, name);
    if (!index) return std::move(index).error();
    if (std::ranges::find(indexes, *index) != indexes.end()) {
      return Error{.code = Code::kDuplicateName, .message = "a column is named twice: '" + name + "'"};
    }
    indexes.push_back(*index);
  }
  return indexes;
}

}  // namespace flatbed

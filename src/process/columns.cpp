// Columns chosen and renamed. Enters: a batch. Leaves: the same rows; no value is touched.
#include <unordered_set>

#include "columns/find_column.hpp"
#include "flatbed/processor.hpp"

namespace flatbed {
namespace {

class SelectColumns : public Processor {
 public:
  explicit SelectColumns(std::vector<std::string> names) : names_(std::move(names)) {}

  Result<Schema> bind(const Schema& schema) override {
    auto indexes = find_columns(schema, names_);
    if (!indexes) return std::move(indexes).error();
    indexes_ = std::move(*indexes);
    Schema chosen;
    for (const size_t index : indexes_) chosen.fields.push_back(schema.fields[index]);
    schema_ = std::make_shared<const Schema>(chosen);
    return chosen;
  }

  Result<Batch> apply(Batch batch, std::vector<Error>&) override {
    std::vector<Column> columns;
    columns.reserve(indexes_.size());
    for (const size_t index : indexes_) columns.push_back(std::move(batch.columns()[index]));
    return batch.with_columns(schema_, std::move(columns));
  }

 private:
  std::vector<std::string> names_;
  std::vector<size_t> indexes_{};
  std::shared_ptr<const Schema> schema_{};
};

class RenameColumns : public Processor {
 public:
  explicit RenameColumns(std::vector<std::pair<std::string, std::string>> names) : names_(std::move(names)) {}

  Result<Schema> bind(const Schema& schema) override {
    Schema renamed = schema;
    for (const auto& [from, to] : names_) {
      auto index = find_column(schema, from);
      if (!index) return std::move(index).error();
      renamed.fields[*index].name = to;
    }
    std::unordered_set<std::string_view> seen;
    for (const Field& field : renamed.fields) {
      if (seen.insert(field.name).second) continue;
      return Error{.code = Code::kDuplicateName,
                   .message = "two columns would have the same name: '" + field.name + "'",
                   .hint = "rename the other column too, or leave it out"};
    }
    schema_ = std::make_shared<const Schema>(renamed);
    return renamed;
  }

  Result<Batch> apply(Batch batch, std::vector<Error>&) override {
    return batch.with_columns(schema_, std::move(batch.columns()));
  }

 private:
  std::vector<std::pair<std::string, std::string>> names_;
  std::shared_ptr<const Schema> schema_{};
};

}  // namespace

std::unique_ptr<Processor> select_columns(std::vector<std::string> names) {
  return std::make_unique<SelectColumns>(std::move(names));
}

std::unique_ptr<Processor> rename_columns(std::vector<std::pair<std::string, std::string>> names) {
  return std::make_unique<RenameColumns>(std::move(names));
}

}  // namespace flatbed

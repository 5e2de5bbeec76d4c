#include "sheet.hpp"

#include <algorithm>

#include "connect/file.hpp"

namespace flatbed::python {

namespace {

// What a sheet holds, in the form of the library.
struct SheetRows {
  std::string text{}, path{};
  Schema types{};
  std::vector<uint64_t> rows{};  // of each record, its row in the sheet
  std::vector<Error> rejects{};
};

// The rows of a sheet. Its rejects come first; what the CSV source finds is told by the rows of the sheet.
class SheetSource final : public Source {
 public:
  SheetSource(std::unique_ptr<Source> rows, std::shared_ptr<const SheetRows> sheet)
      : rows_(std::move(rows)), sheet_(std::move(sheet)) {}

  Result<Schema> open(const ReadRequest& request, std::stop_token stop) override {
    ReadRequest typed = request;
    for (const Field& field : sheet_->types.fields) {
      if (!typed.types.find(field.name)) typed.types.fields.push_back(field);
    }
    auto schema = rows_->open(typed, stop);
    if (!schema) return placed(std::move(schema).error());
    schema_ = std::make_shared<const Schema>(*schema);
    return schema;
  }

  Result<std::optional<Delivery>> next(std::stop_token stop) override {
    if (!std::exchange(told_, true) && !sheet_->rejects.empty()) {
      std::vector<Column> columns;
      for (const Field& field : schema_->fields) columns.push_back({.type = field.type});
      const Origin origin{.records = sheet_->rejects.size()};
      return std::optional(
          Delivery{.batch = Batch(schema_, std::move(columns), 0, origin), .rejects = sheet_->rejects});
    }
    auto delivery = rows_->next(stop);
    if (!delivery) return placed(std::move(delivery).error());
    if (*delivery) {
      for (Error& reject : (*delivery)->rejects) reject = placed(std::move(reject));
    }
    return delivery;
  }

  Position position() const noexcept override { return rows_->position(); }

 private:
  Error placed(Error error) const {
    error.where.uri = sheet_->path;
    error.where.byte.reset();
    error.where.line.reset();
    if (error.where.record && *error.where.record < sheet_->rows.size()) {
      error.where.line = sheet_->rows[*error.where.record];
    }
    return error;
  }

  std::unique_ptr<Source> rows_;
  std::shared_ptr<const SheetRows> sheet_;
  std::shared_ptr<const Schema> schema_{};
  bool told_ = false;
};

Error reject_of(const py::dict& told, const std::string& path) {
  return {.code = Code::kNotOfType,
          .message = py::cast<std::string>(told["message"]),
          .where = {.uri = path,
                    .line = py::cast<uint64_t>(told["line"]),
                    .column = py::cast<uint32_t>(told["column"]),
                    .column_name = py::cast<std::string>(told["column_name"])},
          .expected = "a value",
          .hint = "mend the formula of the cell; --on-reject skip or divert goes on without the row",
          .raw = py::cast<std::string>(told["raw"])};
}

// An address keeps these signs for itself.
std::string as_address(const std::string& path) {
  std::string address = "sheet:";
  for (const char c : path) address += c == '%' ? "%25" : c == '?' ? "%3F" : std::string(1, c);
  return address;
}

}  // namespace

void give_sheet(const py::object& sheet, Given& given) {
  const py::tuple told = sheet.attr("__flatbed_source__")();
  auto rows = std::make_shared<SheetRows>();
  rows->text = py::cast<std::string>(told[0]);
  rows->path = py::cast<std::string>(told[2]);
  for (const auto& [name, type] : py::cast<Pairs>(told[1])) {
    rows->types.fields.push_back({name, value_of(parse_type(type)), "text in the sheet"});
  }
  rows->rows = py::cast<std::vector<uint64_t>>(told[3]);
  for (const py::handle reject : py::list(told[4])) {
    rows->rejects.push_back(reject_of(py::reinterpret_borrow<py::dict>(reject), rows->path));
  }
  given.endpoint.uri = as_address(rows->path);
  check(given.registry.add({.name = "sheet",
                            .schemes = {"sheet"},
                            .summary = "A sheet of a workbook",
                            .make_source = [rows](const Uri&, const Options&) -> Result<std::unique_ptr<Source>> {
                              const Connector bytes = bytes_connector(rows->text, rows);
                              auto options = Options::check(
                                  bytes.options, {{"delimiter", ","}, {"quote", "\""}, {"header", "true"}}, Use::kRead);
                              if (!options) return std::move(options).error();
                              auto source = bytes.make_source({.scheme = "bytes"}, *options);
                              if (!source) return source;
                              return std::unique_ptr<Source>(std::make_unique<SheetSource>(std::move(*source), rows));
                            }}));
}

}  // namespace flatbed::python

// Rejected rows as rows. Enters: the errors of a batch. Leaves: a batch of rejects_schema(), one row an error.
#include "pipeline/rejects.hpp"

#include "flatbed/pipeline.hpp"

namespace flatbed {
namespace {

template <class Get>
Column text_column(std::span<const Error> rejects, Get get) {
  size_t bytes = 0;
  for (const Error& reject : rejects) bytes += std::string_view(get(reject)).size();
  const Buffer text = Buffer::allocate(bytes);
  Column column{.type = {.id = TypeId::kString}, .rows = rejects.size(), .texts = {text}};
  column.values = Buffer::allocate(rejects.size() * sizeof(TextView));
  size_t offset = 0;
  for (size_t row = 0; row < rejects.size(); ++row) {
    const std::string_view value = get(rejects[row]);
    std::memcpy(text.writable() + offset, value.data(), value.size());
    const TextView view = TextView::of(value, 0, static_cast<uint32_t>(offset));
    std::memcpy(column.values.writable() + row * sizeof view, &view, sizeof view);
    offset += value.size();
  }
  return column;
}

template <class T, class Get>
Column number_column(std::span<const Error> rejects, TypeId id, Get get) {
  Column column{.type = {.id = id, .nullable = true}, .rows = rejects.size()};
  column.values = Buffer::allocate(rejects.size() * sizeof(T));
  column.validity = Buffer::allocate((rejects.size() + 7) / 8);
  std::memset(column.validity.writable(), 0, column.validity.size());
  for (size_t row = 0; row < rejects.size(); ++row) {
    const std::optional<T> value = get(rejects[row].where);
    const T stored = value.value_or(T{});
    std::memcpy(column.values.writable() + row * sizeof stored, &stored, sizeof stored);
    if (value)
      column.validity.writable()[row / 8] |= std::byte(1u << (row % 8));
    else
      ++column.nulls;
  }
  if (column.nulls == 0) column.validity = {};
  return column;
}

}  // namespace

Schema rejects_schema() {
  const Type text{.id = TypeId::kString};
  const Type number{.id = TypeId::kUInt64, .nullable = true};
  const Type column{.id = TypeId::kUInt32, .nullable = true};
  return {{{"uri", text},
           {"byte", number},
           {"line", number},
           {"record", number},
           {"column", column},
           {"column_name", text},
           {"code", text},
           {"message", text},
           {"expected", text},
           {"found", text},
           {"raw", text}}};
}

Batch rejects_batch(std::span<const Error> rejects) {
  static const auto kSchema = std::make_shared<const Schema>(rejects_schema());
  std::vector<Column> columns;
  columns.push_back(text_column(rejects, [](const Error& e) -> std::string_view { return e.where.uri; }));
  columns.push_back(number_column<uint64_t>(rejects, TypeId::kUInt64, [](const Location& w) { return w.byte; }));
  columns.push_back(number_column<uint64_t>(rejects, TypeId::kUInt64, [](const Location& w) { return w.line; }));
  columns.push_back(number_column<uint64_t>(rejects, TypeId::kUInt64, [](const Location& w) { return w.record; }));
  columns.push_back(number_column<uint32_t>(rejects, TypeId::kUInt32, [](const Location& w) { return w.column; }));
  columns.push_back(text_column(rejects, [](const Error& e) -> std::string_view { return e.where.column_name; }));
  columns.push_back(text_column(rejects, [](const Error& e) { return code_name(e.code); }));
  columns.push_back(text_column(rejects, [](const Error& e) -> std::string_view { return e.message; }));
  columns.push_back(text_column(rejects, [](const Error& e) -> std::string_view { return e.expected; }));
  columns.push_back(text_column(rejects, [](const Error& e) -> std::string_view { return e.found; }));
  columns.push_back(text_column(rejects, [](const Error& e) -> std::string_view { return e.raw; }));
  return Batch(kSchema, std::move(columns), rejects.size());
}

Error reject_of(const Batch& batch, size_t row) {
  const auto text = [&](size_t column) { return std::string(batch.column(column).text(row)); };
  const auto number = [&](size_t column) {
    return batch.column(column).is_null(row) ? std::nullopt : std::optional(batch.column(column).as<uint64_t>()[row]);
  };
  Error reject{.message = text(7), .expected = text(8), .found = text(9), .raw = text(10)};
  reject.where = {.uri = text(0), .byte = number(1), .line = number(2), .record = number(3), .column_name = text(5)};
  if (!batch.column(4).is_null(row)) reject.where.column = batch.column(4).as<uint32_t>()[row];
  if (const CodeEntry* const entry = find_code(text(6))) reject.code = entry->code;
  return reject;
}

}  // namespace flatbed

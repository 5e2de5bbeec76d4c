// Parallel reading. Enters: a table. Leaves: its rows, cut by ranges of its sorting key, in no order.
// Invariant: a row is in one share, whatever parts the server keeps it in while the shares are read.
#include "clickhouse/shares.hpp"

#include <algorithm>

#include "clickhouse/catalogue.hpp"
#include "encode/native.hpp"

namespace flatbed {
namespace {

// Whether `<` orders every value: a NULL or a NaN would be in no share.
bool has_order(std::string_view type) {
  if (type.starts_with("LowCardinality(")) type = type.substr(15, type.size() - 16);
  for (const std::string_view kind : {"Int", "UInt", "Date", "Decimal", "String", "UUID"}) {
    if (type.starts_with(kind) && !type.starts_with("Interval")) return true;
  }
  return false;
}

// The first column of the primary key, where rows of a range lie together.
Result<std::optional<ColumnInfo>> leading_column(const ClickHouseServer& server, const TableAddress& table,
                                                 std::stop_token stop) {
  auto tables = clickhouse_tables(server, table.database, stop);
  if (!tables) return std::move(tables).error();
  auto columns = clickhouse_columns(server, table, stop);
  if (!columns) return std::move(columns).error();
  for (const TableInfo& one : *tables) {
    if (one.name != table.name) continue;
    for (ColumnInfo& column : *columns) {
      const bool leads = one.primary_key == column.name || one.primary_key.starts_with(column.name + ",");
      if (leads && has_order(column.type)) return std::optional(std::move(column));
    }
  }
  return std::optional<ColumnInfo>();
}

}  // namespace

Result<std::vector<std::string>> share_conditions(const ClickHouseServer& server, const TableAddress& table,
                                                  unsigned count, std::stop_token stop) {
  auto column = leading_column(server, table, stop);
  if (!column) return std::move(column).error();
  std::vector<std::string> conditions;
  if (count < 2 || !*column) return conditions;
  const std::string name = quote_identifier((*column)->name);
  auto bounds = ask_names(server,
                          "WITH (SELECT arraySort(groupArraySample(10000, 1)(" + name + ")) FROM " + quoted(table) +
                              ") AS sample\nSELECT toString(bound) FROM (SELECT DISTINCT sample[intDiv(number * "
                              "length(sample), " +
                              std::to_string(count) + ") + 1] AS bound\nFROM numbers(1, " + std::to_string(count - 1) +
                              ") WHERE notEmpty(sample)) ORDER BY bound",
                          stop);
  if (!bounds) return std::move(bounds).error();
  std::string from;
  for (const std::string& bound : *bounds) {
    const std::string value = "CAST(" + quote_text(bound) + ", " + quote_text((*column)->type) + ")";
    conditions.push_back(from + (from.empty() ? "" : " AND ") + name + " < " + value);
    from = name + " >= " + value;
  }
  if (!from.empty()) conditions.push_back(from);
  return conditions;
}

ShareReader::ShareReader(const ClickHouseServer& server, std::vector<std::string> queries, size_t memory_limit)
    : server_(server),
      queue_(memory_limit / 4),
      block_memory_(memory_limit / std::max<size_t>(queries.size(), 1)),
      running_(queries.size()) {
  for (std::string& sql : queries) threads_.emplace_back([this, sql = std::move(sql)] { read(sql); });
}

ShareReader::~ShareReader() {
  stop_.request_stop();
}

Status ShareReader::carry(const std::string& sql) {
  auto bytes = ask_much(server_, sql, block_memory_, stop_.get_token());
  if (!bytes) return std::move(bytes).error();
  const ByteSource& source = **bytes;
  NativeReader reader(std::move(*bytes));
  uint64_t seen = 0;
  for (;;) {
    auto batch = reader.next(stop_.get_token());
    if (!batch) return std::move(batch).error();
    received_ += source.consumed_bytes() - std::exchange(seen, source.consumed_bytes());
    if (!*batch) return {};
    const size_t size = (*batch)->bytes();
    if (!queue_.push(std::move(**batch), size, stop_.get_token())) return {};
  }
}

void ShareReader::read(const std::string& sql) {
  if (Status status = carry(sql); !status) {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::move(status).error();
    stop_.request_stop();  // the others would read in vain
    queue_.close();
  }
  if (--running_ == 0) queue_.close();
}

Result<std::optional<Batch>> ShareReader::next(std::stop_token stop) {
  auto batch = queue_.pop(stop);
  if (batch) return batch;
  if (stop.stop_requested()) return Error{.code = Code::kCancelled, .message = "cancelled"};
  const std::lock_guard lock(mutex_);
  if (failure_) return *failure_;
  return std::optional<Batch>();
}

}  // namespace flatbed

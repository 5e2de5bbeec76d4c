// Rows that should be in a table already. Enters: batches, cut into the blocks of their load. Leaves: which blocks the
// table does not hold as they were loaded. Invariant: the table is not changed but by remove().
#include <algorithm>
#include <atomic>
#include <cstring>
#include <random>

#include "clickhouse/blocks.hpp"
#include "clickhouse/inserter.hpp"
#include "clickhouse/removal.hpp"
#include "clickhouse/table.hpp"
#include "encode/native.hpp"
#include "flatbed/proof.hpp"

namespace flatbed {
namespace {

// A session of the server's: its temporary tables go with it, also when this process dies.
ServerSettings new_session() {
  std::random_device device;
  std::string name = "flatbed";
  for (int i = 0; i < 4; ++i) name += "-" + std::to_string(device());
  return {{"session_id", name}, {"session_timeout", "600"}};
}

constexpr const char* kHashes =
    "CREATE TEMPORARY TABLE flatbed_proof (block UInt64, record UInt64, hash UInt128) ENGINE = MergeTree ORDER BY hash";

class TableProver final : public Prover {
 public:
  TableProver(ReachServer reach, TableAddress table, BlockLimits limits)
      : reach_(std::move(reach)), table_(std::move(table)), limits_(limits) {}

  void leave_out(std::map<uint64_t, std::set<uint64_t>> rows) override { refused_ = std::move(rows); }
  Result<std::optional<Schema>> existing(std::stop_token stop) override;
  Status open(const Schema& schema, const WriteRequest& request, std::stop_token stop) override;
  Status write(const Batch& batch, std::stop_token stop) override;
  Status finish(std::stop_token stop) override {
    if (Status status = cut(stop); !status) return status;
    return inserter_->finish(stop);
  }
  void abort() noexcept override { inserter_.reset(); }
  Acknowledged acknowledged() const noexcept override { return {rows_, 0, 0}; }
  Result<std::optional<uint64_t>> count_rows(std::stop_token stop) override {
    auto count = ask_numbers(*server_, "SELECT toUInt64(count()) FROM " + quoted(table_), stop);
    if (!count) return std::move(count).error();
    return std::optional<uint64_t>(count->at(0));
  }
  Result<std::string> identity(std::stop_token stop) override {
    if (auto known = existing(stop); !known) return std::move(known).error();
    return table_identity(*server_, table_, stop);
  }
  std::vector<BlockRecord> blocks() const override { return blocks_; }

  Result<std::vector<Missing>> missing(std::stop_token stop) override;
  Result<Counts> removal(const std::string& load, std::stop_token stop) override {
    return way_out(load).plan(tally(), session_, stop);
  }
  Result<bool> is_removing(const std::string& load, std::stop_token stop) override { return way_out(load).begun(stop); }
  Result<Counts> remove(const std::string& load, std::stop_token stop) override {
    return way_out(load).run(tally(), session_, stop);
  }
  Status forget(const std::string& load, std::stop_token stop) override { return way_out(load).forget(stop); }

 private:
  Batch with_record(const Batch& batch) const;
  Status cut(std::stop_token stop);
  Status insert(const Block& block, std::stop_token stop) const;
  std::string tally() const;
  std::string unused(std::string name) const;
  Removal way_out(const std::string& load) const;

  const ReachServer reach_;
  const TableAddress table_;
  BlockLimits limits_;
  std::map<uint64_t, std::set<uint64_t>> refused_{};
  const ServerSettings session_ = new_session();
  std::optional<ClickHouseServer> server_{};
  std::vector<DescribedColumn> columns_{};
  std::vector<std::string> stored_{};  // columns of the load that the table keeps
  std::string structure_{};            // of the rows as they are sent
  std::string record_name_{};          // of the column that is sent beside those of the load
  Block block_{};
  ContentHash hash_{};
  std::string plain_{};  // a batch as the load has sent it
  uint64_t size_ = 0;    // of the block as the load has sent it
  uint64_t blocks_cut_ = 0;
  std::atomic<uint64_t> rows_{0};
  std::vector<BlockRecord> blocks_{};
  std::unique_ptr<Inserter> inserter_{};  // last: its threads use what stands above
};

Result<std::optional<Schema>> TableProver::existing(std::stop_token stop) {
  if (!server_) {
    auto server = reach_(stop);
    if (!server) return std::move(server).error();
    server_.emplace(std::move(*server));
    auto columns = describe(*server_, quoted(table_), stop);
    if (!columns) {
      return is_missing(columns.error()) ? no_table(*server_, table_, false, stop) : std::move(columns).error();
    }
    columns_ = std::move(*columns);
  }
  return std::optional<Schema>(writable_schema(columns_, table_));
}

// Returns the name, or one like it that no column has.
std::string TableProver::unused(std::string name) const {
  const auto taken = [&] {
    return std::ranges::any_of(columns_, [&](const auto& column) { return column.name == name; });
  };
  while (taken()) name += '_';
  return name;
}

Status TableProver::open(const Schema& schema, const WriteRequest& request, std::stop_token stop) {
  if (Status status = check_columns(schema, columns_, table_, server_->shown()); !status) return status;
  for (const Field& field : schema.fields) {
    const auto column = std::ranges::find(columns_, field.name, &DescribedColumn::name);
    structure_ += quote_identifier(field.name) + " " + column->type_text + ", ";
    if (column->kind != "EPHEMERAL") stored_.push_back(field.name);
  }
  record_name_ = unused("flatbed_record");
  structure_ += quote_identifier(record_name_) + " UInt64";
  limits_.fit(request.memory_limit);
  inserter_ =
      std::make_unique<Inserter>(1, [this](const Block& block, std::stop_token token) { return insert(block, token); });
  return server_->execute(kHashes, stop, session_);
}

// Adds the number of each row's record, and leaves out rows that the table has refused.
Batch TableProver::with_record(const Batch& batch) const {
  Schema schema = batch.schema();
  schema.fields.push_back({record_name_, {.id = TypeId::kUInt64}, {}});
  Column records{.type = {.id = TypeId::kUInt64}, .rows = batch.rows(), .values = Buffer::allocate(batch.rows() * 8)};
  for (size_t row = 0; row < batch.rows(); ++row) {
    const uint64_t record = batch.record(row);
    std::memcpy(records.values.writable() + row * 8, &record, 8);
  }
  std::vector<Column> columns = batch.columns();
  columns.push_back(std::move(records));
  Batch wider = batch.with_columns(std::make_shared<const Schema>(std::move(schema)), std::move(columns));
  const auto refused = refused_.find(blocks_cut_);
  if (refused == refused_.end()) return wider;
  std::vector<uint8_t> keep(batch.rows(), 1);
  for (size_t row = 0; row < keep.size(); ++row) keep[row] = !refused->second.contains(block_.record.rows + row);
  return wider.filter(keep);
}

Status TableProver::write(const Batch& batch, std::stop_token stop) {
  // With room for the numbers of the records; a text that grew to this size would leave holes as large in memory.
  if (block_.record.records == 0) block_.bytes.reserve(limits_.bytes + limits_.bytes / 4);
  if (batch.rows() != 0) {
    plain_.clear();
    encode_native(batch, plain_);
    hash_.add(plain_);
    size_ += plain_.size();
    if (const Batch rows = with_record(batch); rows.rows() != 0) encode_native(rows, block_.bytes);
  }
  count_in(batch, blocks_cut_, block_.record);
  return limits_.reached(block_.record, size_) ? cut(stop) : Status();
}

Status TableProver::cut(std::stop_token stop) {
  ++blocks_cut_;
  size_ = 0;
  block_.record.hash = hash_.take();
  const BlockRecord record = std::exchange(block_.record, {});
  if (record.rows == 0) return {};
  rows_ += record.rows;
  blocks_.push_back(record);
  if (block_.bytes.empty()) return {};
  block_.record = record;
  return inserter_->put(block_, stop);
}

Status TableProver::insert(const Block& block, std::stop_token stop) const {
  const std::string sql = "INSERT INTO flatbed_proof SELECT " + std::to_string(block.record.number) + ", " +
                          quote_identifier(record_name_) + ", " + row_hash(stored_) + " FROM input(" +
                          sql_text(structure_) + ") FORMAT Native";
  ServerSettings settings = session_;
  settings.insert(settings.end(), {{"async_insert", "0"}, {"input_format_null_as_default", "0"}});
  return server_->insert(sql, block.bytes, settings, stop);
}

// Each row of the load or of the table, how often the load has brought it, and how often the table holds it.
std::string TableProver::tally() const {
  return "SELECT hash, sum(one) AS wanted, sum(other) AS held FROM (SELECT hash, toUInt64(1) AS one, toUInt64(0) AS "
         "other FROM flatbed_proof UNION ALL SELECT " +
         row_hash(stored_) + ", toUInt64(0), toUInt64(1) FROM " + quoted(table_) + ") GROUP BY hash";
}

// Of equal rows of which some are missing, the last ones are said to be.
Result<std::vector<Prover::Missing>> TableProver::missing(std::stop_token stop) {
  const std::string numbered =
      "SELECT block, record, held, row_number() OVER (PARTITION BY hash ORDER BY block, record) AS nth FROM "
      "flatbed_proof INNER JOIN (SELECT hash, held FROM (" +
      tally() + ") WHERE wanted > held) AS lost USING hash";
  auto batches = ask(*server_,
                     "SELECT block, toUInt64(count()), min(record), max(record) FROM (" + numbered +
                         ") WHERE nth > held GROUP BY block ORDER BY block",
                     stop, session_);
  if (!batches) return std::move(batches).error();
  std::vector<Missing> blocks;
  for (const Batch& batch : *batches) {
    const auto number = [&](size_t column, size_t row) { return batch.column(column).as<uint64_t>()[row]; };
    for (size_t row = 0; row < batch.rows(); ++row) {
      blocks.push_back({number(0, row), number(1, row), number(2, row), number(3, row)});
    }
  }
  return blocks;
}

Removal TableProver::way_out(const std::string& load) const {
  std::vector<std::string> kept;
  for (const DescribedColumn& column : columns_) {
    if (column.kind != "ALIAS" && column.kind != "EPHEMERAL") kept.push_back(column.name);
  }
  const std::string row = row_hash(stored_);
  return Removal(*server_, table_, load, row, kept.size() == stored_.size() ? row : row_hash(kept));
}

}  // namespace

std::unique_ptr<Prover> table_prover(ReachServer reach, TableAddress table, const BlockLimits& limits) {
  return std::make_unique<TableProver>(std::move(reach), std::move(table), limits);
}

}  // namespace flatbed

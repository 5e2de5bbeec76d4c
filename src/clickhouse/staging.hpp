// Exactly once into a table that recognises no token: through a table of the load's own.
#pragma once

#include <memory>
#include <string>

#include "clickhouse/table.hpp"
#include "flatbed/ledger.hpp"

namespace flatbed {

/// A table beside the target that one load alone fills, by tokens, and whose partitions then move into the target. An
/// ALTER whose answer is lost is settled by looking at both tables. REQUIRES: a target of the MergeTree family that no
/// materialized view reads from: it would not see rows that move. THREADS: one owner.
class Staging {
 public:
  Staging(const ClickHouseServer& server, TableAddress target, std::shared_ptr<BlockLog> log)
      : server_(server),
        target_(std::move(target)),
        table_{target_.database, "flatbed_load_" + log->load()},
        log_(std::move(log)) {}

  /// Makes the table, or finds the one that an earlier run of the load has made.
  Status prepare(std::stop_token stop);
  const TableAddress& table() const noexcept { return table_; }
  /// Moves every row into the target; `rows` is how many there must be. Where an earlier run has begun with that, goes
  /// on. ERRORS: kUnknownOutcome when rows are missing: the load then begins again when it is resumed.
  Status publish(uint64_t rows, std::stop_token stop);

 private:
  // What the log's note says: nothing, or the partition on its way, or that all have arrived.
  struct Note {
    std::string partition{};
    uint64_t last_block = 0;    // of the target's partition, before
    uint64_t server_began = 0;  // seconds since 1970
    bool publishing = false, published = false;
  };
  Note note() const;
  Status set_note(const Note& note);
  Result<uint64_t> number(std::string sql, std::stop_token stop) const;
  Result<uint64_t> server_began(std::stop_token stop) const;
  Status wait_for_earlier_moves(std::stop_token stop) const;
  Status settle(const Note& note, std::stop_token stop);
  Status move(const std::string& partition, std::stop_token stop);
  Status move_rest(const Note& note, std::stop_token stop);
  Status drop(std::stop_token stop);
  Error rows_stay(uint64_t rows) const;
  Result<uint64_t> rows_in(const std::string& partition, std::stop_token stop) const;

  const ClickHouseServer& server_;
  const TableAddress target_, table_;
  const std::shared_ptr<BlockLog> log_;
};

}  // namespace flatbed

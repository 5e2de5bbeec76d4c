// Taking the rows of a load out of its table.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "clickhouse/table.hpp"
#include "flatbed/proof.hpp"

namespace flatbed {

/// Removes rows by mutations that name them one by one: by part and place in it, so that a row that comes meanwhile is
/// never meant. A merge that comes first takes the rows elsewhere, and the next round names them anew.
/// What is to go stands in a table beside the target until it is done: a removal that was interrupted goes on.
/// THREADS: one owner.
class Removal {
 public:
  /// `load` names the work; `row` and `whole_row` are the hashes of the loaded columns and of all that are stored, as
  /// SQL. LIFETIME: the server outlives this.
  Removal(const ClickHouseServer& server, TableAddress target, const std::string& load, std::string row,
          std::string whole_row);
  /// Tells what run() would remove. `tally` is a SELECT of hash, wanted and held for each row that is to go.
  /// ERRORS: kUsage where rows would not come out of the table as they came in.
  Result<Prover::Counts> plan(const std::string& tally, const ServerSettings& session, std::stop_token stop) const;
  /// Tells whether a removal of this name was begun.
  Result<bool> begun(std::stop_token stop) const;
  /// Removes the rows, or goes on with that. ERRORS: those of plan().
  Result<Prover::Counts> run(const std::string& tally, const ServerSettings& session, std::stop_token stop) const;
  /// Drops what was written down.
  Status forget(std::stop_token stop) const;

 private:
  Status can_remove(std::stop_token stop) const;
  Status write_down(const std::string& tally, const ServerSettings& session, std::stop_token stop) const;
  Status wait_for_mutations(std::stop_token stop) const;
  Result<uint64_t> find_places(std::stop_token stop) const;
  Result<Prover::Counts> counts(std::stop_token stop) const;

  const ClickHouseServer& server_;
  const TableAddress target_;
  const TableAddress doomed_, draft_, places_;  // hashes and counts; the same before it is whole; rows of one round
  const std::string row_, whole_row_;
};

}  // namespace flatbed

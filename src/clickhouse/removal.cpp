// Removal. Enters: hashes of the rows that are to go, and how many of each. Leaves: a table without them.
// Invariant: no row goes that is not equal, in every stored column, to one that is to go.
#include "clickhouse/removal.hpp"

#include "clickhouse/retry.hpp"

namespace flatbed {
namespace {

constexpr int kMostRounds = 20;
// Where a row lies, as a number of 128 bits.
constexpr std::string_view kPlace =
    "bitOr(bitShiftLeft(toUInt128(cityHash64(_part, _part_offset)), 64), toUInt128(xxHash64(_part, _part_offset)))";

}  // namespace

Removal::Removal(const ClickHouseServer& server, TableAddress target, const std::string& load, std::string row,
                 std::string whole_row)
    : server_(server),
      target_(std::move(target)),
      doomed_{target_.database, "flatbed_undo_" + load},
      draft_{target_.database, doomed_.name + "_draft"},
      places_{target_.database, doomed_.name + "_places"},
      row_(std::move(row)),
      whole_row_(std::move(whole_row)) {}

Status Removal::can_remove(std::stop_token stop) const {
  const std::string where =
      " FROM system.tables WHERE database = " + sql_text(target_.database) + " AND name = " + sql_text(target_.name);
  auto engine = ask_names(server_, "SELECT engine" + where, stop);
  if (!engine) return std::move(engine).error();
  auto views = ask_names(server_, "SELECT arrayJoin(dependencies_table)" + where, stop);
  if (!views) return std::move(views).error();
  Error error{.code = Code::kUsage, .where = {.uri = server_.shown()}, .side = Side::kTarget};
  if (engine->size() != 1 || engine->front() != "MergeTree") {
    error.message = "table \"" + plain(target_) + "\" has the engine " + (engine->empty() ? "?" : engine->front()) +
                    ": a load can be taken out of a plain MergeTree alone";
    error.hint = "other engines change or share rows by themselves: delete the rows by hand";
    return error;
  }
  if (views->empty()) return {};
  error.message = "materialized view \"" + views->front() + "\" has taken the rows of the load, and would keep them";
  error.hint = "delete the rows from table and views by hand";
  return error;
}

Result<Prover::Counts> Removal::plan(const std::string& tally, const ServerSettings& session,
                                     std::stop_token stop) const {
  if (Status status = can_remove(stop); !status) return std::move(status).error();
  auto known = begun(stop);
  if (!known) return std::move(known).error();
  if (*known) return counts(stop);
  auto sums = ask_numbers(
      server_, "SELECT sum(wanted), sumIf(held - wanted, held > wanted) FROM (" + tally + ") WHERE wanted != 0", stop,
      session);
  if (!sums) return std::move(sums).error();
  const Prover::Counts removal{.rows = sums->at(0), .equal = sums->at(1)};
  if (removal.equal == 0 || row_ == whole_row_) return removal;
  auto unlike = ask_numbers(server_,
                            "SELECT count() FROM (SELECT flatbed_row FROM (SELECT " + row_ + " AS flatbed_row, " +
                                whole_row_ + " AS flatbed_whole FROM " + quoted(target_) +
                                ") WHERE flatbed_row IN (SELECT hash FROM (" + tally +
                                ") WHERE wanted != 0 AND held > wanted) GROUP BY flatbed_row HAVING "
                                "uniqExact(flatbed_whole) > 1)",
                            stop, session);
  if (!unlike) return std::move(unlike).error();
  if (unlike->at(0) == 0) return removal;
  return Error{.code = Code::kUsage,
               .message = std::to_string(unlike->at(0)) +
                          " rows of the load equal rows of others in the columns that " +
                          "were loaded, and differ in the rest: which of them the load has brought cannot be told",
               .where = {.uri = server_.shown()},
               .hint = "delete the rows by hand",
               .side = Side::kTarget};
}

Result<bool> Removal::begun(std::stop_token stop) const {
  auto found =
      ask_numbers(server_,
                  "SELECT toUInt64(count()) FROM system.tables WHERE database = " + sql_text(target_.database) +
                      " AND name = " + sql_text(doomed_.name),
                  stop);
  if (!found) return std::move(found).error();
  return found->at(0) != 0;
}

Status Removal::write_down(const std::string& tally, const ServerSettings& session, std::stop_token stop) const {
  if (Status status = server_.execute("DROP TABLE IF EXISTS " + quoted(draft_), stop); !status) return status;
  for (const std::string& sql :
       {"CREATE TABLE " + quoted(draft_) +
            " (hash UInt128, wanted UInt64, held UInt64) ENGINE = MergeTree ORDER BY hash",
        "INSERT INTO " + quoted(draft_) + " SELECT hash, wanted, held FROM (" + tally + ") WHERE wanted != 0",
        // Its name says that it is whole.
        "RENAME TABLE " + quoted(draft_) + " TO " + quoted(doomed_)}) {
    if (Status status = server_.execute(sql, stop, session); !status) return status;
  }
  return {};
}

// A mutation goes on when its client or its server has died.
Status Removal::wait_for_mutations(std::stop_token stop) const {
  const std::string where = " FROM system.mutations WHERE NOT is_done AND database = " + sql_text(target_.database) +
                            " AND table = " + sql_text(target_.name) + " AND position(command, " +
                            sql_text(places_.name) + ") != 0";
  for (Backoff backoff;;) {
    auto reasons = ask_names(server_, "SELECT latest_fail_reason" + where, stop);
    if (!reasons) return std::move(reasons).error();
    if (reasons->empty()) return {};
    if (reasons->front().empty() && backoff.wait(stop)) continue;
    return Error{.code = Code::kUnknownOutcome,
                 .message = "the removal is still at work" + (reasons->front().empty() ? "" : ": " + reasons->front()),
                 .where = {.uri = server_.shown()},
                 .hint = "see system.mutations, and give the command again: it goes on",
                 .side = Side::kTarget};
  }
}

// Writes down where the rows lie that are still to go, and returns their number. Of `held` rows with a hash `wanted`
// go; those that are fewer now have gone.
Result<uint64_t> Removal::find_places(std::stop_token stop) const {
  const std::string rows =
      "SELECT " + row_ + " AS flatbed_row, " + std::string(kPlace) + " AS flatbed_place FROM " + quoted(target_);
  const std::string numbered =
      "SELECT flatbed_row, flatbed_place, row_number() OVER (PARTITION BY flatbed_row ORDER BY flatbed_place) AS nth, "
      "count() OVER (PARTITION BY flatbed_row) AS now FROM (" +
      rows + ") WHERE flatbed_row IN (SELECT hash FROM " + quoted(doomed_) + ")";
  const std::string found = "SELECT flatbed_place FROM (" + numbered + ") AS numbered INNER JOIN " + quoted(doomed_) +
                            " AS doomed ON numbered.flatbed_row = doomed.hash WHERE nth + held <= now + wanted AND "
                            "nth <= wanted";
  for (const std::string& sql :
       {"DROP TABLE IF EXISTS " + quoted(places_),
        "CREATE TABLE " + quoted(places_) + " (place UInt128) ENGINE = MergeTree ORDER BY place",
        "INSERT INTO " + quoted(places_) + " " + found}) {
    if (Status status = server_.execute(sql, stop); !status) return std::move(status).error();
  }
  auto count = ask_numbers(server_, "SELECT toUInt64(count()) FROM " + quoted(places_), stop);
  if (!count) return std::move(count).error();
  return count->at(0);
}

Result<Prover::Counts> Removal::counts(std::stop_token stop) const {
  auto sums = ask_numbers(server_, "SELECT sum(wanted), sum(held - wanted) FROM " + quoted(doomed_), stop);
  if (!sums) return std::move(sums).error();
  return Prover::Counts{.rows = sums->at(0), .equal = sums->at(1)};
}

Result<Prover::Counts> Removal::run(const std::string& tally, const ServerSettings& session,
                                    std::stop_token stop) const {
  if (auto planned = plan(tally, session, stop); !planned) return planned;
  auto known = begun(stop);
  if (!known) return std::move(known).error();
  if (!*known) {
    if (Status status = write_down(tally, session, stop); !status) return std::move(status).error();
  }
  for (int round = 0; round < kMostRounds; ++round) {
    if (Status status = wait_for_mutations(stop); !status) return std::move(status).error();
    auto left = find_places(stop);
    if (!left) return std::move(left).error();
    if (*left == 0) return counts(stop);
    Status status = server_.execute("ALTER TABLE " + quoted(target_) + " DELETE WHERE " + std::string(kPlace) +
                                        " IN (SELECT place FROM " + quoted(places_) + ")",
                                    stop, {{"mutations_sync", "1"}});
    if (!status) return std::move(status).error();
  }
  return Error{.code = Code::kUnknownOutcome,
               .message = "merges moved the rows of the load each time that they were to be removed",
               .where = {.uri = server_.shown()},
               .hint = "give the command again when the table is quieter: it goes on",
               .side = Side::kTarget};
}

Status Removal::forget(std::stop_token stop) const {
  for (const TableAddress& table : {places_, draft_, doomed_}) {
    if (Status status = server_.execute("DROP TABLE IF EXISTS " + quoted(table), stop); !status) return status;
  }
  return {};
}

}  // namespace flatbed

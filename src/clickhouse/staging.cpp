// Staging. Enters: a target without a window of tokens. Leaves: the rows of a load in it, once. Invariant: a partition
// is in the staging table or in the target, never in both when publish() has returned.
#include "clickhouse/staging.hpp"

#include <sstream>

#include "clickhouse/retry.hpp"
#include "encode/ddl.hpp"

namespace flatbed {
namespace {

std::string where_table(const TableAddress& table) {
  return "database = " + sql_text(table.database) + " AND table = " + sql_text(table.name);
}

}  // namespace

Result<uint64_t> Staging::number(std::string sql, std::stop_token stop) const {
  auto answer = ask(server_, "SELECT toUInt64(" + std::move(sql), stop);
  if (!answer) return std::move(answer).error();
  for (const Batch& batch : *answer) {
    if (batch.rows() == 1) return batch.column(0).as<uint64_t>()[0];
  }
  return uint64_t{0};
}

Result<uint64_t> Staging::server_began(std::stop_token stop) const {
  return number("toUnixTimestamp(now()) - uptime())", stop);
}

Result<uint64_t> Staging::rows_in(const std::string& partition, std::stop_token stop) const {
  return number("count()) FROM " + quoted(table_) + " WHERE _partition_id = " + sql_text(partition), stop);
}

Staging::Note Staging::note() const {
  Note note;
  std::istringstream words(log_->note());
  std::string word;
  words >> word;
  note.publishing = word == "moving" || word == "moved";
  note.published = word == "published";
  if (word == "moving") words >> note.partition >> note.last_block >> note.server_began;
  return note;
}

Status Staging::set_note(const Note& note) {
  if (note.published) return log_->set_note("published");
  if (note.partition.empty()) return log_->set_note("moved");
  return log_->set_note("moving " + note.partition + " " + std::to_string(note.last_block) + " " +
                        std::to_string(note.server_began));
}

Status Staging::prepare(std::stop_token stop) {
  if (note().published) return {};
  Status status = server_.execute("CREATE TABLE IF NOT EXISTS " + quoted(table_) + " AS " + quoted(target_), stop);
  if (!status) return status;
  // Parts are many where blocks are small. Merging them would be work for nothing, and after a crash would mix parts
  // that have arrived with parts that have not.
  const std::string settings =
      "ALTER TABLE " + quoted(table_) +
      " MODIFY SETTING non_replicated_deduplication_window = " + std::to_string(kDeduplicationWindow) +
      ", parts_to_throw_insert = 100000, parts_to_delay_insert = 100000, "
      "max_bytes_to_merge_at_max_space_in_pool = 1, max_bytes_to_merge_at_min_space_in_pool = 1";
  status = server_.execute(settings, stop);
  constexpr int64_t kSyntaxError = 62;
  if (status || status.error().native_code != kSyntaxError) return status;
  (void)drop(stop);
  Error error = std::move(status).error();
  error.hint = "the server is too old for exact loads: use ClickHouse 22.3 or newer";
  return error;
}

// A statement whose client has died may still be at work.
Status Staging::wait_for_earlier_moves(std::stop_token stop) const {
  Backoff backoff;
  for (;;) {
    auto running = number(
        "count()) FROM system.processes WHERE startsWith(query_id, " + sql_text("flatbed-move-" + log_->load()) + ")",
        stop);
    if (!running) return std::move(running).error();
    if (*running == 0) return {};
    if (!backoff.wait(stop)) {
      return Error{.code = Code::kUnknownOutcome,
                   .message = "an ALTER of an earlier run is still at work",
                   .where = {.uri = server_.shown()},
                   .hint = "resume the load when it has ended",
                   .side = Side::kTarget};
    }
  }
}

// Says whether the partition that was on its way has arrived, and leaves it in one of the two tables. While a server
// lives, a move is done whole or not at all. One that died between the two tables leaves the rows in both.
Status Staging::settle(const Note& note, std::stop_token stop) {
  if (Status status = wait_for_earlier_moves(stop); !status) return status;
  auto rows = rows_in(note.partition, stop);
  if (!rows) return std::move(rows).error();
  if (*rows == 0) return {};
  auto began = server_began(stop);
  if (!began) return std::move(began).error();
  if (*began <= note.server_began + 1) return move(note.partition, stop);
  auto columns = ask_names(server_,
                           "SELECT name FROM system.columns WHERE " + where_table(table_) +
                               " AND default_kind NOT IN ('ALIAS', 'EPHEMERAL')",
                           stop);
  if (!columns) return std::move(columns).error();
  const std::string row = row_hash(*columns);
  const std::string arrived_since = quoted(target_) +
                                    " WHERE _part IN (SELECT name FROM system.parts WHERE active AND " +
                                    where_table(target_) + " AND partition_id = " + sql_text(note.partition) +
                                    " AND max_block_number > " + std::to_string(note.last_block) + ")";
  auto since = number("count()) FROM " + arrived_since, stop);
  if (!since) return std::move(since).error();
  // The parts of a partition arrive one by one, each whole: one whose rows are all there has arrived.
  const std::string arrived = "SELECT _part, count() AS held FROM " + quoted(table_) +
                              " WHERE _partition_id = " + sql_text(note.partition) + " GROUP BY _part HAVING countIf(" +
                              row + " NOT IN (SELECT " + row + " FROM " + arrived_since + ")) = 0";
  auto arrived_rows = number("sum(held)) FROM (" + arrived + ")", stop);
  if (!arrived_rows) return std::move(arrived_rows).error();
  if (*arrived_rows > *since) {
    return Error{.code = Code::kUnknownOutcome,
                 .message = "the server died while partition " + note.partition + " moved, and parts with equal rows " +
                            "do not tell which of them have arrived",
                 .where = {.uri = server_.shown()},
                 .hint = "compare " + plain(table_) + " with the target by hand",
                 .side = Side::kTarget};
  }
  auto parts = ask_names(server_, "SELECT toString(_part) FROM (" + arrived + ")", stop);
  if (!parts) return std::move(parts).error();
  for (const std::string& part : *parts) {
    Status status = server_.execute("ALTER TABLE " + quoted(table_) + " DROP PART " + sql_text(part), stop);
    if (!status) return status;
  }
  return *arrived_rows == *rows ? Status() : move_rest(note, stop);
}

// Moves what the staging table holds of the partition. After a break the note stays as it was: parts that have arrived
// go on counting as new in the target.
Status Staging::move_rest(const Note& note, std::stop_token stop) {
  return server_.execute("ALTER TABLE " + quoted(table_) + " MOVE PARTITION ID " + sql_text(note.partition) +
                             " TO TABLE " + quoted(target_),
                         stop, {{"query_id", "flatbed-move-" + log_->load() + "-" + note.partition}});
}

Status Staging::move(const std::string& partition, std::stop_token stop) {
  auto last = number("max(max_block_number)) FROM system.parts WHERE " + where_table(target_) +
                         " AND partition_id = " + sql_text(partition),
                     stop);
  if (!last) return std::move(last).error();
  auto began = server_began(stop);
  if (!began) return std::move(began).error();
  const Note note{.partition = partition, .last_block = *last, .server_began = *began};
  if (Status status = set_note(note); !status) return status;
  return move_rest(note, stop);
}

Status Staging::drop(std::stop_token stop) {
  return server_.execute("DROP TABLE IF EXISTS " + quoted(table_), stop);
}

Error Staging::rows_stay(uint64_t rows) const {
  return {.code = Code::kUnknownOutcome,
          .message =
              std::to_string(rows) + " rows of the load have not moved into the table, and stand in " + plain(table_),
          .where = {.uri = server_.shown()},
          .hint = "resume the load: it moves them",
          .side = Side::kTarget};
}

Status Staging::publish(uint64_t rows, std::stop_token stop) {
  const Note found = note();
  if (found.published) return drop(stop);
  if (!found.publishing) {
    auto held = number("count()) FROM " + quoted(table_), stop);
    if (!held) return std::move(held).error();
    if (*held != rows) {
      if (Status status = drop(stop); !status) return status;
      if (Status status = log_->restart(); !status) return status;
      return Error{.code = Code::kUnknownOutcome,
                   .message = "the server has acknowledged " + std::to_string(rows) + " rows and holds " +
                              std::to_string(*held) + ": it lost some when it died; nothing is in the target yet",
                   .where = {.uri = server_.shown()},
                   .hint = "resume the load: it begins again",
                   .side = Side::kTarget};
    }
  }
  if (!found.partition.empty()) {
    if (Status status = settle(found, stop); !status) return status;
  }
  auto partitions = ask_names(
      server_, "SELECT DISTINCT partition_id FROM system.parts WHERE active AND rows != 0 AND " + where_table(table_),
      stop);
  if (!partitions) return std::move(partitions).error();
  for (const std::string& partition : *partitions) {
    Status status = move(partition, stop);
    Backoff backoff;
    while (!status && status.error().code != Code::kCancelled && error_class(status.error()) != ErrorClass::kFatal &&
           backoff.wait(stop)) {
      const Note now = note();
      // Before the partition stood in the note nothing of it was moved.
      status = now.partition == partition ? settle(now, stop) : move(partition, stop);
    }
    if (!status) return status;
  }
  auto left = number("count()) FROM " + quoted(table_), stop);
  if (!left) return std::move(left).error();
  if (*left != 0) return rows_stay(*left);
  if (Status status = set_note({.published = true}); !status) return status;
  return drop(stop);
}

}  // namespace flatbed

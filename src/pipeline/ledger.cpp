// The ledger in SQLite. Enters: loads and blocks. Leaves: the same, after a crash too. Invariant: what a call has put
// is on disk when it returns; that a block was acknowledged, when the next call has put something.
#include "flatbed/ledger.hpp"

#include <cstdlib>

#include "flatbed/receipt.hpp"

#ifdef FLATBED_WITH_LEDGER
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <mutex>
#include <thread>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "bytes/file.hpp"
#endif

namespace flatbed {

std::string_view load_state_name(LoadState state) noexcept {
  constexpr std::string_view kNames[] = {"open", "finished", "undone"};
  return kNames[static_cast<size_t>(state)];
}

std::string default_ledger_path() {
  const auto from = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  if (const std::string path = from("FLATBED_LEDGER"); !path.empty()) return path;
  const std::string state = from("XDG_STATE_HOME");
  // A relative one is to be ignored, says the XDG base directory specification.
  return (state.starts_with('/') ? state : from("HOME") + "/.local/state") + "/flatbed/ledger.sqlite";
}

#ifdef FLATBED_WITH_LEDGER
namespace {

constexpr const char* kTables = R"(
  CREATE TABLE IF NOT EXISTS loads (
    id TEXT PRIMARY KEY, state INTEGER NOT NULL, source TEXT NOT NULL, target TEXT NOT NULL, target_id TEXT NOT NULL,
    bytes INTEGER NOT NULL, stamp TEXT NOT NULL, sha256 TEXT NOT NULL, plan TEXT NOT NULL, receipt TEXT NOT NULL,
    note TEXT NOT NULL, rows_before INTEGER, begun INTEGER NOT NULL, ended INTEGER NOT NULL);
  CREATE INDEX IF NOT EXISTS loads_by_target ON loads (target_id);
  CREATE TABLE IF NOT EXISTS blocks (
    load TEXT NOT NULL, number INTEGER NOT NULL, first_record INTEGER NOT NULL, records INTEGER NOT NULL,
    byte_begin INTEGER NOT NULL, byte_end INTEGER NOT NULL, "rows" INTEGER NOT NULL, token TEXT NOT NULL,
    hash TEXT NOT NULL, split TEXT NOT NULL, acknowledged INTEGER NOT NULL, PRIMARY KEY (load, number)) WITHOUT ROWID;
  PRAGMA user_version = 1;
)";
constexpr int64_t kVersion = 1;

// A statement with its values; one line each, so that columns and values stand in one order.
class Statement {
 public:
  Statement(sqlite3* database, const char* sql) {
    if (sqlite3_prepare_v2(database, sql, -1, &statement_, nullptr) != SQLITE_OK) statement_ = nullptr;
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& put(const std::string& text) {
    sqlite3_bind_text64(statement_, ++bound_, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    return *this;
  }
  Statement& put(uint64_t number) {
    sqlite3_bind_int64(statement_, ++bound_, static_cast<sqlite3_int64>(number));
    return *this;
  }
  Statement& put(const std::optional<uint64_t>& number) {
    if (number) return put(*number);
    sqlite3_bind_null(statement_, ++bound_);
    return *this;
  }
  // SQLITE_ROW, SQLITE_DONE or what went wrong.
  int step() {
    got_ = 0;
    return statement_ == nullptr ? SQLITE_ERROR : sqlite3_step(statement_);
  }
  void get(std::string& text) {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, got_));
    text.assign(bytes == nullptr ? "" : bytes, static_cast<size_t>(sqlite3_column_bytes(statement_, got_)));
    ++got_;
  }
  void get(uint64_t& number) { number = static_cast<uint64_t>(sqlite3_column_int64(statement_, got_++)); }
  void get(std::optional<uint64_t>& number) {
    if (sqlite3_column_type(statement_, got_) == SQLITE_NULL) {
      number.reset();
      ++got_;
    } else {
      get(number.emplace());
    }
  }

 private:
  sqlite3_stmt* statement_ = nullptr;
  int bound_ = 0, got_ = 0;
};

// A lock on one byte of a file: the system frees it when its process dies, however that comes about.
class ByteLock final : public LedgerLock {
 public:
  explicit ByteLock(Descriptor file) : file_(std::move(file)) {}

 private:
  Descriptor file_;
};

class SqliteLedger final : public Ledger {
 public:
  SqliteLedger(std::string path, sqlite3* database) : path_(std::move(path)), database_(database) {}
  ~SqliteLedger() override { sqlite3_close(database_); }

  Status prepare() {
    sqlite3_busy_timeout(database_, 30000);
    sqlite3_extended_result_codes(database_, 1);
    // SQLite does not wait for others where a new file gets its tables.
    const auto first = lock("tables", true);
    if (!first) return first.error();
    // One write that is on disk a commit; readers and writers of other processes do not wait for each other.
    if (sqlite3_exec(database_, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL", nullptr, nullptr, nullptr) !=
        SQLITE_OK) {
      return failed("cannot be opened");
    }
    Statement version(database_, "PRAGMA user_version");
    uint64_t found = 0;
    if (version.step() != SQLITE_ROW) return failed("cannot be read");
    version.get(found);
    if (found > kVersion) return newer(found);
    if (found == kVersion) return {};
    if (sqlite3_exec(database_, kTables, nullptr, nullptr, nullptr) != SQLITE_OK) return failed("cannot be written");
    return {};
  }

  Status put(const LoadRecord& load) override {
    const std::lock_guard guard(mutex_);
    Statement statement(database_, "INSERT OR REPLACE INTO loads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    statement.put(load.id).put(static_cast<uint64_t>(load.state)).put(load.source).put(load.target);
    statement.put(load.target_id).put(load.bytes).put(load.stamp).put(load.sha256).put(load.plan).put(load.receipt);
    statement.put(load.note).put(load.target_rows_before).put(load.begun).put(load.ended);
    return done(statement);
  }

  Result<std::vector<LoadRecord>> loads(const std::string& target_id) override {
    const std::lock_guard guard(mutex_);
    Statement statement(database_,
                        "SELECT * FROM loads WHERE ?1 = '' OR target_id = ?1 ORDER BY begun DESC, rowid DESC");
    statement.put(target_id);
    std::vector<LoadRecord> loads;
    int code = 0;
    while ((code = statement.step()) == SQLITE_ROW) {
      LoadRecord& load = loads.emplace_back();
      uint64_t state = 0;
      statement.get(load.id);
      statement.get(state);
      statement.get(load.source);
      statement.get(load.target);
      statement.get(load.target_id);
      statement.get(load.bytes);
      statement.get(load.stamp);
      statement.get(load.sha256);
      statement.get(load.plan);
      statement.get(load.receipt);
      statement.get(load.note);
      statement.get(load.target_rows_before);
      statement.get(load.begun);
      statement.get(load.ended);
      load.state = static_cast<LoadState>(std::min<uint64_t>(state, 2));
    }
    if (code != SQLITE_DONE) return failed("cannot be read");
    return loads;
  }

  Status put(const std::string& load, const BlockRecord& block) override {
    const std::lock_guard guard(mutex_);
    // A killed process leaves it to the system to write; after a power cut the block goes out again under its token.
    if (block.acknowledged && !wait_for_disk(false)) return failed("cannot be written");
    Statement statement(database_, "INSERT OR REPLACE INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    statement.put(load).put(block.number).put(block.first_record).put(block.records).put(block.byte_begin);
    statement.put(block.byte_end).put(block.rows).put(block.token).put(block.hash).put(block.split);
    statement.put(uint64_t{block.acknowledged});
    Status status = done(statement);
    if (block.acknowledged && !wait_for_disk(true)) return failed("cannot be written");
    return status;
  }

  Result<std::vector<BlockRecord>> blocks(const std::string& load) override {
    const std::lock_guard guard(mutex_);
    Statement statement(database_,
                        "SELECT number, first_record, records, byte_begin, byte_end, \"rows\", token, hash, split, "
                        "acknowledged FROM blocks WHERE load = ? ORDER BY number");
    statement.put(load);
    std::vector<BlockRecord> blocks;
    int code = 0;
    while ((code = statement.step()) == SQLITE_ROW) {
      BlockRecord& block = blocks.emplace_back();
      uint64_t acknowledged = 0;
      for (uint64_t* number :
           {&block.number, &block.first_record, &block.records, &block.byte_begin, &block.byte_end, &block.rows}) {
        statement.get(*number);
      }
      statement.get(block.token);
      statement.get(block.hash);
      statement.get(block.split);
      statement.get(acknowledged);
      block.acknowledged = acknowledged != 0;
    }
    if (code != SQLITE_DONE) return failed("cannot be read");
    return blocks;
  }

  Status forget_blocks(const std::string& load) override {
    const std::lock_guard guard(mutex_);
    Statement statement(database_, "DELETE FROM blocks WHERE load = ?");
    statement.put(load);
    return done(statement);
  }

  Result<std::unique_ptr<LedgerLock>> lock(const std::string& name, bool wait) override {
    const std::string path = path_ + "-locks";
    Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file) return system_error(Code::kLedgerFailed, Side::kTarget, "cannot lock the ledger", path, errno);
    struct flock range{};
    range.l_type = F_WRLCK;
    range.l_whence = SEEK_SET;
    range.l_start = static_cast<off_t>(XXH3_64bits(name.data(), name.size()) >> 2);
    range.l_len = 1;
    int result = 0;
    do {
      result = ::fcntl(file.number(), wait ? F_OFD_SETLKW : F_OFD_SETLK, &range);
    } while (result != 0 && errno == EINTR);
    if (result == 0) return std::unique_ptr<LedgerLock>(std::make_unique<ByteLock>(std::move(file)));
    if (errno == EAGAIN || errno == EACCES) return std::unique_ptr<LedgerLock>();
    return system_error(Code::kLedgerFailed, Side::kTarget, "cannot lock the ledger", path, errno);
  }

 private:
  bool wait_for_disk(bool wait) {
    const char* sql = wait ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL";
    return sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) == SQLITE_OK;
  }

  Status done(Statement& statement) { return statement.step() == SQLITE_DONE ? Status() : failed("cannot be written"); }

  Error failed(const char* what) const {
    return {.code = Code::kLedgerFailed,
            .message = std::string("the ledger ") + what + ": " + sqlite3_errmsg(database_),
            .where = {.uri = path_},
            .hint = "--ledger names another file, --no-ledger goes without",
            .native_code = sqlite3_extended_errcode(database_),
            .side = Side::kTarget};
  }

  Error newer(uint64_t version) const {
    return {.code = Code::kLedgerFailed,
            .message = "the ledger was written by a newer Flatbed: version " + std::to_string(version),
            .where = {.uri = path_},
            .expected = "version " + std::to_string(kVersion),
            .hint = "use that Flatbed, or another file with --ledger",
            .side = Side::kTarget};
  }

  const std::string path_;
  std::mutex mutex_;  // guards the statements of database_
  sqlite3* const database_;
};

}  // namespace

Result<std::shared_ptr<Ledger>> open_ledger(const std::string& path) {
  std::error_code problem;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, problem);
  if (problem) {
    return system_error(Code::kLedgerFailed, Side::kTarget, "cannot make the folder of the ledger", folder.string(),
                        problem.value());
  }
  sqlite3* database = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &database,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, nullptr);
  auto ledger = std::make_shared<SqliteLedger>(path, database);
  if (code != SQLITE_OK) {
    return Error{.code = Code::kLedgerFailed,
                 .message = std::string("the ledger cannot be opened: ") + sqlite3_errstr(code),
                 .where = {.uri = path},
                 .hint = "--ledger names another file, --no-ledger goes without",
                 .native_code = code,
                 .side = Side::kTarget};
  }
  if (Status status = ledger->prepare(); !status) return std::move(status).error();
  return std::shared_ptr<Ledger>(std::move(ledger));
}

#else

Result<std::shared_ptr<Ledger>> open_ledger(const std::string& path) {
  return Error{.code = Code::kLedgerFailed,
               .message = "this Flatbed was built without ledgers",
               .where = {.uri = path},
               .hint = "build it with SQLite and OpenSSL, or load without a ledger",
               .side = Side::kTarget};
}

#endif

}  // namespace flatbed

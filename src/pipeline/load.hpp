// One run's part in a load that a ledger keeps.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "bytes/fingerprint.hpp"
#include "flatbed/ledger.hpp"
#include "flatbed/pipeline.hpp"

namespace flatbed {

/// Finds out whether a load is new, interrupted or finished, and keeps what its blocks come to. THREADS: as a BlockLog
/// from any; the rest has one owner.
class Load final : public BlockLog {
 public:
  /// What is to be loaded. `files` outlives the load; empty files make a load that is known by its id alone.
  struct Request {
    std::string id{};  ///< of a load that is to go on; empty: whatever the ledger says
    std::string source{}, target{}, plan{};
    bool again = false;  ///< load once more what is there already
  };
  Load(std::shared_ptr<Ledger> ledger, Request request, WatchedFiles& files)
      : ledger_(std::move(ledger)), request_(std::move(request)), files_(files) {}

  /// Decides what to do in a target. Returns the counts of the earlier load when everything is there already; nothing
  /// when there is work, and this run holds the load. `rows` is what the target holds now.
  /// ERRORS: kLoadBusy, kLoadDiffers, kNoLoad, kLedgerFailed, and those of the files.
  Result<std::optional<Receipt>> begin(const std::string& target_id, std::optional<uint64_t> rows);
  bool begun() const noexcept { return lock_ != nullptr; }
  /// Returns the rows that earlier runs of the load have brought.
  uint64_t loaded_before() const noexcept;
  /// Keeps the load as finished, with its receipt, which learns of files and plan here.
  Status finish(Receipt& receipt);

  const std::string& load() const noexcept override { return record_.id; }
  std::optional<BlockRecord> recorded(uint64_t number) const override;
  Status record(const BlockRecord& block) override { return ledger_->put(record_.id, block); }
  std::optional<uint64_t> rows_before() const override { return record_.target_rows_before; }
  std::string note() const override;
  Status set_note(std::string note) override;
  Status restart() override;

 private:
  Result<std::optional<LoadRecord>> known(const std::string& target_id);
  Result<std::optional<Receipt>> there_already(const LoadRecord& earlier, std::optional<uint64_t> rows) const;
  Status take(LoadRecord record);
  Error differs(const LoadRecord& earlier, std::string message) const;

  const std::shared_ptr<Ledger> ledger_;
  const Request request_;
  WatchedFiles& files_;
  std::unique_ptr<LedgerLock> lock_{};
  mutable std::mutex mutex_;  // guards record_.note
  LoadRecord record_{};
  std::map<uint64_t, BlockRecord> blocks_{};  // of earlier runs
};

}  // namespace flatbed

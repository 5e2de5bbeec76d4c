// One run's part in a load. Enters: what is to be loaded and where to. Leaves: a new load, an interrupted one that goes
// on, or the word that it is there already. Invariant: two runs never work on one load at a time.
#include "pipeline/load.hpp"

#include <algorithm>
#include <chrono>
#include <random>

#include "pipeline/receipt_json.hpp"

namespace flatbed {
namespace {

uint64_t now() {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count());
}

std::string new_id() {
  std::random_device device;
  std::string id;
  for (int i = 0; i < 12; ++i) id += "0123456789abcdefghjkmnpqrstvwxyz"[device() & 31];
  return id;
}

// Whether two plans make the same rows of the same files. How the target is reached does not matter, and where the
// blocks end shows when they are sent.
bool same_rows(const std::string& one, const std::string& other) {
  const auto a = plan_from_json(one), b = plan_from_json(other);
  return a && b && a->source.options == b->source.options && a->columns == b->columns && a->rename == b->rename &&
         a->types == b->types && a->strict == b->strict;
}

Error no_load(const std::string& id) {
  return {.code = Code::kNoLoad,
          .message = "the ledger knows no load " + id,
          .hint = "flatbed loads lists them; --ledger names another ledger"};
}

}  // namespace

Error Load::differs(const LoadRecord& earlier, std::string message) const {
  return {.code = Code::kLoadDiffers,
          .message = std::move(message),
          .where = {.uri = request_.source},
          .expected = "the file and the options of load " + earlier.id + ", which was interrupted",
          .hint = "flatbed resume " + earlier.id + " goes on with it where the file is as it was",
          .side = Side::kSource};
}

// The newest load of the same content into the same target. The file is hashed to tell only where its size says that
// it may be the same one.
Result<std::optional<LoadRecord>> Load::known(const std::string& target_id) {
  auto loads = ledger_->loads(target_id);
  if (!loads) return std::move(loads).error();
  for (LoadRecord& earlier : *loads) {
    if (!request_.id.empty()) {
      if (earlier.id == request_.id) return std::optional(std::move(earlier));
      continue;
    }
    if (files_.empty() || earlier.state == LoadState::kUndone || earlier.bytes != files_.bytes()) continue;
    if (earlier.stamp == files_.stamp()) return std::optional(std::move(earlier));
    if (earlier.sha256.empty()) {
      if (earlier.source != request_.source) continue;
      return differs(earlier, "an interrupted load has read a file of this name and size, which was written since");
    }
    files_.hash();
    auto sha256 = files_.sha256();
    if (!sha256) return std::move(sha256).error();
    if (earlier.sha256 == *sha256) return std::optional(std::move(earlier));
  }
  if (!request_.id.empty()) return no_load(request_.id);
  return std::optional<LoadRecord>();
}

// Everything that a finished load has brought counts as a duplicate. A table that was emptied since holds nothing of
// it, and one that lost rows cannot be told apart from one that lost these.
Result<std::optional<Receipt>> Load::there_already(const LoadRecord& earlier, std::optional<uint64_t> rows) const {
  auto counts = receipt_from_json(earlier.receipt);
  if (!counts) return std::move(counts).error();
  if (rows && *rows == 0 && counts->loaded + counts->duplicate != 0) return std::optional<Receipt>();
  if (rows && *rows < counts->loaded) {
    return Error{.code = Code::kLoadDiffers,
                 .message = "load " + earlier.id + " has brought " + std::to_string(counts->loaded) +
                            " rows of this file, but the table holds " + std::to_string(*rows),
                 .where = {.uri = request_.source},
                 .hint = "rows were deleted since: --again loads the file once more",
                 .side = Side::kTarget};
  }
  counts->duplicate += counts->loaded;
  counts->loaded = 0;
  counts->load = earlier.id;
  return std::optional<Receipt>(std::move(*counts));
}

Status Load::take(LoadRecord record) {
  auto lock = ledger_->lock("load " + record.id, false);
  if (!lock) return std::move(lock).error();
  if (!*lock) {
    return Error{.code = Code::kLoadBusy,
                 .message = "another run is loading this file into this table: load " + record.id,
                 .where = {.uri = request_.source},
                 .hint = "wait for it; if it fails, flatbed resume " + record.id + " goes on with it"};
  }
  auto blocks = ledger_->blocks(record.id);
  if (!blocks) return std::move(blocks).error();
  for (BlockRecord& block : *blocks) blocks_.emplace(block.number, std::move(block));
  record_ = std::move(record);
  lock_ = std::move(*lock);
  return {};
}

Result<std::optional<Receipt>> Load::begin(const std::string& target_id, std::optional<uint64_t> rows) {
  // One run at a time decides: two that see nothing would both begin.
  const auto deciding = ledger_->lock("target " + target_id, true);
  if (!deciding) return deciding.error();
  auto known_load = known(target_id);
  if (!known_load) return std::move(known_load).error();
  std::optional<LoadRecord> earlier = std::move(*known_load);
  if (earlier && earlier->state == LoadState::kUndone) return no_load(request_.id);
  // An interrupted one goes on also where the file is wanted again: the same command may be given until it works.
  if (earlier && earlier->state == LoadState::kFinished && request_.again) earlier.reset();
  if (earlier && earlier->state == LoadState::kFinished) {
    auto receipt = there_already(*earlier, rows);
    if (!receipt || *receipt) return receipt;
    earlier.reset();
  }
  if (earlier) {
    if (!files_.empty() && earlier->stamp != files_.stamp() && earlier->sha256.empty())
      return differs(*earlier, "the file was written since the load was interrupted");
    if (!same_rows(earlier->plan, request_.plan))
      return differs(*earlier, "an interrupted load of this file has other options");
    if (Status status = take(std::move(*earlier)); !status) return std::move(status).error();
    files_.hash();
    return std::optional<Receipt>();
  }
  LoadRecord fresh{.id = new_id(),
                   .source = request_.source,
                   .target = request_.target,
                   .target_id = target_id,
                   .bytes = files_.bytes(),
                   .stamp = files_.stamp(),
                   .plan = request_.plan,
                   .target_rows_before = rows,
                   .begun = now()};
  if (Status status = take(std::move(fresh)); !status) return std::move(status).error();
  if (Status status = ledger_->put(record_); !status) return std::move(status).error();
  files_.hash();
  return std::optional<Receipt>();
}

uint64_t Load::loaded_before() const noexcept {
  uint64_t rows = 0;
  for (const auto& [number, block] : blocks_) rows += block.acknowledged ? block.rows : 0;
  return rows;
}

std::optional<BlockRecord> Load::recorded(uint64_t number) const {
  const auto found = blocks_.find(number);
  return found == blocks_.end() ? std::nullopt : std::optional(found->second);
}

std::string Load::note() const {
  const std::lock_guard lock(mutex_);
  return record_.note;
}

Status Load::set_note(std::string note) {
  const std::lock_guard lock(mutex_);
  record_.note = std::move(note);
  return ledger_->put(record_);
}

Status Load::restart() {
  if (Status status = ledger_->forget_blocks(record_.id); !status) return status;
  return set_note("");
}

// What was read is known by its content from here on.
Status Load::finish(Receipt& receipt) {
  if (!files_.empty()) {
    auto sha256 = files_.sha256();
    if (!sha256) return std::move(sha256).error();
    record_.sha256 = std::move(*sha256);
    receipt.files = files_.list();
  }
  receipt.source = request_.source;
  receipt.target = request_.target;
  receipt.load = record_.id;
  receipt.plan = record_.plan;
  const std::lock_guard lock(mutex_);
  record_.state = LoadState::kFinished;
  record_.ended = now();
  record_.receipt = to_json(receipt);
  return ledger_->put(record_);
}

}  // namespace flatbed

// Proof of loads. Enters: a receipt. Leaves: whether the target holds what was loaded, or a target without it.
#include "flatbed/proof.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <fstream>

#include "pipeline/json.hpp"
#include "pipeline/receipt_json.hpp"
#include "pipeline/run_plan.hpp"

namespace flatbed {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// A pipeline owns its sink; what was found in a prover is asked for afterwards.
class Lent final : public Sink {
 public:
  explicit Lent(Prover& prover) : prover_(prover) {}
  Result<std::optional<Schema>> existing(std::stop_token stop) override { return prover_.existing(stop); }
  Status open(const Schema& schema, const WriteRequest& request, std::stop_token stop) override {
    return prover_.open(schema, request, stop);
  }
  Status write(const Batch& batch, std::stop_token stop) override { return prover_.write(batch, stop); }
  Status finish(std::stop_token stop) override { return prover_.finish(stop); }
  void abort() noexcept override { prover_.abort(); }
  Acknowledged acknowledged() const noexcept override { return prover_.acknowledged(); }
  Result<std::optional<uint64_t>> count_rows(std::stop_token stop) override { return prover_.count_rows(stop); }
  std::vector<BlockRecord> blocks() const override { return prover_.blocks(); }

 private:
  Prover& prover_;
};

// The rows that the target has refused: "!7;" names row 7 of its block.
std::map<uint64_t, std::set<uint64_t>> refused_rows(const std::vector<BlockRecord>& blocks) {
  std::map<uint64_t, std::set<uint64_t>> refused;
  for (const BlockRecord& block : blocks) {
    for (size_t at = 0; (at = block.split.find('!', at)) != std::string::npos;) {
      uint64_t row = 0;
      std::from_chars(block.split.data() + ++at, block.split.data() + block.split.size(), row);
      refused[block.number].insert(row);
    }
  }
  return refused;
}

std::string place_of(const BlockRecord& block) {
  return "block " + std::to_string(block.number) + " (records " + std::to_string(block.first_record) + " to " +
         std::to_string(block.first_record + block.records - 1) + ", bytes " + std::to_string(block.byte_begin) +
         " to " + std::to_string(block.byte_end) + ")";
}

// A load that is read again, and what looks for its rows.
struct Reading {
  Plan plan{};
  std::unique_ptr<Prover> prover{};
  uint64_t target_rows = 0;
};

Result<Reading> reading_of(const Receipt& receipt, const Registry& registry, const ProofRequest& request) {
  if (receipt.plan.empty() || receipt.block_list.empty()) {
    return Error{.code = Code::kUsage,
                 .message = receipt.plan.empty() ? "the receipt holds no plan to read the source by"
                                                 : "the receipt names no blocks: nothing was loaded into a table",
                 .where = {.uri = receipt.source}};
  }
  auto plan = plan_from_json(receipt.plan);
  if (!plan) return std::move(plan).error();
  if (!request.source.empty()) plan->source.uri = request.source;
  if (plan->source.uri == "-") {
    return Error{.code = Code::kUsage,
                 .message = "standard input cannot be read again",
                 .hint = "name the file that came through it with --source"};
  }
  for (const auto& [name, value] : request.source_options) plan->source.options[name] = value;
  for (const auto& [name, value] : request.target_options) plan->target.options[name] = value;
  plan->on_reject = OnReject::kSkip;
  plan->max_rejects = UINT64_MAX;
  plan->limits.clear();
  plan->quarantine.clear();
  plan->rejects.reset();
  auto sink = registry.sink(plan->target);
  if (!sink) return std::move(sink).error();
  Reading reading{.plan = std::move(*plan), .prover = (*sink)->prover()};
  if (reading.prover) return reading;
  return Error{.code = Code::kUsage,
               .message = "the target cannot be asked for rows",
               .where = {.uri = receipt.target},
               .expected = "a table of ClickHouse"};
}

// Every block must be what it was, or the rows that are looked for are not those of the load.
Status same_blocks(const std::vector<BlockRecord>& now, const Receipt& receipt) {
  const auto& then = receipt.block_list;
  const auto [a, b] = std::mismatch(now.begin(), now.end(), then.begin(), then.end(), [](const auto& x, const auto& y) {
    return x.number == y.number && x.hash == y.hash;
  });
  if (a == now.end() && b == then.end()) return {};
  return Error{.code = Code::kLoadDiffers,
               .message = "the source is not what was loaded: " + place_of(b == then.end() ? *a : *b) +
                          (a == now.end()    ? " is missing"
                           : b == then.end() ? " is new"
                                             : " has other rows"),
               .where = {.uri = receipt.source},
               .expected = "the file, the columns of the table and the version of Flatbed as they were",
               .hint = "name the file with --source if it is another one now",
               .side = Side::kSource};
}

Status read_again(Reading& reading, const Receipt& receipt, const Registry& registry, const ProofRequest& request) {
  reading.prover->leave_out(refused_rows(receipt.block_list));
  auto found = run_plan(reading.plan, registry, request.observer, request.stop, {}, nullptr, {},
                        std::make_unique<Lent>(*reading.prover));
  if (!found) return std::move(found).error();
  reading.target_rows = found->target_rows_after.value_or(0);
  return same_blocks(found->block_list, receipt);
}

Proof claimed_by(const Receipt& receipt) {
  Proof proof{.load = receipt.load, .source = receipt.source, .target = receipt.target};
  proof.blocks = receipt.block_list.size();
  for (const BlockRecord& block : receipt.block_list) proof.rows += block.rows;
  return proof;
}

Result<Proof> prove(Reading& reading, const Receipt& receipt, std::stop_token stop) {
  Proof proof = claimed_by(receipt);
  proof.target_rows = reading.target_rows;
  auto missing = reading.prover->missing(stop);
  if (!missing) return std::move(missing).error();
  for (const Prover::Missing& lost : *missing) {
    const auto block = std::ranges::find(receipt.block_list, lost.block, &BlockRecord::number);
    proof.missing += lost.rows;
    proof.differing.push_back({*block, lost.rows, lost.first_record, lost.last_record});
  }
  return proof;
}

// What a ledger knows of the load that is to be undone, held while that is done.
struct Held {
  std::shared_ptr<Ledger> ledger{};
  LoadRecord record{};
  std::unique_ptr<LedgerLock> load{}, target{};
};

Result<Held> hold(const Receipt& receipt, const std::string& path) {
  Held held;
  if (receipt.load.empty()) return held;
  if (path.empty()) {
    return Error{.code = Code::kUsage,
                 .message = "load " + receipt.load + " stands in a ledger, which must learn that it is undone",
                 .hint = "name the ledger"};
  }
  auto ledger = open_ledger(path);
  if (!ledger) return std::move(ledger).error();
  auto loads = (*ledger)->loads();
  if (!loads) return std::move(loads).error();
  const auto found = std::ranges::find(*loads, receipt.load, &LoadRecord::id);
  if (found == loads->end()) {
    return Error{.code = Code::kNoLoad,
                 .message = "the ledger knows no load " + receipt.load,
                 .where = {.uri = path},
                 .hint = "--ledger names another ledger"};
  }
  auto load = (*ledger)->lock("load " + receipt.load, false);
  if (!load) return std::move(load).error();
  // No load of this ledger begins while rows are taken out.
  auto target = (*ledger)->lock("target " + found->target_id, true);
  if (!target) return std::move(target).error();
  if (!*load) {
    return Error{.code = Code::kLoadBusy,
                 .message = "another run works on load " + receipt.load,
                 .where = {.uri = receipt.target}};
  }
  held = {std::move(*ledger), std::move(*found), std::move(*load), std::move(*target)};
  return held;
}

Status same_target(Reading& reading, const Held& held, std::stop_token stop) {
  if (!held.ledger) return {};
  auto target = reading.prover->identity(stop);
  if (!target) return std::move(target).error();
  if (*target == held.record.target_id) return {};
  return Error{.code = Code::kLoadDiffers,
               .message = "the table is not the one that the load went into: it was made anew since",
               .where = {.uri = held.record.target},
               .side = Side::kTarget};
}

Error not_there(const Proof& proof) {
  const DifferingBlock& first = proof.differing.front();
  return {.code = Code::kLoadDiffers,
          .message = std::to_string(proof.missing) +
                     " rows of the load are not in the table as they were loaded, the "
                     "first in " +
                     place_of(first.block),
          .where = {.uri = proof.target, .record = first.first_record},
          .hint = "flatbed verify names them all; rows that were changed or deleted since cannot be taken out",
          .side = Side::kTarget};
}

void append_differing(std::string& json, const std::vector<DifferingBlock>& blocks) {
  json += '[';
  for (const DifferingBlock& differing : blocks) {
    if (json.back() != '[') json += ", ";
    JsonObject object(json);
    object.number("number", differing.block.number);
    object.number("first_record", differing.block.first_record);
    object.number("records", differing.block.records);
    object.number("byte_begin", differing.block.byte_begin);
    object.number("byte_end", differing.block.byte_end);
    object.number("rows", differing.block.rows);
    object.number("missing", differing.missing);
    object.number("first_missing_record", differing.first_record);
    object.number("last_missing_record", differing.last_record);
  }
  json += ']';
}

}  // namespace

Result<Receipt> find_receipt(std::string_view receipt, const std::string& ledger) {
  if (receipt.starts_with('{')) return receipt_from_json(receipt);
  if (std::ifstream file{std::string(receipt)}; file) {
    return receipt_from_json(std::string(std::istreambuf_iterator<char>(file), {}));
  }
  if (ledger.empty()) {
    return Error{.code = Code::kNotFound,
                 .message = "no file of this name, and without a ledger no load: " + std::string(receipt),
                 .side = Side::kSource};
  }
  auto opened = open_ledger(ledger);
  if (!opened) return std::move(opened).error();
  auto loads = (*opened)->loads();
  if (!loads) return std::move(loads).error();
  const auto found = std::ranges::find(*loads, receipt, &LoadRecord::id);
  if (found != loads->end() && !found->receipt.empty()) return receipt_from_json(found->receipt);
  return Error{.code = Code::kNoLoad,
               .message = "the ledger knows no " + std::string(found == loads->end() ? "" : "finished ") + "load " +
                          std::string(receipt),
               .where = {.uri = ledger},
               .hint = "flatbed loads lists what it knows; --ledger names another ledger"};
}

Result<Proof> verify(const Receipt& receipt, const Registry& registry, const ProofRequest& request) {
  const Clock::time_point begin = Clock::now();
  auto reading = reading_of(receipt, registry, request);
  if (!reading) return std::move(reading).error();
  if (Status status = read_again(*reading, receipt, registry, request); !status) return std::move(status).error();
  auto proof = prove(*reading, receipt, request.stop);
  if (proof) proof->seconds = seconds_since(begin);
  return proof;
}

Result<Undo> undo(const Receipt& receipt, const Registry& registry, bool dry, const ProofRequest& request) {
  const Clock::time_point begin = Clock::now();
  auto reading = reading_of(receipt, registry, request);
  if (!reading) return std::move(reading).error();
  Prover& prover = *reading->prover;
  auto held = hold(receipt, request.ledger);
  if (!held) return std::move(held).error();
  const std::string name = receipt.load.empty() ? receipt.block_list.front().token : receipt.load;
  Undo done{.load = receipt.load, .source = receipt.source, .target = receipt.target};
  if (Status status = same_target(*reading, *held, request.stop); !status) return std::move(status).error();
  if (held->ledger && held->record.state == LoadState::kUndone) {
    if (Status status = prover.forget(name, request.stop); !status) return std::move(status).error();
    done.removed = true;
    return done;
  }
  if (Status status = read_again(*reading, receipt, registry, request); !status) return std::move(status).error();
  auto goes_on = prover.is_removing(name, request.stop);
  if (!goes_on) return std::move(goes_on).error();
  if (!*goes_on) {
    auto proof = prove(*reading, receipt, request.stop);
    if (!proof) return std::move(proof).error();
    if (!proof->holds()) return not_there(*proof);
  }
  auto counts = dry ? prover.removal(name, request.stop) : prover.remove(name, request.stop);
  if (!counts) return std::move(counts).error();
  done.rows = counts->rows;
  done.equal = counts->equal;
  done.removed = !dry;
  if (!dry && held->ledger) {
    held->record.state = LoadState::kUndone;
    if (Status status = held->ledger->put(held->record); !status) return std::move(status).error();
  }
  if (!dry) {
    if (Status status = prover.forget(name, request.stop); !status) return std::move(status).error();
  }
  done.seconds = seconds_since(begin);
  return done;
}

std::string to_json(const Proof& proof) {
  std::string json;
  {
    JsonObject object(json);
    object.flag("holds", proof.holds());
    if (!proof.load.empty()) object.text("load", proof.load);
    object.text("source", proof.source);
    object.text("target", proof.target);
    object.number("blocks", proof.blocks);
    object.number("rows", proof.rows);
    object.number("missing", proof.missing);
    object.number("target_rows", proof.target_rows);
    append_differing(object.name("differing"), proof.differing);
    object.decimal("seconds", proof.seconds);
  }
  return json;
}

std::string to_json(const Undo& undo) {
  std::string json;
  {
    JsonObject object(json);
    object.flag("removed", undo.removed);
    if (!undo.load.empty()) object.text("load", undo.load);
    object.text("source", undo.source);
    object.text("target", undo.target);
    object.number("rows", undo.rows);
    object.number("equal", undo.equal);
    object.decimal("seconds", undo.seconds);
  }
  return json;
}

}  // namespace flatbed

// A run. Enters: a source, processors and a sink. Leaves: a receipt whose counts balance, or one error and an
// aborted sink. Three threads: one reads, one processes and writes, the caller's waits, reports and cancels.
#include "flatbed/pipeline.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <new>
#include <thread>

#include "columns/queue.hpp"
#include "flatbed/proof.hpp"
#include "flatbed/version.hpp"
#include "pipeline/load.hpp"
#include "pipeline/rejects.hpp"

namespace flatbed {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kFirstRejects = 20;
constexpr size_t kMostRefused = 10000;  // rows whose places are looked for at a time
constexpr auto kTick = std::chrono::milliseconds(100);

Error on_side(Error error, Side side) {
  if (error.side == Side::kNone) error.side = side;
  return error;
}

Error cancelled() {
  return {.code = Code::kCancelled, .message = "the run was cancelled"};
}

// Adds to what is to be done about an error, which is the catalogue's advice where nothing more is known.
void add_hint(Error& error, const std::string& more) {
  if (error.hint.empty()) error.hint = catalogue()[static_cast<size_t>(error.code)].action;
  if (error.hint.ends_with('.')) error.hint.pop_back();
  error.hint += "; " + more;
}

// Runs `work`, turning want of memory, the one exception that the library lets pass, into an error.
template <class Work>
auto guarded(Work&& work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return Error{.code = Code::kOutOfMemory,
                 .message = "no memory for the next batch",
                 .hint = "lower the memory limit or the number of threads"};
  } catch (const std::exception& problem) {
    return Error{.code = Code::kInternal, .message = problem.what()};
  }
}

}  // namespace

struct Pipeline::Impl {
  std::unique_ptr<Source> source;
  std::unique_ptr<Sink> sink;
  std::unique_ptr<Sink> rejects;
  std::vector<std::unique_ptr<Processor>> processors;
  ReadRequest request;
  std::shared_ptr<Load> load;  // null without a ledger
  bool known = false;          // the ledger says that everything is in the target already
  RunOptions options;
  Receipt receipt;
  std::stop_source stop;
  Clock::time_point began;

  // Counters that the calling thread shows while the others work.
  std::atomic<uint64_t> rows_read{0}, rows_rejected{0}, rows_checked{0};
  std::mutex telling;                    // held while the observer is called: no row moves as long as it waits
  std::mutex mutex;                      // guards the two below
  std::condition_variable_any finished;  // told when the writing thread is done
  bool done = false;
  std::vector<Error> unseen_rejects;  // not yet shown to the observer
  std::vector<Error> refused;         // by the target, not yet accounted for

  Status open();
  Status begin_load();
  Status bind(Schema schema, const std::optional<Schema>& existing);
  Status read(Queue<Delivery>& queue);
  Status write(Queue<Delivery>& queue);
  Status process(Delivery delivery);
  Status account(const std::vector<Error>& rejects);
  Status take_refused(bool all);
  Error located(Error error) const;
  Status judge(const RejectLimit& limit, bool all_read) const;
  Status judge_all(bool all_read) const;
  uint64_t rejected_of(const std::string& kind) const;
  Status finish();
  Result<Receipt> run();
  Status work();
  void observe_until_done();
  bool report(Event::Kind kind, const Error* reject = nullptr);
};

// Opens both ends. The types of a target that exists rule over what a text source would infer.
Status Pipeline::Impl::open() {
  auto existing = sink->existing(stop.get_token());
  if (!existing) return on_side(std::move(existing).error(), Side::kTarget);
  if (*existing) {
    for (const Field& field : (*existing)->fields) {
      if (!request.types.find(field.name)) request.types.fields.push_back(field);
    }
    auto count = sink->count_rows(stop.get_token());
    if (!count) return on_side(std::move(count).error(), Side::kTarget);
    receipt.target_rows_before = *count;
    if (Status status = begin_load(); !status || known) return status;
  }
  request.threads = options.threads;
  request.memory_limit = options.memory_limit / 8 * 3;  // the sink has the rest: large blocks make few parts
  request.leniency = options.check ? std::max(options.leniency, Leniency::kReport) : options.leniency;
  auto schema = source->open(request, stop.get_token());
  if (!schema) return on_side(std::move(schema).error(), Side::kSource);
  return bind(std::move(*schema), *existing);
}

// Asks the ledger, once there is a target, whether this load is new, goes on, or is there already.
Status Pipeline::Impl::begin_load() {
  if (!load || load->begun()) return {};
  auto target = sink->identity(stop.get_token());
  if (!target) return on_side(std::move(target).error(), Side::kTarget);
  if (target->empty()) return {};
  auto earlier = load->begin(*target, receipt.target_rows_before.value_or(0));
  if (!earlier) return std::move(earlier).error();
  known = earlier->has_value();
  if (!known) {
    receipt.target_rows_before = load->rows_before();
    return {};
  }
  (*earlier)->target_rows_before = (*earlier)->target_rows_after = receipt.target_rows_before;
  receipt = std::move(**earlier);
  return {};
}

// Lets each processor learn its schema, adds the cast to the target's types where it is needed, opens the sinks.
Status Pipeline::Impl::bind(Schema schema, const std::optional<Schema>& existing) {
  for (const auto& processor : processors) {
    auto bound = processor->bind(schema);
    if (!bound) return std::move(bound).error();
    schema = std::move(*bound);
  }
  if (existing) {
    Schema wanted;
    for (const Field& field : schema.fields) {
      const auto index = existing->find(field.name);
      if (index && existing->fields[*index].type != field.type) wanted.fields.push_back(existing->fields[*index]);
    }
    if (!wanted.fields.empty()) {
      processors.push_back(cast_columns(std::move(wanted)));
      auto bound = processors.back()->bind(schema);
      if (!bound) return std::move(bound).error();
      schema = std::move(*bound);
    }
  }
  receipt.schema = std::move(schema);
  const WriteRequest granted{.threads = options.threads,
                             .memory_limit = options.memory_limit / 8 * 5,
                             .layout = source->layout(),
                             .bear_rejects = options.on_reject != OnReject::kFail};
  Status status = options.check ? sink->accepts(receipt.schema, stop.get_token())
                                : sink->open(receipt.schema, granted, stop.get_token());
  if (!status) return on_side(std::move(status).error(), Side::kTarget);
  if (load) {
    if (status = begin_load(); !status) return status;
    if (load->begun()) {
      status = sink->log_to(load, stop.get_token());
      if (!status) return on_side(std::move(status).error(), Side::kTarget);
    }
  }
  if (!rejects) return {};
  status = rejects->open(rejects_schema(), granted, stop.get_token());
  return status ? Status() : Status(on_side(std::move(status).error(), Side::kTarget));
}

Status Pipeline::Impl::read(Queue<Delivery>& queue) {
  for (;;) {
    auto delivery = source->next(stop.get_token());
    if (!delivery) return on_side(std::move(delivery).error(), Side::kSource);
    if (!*delivery) return {};
    const size_t bytes = (*delivery)->batch.bytes();
    if (!queue.push(std::move(**delivery), bytes, stop.get_token())) return cancelled();
  }
}

Status Pipeline::Impl::write(Queue<Delivery>& queue) {
  while (auto delivery = queue.pop(stop.get_token())) {
    {
      const std::lock_guard paused(telling);
    }
    if (Status status = process(std::move(*delivery)); !status) return status;
  }
  if (stop.stop_requested()) return cancelled();
  return {};
}

// Carries one batch through the processors into the sink, and keeps the balance of its rows.
Status Pipeline::Impl::process(Delivery delivery) {
  const uint64_t read = delivery.batch.rows() + delivery.rejects.size();
  receipt.read += read;
  rows_read += read;
  Batch batch = std::move(delivery.batch);
  for (const auto& processor : processors) {
    auto applied = processor->apply(std::move(batch), delivery.rejects);
    if (!applied) return std::move(applied).error();
    batch = std::move(*applied);
  }
  // In record order, so that the first reject of a run does not depend on which step found it.
  std::stable_sort(delivery.rejects.begin(), delivery.rejects.end(),
                   [](const Error& a, const Error& b) { return a.where.record < b.where.record; });
  receipt.filtered += read - batch.rows() - delivery.rejects.size();
  add_findings(receipt.leniencies, delivery.leniencies);
  if (Status status = account(delivery.rejects); !status) return status;
  if (batch.rows() == 0) return {};
  if (options.check) {
    rows_checked += batch.rows();
    return {};
  }
  Status status = sink->write(batch, stop.get_token());
  if (!status) return on_side(std::move(status).error(), Side::kTarget);
  return take_refused(false);
}

// Accounts for rows that the target has refused: many at a time, for their places cost a reading of the source.
Status Pipeline::Impl::take_refused(bool all) {
  std::vector<Error> fresh = sink->take_rejects();
  std::move(fresh.begin(), fresh.end(), std::back_inserter(refused));
  const bool too_many = receipt.rejected + refused.size() > options.max_rejects || refused.size() > kMostRefused;
  if (refused.empty() || (!all && !too_many)) return {};
  std::stable_sort(refused.begin(), refused.end(),
                   [](const Error& a, const Error& b) { return a.where.record < b.where.record; });
  if (options.locate) {
    if (Status status = options.locate(refused); !status) return status;
  }
  return account(std::exchange(refused, {}));
}

// Adds to the error of a refused row where it stands.
Error Pipeline::Impl::located(Error error) const {
  if (error.code != Code::kRefusedRow || !options.locate) return error;
  std::vector<Error> errors{error};
  return options.locate(errors) ? std::move(errors.front()) : error;
}

// Counts rejects and applies the policy to them.
Status Pipeline::Impl::account(const std::vector<Error>& found) {
  if (found.empty()) return {};
  if (options.on_reject == OnReject::kFail && !options.check) return on_side(found.front(), Side::kSource);
  for (const Error& reject : found) {
    ++receipt.rejected;
    ++receipt.rejects_by_code[reject.code];
    add_finding(receipt.findings, reject);
    if (receipt.first_rejects.size() < kFirstRejects) receipt.first_rejects.push_back(reject);
  }
  rows_rejected = receipt.rejected;
  if (options.observer) {
    const std::lock_guard lock(mutex);
    unseen_rejects.insert(unseen_rejects.end(), found.begin(), found.end());
  }
  if (rejects && (options.on_reject == OnReject::kDivert || options.check)) {
    if (Status status = rejects->write(rejects_batch(found), stop.get_token()); !status) {
      return on_side(std::move(status).error(), Side::kTarget);
    }
  }
  return judge_all(false);
}

uint64_t Pipeline::Impl::rejected_of(const std::string& kind) const {
  if (kind.empty()) return receipt.rejected;
  uint64_t count = 0;
  for (const Finding& finding : receipt.findings) {
    if (finding.column == kind || code_name(finding.code) == kind) count += finding.count;
  }
  return count;
}

// A share is judged when all is read: before, it would depend on where in the source the bad rows stand.
Status Pipeline::Impl::judge(const RejectLimit& limit, bool all_read) const {
  const uint64_t rejected = rejected_of(limit.kind);
  const bool too_large = all_read && static_cast<double>(rejected) > limit.share * static_cast<double>(receipt.read);
  if (rejected <= limit.rows && !too_large) return {};
  const Error* first = &receipt.first_rejects.front();
  for (const Finding& finding : receipt.findings) {
    if (limit.kind.empty()) break;
    if (finding.column != limit.kind && code_name(finding.code) != limit.kind) continue;
    first = &finding.examples.front();
    break;
  }
  char percent[32];
  std::snprintf(percent, sizeof percent, "%g %%", limit.share * 100);
  return Error{.code = Code::kTooManyRejects,
               .message = std::to_string(rejected) + " rows were rejected" +
                          (limit.kind.empty() ? "" : " for " + limit.kind) + " and the budget is " +
                          (rejected > limit.rows ? std::to_string(limit.rows)
                                                 : percent + (" of " + std::to_string(receipt.read))) +
                          "; the first: " + first->message,
               .where = first->where,
               .expected = first->expected,
               .found = first->found,
               .hint = "raise --max-rejects, or repair the rows",
               .raw = first->raw,
               .side = Side::kSource};
}

Status Pipeline::Impl::judge_all(bool all_read) const {
  if (receipt.rejected == 0 || options.check) return {};
  if (Status status = judge({.rows = options.max_rejects}, all_read); !status) return status;
  for (const RejectLimit& limit : options.limits) {
    if (Status status = judge(limit, all_read); !status) return status;
  }
  return {};
}

Status Pipeline::Impl::finish() {
  if (options.at_end) {
    if (Status status = options.at_end(); !status) return status;
  }
  if (Status status = judge_all(true); !status) return status;
  if (!options.check) {
    if (Status status = sink->finish(stop.get_token()); !status) {
      return on_side(std::move(status).error(), Side::kTarget);
    }
    if (Status status = take_refused(true); !status) return status;
    receipt.block_list = sink->blocks();
    add_findings(receipt.leniencies, sink->leniencies());
  }
  if (rejects) {
    if (Status status = rejects->finish(stop.get_token()); !status) {
      return on_side(std::move(status).error(), Side::kTarget);
    }
  }
  receipt.checked = options.check;
  receipt.loaded = options.check ? rows_checked.load() : sink->acknowledged().rows;
  if (!receipt.balanced()) {
    return Error{.code = Code::kUnbalanced,
                 .message = "read " + std::to_string(receipt.read) + " rows, but loaded " +
                            std::to_string(receipt.loaded) + ", rejected " + std::to_string(receipt.rejected) +
                            ", filtered " + std::to_string(receipt.filtered),
                 .side = Side::kTarget};
  }
  if (options.check) return {};
  auto count = sink->count_rows(stop.get_token());
  if (!count) return on_side(std::move(count).error(), Side::kTarget);
  receipt.target_rows_after = *count;
  return {};
}

// Everything that takes long: opening (a text source may read all of its bytes for the types), carrying, finishing.
Status Pipeline::Impl::work() {
  if (Status status = guarded([&]() -> Status { return open(); }); !status || known) return status;
  Queue<Delivery> queue(options.memory_limit / 16);
  Status read_status;
  std::jthread reader([&] {
    read_status = guarded([&]() -> Status { return read(queue); });
    queue.close();
  });
  Status write_status = guarded([&]() -> Status { return write(queue); });
  if (!write_status) stop.request_stop();
  reader.join();
  if (!write_status && write_status.error().code != Code::kCancelled) return write_status;
  if (!read_status) return read_status;
  if (!write_status) return write_status;
  return guarded([&]() -> Status { return finish(); });
}

// Tells the observer what is new. False asks for cancelling.
bool Pipeline::Impl::report(Event::Kind kind, const Error* reject) {
  if (!options.observer) return true;
  const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
  const Event event{.kind = kind,
                    .progress = {.rows_read = rows_read,
                                 .rows_acknowledged = options.check ? rows_checked.load() : sink->acknowledged().rows,
                                 .rows_rejected = rows_rejected,
                                 .bytes_read = source->position().bytes,
                                 .bytes_total = source->total_bytes(),
                                 .seconds = seconds},
                    .reject = reject,
                    .receipt = kind == Event::Kind::kFinished ? &receipt : nullptr};
  const std::lock_guard lock(telling);
  return options.observer(event);
}

void Pipeline::Impl::observe_until_done() {
  bool go_on = report(Event::Kind::kStarted);
  for (;;) {
    std::vector<Error> rejects_now;
    bool ended = false;
    {
      std::unique_lock lock(mutex);
      finished.wait_for(lock, kTick, [&] { return done; });
      rejects_now.swap(unseen_rejects);
      ended = done;
    }
    for (const Error& reject : rejects_now) go_on = go_on && report(Event::Kind::kRejected, &reject);
    go_on = go_on && report(Event::Kind::kProgress);
    if (!go_on || options.stop.stop_requested()) stop.request_stop();
    if (ended) return;
  }
}

Result<Receipt> Pipeline::Impl::run() {
  began = Clock::now();
  const std::stop_callback chained(options.stop, [&] { stop.request_stop(); });
  Status status;
  {
    std::jthread worker([&] {
      status = work();
      const std::lock_guard lock(mutex);
      done = true;
      finished.notify_all();
    });
    observe_until_done();
  }
  if (!status) {
    if (!options.check) sink->abort();
    // Rejects beyond the budget are what the user needs to see, so they stay; after any other failure they go.
    if (rejects && status.error().code == Code::kTooManyRejects)
      (void)rejects->finish({});
    else if (rejects)
      rejects->abort();
    Error error = located(std::move(status).error());
    if (load && load->begun()) {
      add_hint(error, "flatbed resume " + load->load() + " goes on with the load");
    } else if (const uint64_t rows = sink->acknowledged().rows; rows != 0) {
      add_hint(error, std::to_string(rows) + " rows were acknowledged by the target before this and are there");
    }
    return error;
  }
  if (known) {
    report(Event::Kind::kFinished);
    return std::move(receipt);
  }
  const Acknowledged acknowledged = sink->acknowledged();
  receipt.bytes_read = source->position().bytes;
  receipt.bytes_written = acknowledged.bytes;
  receipt.blocks = acknowledged.blocks;
  receipt.settings = source->settings();
  receipt.version = std::string(version());
  receipt.seconds = std::chrono::duration<double>(Clock::now() - began).count();
  if (load && load->begun()) {
    receipt.loaded_before = load->loaded_before();
    if (Status kept = load->finish(receipt); !kept) return std::move(kept).error();
  }
  report(Event::Kind::kFinished);
  return std::move(receipt);
}

Status Sink::accepts(const Schema&, std::stop_token) {
  return {};
}

std::vector<Finding> Sink::leniencies() const {
  return {};
}

std::unique_ptr<Prover> Sink::prover() {
  return nullptr;
}

Pipeline::Pipeline(std::unique_ptr<Source> source, std::unique_ptr<Sink> sink) : impl_(std::make_unique<Impl>()) {
  impl_->source = std::move(source);
  impl_->sink = std::move(sink);
}
Pipeline::~Pipeline() = default;
Pipeline::Pipeline(Pipeline&&) noexcept = default;
Pipeline& Pipeline::operator=(Pipeline&&) noexcept = default;

Pipeline& Pipeline::then(std::unique_ptr<Processor> processor) {
  impl_->processors.push_back(std::move(processor));
  return *this;
}

Pipeline& Pipeline::rejects_to(std::unique_ptr<Sink> sink) {
  impl_->rejects = std::move(sink);
  return *this;
}

Pipeline& Pipeline::request(ReadRequest request) {
  impl_->request = std::move(request);
  return *this;
}

Pipeline& Pipeline::keep(std::shared_ptr<Load> load) {
  impl_->load = std::move(load);
  return *this;
}

Result<Receipt> Pipeline::run(const RunOptions& options) {
  impl_->options = options;
  return impl_->run();
}

}  // namespace flatbed

// Whole jobs. Enters: a plan or an endpoint. Leaves: a receipt, the first rows, or a schema.
#include "flatbed/pipeline.hpp"

#include <algorithm>

#include "bytes/fingerprint.hpp"
#include "flatbed/bytes.hpp"
#include "pipeline/load.hpp"
#include "pipeline/locate.hpp"
#include "pipeline/quarantine.hpp"
#include "pipeline/run_plan.hpp"

namespace flatbed {
namespace {

// The name a column has in the source, given the one it has in the target.
const std::string& source_name(const Plan& plan, const std::string& target_name) {
  for (const auto& [old_name, new_name] : plan.rename) {
    if (new_name == target_name) return old_name;
  }
  return target_name;
}

Batch no_rows(Schema schema) {
  std::vector<Column> columns;
  for (const Field& field : schema.fields) columns.push_back(empty_column(field.type));
  return Batch(std::make_shared<const Schema>(std::move(schema)), std::move(columns), 0);
}

// Where no column has another name, the pipeline itself asks for the types of the target.
Result<ReadRequest> read_request(const Plan& plan, Sink& sink, std::stop_token stop) {
  if (plan.rename.empty()) return read_request(plan, Schema());
  auto existing = sink.existing(stop);
  if (!existing) return std::move(existing).error();
  return read_request(plan, existing->value_or(Schema()));
}

// Makes the sink of rejected rows that a plan names, or none.
Result<std::unique_ptr<Sink>> rejects_of(const Plan& plan, const Registry& registry, bool steps) {
  if (plan.quarantine.empty()) {
    return plan.rejects ? registry.sink(*plan.rejects) : Result<std::unique_ptr<Sink>>(std::unique_ptr<Sink>());
  }
  const char* problem = plan.rejects ? "rejected rows go to a file or into a quarantine, not to both"
                        : plan.check ? "a check puts nothing into a quarantine"
                        : steps      ? "rows that pass through steps of a program cannot be replayed"
                                     : nullptr;
  if (problem != nullptr) return Error{.code = Code::kUsage, .message = problem};
  const auto target = parse_uri(plan.target.uri);
  if (!target) return target.error();
  return quarantine_sink({.folder = plan.quarantine,
                          .plan = to_json(plan, registry),
                          .target_is_whole = target->shown == plan.target.uri});
}

// The files that a plan reads, where it reads files.
Result<WatchedFiles> files_of(const Plan& plan) {
  auto uri = parse_uri(plan.source.uri);
  if (!uri || uri->scheme != "file" || uri->path == "-") return WatchedFiles();
  auto paths = expand_glob(uri->path);
  return paths ? WatchedFiles::open(*paths) : std::move(paths).error();
}

Result<std::shared_ptr<Load>> load_of(const Plan& plan, const std::string& id, const Registry& registry,
                                      WatchedFiles& files) {
  auto ledger = open_ledger(plan.ledger);
  if (!ledger) return std::move(ledger).error();
  Load::Request request{.id = id,
                        .source = parse_uri(plan.source.uri).value().shown,
                        .target = parse_uri(plan.target.uri).value().shown,
                        .plan = to_json(plan, registry),
                        .again = plan.again};
  return std::make_shared<Load>(std::move(*ledger), std::move(request), files);
}

}  // namespace

Result<ReadRequest> read_request(const Plan& plan, const Schema& existing) {
  ReadRequest request{.columns = plan.columns};
  for (const auto& [name, text] : plan.types) {
    auto type = parse_type(text);
    if (!type) {
      Error error = std::move(type).error();
      const auto source = parse_uri(plan.source.uri);
      error.message += " (column \"" + name + "\")";
      error.where = {.uri = source ? source->shown : "", .column_name = name};
      return error;
    }
    request.types.fields.push_back({name, std::move(*type), "the user"});
  }
  for (Field field : existing.fields) {
    field.name = source_name(plan, field.name);
    if (!request.types.find(field.name)) request.types.fields.push_back(std::move(field));
  }
  return request;
}

Result<Receipt> run_plan(const Plan& plan, const Registry& registry, Observer observer, std::stop_token stop,
                         std::vector<std::unique_ptr<Processor>> processors, std::unique_ptr<Sink> rejects,
                         const std::string& load_id, std::unique_ptr<Sink> given) {
  auto files = files_of(plan);
  if (!files) return std::move(files).error();
  auto source = registry.source(plan.source);
  if (!source) return std::move(source).error();
  auto sink = given ? Result<std::unique_ptr<Sink>>(std::move(given)) : registry.sink(plan.target);
  if (!sink) {
    Error error = std::move(sink).error();
    error.side = Side::kTarget;
    return error;
  }
  auto request = read_request(plan, **sink, stop);
  if (!request) {
    Error error = std::move(request).error();
    error.side = Side::kTarget;
    return error;
  }
  const bool divert = rejects != nullptr;
  Pipeline pipeline(std::move(*source), std::move(*sink));
  pipeline.request(std::move(*request));
  if (!plan.columns.empty()) pipeline.then(select_columns(plan.columns));
  if (!plan.rename.empty()) pipeline.then(rename_columns(plan.rename));
  for (auto& processor : processors) pipeline.then(std::move(processor));
  if (divert) pipeline.rejects_to(std::move(rejects));
  if (!plan.ledger.empty() && !plan.check) {
    auto load = load_of(plan, load_id, registry, *files);
    if (!load) return std::move(load).error();
    pipeline.keep(std::move(*load));
  }
  auto receipt = pipeline.run({.on_reject = divert ? OnReject::kDivert : plan.on_reject,
                               .max_rejects = plan.max_rejects,
                               .limits = plan.limits,
                               .check = plan.check,
                               .leniency = plan.strict ? Leniency::kReject : Leniency::kAllow,
                               .threads = plan.threads,
                               .memory_limit = plan.memory_limit,
                               .at_end = [&] { return files->unchanged(); },
                               .locate = [&](auto& errors) { return locate_records(errors, plan, registry, stop); },
                               .observer = std::move(observer),
                               .stop = stop});
  if (!receipt) return receipt;
  receipt->source = parse_uri(plan.source.uri).value().shown;
  receipt->target = parse_uri(plan.target.uri).value().shown;
  if (receipt->plan.empty()) receipt->plan = to_json(plan, registry);
  return receipt;
}

namespace {

Result<Receipt> load_once(const Plan& plan, const std::string& load_id, const Registry& registry, Observer observer,
                          std::stop_token stop, std::vector<std::unique_ptr<Processor>> processors) {
  auto rejects = rejects_of(plan, registry, !processors.empty());
  if (!rejects) return std::move(rejects).error();
  auto receipt = run_plan(plan, registry, std::move(observer), std::move(stop), std::move(processors),
                          std::move(*rejects), load_id);
  if (!receipt || plan.quarantine.empty()) return receipt;
  if (Status status = seal_quarantine(plan, *receipt); !status) return std::move(status).error();
  return receipt;
}

}  // namespace

Result<Receipt> copy(const Plan& plan, const Registry& registry, Observer observer, std::stop_token stop,
                     std::vector<std::unique_ptr<Processor>> processors) {
  return load_once(plan, "", registry, std::move(observer), std::move(stop), std::move(processors));
}

Result<Receipt> resume(const std::string& ledger, const std::string& load, const Registry& registry,
                       const Again& again) {
  auto opened = open_ledger(ledger);
  if (!opened) return std::move(opened).error();
  auto loads = (*opened)->loads();
  if (!loads) return std::move(loads).error();
  const auto found = std::find_if(loads->begin(), loads->end(), [&](const LoadRecord& known) {
    return load.empty() ? known.state == LoadState::kOpen : known.id == load;
  });
  if (found == loads->end()) {
    return Error{
        .code = Code::kNoLoad,
        .message = load.empty() ? "the ledger knows no load that was interrupted" : "the ledger knows no load " + load,
        .where = {.uri = ledger},
        .hint = "flatbed loads lists what it knows; --ledger names another ledger"};
  }
  auto plan = plan_from_json(found->plan);
  if (!plan) return std::move(plan).error();
  plan->ledger = ledger;
  for (const auto& [name, value] : again.source_options) plan->source.options[name] = value;
  for (const auto& [name, value] : again.target_options) plan->target.options[name] = value;
  return load_once(*plan, found->id, registry, again.observer, again.stop, {});
}

Result<Batch> preview(const Endpoint& endpoint, size_t rows, const Registry& registry, std::stop_token stop) {
  auto source = registry.source(endpoint);
  if (!source) return std::move(source).error();
  auto schema = (*source)->open({.head_only = true, .threads = 1}, stop);
  if (!schema) return std::move(schema).error();
  for (;;) {
    auto delivery = (*source)->next(stop);
    if (!delivery) return std::move(delivery).error();
    if (!*delivery) return no_rows(std::move(*schema));
    const Batch& batch = (*delivery)->batch;
    if (batch.rows() == 0) continue;
    std::vector<uint8_t> keep(batch.rows(), 0);
    std::fill_n(keep.begin(), std::min(rows, keep.size()), uint8_t{1});
    return batch.filter(keep);
  }
}

Result<Schema> discover(const Endpoint& endpoint, const Registry& registry, std::stop_token stop) {
  auto source = registry.source(endpoint);
  if (!source) return std::move(source).error();
  return (*source)->open({}, stop);
}

}  // namespace flatbed

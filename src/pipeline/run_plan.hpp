// A plan's run, with a sink for its rejects that the caller made.
#pragma once

#include "flatbed/pipeline.hpp"

namespace flatbed {

/// Runs a plan as copy() does; rejected rows go to `rejects` unless it is null. With the id of
/// a load that the ledger of the plan knows, that load goes on. A `sink` is written in place of the plan's target.
Result<Receipt> run_plan(const Plan& plan, const Registry& registry, Observer observer, std::stop_token stop,
                         std::vector<std::unique_ptr<Processor>> processors, std::unique_ptr<Sink> rejects,
                         const std::string& load_id = {}, std::unique_ptr<Sink> sink = nullptr);

/// Returns what a plan asks of its source: columns, the types that the user chose, and those of a target that exists
/// under the names that its columns have in the source. ERRORS: kBadType.
Result<ReadRequest> read_request(const Plan& plan, const Schema& existing);

}  // namespace flatbed

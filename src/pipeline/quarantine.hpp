// The making of a quarantine, as a sink of rejects.
#pragma once

#include <memory>

#include "flatbed/pipeline.hpp"

namespace flatbed {

/// The files of a quarantine.
inline constexpr const char* kRowsFile = "rows.csv";
inline constexpr const char* kRejectsFile = "rejects.jsonl";
inline constexpr const char* kLoadFile = "load.json";
inline constexpr const char* kReplaysFile = "replays.jsonl";

/// Makes the sink that fills the folder `plan.quarantine`, which it makes with the first reject.
std::unique_ptr<Sink> quarantine_sink(Plan plan);
/// Marks the quarantine of a load that came to its end, so that it may be replayed; no quarantine is fine.
Status seal_quarantine(const Plan& plan, const Receipt& receipt);
/// Returns a hash of a row's bytes, as 32 digits.
std::string hash_of(std::string_view bytes);
/// Writes bytes behind the end of a file and makes them durable.
Status append_durably(const std::string& path, std::string_view bytes);

}  // namespace flatbed

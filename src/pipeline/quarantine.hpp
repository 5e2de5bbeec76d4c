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

/// The load whose rejects go into a quarantine.
struct QuarantineOf {
  std::string folder{};
  std::string plan{};            ///< as JSON, so without secrets
  bool target_is_whole = false;  ///< the address of the target holds no secret that the plan left out
};
/// Makes the sink that fills a quarantine; it makes the folder with the first reject.
std::unique_ptr<Sink> quarantine_sink(QuarantineOf load);
/// Marks the quarantine of a load that came to its end, so that it may be replayed; no quarantine is fine.
Status seal_quarantine(const Plan& plan, const Receipt& receipt);
/// Returns the path of a file in a quarantine.
std::string in_folder(const std::string& folder, const std::string& name);
/// Returns a hash of a row's bytes, as 32 digits.
std::string hash_of(std::string_view bytes);
/// Writes bytes behind the end of a file and makes them durable.
Status append_durably(const std::string& path, std::string_view bytes);

}  // namespace flatbed

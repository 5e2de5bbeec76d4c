// The options of a run as text, for the fronts that have no types of their own: C, the command, a web form.
#pragma once

#include <map>
#include <span>
#include <string>

#include "flatbed/pipeline.hpp"
#include "flatbed/registry.hpp"

namespace flatbed {

/// The options of a run: columns, on_reject, max_rejects, quarantine, check, strict, threads, memory, ledger,
/// again.
std::span<const OptionSpec> run_options() noexcept;
/// Sets in `plan` what is given and leaves the rest. ERRORS: kUnknownOption, kBadOption.
Status set_run_options(const std::map<std::string, std::string>& given, Plan& plan);

}  // namespace flatbed
